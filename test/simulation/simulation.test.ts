import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cachingMaterialsManager, createEncryptionClient } from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { estimateKmsRequests } from "../../src/policy/index.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import { check } from "../support/property.ts";
import { CASES, type Message, messagesOf, type Traffic } from "./cases.mjs";
import { expectedCalls } from "./model.mjs";
import { observedCalls } from "./observe.mjs";

// The caching manager asks KMS what a model of the rules says, call by call, and as often as the estimate says.

const lib = { cachingMaterialsManager, createEncryptionClient, kmsKeyring, createLocalKms };

const title = ({ name, producers, consumers, contexts, verifyNewKeys }: Traffic) =>
  `${name}: ${producers} x ${consumers}, contexts: ${contexts}, verified: ${verifyNewKeys}`;

describe("producers and consumers ask KMS as the model says", () => {
  it.each(CASES.map((traffic) => [title(traffic), traffic] as const))("%s", async (_, traffic) => {
    const messages = messagesOf(traffic);
    const observed = await observedCalls(lib, traffic, messages);
    expect(observed).toEqual(expectedCalls(traffic, messages));

    const { periods, reusePeriodSeconds, isExact } = traffic;
    const { sqs, keyfold } = estimateKmsRequests({
      ...traffic,
      billingPeriodSeconds: periods * reusePeriodSeconds,
    });
    if (isExact) expect(observed).toHaveLength(keyfold);
    else expect(observed.length).not.toBe(keyfold);
    const isAsSqs = traffic.producers === 1 && traffic.contexts === 1 && traffic.verifyNewKeys;
    if (isExact && isAsSqs) expect(observed).toHaveLength(sqs);
  });

  it("is tried where R holds, where R' holds, above and below", () => {
    const exact = CASES.filter(({ isExact }) => isExact);
    expect(exact.length).toBeGreaterThan(8);
    expect(exact.some(({ producers, contexts }) => producers === 1 && contexts === 1)).toBe(true);
    expect(CASES.length - exact.length).toBeGreaterThan(3);
  });
});

const PERIOD = 60;
/** Seconds, often at the end of a period or next to it. */
const someSeconds = (maxPeriods: number) =>
  fc.oneof(
    fc.nat(maxPeriods * PERIOD),
    fc
      .tuple(fc.integer({ min: 1, max: maxPeriods }), fc.constantFrom(-1, 0, 1))
      .map(([periods, more]) => periods * PERIOD + more),
  );
const someMessages = (maxWaitPeriods: number): fc.Arbitrary<Message[]> =>
  fc
    .array(
      fc.record({
        producer: fc.constantFrom("p1", "p2", "p3"),
        consumer: fc.constantFrom("c1", "c2", "c3"),
        context: fc.constantFrom("a", "b"),
        sentAt: someSeconds(8),
        wait: fc.oneof(fc.constant(0), someSeconds(maxWaitPeriods)),
      }),
      { minLength: 1, maxLength: 120 },
    )
    .map((list) =>
      list.map(({ wait, ...message }, i) => ({
        ...message,
        text: `${i}`,
        receivedAt: message.sentAt + wait,
      })),
    );

describe("any traffic at all", () => {
  it("asks KMS as the model says, call by call", () =>
    check(
      fc.tuple(fc.boolean(), someMessages(4)),
      async ([verifyNewKeys, messages]) => {
        const options = { reusePeriodSeconds: PERIOD, verifyNewKeys };
        expect(await observedCalls(lib, options, messages)).toEqual(expectedCalls(options, messages));
      },
      150,
    ));

  it("asks a consumer's Decrypt at most once more for each data key if nothing waits longer than a period", () =>
    check(
      someMessages(1).map((list) =>
        list.map((message) => ({
          ...message,
          receivedAt: Math.min(message.receivedAt, message.sentAt + PERIOD),
        })),
      ),
      async (messages) => {
        const calls = expectedCalls({ reusePeriodSeconds: PERIOD, verifyNewKeys: false }, messages);
        const keys = calls.filter((call) => call.endsWith("GenerateDataKey")).length;
        for (const consumer of ["c1", "c2", "c3"]) {
          expect(calls.filter((call) => call.includes(` ${consumer} `)).length).toBeLessThanOrEqual(2 * keys);
        }
      },
      1000,
    ));
});
