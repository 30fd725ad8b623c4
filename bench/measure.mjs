// Side by side: contestants take turns, round by round, since machines drift; medians are compared.

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** By name of contestant: the median of what `measure` answers for it, in turns. Each round begins with another one. */
export async function inTurns(contestants, rounds, measure) {
  const entries = Object.entries(contestants);
  const values = new Map(entries.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < entries.length; i++) {
      const [name, contestant] = entries[(round + i) % entries.length];
      values.get(name).push(await measure(contestant));
    }
  }
  return Object.fromEntries([...values].map(([name, each]) => [name, median(each)]));
}

/**
 * Microseconds per call of each contestant. A turn lasts `turn` milliseconds, a warm-up `warmUp`, and both one call at
 * least; `before` runs before each turn, outside of what is timed.
 */
export async function interleaved(contestants, { rounds, turn = 0, warmUp = 0, before = () => {} }) {
  const timedAfter = (call, atLeast) => {
    before();
    return timed(call, atLeast);
  };
  for (const call of Object.values(contestants)) await timedAfter(call, warmUp);
  return inTurns(contestants, rounds, (call) => timedAfter(call, turn));
}

/** Microseconds per call, of calls for so many milliseconds, one at least. */
export async function timed(call, atLeast) {
  const start = performance.now();
  let calls = 0;
  let elapsed = 0;
  do {
    await call();
    calls++;
    elapsed = performance.now() - start;
  } while (elapsed < atLeast);
  return (elapsed * 1000) / calls;
}
