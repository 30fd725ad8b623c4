import type * as keyfold from "../../src/index.ts";
import type * as sqs from "../../src/sqs/index.ts";

export interface AbuseReport {
  readonly cases: number;
  readonly refused: number;
  readonly streams: number;
  readonly growthMiB: number;
  readonly families: Readonly<Record<string, number>>;
  readonly codes: Readonly<Record<string, number>>;
  readonly slowest: { readonly ms: number; readonly name: string };
}
export function abuse(
  lib: typeof keyfold & Pick<typeof sqs, "createSqsEncryptionClient">,
  options: { readonly seed: number; readonly count: number; readonly all?: boolean },
): Promise<AbuseReport>;
export function faultsOf(report: AbuseReport): string[];
export function summaryOf(report: AbuseReport): string;
