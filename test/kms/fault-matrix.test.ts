// Every call that keyfold makes to KMS x every error and fault of the local KMS, through a genuine KMSClient over HTTP:
// a typed error that says what to do, or success; never a hang, and never a byte of a key.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isKeyfoldError, type KeyfoldError, type KmsCallEvent, type KmsError } from "../../src/index.ts";
import { createLocalKms, type LocalKmsFault } from "../../src/testing/index.ts";
import { TRANSIENT_CODES } from "./aws-error-codes.ts";
import { FAULT_CASES, type FaultCase, type Outcome } from "./fault-cases.ts";
import { type Flow, flowsOf, measureReplies, RAW_KEY, type Sealed, sealAll } from "./fault-flows.ts";
import { ARN_A, genuineClient, KEY_A, KEY_B, PLAINTEXT } from "./helpers.ts";
import { type OddServers, QUOTED_KEY, startOddServers } from "./odd-servers.ts";
import { leakIn, reachableText, recordDataKeys, textsOf } from "./secrets.ts";

const DEADLINE = 5000;
const MATERIAL = Uint8Array.from({ length: 32 }, (_, i) => (i * 91 + 5) & 0xff);

const dataKeys = recordDataKeys();
const kms = createLocalKms({
  keys: [{ id: KEY_A, material: MATERIAL, aliases: ["alias/orders"] }, { id: KEY_B }],
});
let url: string;
let odd: OddServers;
let sealed: Sealed;
let sealedKeys: Uint8Array[];
let replyBytes: Readonly<Record<Flow["operation"], number>>;
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => void unhandled.push(reason);
let callers = 0;
const totals = { scenarios: 0, errors: 0, successes: 0, aborts: 0 };
const start = performance.now();

beforeAll(async () => {
  process.on("unhandledRejection", onUnhandled);
  ({ url } = await kms.listen());
  odd = await startOddServers();
  sealed = await sealAll(kms);
  replyBytes = await measureReplies(url);
  sealedKeys = [...dataKeys.keys, RAW_KEY, MATERIAL, QUOTED_KEY];
});
afterAll(async () => {
  process.off("unhandledRejection", onUnhandled);
  dataKeys.stop();
  await odd.close();
  await kms.close();
});

function endpointOf({ endpoint }: FaultCase): string {
  if (endpoint === undefined) return url;
  const endpoints: Record<typeof endpoint, string> = {
    closed: odd.closed,
    garbage: odd.garbage,
    "proxy page": odd.proxyPage,
    quotable: odd.quotable,
    "bad gateway": odd.badGateway,
    tls: url.replace("http:", "https:"),
    "unknown host": "http://kms.invalid",
  };
  return endpoints[endpoint];
}

/** The fault of a case, with a cut counted in bytes of this operation's reply. */
function faultOf({ operation }: Flow, { fault, cutAtPercent }: FaultCase): LocalKmsFault | undefined {
  if (cutAtPercent === undefined) return fault;
  return { cutAfterBytes: Math.floor((replyBytes[operation] * cutAtPercent) / 100) };
}

/** What comes of a case in a flow that has something to fall back on. */
function outcomeOf(flow: Flow, of: FaultCase): Outcome {
  const outcome = of.expect(flow);
  if (outcome.kind !== "error" || flow.backup === "none") return outcome;
  return flow.backup === "kms" && of.wholeClient ? outcome : { kind: "success" };
}

async function withinDeadline<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("still waiting at the deadline")), DEADLINE);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function runScenario(flow: Flow, of: FaultCase): Promise<void> {
  kms.faults.clear();
  dataKeys.keys.length = 0;
  // Each scenario is a caller of its own: a request that an aborted one left behind may still be on its way here.
  const principal = `caller-${++callers}`;
  const credentials = { accessKeyId: principal, secretAccessKey: "unused" };
  const client = genuineClient(endpointOf(of), { credentials, ...of.config });
  const events: KmsCallEvent[] = [];
  const abort = new AbortController();
  const reason = new Error("the caller went home");
  // Only the wire is faulty: the keyrings that check the outcome ask in process, as somebody else.
  const fault = faultOf(flow, of);
  const handle =
    fault &&
    kms.faults.add({
      operation: flow.operation,
      principal,
      fault,
      ...(flow.keyId !== undefined && { keyId: flow.keyId }),
      ...(of.times !== undefined && { times: of.times }),
    });
  // While the faulty call is on its way, however long the calls before it took.
  const timer = of.abort && setInterval(() => void (handle!.hits > 0 && abort.abort(reason)), 1);
  kms.clearEvents();
  try {
    const work = flow.run({
      client,
      observer: (event) => void (event.type === "kmsCall" && events.push(event)),
      ...(of.abort && { signal: abort.signal }),
    });
    const result = await withinDeadline(work).then(
      (plaintext) => ({ plaintext }),
      (error: unknown) => ({ error }),
    );
    if (of.requests !== undefined) {
      const served = handle!.hits + (of.times !== undefined && of.requests > handle!.hits ? 1 : 0);
      expect(served, "requests of the SDK").toBe(of.requests);
    }
    check(flow, of, result, events, reason);
  } finally {
    clearInterval(timer);
    client.destroy();
    kms.faults.clear();
  }
  totals.scenarios += 1;
}

