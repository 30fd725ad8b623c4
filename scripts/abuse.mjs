// npm run abuse [-- COUNT]: hostile messages, objects and queue messages, a million unless told otherwise, against the built package.
// One thread a core feeds them; this one watches, for a thread that hangs cannot tell. KEYFOLD_SEED repeats a run.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { genuine } from "../test/abuse/genuine.mjs";
import { seedOfRun } from "../test/abuse/random.mjs";
import { abuse, DEADLINE_MS, faultsOf, summaryOf } from "../test/abuse/run.mjs";

if (isMainThread) await main();
else await work(workerData);

async function work({ beats, ...options }) {
  const [keyfold, { createSqsEncryptionClient }] = await Promise.all([
    import("keyfold"),
    import("keyfold/sqs"),
  ]);
  const beat = (i) => Atomics.store(beats, options.share[0], i);
  parentPort.postMessage(
    await abuse({ ...keyfold, createSqsEncryptionClient }, { ...options, all: true, beat }),
  );
}

async function main() {
  const count = Number(process.argv[2] ?? 1_000_000);
  if (!Number.isSafeInteger(count) || count < 1) throw new TypeError("The count must be a whole number.");
  const seed = seedOfRun();
  const workers = Math.max(1, Math.min(4, availableParallelism()));
  const set = genuine(seed);
  console.log(`KEYFOLD_SEED=${seed}: ${count.toLocaleString("en")} cases in ${workers} threads`);
  console.log(
    `from ${set.messages.length} genuine messages, ${set.objects.length} objects and ${set.queue.messages.length} messages of a queue`,
  );

  const started = performance.now();
  const beats = new Int32Array(new SharedArrayBuffer(4 * workers));
  const moved = Array.from({ length: workers }, () => ({ at: -1, since: started }));
  const finished = new Set();
  const watch = setInterval(() => {
    const now = performance.now();
    for (const [i, last] of moved.entries()) {
      const at = Atomics.load(beats, i);
      if (at !== last.at) moved[i] = { at, since: now };
      // The thread itself notices promises that never settle, and names the case; this is for loops without end.
      else if (!finished.has(i) && now - last.since > 2 * DEADLINE_MS)
        fail(`thread ${i} hangs at case ${at}`);
    }
  }, 1000);
  const progress = setInterval(() => {
    const done = Math.max(...beats);
    const rss = Math.round(process.memoryUsage.rss() / 2 ** 20);
    console.log(`  ${done.toLocaleString("en")} cases, ${seconds(started)} s, ${rss} MiB`);
  }, 10_000);

  const reports = await Promise.all(
    moved.map((_, i) => {
      const data = { seed, count, set, share: [i, workers], beats };
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: data });
      return new Promise((resolve) => {
        worker.once("message", (report) => {
          finished.add(i);
          resolve(report);
        });
        worker.once("error", (error) => fail(`thread ${i} died at case ${beats[i]}: ${error}`));
        worker.once(
          "exit",
          (code) => finished.has(i) || fail(`thread ${i} left at case ${beats[i]} with ${code}`),
        );
      });
    }),
  );
  clearInterval(watch);
  clearInterval(progress);
  finish(merged(reports), started);
}

function finish(report, started) {
  const width = Math.max(...Object.keys(report.families).map(({ length }) => length));
  for (const counts of [report.families, report.codes]) {
    const rows = Object.entries(counts).toSorted(([, a], [, b]) => b - a);
    for (const [name, n] of rows)
      console.log(`  ${name.padEnd(width)} ${n.toLocaleString("en").padStart(9)}`);
    console.log("");
  }
  const faults = faultsOf(report);
  for (const fault of faults.slice(0, 40)) console.error(`  ${fault}`);
  const { slowest, growthMiB, streams } = report;
  console.log(
    `${streams} also by stream; memory grew by ${growthMiB} MiB; slowest ${slowest.ms} ms (${slowest.name})`,
  );
  console.log(`${seconds(started)} s: ${summaryOf(report)}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

function merged([first, ...others]) {
  for (const other of others) {
    for (const [name, value] of Object.entries(other)) {
      if (Array.isArray(value)) first[name].push(...value);
      else if (name === "growthMiB") first[name] = Math.max(first[name], value);
      else if (typeof value === "number") first[name] += value;
      else if (name === "slowest") first[name] = value.ms > first[name].ms ? value : first[name];
      else for (const [key, n] of Object.entries(value)) first[name][key] = (first[name][key] ?? 0) + n;
    }
  }
  return first;
}

function seconds(started) {
  return Math.round((performance.now() - started) / 1000);
}

function fail(why) {
  console.error(why);
  process.exit(1);
}
