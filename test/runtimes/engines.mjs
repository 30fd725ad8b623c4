// The runtimes: each answers tasks (JSON in, JSON out) until it is stopped.
import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { build } from "esbuild";
import { execute } from "../../scripts/packed.mjs";
import { installed, launchChromium } from "./install.mjs";

const ENV = {
  ...process.env,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  DENO_NO_UPDATE_CHECK: "1",
};
const TIMEOUT_MS = 120_000;

/** A runtime that is a command: a process for each task. */
async function command(key, project, args = [], versionOf = (text) => text.trim()) {
  const program = key === "node" ? process.execPath : await installed(key);
  const version = versionOf(await execute(program, ["--version"]));
  let tasks = 0;
  return {
    version,
    async perform(task) {
      const [input, output] = ["task", "answer"].map((name) => join(project, `${key}-${name}-${tasks}.json`));
      tasks++;
      await writeFile(input, JSON.stringify(task));
      await execute(program, [...args, "in-process.mjs", input, output], {
        cwd: project,
        env: ENV,
        timeout: TIMEOUT_MS,
      });
      return JSON.parse(await readFile(output, "utf8"));
    },
    async stop() {},
  };
}

/** For runtimes without a file system: one module, as the web sees the package. */
async function bundled(project, entry) {
  const { outputFiles } = await build({
    entryPoints: [join(project, entry)],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    logLevel: "error",
  });
  return outputFiles[0].text;
}

// No nodejs_compat: keyfold must not need it. Its network is this machine alone.
const WORKERD_CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.mjs", esModule = embed "worker.mjs")],
      compatibilityDate = "2026-11-01",
      globalOutbound = "loopback",
    )),
    (name = "loopback", network = (allow = ["127.0.0.1/32"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;

async function workerd(project) {
  const program = await installed("workerd");
  const version = (await execute(program, ["--version"])).trim();
  await writeFile(join(project, "worker.mjs"), await bundled(project, "in-worker.mjs"));
  await writeFile(join(project, "workerd.capnp"), WORKERD_CONFIG);
  const child = spawn(program, ["serve", "--control-fd=3", "workerd.capnp"], {
    cwd: project,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const port = await Promise.race([
    new Promise((resolve) => {
      let said = "";
      child.stdio[3].on("data", (chunk) => {
        said += chunk;
        const listening = said.split("\n").find((line) => line.includes('"listen"'));
        if (listening) resolve(JSON.parse(listening).port);
      });
    }),
    ended.then((code) => Promise.reject(new Error(`workerd ended with ${code}`))),
  ]);
  return {
    version,
    async perform(task) {
      const body = JSON.stringify(task);
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body, signal });
      if (!response.ok) throw new Error(await response.text());
      return response.json();
    },
    async stop() {
      child.kill();
      await ended;
    },
  };
}

/** Serves the page, and passes KMS requests on: a browser talks to its own origin only. */
async function servePage(files, kmsUrl) {
  const server = createServer(async (request, response) => {
    const file = files[request.url];
    if (file !== undefined) return response.writeHead(200, { "content-type": file.type }).end(file.text);
    if (request.method !== "POST") return response.writeHead(404).end();
    const body = Buffer.concat(await request.toArray());
    const { host, connection, "content-length": length, ...headers } = request.headers;
    const answer = await fetch(kmsUrl, { method: "POST", headers, body });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

async function chromium(project, kmsUrl) {
  const html = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';
  const text = await bundled(project, "in-page.mjs");
  const browser = await launchChromium();
  const server = await servePage(
    { "/": { type: "text/html", text: html }, "/page.js": { type: "text/javascript", text } },
    kmsUrl,
  );
  const stop = async () => {
    await browser.close();
    await server.close();
  };
  const strays = [];
  const page = await browser.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  page.on("pageerror", (error) => strays.push(error));
  try {
    await page.goto(server.url);
    await page.waitForFunction(() => typeof globalThis.perform === "function");
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    version: browser.version(),
    async perform(task) {
      const here = { ...task, endpoint: `${server.url}/kms/` };
      const answer = await page.evaluate((each) => globalThis.perform(each), here);
      // Node and Deno end on an unhandled rejection; a page goes on.
      if (strays.length > 0) throw new AggregateError(strays, `the page reported ${strays[0]}`);
      return answer;
    },
    stop,
  };
}

const DENO = ["run", "--quiet", "--no-config", "--node-modules-dir=manual", "--allow-all"];

/** By name: the backend that its conditions must choose, and how to start it in a project. */
export const RUNTIMES = {
  // Whichever runs this: Node 20 in CI.
  node: { backend: "node", start: (project) => command("node", project) },
  node22: { backend: "node", start: (project) => command("node22", project) },
  node24: { backend: "node", start: (project) => command("node24", project) },
  node26: { backend: "node", start: (project) => command("node26", project) },
  bun: { backend: "node", start: (project) => command("bun", project) },
  deno: {
    backend: "web",
    start: (project) => command("deno", project, DENO, (text) => text.split(/\s+/)[1]),
  },
  workerd: { backend: "web", start: workerd },
  chromium: { backend: "web", start: chromium },
};
