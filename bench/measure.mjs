// Side by side: contestants take turns, round by round, since machines drift; medians are compared.

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Microseconds per call of each contestant: the median of its rounds. */
export async function interleaved(contestants, { rounds = 9, calls = 500 } = {}) {
  const entries = Object.entries(contestants);
  const times = new Map(entries.map(([name]) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    // Each round begins with another contestant; round -1 warms up.
    const turn = entries.map((_, i) => entries[(i + Math.max(0, round)) % entries.length]);
    for (const [name, call] of turn) {
      const start = performance.now();
      for (let i = 0; i < calls; i++) await call();
      if (round >= 0) times.get(name).push(((performance.now() - start) * 1000) / calls);
    }
  }
  return Object.fromEntries([...times].map(([name, values]) => [name, median(values)]));
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
