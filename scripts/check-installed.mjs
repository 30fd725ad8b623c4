// Part of `npm run package`: keyfold in a project, as ES modules and as CommonJS, on Node 20 and 22. Every subpath loads,
// or says which AWS package it lacks; none loads what is the web's; and all of them do their work.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { installed } from "../test/runtimes/install.mjs";
import { execute } from "./packed.mjs";
import { PROGRAMS } from "./packed-program.mjs";

/** The subpaths that do not load without an AWS package, and those of which they name one. The others need none. */
const PEERS = {
  "keyfold/dynamodb": ["@aws-sdk/client-dynamodb", "@aws-sdk/client-kms"],
  "keyfold/kms": ["@aws-sdk/client-kms"],
  "keyfold/s3": ["@aws-sdk/client-s3"],
  "keyfold/ses": ["@aws-sdk/client-kms", "@aws-sdk/client-s3"],
  "keyfold/sqs": ["@aws-sdk/client-sqs"],
};

/** Node looks up each file of a package by itself: so many are the import time of the root. */
const FILES_OF_ROOT = 4;

/** Tells the files that are loaded. Hooks run in a thread of their own, so `console` would be too late. */
const HOOKS = `import { writeSync } from "node:fs";
export async function load(url, context, next) {
  if (url.startsWith("file:")) writeSync(1, url + "\\n");
  return next(url, context);
}`;
const LOADERS = {
  "load.mjs": `import { register } from "node:module";
register("data:text/javascript," + encodeURIComponent(${JSON.stringify(HOOKS)}));
await import(process.argv[2]);`,
  "load.cjs": 'require(process.argv[2]); console.log(Object.keys(require.cache).join("\\n"));',
};

/** `project`: a folder with keyfold and nothing else installed. */
export async function checkWithoutSdk(project, subpaths) {
  await onEachNode(project, async (run, node) => {
    for (const subpath of subpaths) {
      for (const loader of Object.keys(LOADERS)) {
        const what = `${loader} ${subpath} on ${node}, no AWS package`;
        const peers = PEERS[subpath];
        if (peers === undefined) checkLoaded(await run(loader, subpath), subpath, what);
        else await assert.rejects(run(loader, subpath), lacking(peers), what);
      }
    }
    const bare = subpaths.filter((subpath) => PEERS[subpath] === undefined);
    console.log(`no AWS package, ${node}: ${bare.join(", ")} load; the others name the one they lack`);
  });
}

/** `project`: with the AWS packages. */
export async function checkWithSdk(project, subpaths) {
  await onEachNode(project, async (run, node) => {
    for (const subpath of subpaths) {
      for (const loader of Object.keys(LOADERS)) {
        checkLoaded(await run(loader, subpath), subpath, `${loader} ${subpath} on ${node}`);
      }
    }
    console.log(`${node}: all ${subpaths.length} subpaths load by import and by require`);
    for (const program of Object.keys(PROGRAMS)) {
      const output = await run(program);
      assert.equal(output, "sealed and opened\n", `${program} on ${node}`);
      console.log(`${node}: ${program} has ${output.trim()}`);
    }
  });
}

function lacking(packages) {
  return new RegExp(`Cannot find (package|module) '(${packages.join("|")})'`);
}

async function onEachNode(project, use) {
  for (const [name, text] of Object.entries({ ...LOADERS, ...PROGRAMS })) {
    await writeFile(join(project, name), text);
  }
  const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
  for (const node of [process.execPath, await installed("node22")]) {
    const version = (await execute(node, ["--version"])).trim();
    await use((...args) => execute(node, args, { cwd: project, env }), `Node ${version}`);
  }
}

function checkLoaded(output, subpath, what) {
  const files = output.split("\n").filter((path) => path.includes("/node_modules/"));
  const own = files.filter((path) => path.includes("/node_modules/keyfold/"));
  assert.ok(own.length > 0, `${what}: it tells what it loads`);
  const webs = files.filter(
    (path) => path.includes("/keyfold/dist/crypto/web.") || path.includes("/@noble/"),
  );
  assert.deepEqual(webs, [], `${what}: it loads what is the web's`);
  if (subpath === "keyfold") assert.ok(own.length <= FILES_OF_ROOT, `${what}: ${own.join(", ")}`);
}
