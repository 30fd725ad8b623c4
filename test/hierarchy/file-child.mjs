// A process that uses a file store, forked by file-process.ts. It asks the parent before each step on the file system,
// and takes it, half of it, is killed, or has it fail, as the parent says. The store itself is the library's, unchanged.
import { promises } from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [bundle, directory] = process.argv.slice(2);
const CALLS = ["mkdir", "open", "link", "unlink", "readdir", "readFile"];
const HANDLE_CALLS = ["writeFile", "sync", "close"];

let gated = false;
let answered;
process.on("message", (message) => ("answer" in message ? answered(message.answer) : obey(message)));

/** Waits for the parent's leave. */
async function ask(step) {
  if (!gated) return "go";
  const answer = new Promise((resolve) => {
    answered = resolve;
  });
  process.send({ step });
  return answer;
}

const die = () => process.kill(process.pid, "SIGKILL");

function gate(object, name) {
  const original = object[name];
  object[name] = async (...args) => {
    const answer = await ask(name);
    if (answer === "die") die();
    if (answer === "half") {
      await original.call(object, args[0].slice(0, args[0].length / 2));
      die();
    }
    if (answer.code !== undefined) throw Object.assign(new Error(`${answer.code}: by the test`), answer);
    const result = await original.apply(object, args);
    if (name === "open") for (const each of HANDLE_CALLS) gate(result, each);
    return result;
  };
}
for (const name of CALLS) gate(promises, name);
syncBuiltinESMExports();

const { fileMailboxStore } = await import(bundle);
const store = fileMailboxStore(directory);

const TASKS = {
  /** One conditional write, step by step. */
  async replace({ id, before, after, directory: other = directory }) {
    gated = true;
    const answer = await fileMailboxStore(other).replace(id, before, after, {});
    gated = false;
    return answer;
  },

  get: ({ id }) => store.get(id, {}),

  async count({ id, times }) {
    for (let i = 0; i < times; ) {
      const before = await store.get(id, {});
      if (await store.replace(id, before, String(Number(before) + 1), {})) i++;
    }
  },

  /** Random writes, creations and deletions: those that the store says have happened. */
  async churn({ id, times, name }) {
    const done = [];
    for (let i = 0; i < times; i++) {
      const before = await store.get(id, {});
      const after = before !== null && Math.random() < 0.3 ? null : `${name} ${i}`;
      if (await store.replace(id, before, after, {})) done.push({ before, after });
    }
    return done;
  },
};

async function obey({ task, ...args }) {
  try {
    process.send({ result: await TASKS[task](args) });
  } catch (error) {
    process.send({ error: String(error.stack) });
  }
}
process.send({ ready: true });
