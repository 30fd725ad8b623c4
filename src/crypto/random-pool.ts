/**
 * Random bytes from a pool: one system call fills many requests, and what was handed out is erased from the pool.
 * `fill` draws from the runtime's own generator.
 */
export function randomPool(fill: (bytes: Uint8Array) => unknown): (length: number) => Uint8Array {
  const pool = new Uint8Array(4096);
  let used = pool.length;
  return (length) => {
    if (length > pool.length / 8) {
      const bytes = new Uint8Array(length);
      fill(bytes);
      return bytes;
    }
    if (used + length > pool.length) {
      fill(pool);
      used = 0;
    }
    const bytes = pool.slice(used, used + length);
    pool.fill(0, used, used + length);
    used += length;
    return bytes;
  };
}
