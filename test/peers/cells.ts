import type { TestContext } from "vitest";
import type { Reporter, TestModule } from "vitest/node";

declare module "vitest" {
  interface TaskMeta {
    /** Cells of a matrix that this test ran. */
    cells?: number;
    failedCells?: number;
    /** Cells that no official client can fill (or that a stand-in gets wrong), and why. */
    impossible?: readonly ImpossibleCell[];
  }
}

export interface ImpossibleCell {
  readonly cell: string;
  /** What the official client says or documents. */
  readonly reason: string;
}

/** Runs all cells of a row, then fails once with every cell that failed. Peers answer in order: cells may overlap. */
export async function row<Cell>(
  { task }: Pick<TestContext, "task">,
  cells: readonly Cell[],
  label: (cell: Cell) => string,
  run: (cell: Cell) => Promise<unknown>,
): Promise<void> {
  if (cells.length === 0) throw new Error("a row without cells proves nothing");
  const outcomes = await Promise.allSettled(cells.map(run));
  task.meta.cells = outcomes.length;
  const failures = outcomes.flatMap((outcome, index) =>
    outcome.status === "rejected" ? [`  ${label(cells[index]!)}: ${String(outcome.reason)}`] : [],
  );
  task.meta.failedCells = failures.length;
  if (failures.length > 0) {
    throw new Error(`${failures.length} of ${cells.length} cells failed:\n${failures.join("\n")}`);
  }
}

/** Every pair of the two lists. */
export function cross<A, B>(left: readonly A[], right: readonly B[]): (readonly [A, B])[] {
  return left.flatMap((a) => right.map((b) => [a, b] as const));
}

const tally = ({ passed, failed }: { readonly passed: number; readonly failed: number }): string =>
  `${String(passed).padStart(5)} passed, ${failed} failed`;

/** Prints how many cells ran, on each backend, and which are not run, before vitest's own summary. */
export class CellReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const sums = new Map<string, { passed: number; failed: number }>();
    const absent = new Map<string, Set<string>>();
    for (const module of modules) {
      const { name } = module.project;
      const here = { passed: 0, failed: 0 };
      for (const test of module.children.allTests()) {
        const { cells = 1, failedCells = 0, impossible = [] } = test.meta();
        const failed = test.result().state === "failed" ? Math.max(failedCells, 1) : 0;
        here.failed += failed;
        here.passed += test.result().state === "skipped" ? 0 : cells - failed;
        for (const { cell, reason } of impossible) {
          const line = `${cell}: ${reason}`;
          absent.set(line, (absent.get(line) ?? new Set()).add(name));
        }
      }
      // A file that cannot be loaded, or whose peers do not start.
      if (module.state() === "failed" && here.failed === 0) here.failed = 1;
      console.log(`cells: ${tally(here)}  ${name.padEnd(4)}  ${module.relativeModuleId}`);
      const { passed, failed } = sums.get(name) ?? { passed: 0, failed: 0 };
      sums.set(name, { passed: passed + here.passed, failed: failed + here.failed });
    }
    for (const [name, sum] of sums) console.log(`cells: ${tally(sum)}  ${name.padEnd(4)}  in all`);
    if (absent.size === 0) return;
    console.log(`\n${absent.size} kinds of cells are not run:`);
    for (const [line, names] of absent) {
      console.log(`  - ${names.size < sums.size ? `[${[...names].join()} alone] ` : ""}${line}`);
    }
  }
}
