import { invalidArgument } from "../arguments.ts";

/** Two clocks, in milliseconds: a key is as old as the one that has gone on further says. */
export interface Clocks {
  /** Never set back, but may stand still while a machine sleeps or a function is frozen. */
  monotonic(): number;
  /** Goes on through sleep, but may be set. */
  wall(): number;
}

export const systemClocks: Clocks = { monotonic: () => performance.now(), wall: () => Date.now() };

/** A moment, by both clocks. */
export interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

export function now(clocks: Clocks): Moment {
  return { monotonic: clocks.monotonic(), wall: clocks.wall() };
}

/** Milliseconds since then, by the clock that says more: neither one that is set back nor one that stood still makes a key younger. */
export function ageOf(then: Moment, clocks: Clocks): number {
  return Math.max(clocks.monotonic() - then.monotonic, clocks.wall() - then.wall);
}

/** Negative if the first is the earlier moment: for sorting. */
export function inOrder(a: Moment, b: Moment): number {
  return a.monotonic - b.monotonic || a.wall - b.wall;
}

/** Checks that these tell the time. */
export function assertClocks(caller: string, clocks: Clocks): void {
  if ([clocks?.monotonic?.(), clocks?.wall?.()].every(Number.isFinite)) return;
  throw invalidArgument(`${caller}: clocks must have monotonic() and wall(), which answer milliseconds.`);
}
