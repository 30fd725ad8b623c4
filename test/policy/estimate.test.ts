import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { estimateKmsRequests, type QueueTraffic } from "../../src/policy/index.ts";
import { check } from "../support/property.ts";

const MONTH = { billingPeriodSeconds: 2_678_400, reusePeriodSeconds: 300, producers: 1, consumers: 1 };
const WEEKS = { billingPeriodSeconds: 2_419_200, reusePeriodSeconds: 86_400 };

const someQueue: fc.Arbitrary<QueueTraffic> = fc.record(
  {
    billingPeriodSeconds: fc.integer({ min: 1, max: 40_000_000 }),
    reusePeriodSeconds: fc.integer({ min: 60, max: 86_400 }),
    producers: fc.integer({ min: 0, max: 50 }),
    consumers: fc.integer({ min: 0, max: 50 }),
    contexts: fc.integer({ min: 1, max: 50 }),
    verifyNewKeys: fc.boolean(),
  },
  { requiredKeys: ["billingPeriodSeconds", "producers", "consumers"] },
);

describe("the examples of the Amazon SQS developer guide", () => {
  it("one producer and one consumer, for a month at 300 seconds", () => {
    const counts = { sqs: 26_784, keyfold: 26_784 };
    expect(estimateKmsRequests(MONTH)).toEqual({ ...counts, queues: [counts] });
  });

  it("two queues, for 28 days at a day", () => {
    const queues = [
      { ...WEEKS, producers: 3, consumers: 1 },
      { ...WEEKS, producers: 5, consumers: 2 },
    ];
    expect(estimateKmsRequests(queues)).toEqual({
      sqs: 532,
      keyfold: 252 + 560,
      queues: [
        { sqs: 196, keyfold: 252 },
        { sqs: 336, keyfold: 560 },
      ],
    });
  });
});

it("the example of its documentation", () => {
  const month = { billingPeriodSeconds: 31 * 86_400, producers: 1, consumers: 1 };
  expect(estimateKmsRequests([month, { ...month, producers: 5, consumers: 2 }]).keyfold).toBe(205_344);
});

describe("what differs on your own side", () => {
  it("each consumer opens the data key of each producer", () => {
    const { sqs, keyfold } = estimateKmsRequests({ ...WEEKS, producers: 4, consumers: 3 });
    expect({ sqs, keyfold }).toEqual({ sqs: 28 * (8 + 3), keyfold: 28 * (8 + 12) });
  });

  it("each context has a data key", () => {
    const { sqs, keyfold } = estimateKmsRequests({ ...MONTH, contexts: 7 });
    expect({ sqs, keyfold }).toEqual({ sqs: 26_784, keyfold: 7 * 26_784 });
  });

  it("a new data key may go without its Decrypt", () => {
    const { sqs, keyfold } = estimateKmsRequests({ ...MONTH, verifyNewKeys: false });
    expect({ sqs, keyfold }).toEqual({ sqs: 26_784, keyfold: 17_856 });
  });

  it("the period is 300 seconds, the context one, and new keys are verified", () => {
    const { reusePeriodSeconds: _, ...month } = MONTH;
    expect(estimateKmsRequests(month)).toEqual(estimateKmsRequests(MONTH));
    expect(estimateKmsRequests({ ...MONTH, contexts: 1, verifyNewKeys: true })).toEqual(
      estimateKmsRequests(MONTH),
    );
  });

  it("nothing is rounded, and no queue is no request", () => {
    expect(estimateKmsRequests({ ...MONTH, billingPeriodSeconds: 150 }).sqs).toBe(1.5);
    expect(estimateKmsRequests([])).toEqual({ sqs: 0, keyfold: 0, queues: [] });
    expect(estimateKmsRequests({ ...MONTH, producers: 0, consumers: 0 })).toMatchObject({
      sqs: 0,
      keyfold: 0,
    });
  });
});

