import { describe, expect, it } from "vitest";
import { Flight } from "../../src/cache/flight.ts";
import { isKeyfoldError, KmsError } from "../../src/index.ts";
import { outcome } from "../support/failure.ts";
import { settled } from "../support/virtual.ts";

interface Ask {
  readonly name: string;
  readonly signal?: AbortSignal;
}

/** A flight with this many waiters, each with a signal of its own. */
function boarded(count: number, abandoned: (() => void) | null = () => {}) {
  const flight = new Flight<Ask, string>(abandoned);
  const controllers = Array.from({ length: count }, () => new AbortController());
  const waits = controllers.map(({ signal }, i) => flight.wait({ name: `${i}`, signal }));
  for (const wait of waits) wait.catch(() => {});
  return { flight, controllers, waits };
}

const fails = (flight: Flight<Ask, string>, waits: readonly Promise<string>[], reason: unknown) => {
  flight.fail(reason);
  return Promise.all(waits.map((wait) => outcome(wait)));
};

describe("a flight that lands", () => {
  it("deals to each waiter what is its own, in the order of their coming", async () => {
    const { flight, waits } = boarded(3);
    let dealt = 0;
    flight.land(({ name }) => `${name} came ${++dealt}`);
    expect(await Promise.all(waits)).toEqual(["0 came 1", "1 came 2", "2 came 3"]);
  });

  it("deals nothing to who has left", async () => {
    const { flight, controllers, waits } = boarded(3);
    controllers[1]!.abort(new Error("no patience"));
    const dealt: string[] = [];
    flight.land(({ name }) => String(dealt.push(name)));
    expect(dealt).toEqual(["0", "2"]);
    await expect(waits[1]).rejects.toThrow("no patience");
  });

  it("leaves no listener on its waiters' signals", async () => {
    const { flight, controllers, waits } = boarded(2);
    flight.land(({ name }) => name);
    for (const { abort } of controllers.map((controller) => ({ abort: () => controller.abort() }))) abort();
    expect(await Promise.all(waits)).toEqual(["0", "1"]);
    expect(flight.signal.aborted).toBe(false);
  });
});

describe("an abort", () => {
  it("ends one wait, by the signal's own reason, and leaves the others and the work", async () => {
    const { flight, controllers, waits } = boarded(2);
    const reason = { any: "thing" };
    controllers[0]!.abort(reason);
    expect(await outcome(waits[0]!)).toBe(reason);
    expect(flight.signal.aborted).toBe(false);
    flight.land(() => "landed");
    expect(await waits[1]).toBe("landed");
  });

  it("of all ends the work, once, with the last one's reason", async () => {
    let abandoned = 0;
    const { flight, controllers, waits } = boarded(3, () => void abandoned++);
    for (const [i, controller] of controllers.entries()) {
      expect(flight.signal.aborted).toBe(false);
      controller.abort(`reason ${i}`);
    }
    expect(flight.signal.reason).toBe("reason 2");
    expect(abandoned).toBe(1);
    expect(await Promise.all(waits.map((wait) => outcome(wait)))).toEqual([
      "reason 0",
      "reason 1",
      "reason 2",
    ]);
  });

  it("of all leaves work that goes on without waiters", async () => {
    const { flight, controllers, waits } = boarded(2, null);
    for (const controller of controllers) controller.abort();
    await Promise.allSettled(waits);
    expect(flight.signal.aborted).toBe(false);
  });

  it("before the wait began ends it as well", async () => {
    const { flight } = boarded(1);
    const reason = new Error("already");
    expect(await outcome(flight.wait({ name: "late", signal: AbortSignal.abort(reason) }))).toBe(reason);
  });

  it("of a waiter without a signal is not possible, and its work goes on", async () => {
    const { flight, controllers } = boarded(1);
    const patient = flight.wait({ name: "patient" });
    controllers[0]!.abort();
    await settled();
    expect(flight.signal.aborted).toBe(false);
    flight.land(({ name }) => name);
    expect(await patient).toBe("patient");
  });
});

describe("a failure", () => {
  it("reaches every waiter as an error object of its own, alike in all that a program looks at", async () => {
    const { flight, waits } = boarded(3);
    const cause = new TypeError("socket");
    const error = new KmsError(
      "ERR_KMS_THROTTLED",
      "too many",
      { operation: "Decrypt", keyId: "k", awsErrorName: "T", requestId: "r", remedy: "Wait." },
      { cause },
    );
    const errors = (await fails(flight, waits, error)) as KmsError[];
    expect(new Set(errors).size).toBe(3);
    for (const own of errors) {
      expect(own).toBeInstanceOf(KmsError);
      expect(isKeyfoldError(own, "ERR_KMS_THROTTLED")).toBe(true);
      expect(own.stack).toBe(error.stack);
      expect(own).toEqual(error);
      expect({ ...own, message: own.message, cause: own.cause, transient: own.transient }).toEqual({
        ...error,
        message: error.message,
        cause,
        transient: true,
      });
      expect(Object.prototype.toString.call(own)).toBe("[object Error]");
    }
    errors[0]!.message = "changed by the first one to catch it";
    expect(errors[1]!.message).not.toBe(errors[0]!.message);
  });

  it("keeps the errors of an aggregate", async () => {
    const { flight, waits } = boarded(2);
    const parts = [new Error("a"), new Error("b")];
    for (const own of await fails(flight, waits, new AggregateError(parts, "both"))) {
      expect(own).toBeInstanceOf(AggregateError);
      expect((own as AggregateError).errors).toEqual(parts);
    }
  });

  it("that is a DOMException stays one that can be read", async () => {
    const { flight, waits } = boarded(2);
    const reason = new DOMException("It took too long.", "TimeoutError");
    const errors = (await fails(flight, waits, reason)) as DOMException[];
    expect(new Set(errors).size).toBe(2);
    for (const { name, message, code } of errors) {
      expect({ name, message, code }).toEqual({
        name: "TimeoutError",
        message: "It took too long.",
        code: DOMException.TIMEOUT_ERR,
      });
    }
  });

  it("of a frozen error is copied too", async () => {
    const { flight, waits } = boarded(2);
    const [first, second] = await fails(flight, waits, Object.freeze(new RangeError("frozen")));
    expect(second).not.toBe(first);
    expect(second).toBeInstanceOf(RangeError);
    expect(second).toMatchObject({ message: "frozen" });
  });

  it.each([["a string"], [undefined], [null], [7], [{ code: "E" }], [Symbol.for("s")]])(
    "that is no error stays what it is: %s",
    async (reason) => {
      const { flight, waits } = boarded(2);
      expect(await fails(flight, waits, reason)).toEqual([reason, reason]);
    },
  );
});
