import { describe, expect, it } from "vitest";
import { backend } from "#crypto";
import * as keyfold from "../../src/index.ts";
import { createSqsEncryptionClient } from "../../src/sqs/index.ts";
import { seedOfRun } from "./random.mjs";
import { abuse, faultsOf, summaryOf } from "./run.mjs";

const COUNT = 105_000;
const seed = seedOfRun();

describe("hostile input", () => {
  it(`${COUNT} messages, objects and queue messages are refused with typed errors, and nothing else happens`, async () => {
    const report = await abuse({ ...keyfold, createSqsEncryptionClient }, { seed, count: COUNT });
    const { families, codes, streams, growthMiB, slowest } = report;
    console.log(
      `abuse, ${backend.name} backend, KEYFOLD_SEED=${seed}: ${summaryOf(report)}; ${streams} also by stream; memory grew by ${growthMiB} MiB; slowest ${slowest.ms} ms (${slowest.name})`,
    );
    expect(faultsOf(report), `run it again with KEYFOLD_SEED=${seed}`).toEqual([]);
    expect(report.refused).toBe(COUNT);
    expect(Object.keys(families).length).toBeGreaterThan(45);
    expect(Object.keys(codes).length).toBeGreaterThan(7);
    // Everything that is tried in order has been tried.
    expect(families["random changes"]).toBeGreaterThan(0);
    expect(families["queue: random changes"]).toBeGreaterThan(0);
  }, 300_000);
});