describe("any queue", () => {
  /** As near as doubles come: of billions the last digits are rounded. */
  const expectNear = (count: number, expected: number) =>
    expect(Math.abs(count - expected)).toBeLessThanOrEqual(1e-12 * expected);

  it("asks in proportion to the billing period, and to the reuse period the other way round", () =>
    check(fc.tuple(someQueue, fc.integer({ min: 2, max: 9 })), ([queue, times]) => {
      const once = estimateKmsRequests(queue);
      const longer = { ...queue, billingPeriodSeconds: times * queue.billingPeriodSeconds };
      expectNear(estimateKmsRequests(longer).sqs, times * once.sqs);
      expectNear(estimateKmsRequests(longer).keyfold, times * once.keyfold);
      const period = queue.reusePeriodSeconds ?? 300;
      if (times * period > 86_400) return;
      const rarer = estimateKmsRequests({ ...queue, reusePeriodSeconds: times * period });
      expectNear(times * rarer.sqs, once.sqs);
      expectNear(times * rarer.keyfold, once.keyfold);
    }));

  it("asks as SQS does where there is one producer, one context, and new keys are verified", () =>
    check(someQueue, (queue) => {
      const { sqs, keyfold } = estimateKmsRequests({
        ...queue,
        producers: 1,
        contexts: 1,
        verifyNewKeys: true,
      });
      expect(keyfold).toBe(sqs);
    }));

  it("adds up with others", () =>
    check(fc.array(someQueue, { maxLength: 6 }), (queues) => {
      const { sqs, keyfold, queues: each } = estimateKmsRequests(queues);
      expect(each).toEqual(queues.map((queue) => estimateKmsRequests(queue).queues[0]));
      expect(sqs).toBeCloseTo(
        each.reduce((sum, counts) => sum + counts.sqs, 0),
        4,
      );
      expect(keyfold).toBeCloseTo(
        each.reduce((sum, counts) => sum + counts.keyfold, 0),
        4,
      );
    }));
});

describe("wrong options", () => {
  const wrong: readonly (readonly [string, unknown, string])[] = [
    ["reusePeriodSeconds", 59, "a whole number from 60 to 86400"],
    ["reusePeriodSeconds", 86_401, "a whole number from 60 to 86400"],
    ["reusePeriodSeconds", Number.NaN, "a whole number from 60 to 86400"],
    ["reusePeriodSeconds", null, "a whole number from 60 to 86400"],
    ["billingPeriodSeconds", 0, "a whole number from 1 to"],
    ["billingPeriodSeconds", undefined, "a whole number from 1 to"],
    ["billingPeriodSeconds", Number.POSITIVE_INFINITY, "a whole number from 1 to"],
    ["producers", -1, "a whole number from 0 to"],
    ["producers", undefined, "a whole number from 0 to"],
    ["producers", 1.5, "a whole number from 0 to"],
    ["consumers", "2", "a whole number from 0 to"],
    ["consumers", null, "a whole number from 0 to"],
    ["contexts", 0, "a whole number from 1 to"],
    ["contexts", 2 ** 53, "a whole number from 1 to"],
    ["verifyNewKeys", "yes", "true or false"],
  ];
  it.each(wrong)("%s: %s", (name, value, range) => {
    const queue = { ...MONTH, [name]: value } as QueueTraffic;
    const misuse = { name: "TypeError", code: "ERR_INVALID_ARGUMENT" };
    expect(() => estimateKmsRequests(queue)).toThrow(
      expect.objectContaining({
        ...misuse,
        message: expect.stringContaining(`estimateKmsRequests: ${name} must be ${range}`),
      }),
    );
    expect(() => estimateKmsRequests([MONTH, queue])).toThrow(
      expect.objectContaining({
        ...misuse,
        message: expect.stringContaining(`estimateKmsRequests: queues[1].${name} must be ${range}`),
      }),
    );
  });

  it.each([undefined, null, 3, [undefined]])("no queue: %s", (queue) => {
    expect(() => estimateKmsRequests(queue as unknown as QueueTraffic)).toThrow(TypeError);
  });
});
