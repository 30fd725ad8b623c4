import fc from "fast-check";
import { expect, it, onTestFinished, vi } from "vitest";
import { cachingMaterialsManager, isKeyfoldError } from "../../src/index.ts";
import { suiteById } from "../../src/suites/table.ts";
import { gatedKeyring, numberedEdk, numberOf } from "../support/gated.ts";
import { check } from "../support/property.ts";
import { settled, VirtualClocks } from "../support/virtual.ts";
import { CacheModel, type Caller, type ModelOptions } from "./cache-model.ts";

const PERIOD = 1000;
const SUITE = suiteById(0x0478, "message");
const POLICY = "require-encrypt-require-decrypt";
const PARTITIONS = ["p", "q", "q"] as const;
const TIMES = [0, 1, 100, 199, 200, 500, 799, 800, 999, 1000, 1001] as const;

type Materials = Awaited<ReturnType<ReturnType<typeof cachingMaterialsManager>["encryptionMaterials"]>>;

/** The manager under test, and the model, side by side. */
class Pair {
  readonly clocks = new VirtualClocks();
  readonly keyring = gatedKeyring();
  readonly model: CacheModel;
  readonly manager;
  readonly states: string[] = [];
  readonly held: (Pick<Materials, "dataKey" | "countBytes"> | null)[] = [];
  readonly controllers: AbortController[] = [];

  constructor({ period, soft, verify, ...limits }: ModelOptions) {
    this.model = new CacheModel({ period, soft, verify, ...limits });
    this.manager = cachingMaterialsManager({
      keyring: this.keyring,
      clocks: this.clocks,
      reusePeriodSecondsForTests: period / 1000,
      refreshAhead: soft === undefined ? false : { afterSeconds: soft / 1000 },
      verifyNewKeys: verify,
      partition: ({ encryptionContext: { c } }) => PARTITIONS[Number(c)]!,
      ...limits,
    });
    this.tick();
  }

  /** The model's clocks are the manager's. */
  tick(): void {
    this.model.monotonic = this.clocks.monotonic();
    this.model.wall = this.clocks.wall();
  }

  seal(context: number, length: number | undefined): void {
    const request = { plaintextLength: length, ...this.#request(context) };
    this.#ask("seal", context, 0, length ?? 0, () => this.manager.encryptionMaterials(request));
  }

  open(context: number, number: number): void {
    const encryptedDataKeys = [numberedEdk(number)];
    const request = { encryptedDataKeys, expectedContext: {}, ...this.#request(context) };
    this.#ask("open", context, number, 0, () => this.manager.decryptionMaterials(request));
  }

  #request(context: number) {
    const controller = new AbortController();
    this.controllers.push(controller);
    const encryptionContext = { c: `${context}` };
    return { suite: SUITE, commitmentPolicy: POLICY, encryptionContext, signal: controller.signal } as const;
  }

  #ask(
    direction: "seal" | "open",
    context: number,
    number: number,
    length: number,
    ask: () => PromiseLike<Pick<Materials, "dataKey">> | Pick<Materials, "dataKey">,
  ): void {
    const at = this.states.push("waiting") - 1;
    this.held.push(null);
    (async () => ask())().then(
      (materials) => {
        this.held[at] = materials;
        this.states[at] = `key ${numberOf(materials.dataKey.bytes)}`;
      },
      (error) => {
        this.states[at] = error === "gone" ? "aborted" : stateOf(error);
      },
    );
    const partition = PARTITIONS[context]!;
    const id = `${number} ${context}`;
    const waiting = { state: "waiting", copy: null, entry: null };
    this.model.ask({ direction, id, partition, context, number, length, ...waiting });
  }

  release(at: number): void {
    this.held[at]!.dataKey.release();
    this.held[at] = null;
    this.states[at] = "done";
    this.model.release(this.model.callers[at]!);
  }

  count(at: number, bytes: number): void {
    const { countBytes } = this.held[at]!;
    if (countBytes === undefined) return;
    countBytes(bytes);
    this.model.callers[at]!.entry!.bytes += bytes;
  }

  /** Callers that hold a key of this direction. */
  holders(direction?: "seal"): number[] {
    const { callers } = this.model;
    return callers.flatMap(({ copy, direction: own }, i) =>
      copy !== null && (direction ?? own) === own ? [i] : [],
    );
  }

  compare(): void {
    const { encrypt, decrypt } = this.manager.stats();
    const real = [
      this.keyring.calls,
      this.keyring.pending.length,
      this.states,
      [encrypt, decrypt].map(figuresOf),
      this.keyring.handed.map((bytes) => numberOf(bytes)),
    ];
    const { asked, pending, callers, handed } = this.model;
    const expected = [
      asked,
      pending.length,
      callers.map(({ state }) => state),
      [this.model.figures("seal"), this.model.figures("open")].map(figuresOf),
      handed.map(({ number, holders }) => (holders > 0 ? number : 0)),
    ];
    if (JSON.stringify(real) !== JSON.stringify(expected)) expect(real).toEqual(expected);
  }
}

