// What a part says: tables to read, headlines for the README, and how much there is to measure.

/** `BENCH_QUICK=1`: only to see that it runs. `BENCH_FULL=1`: the sizes that the goals name. */
export function effort({ quick, normal, full = normal }) {
  if (process.env.BENCH_QUICK) return quick;
  return process.env.BENCH_FULL ? full : normal;
}

/** A table in plain text; the first column is left-aligned, the others are right-aligned. */
export function table(title, head, rows) {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  const line = (row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  ");
  console.log(`\n${title}`);
  for (const row of cells) console.log(`  ${line(row)}`);
}

/** A row of the README's table, handed to `run.mjs`. `ratio` is read after "keyfold is". */
export function headline(what, ratio, keyfold, peer) {
  process.send?.({ what, ratio, keyfold, peer });
}

export const times = (ratio) => `${ratio.toFixed(ratio < 2 ? 2 : 1)}x`;
export const perSecond = (us) => `${Math.round(1e6 / us).toLocaleString("en-US")}/s`;
/** MiB a second, from bytes and microseconds. */
export const speed = (bytes, us) => bytes / 1.048576 / us;
export const mibPerSecond = (bytes, us) => `${speed(bytes, us).toFixed(0)} MiB/s`;
