// Part of `npm run examples`: does what docs/testing.md says of a KMS for development, by the very commands that it shows.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execute, ROOT } from "./packed.mjs";

const ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
/** Seals when it is run for the first time, and opens that afterwards. */
const APP = `
import { readFile, writeFile } from "node:fs/promises";
import { KMSClient } from "@aws-sdk/client-kms";
import { createEncryptionClient } from "keyfold";
import { kmsKeyring } from "keyfold/kms";

const client = createEncryptionClient({ keyring: kmsKeyring({ client: new KMSClient({}), keyId: "${ARN}" }) });
const sealed = await readFile("sealed.txt", "utf8").catch(() => undefined);
if (sealed === undefined) await writeFile("sealed.txt", (await client.encryptText("42 pears")).ciphertext);
console.log(sealed === undefined ? "sealed" : (await client.decryptText(sealed)).plaintext);
`;

/** In a folder with keyfold installed: starts the server, runs an application beside it, kills it, and both again. */
export async function followTestingPage(cwd) {
  // All is as it is shown, but for the port: somebody may be using that one here.
  const page = (await readFile(join(ROOT, "docs/testing.md"), "utf8")).replaceAll("4600", await freePort());
  const commands = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, command]) => command);
  const serve = commands.find((command) => command.includes("openLocalKms"));
  const use = commands.find((command) => command.includes("AWS_ENDPOINT_URL_KMS"));
  assert.equal(commands.length, 2);
  await writeFile(join(cwd, "app.mjs"), APP);
  for (const expected of ["sealed\n", "42 pears\n"]) {
    const server = await start(cwd, serve);
    try {
      assert.match(server.said, new RegExp(`^http://127\\.0\\.0\\.1:\\d+ ${ARN}$`));
      const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
      assert.equal(await execute("sh", ["-c", use], { cwd, env, timeout: 60_000 }), expected);
    } finally {
      await server.kill();
    }
  }
  await Promise.all(["app.mjs", "sealed.txt", "dev-kms.json"].map((name) => rm(join(cwd, name))));
  console.log(
    "the documented server kept its key over a kill, and the application found it by its variables",
  );
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return String(port);
}

/** Starts a command of the shell, and waits for its first line. */
async function start(cwd, command) {
  // A group of its own: a shell may, or may not, make way for the one program that it starts.
  const child = spawn("sh", ["-c", command], { cwd, detached: true, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const line = once(createInterface(child.stdout), "line").then(([said]) => said);
  const said = await Promise.race([
    line,
    ended.then(([code]) => Promise.reject(new Error(`it ended with ${code}`))),
  ]);
  return {
    said,
    async kill() {
      process.kill(-child.pid, "SIGKILL");
      await ended;
    },
  };
}