const figuresOf = (figures: ReturnType<CacheModel["figures"]>) => [
  figures.hits,
  figures.misses,
  figures.joined,
  figures.evictions,
  figures.entries,
  figures.inFlight,
  figures.oldestAgeSeconds,
];

function stateOf(error: unknown): string {
  if (!isKeyfoldError(error, "ERR_KEYRING")) return `not as promised: ${error}`;
  return /took longer to arrive/.test(error.message) ? "late" : "failed";
}

type Step = (pair: Pair) => void;

const nth = <T>(list: readonly T[], n: number): T | undefined => list[n % list.length];
const place = fc.nat({ max: 1000 });
const time = fc.constantFrom(...TIMES);
const context = fc.nat({ max: PARTITIONS.length - 1 });

const named = (name: string, run: Step): Step => Object.assign(run, { toString: () => name });

const STEPS: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(context, fc.option(fc.nat({ max: 11 }), { nil: undefined }))
      .map(([c, length]) => named(`seal ${c} ${length}`, (pair) => pair.seal(c, length))),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(context, fc.integer({ min: 1, max: 3 }))
      .map(([c, number]) => named(`open ${c} ${number}`, (pair) => pair.open(c, number))),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(place, fc.nat({ max: 7 })).map(([n, luck]) =>
      named(`${luck > 0 ? "answer" : "fail"} ${n}`, ({ keyring, model }) => {
        const at = n % keyring.pending.length;
        if (keyring.pending.length === 0) return;
        if (luck > 0) {
          keyring.pending[at]!.answer();
          model.answer(at);
        } else {
          keyring.pending[at]!.fail(new Error("no KMS"));
          model.fail(at);
        }
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: place.map((n) =>
      named(`abort ${n}`, ({ controllers, model }) => {
        const at = n % controllers.length;
        controllers[at]?.abort("gone");
        if (controllers.length > 0) model.abort(model.callers[at] as Caller);
      }),
    ),
  },
  {
    weight: 3,
    arbitrary: place.map((n) =>
      named(`release ${n}`, (pair) => {
        const at = nth(pair.holders(), n);
        if (at !== undefined) pair.release(at);
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(place, fc.nat({ max: 6 })).map(([n, bytes]) =>
      named(`count ${n} ${bytes}`, (pair) => {
        const at = nth(pair.holders("seal"), n);
        if (at !== undefined) pair.count(at, bytes);
      }),
    ),
  },
  {
    weight: 4,
    arbitrary: time.map((ms) => named(`advance ${ms}`, ({ clocks }) => clocks.advance(ms))),
  },
  { weight: 1, arbitrary: time.map((ms) => named(`sleep ${ms}`, ({ clocks }) => clocks.sleep(ms))) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(time, time)
      .map(([ms, by]) => named(`set back ${ms} ${by}`, ({ clocks }) => clocks.setBack(ms, by))),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(undefined, "p", "q", "").map((partition) =>
      named(`clear ${partition}`, ({ manager, model }) => {
        manager.clear(partition);
        model.clear(partition);
      }),
    ),
  },
);

const OPTIONS: fc.Arbitrary<ModelOptions> = fc.record({
  period: fc.constant(PERIOD),
  soft: fc.constantFrom(undefined, 800),
  verify: fc.boolean(),
  capacity: fc.integer({ min: 1, max: 3 }),
  maxMessages: fc.integer({ min: 1, max: 4 }),
  maxBytes: fc.constantFrom(5, 10),
});

async function run(options: ModelOptions, steps: readonly Step[]): Promise<Pair> {
  const pair = new Pair(options);
  const { keyring, model, manager } = pair;
  for (const step of steps) {
    step(pair);
    pair.tick();
    await settled();
    pair.compare();
  }
  while (keyring.pending.length > 0) {
    keyring.pending[0]!.answer();
    model.answer(0);
    await settled();
    pair.compare();
  }
  for (const at of pair.holders()) pair.release(at);
  manager.dispose();
  expect(keyring.handed.map((bytes) => numberOf(bytes)).filter((number) => number !== 0)).toEqual([]);
  return pair;
}

it("does what a plain model of the rules does, step by step, in 5,000 sequences", async () => {
  const chance = vi.spyOn(Math, "random").mockReturnValue(0);
  onTestFinished(() => void chance.mockRestore());
  const seen = { hits: 0, joined: 0, late: 0, aborted: 0, failed: 0, verified: 0 };
  const sequences = fc.tuple(OPTIONS, fc.array(STEPS, { minLength: 5, maxLength: 40, size: "max" }));
  await check(
    sequences,
    async ([options, steps]) => {
      const { manager, states, keyring } = await run(options, steps);
      const { encrypt, decrypt } = manager.stats();
      seen.hits += encrypt.hits + decrypt.hits;
      seen.joined += encrypt.joined + decrypt.joined;
      for (const state of ["late", "aborted", "failed"] as const) {
        seen[state] += states.filter((own) => own === state).length;
      }
      if (options.verify) seen.verified += keyring.calls.unwrap;
    },
    5000,
  );
  expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(100);
});
