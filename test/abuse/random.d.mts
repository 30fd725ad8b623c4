export function seedOfRun(): number;
export function randomFrom(seed: number): {
  below(n: number): number;
  bytes(n: number): Uint8Array;
  pick<T>(list: readonly T[]): T;
};
