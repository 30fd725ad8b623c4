// A process with a local KMS in a file, forked by open-local-kms-process.test.ts. The local KMS is the library's,
// unchanged; the file system kills the process at a step, if the test says so.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { setTimeout as pause } from "node:timers/promises";

const [bundle, file, task, ...args] = process.argv.slice(2);
const STEPS = [
  "realpathSync",
  "readdirSync",
  "openSync",
  "readFileSync",
  "writeFileSync",
  "fsyncSync",
  "closeSync",
  "linkSync",
  "renameSync",
  "rmSync",
];
const say = (line) => fs.writeSync(1, `${line}\n`);

/** Kills this process before a step, or once it has half done a write. */
function killAt(how, at) {
  let step = 0;
  for (const name of how === "half" ? ["writeFileSync"] : STEPS) {
    const original = fs[name];
    fs[name] = (...args) => {
      if (step++ === at) {
        if (how === "half") original(args[0], args[1].slice(0, args[1].length / 2), args[2]);
        process.kill(process.pid, "SIGKILL");
      }
      return original(...args);
    };
  }
  syncBuiltinESMExports();
}

const { openLocalKms } = await import(bundle);

const TASKS = {
  /** Opens, makes a key, closes. */
  async create(how, at) {
    killAt(how, Number(at));
    const kms = await openLocalKms({ file });
    say(kms.createKey().keyId);
    await kms.close();
  },

  /** Makes keys until it is killed. */
  async churn() {
    const kms = await openLocalKms({ file });
    for (;;) {
      say(kms.createKey().keyId);
      await pause(1);
    }
  },

  async hold() {
    await openLocalKms({ file });
    say("open");
    setInterval(() => {}, 1000);
  },

  /** Has the file for a moment, again and again, and makes a key each time. */
  async takeTurns(times) {
    for (let i = 0; i < Number(times); ) {
      try {
        const kms = await openLocalKms({ file });
        say(kms.createKey().keyId);
        await kms.close();
        i++;
      } catch (error) {
        if (!error.message.includes("has it open")) throw error;
        await pause(Math.random() * 5);
      }
    }
  },
};

await TASKS[task](...args);