function check(
  flow: Flow,
  of: FaultCase,
  result: { plaintext: Uint8Array } | { error: unknown },
  events: readonly KmsCallEvent[],
  reason: Error,
): void {
  const outcome = outcomeOf(flow, of);
  const secrets = [...sealedKeys, ...dataKeys.keys, PLAINTEXT];
  expect(leakIn(JSON.stringify(events), secrets), "key bytes in an event").toBeUndefined();
  if (outcome.kind === "success") {
    if ("error" in result) throw new Error("it must succeed", { cause: result.error });
    expect(result.plaintext).toEqual(PLAINTEXT);
    totals.successes += 1;
    return;
  }
  if ("plaintext" in result) throw new Error("it must fail, and it answered plaintext");
  const { error } = result;
  expect(leakIn(textsOf(error), secrets), "key bytes in what the error shows").toBeUndefined();
  expect(leakIn(reachableText(error), secrets), "key bytes within reach of the error").toBeUndefined();
  if (outcome.kind === "aborted") {
    expect(error).toBe(reason);
    expect(events.at(-1)).toMatchObject({ operation: flow.operation, error: "ABORTED" });
    totals.aborts += 1;
    return;
  }
  totals.errors += 1;
  if (outcome.kind === "unreadable") {
    expect(error).toMatchObject({ code: "ERR_NO_DATA_KEY", cause: { code: "ERR_KMS_CIPHERTEXT" } });
    return;
  }
  checkError(flow, of, error, outcome);
  expect(events.length).toBeGreaterThan(0);
}

function checkError(
  flow: Flow,
  of: FaultCase,
  error: unknown,
  { code, awsErrorName }: Extract<Outcome, { kind: "error" }>,
): void {
  if (!isKeyfoldError(error)) throw new Error("not a typed error", { cause: error });
  const causes = kmsErrorsOf(error);
  expect(causes.map((cause) => cause.code)).toEqual(flow.backup === "kms" ? [code, code] : [code]);
  const alone = flow.operation !== "Decrypt" || (TRANSIENT_CODES.has(code) && flow.backup !== "kms");
  expect(error.code).toBe(alone ? code : "ERR_NO_DATA_KEY");
  const [cause] = causes;
  // A client in trouble fails at its first call, which is to make the data key.
  const first = of.wholeClient && flow.operation === "Encrypt" && /second key/.test(flow.name);
  expect(cause).toMatchObject({
    operation: first ? "GenerateDataKey" : flow.operation,
    transient: TRANSIENT_CODES.has(code),
  });
  expect(cause!.keyId).toBe(first ? ARN_A : flow.keyId);
  expect(cause!.remedy.length, "a remedy").toBeGreaterThan(20);
  for (const { remedy } of causes) expect(error.message).toContain(remedy);
  if (awsErrorName !== undefined) {
    expect(cause!.awsErrorName).toBe(awsErrorName);
    expect(error.message).toContain(awsErrorName);
  }
  if (of.fault && ("error" in of.fault || "status" in of.fault))
    expect(cause!.requestId).toMatch(/^[0-9a-f-]{36}$/);
}

/** The failures of KMS calls in an error: itself, or the reasons why no data key was opened. */
function kmsErrorsOf(error: KeyfoldError): KmsError[] {
  if (!isKeyfoldError(error, "ERR_NO_DATA_KEY")) return [error as KmsError];
  return error.reasons.filter(({ status }) => status === "failed").map(({ cause }) => cause as KmsError);
}

const flows = flowsOf(kms, () => sealed);
const scenarios = flows.flatMap((flow) => FAULT_CASES.map((of) => ({ flow, of })));

for (const flow of flows) {
  describe(`${flow.operation}: ${flow.name}`, () => {
    for (const of of FAULT_CASES) it(of.name, () => runScenario(flow, of));
  });
}

it("ran every scenario, and no rejection went unheard", async () => {
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { errors, successes, aborts } = totals;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    `KMS fault matrix: ${totals.scenarios} scenarios of ${scenarios.length} (${flows.length} calls x ${FAULT_CASES.length} faults): ${errors} typed errors, ${successes} successes, ${aborts} aborts, ${seconds} s`,
  );
  expect(unhandled).toEqual([]);
  expect(scenarios.length).toBeGreaterThanOrEqual(300);
  expect(totals.scenarios).toBe(scenarios.length);
});
