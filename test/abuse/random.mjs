// Random numbers from a seed: the same seed makes the same hostile input again.

/** The seed of this run: KEYFOLD_SEED, or one that is printed. */
export function seedOfRun() {
  const given = process.env.KEYFOLD_SEED;
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}

/** @param {number} seed */
export function randomFrom(seed) {
  let state = seed >>> 0;
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const below = (/** @type {number} */ n) => Math.floor((next() / 2 ** 32) * n);
  return {
    next,
    below,
    /** @param {number} n */
    bytes: (n) => new Uint8Array(n).map(() => next()),
    /** @template T @param {readonly T[]} list @returns {T} */
    pick: (list) => list[below(list.length)],
    chance: (/** @type {number} */ oneIn) => below(oneIn) === 0,
  };
}
