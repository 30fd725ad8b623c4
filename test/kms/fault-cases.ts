// Everything that can go wrong between keyfold and KMS, and what must come of it.
import { Agent } from "node:http";
import type { KmsErrorCode } from "../../src/index.ts";
import {
  KMS_ERRORS,
  type KmsErrorName,
  type LocalKmsFault,
  type MalformedReply,
} from "../../src/testing/index.ts";
import { EXPECTED_BY_STATUS, EXPECTED_CODES } from "./aws-error-codes.ts";
import type { Flow } from "./fault-flows.ts";
import { ARN_B, ARN_OTHER_ACCOUNT, arn, type ClientConfig, KEY_A } from "./helpers.ts";

/** What must come of a fault, where nothing else can serve the call. */
export type Outcome =
  | { readonly kind: "success" }
  | { readonly kind: "error"; readonly code: KmsErrorCode; readonly awsErrorName?: string }
  /** The signal's own reason. */
  | { readonly kind: "aborted" }
  /** What was written does not open. Nobody can tell before someone tries. */
  | { readonly kind: "unreadable" };

export interface FaultCase {
  readonly name: string;
  readonly fault?: LocalKmsFault;
  /** Cuts the reply there; how long it is depends on the operation. */
  readonly cutAtPercent?: number;
  /** How many calls it strikes. Default: all. */
  readonly times?: number;
  readonly config?: ClientConfig;
  /** How many requests the SDK makes of the one call that keyfold makes; undefined: no matter. */
  readonly requests?: number;
  /** Where the client connects, if not to the local KMS. */
  readonly endpoint?:
    | "closed"
    | "tls"
    | "unknown host"
    | "garbage"
    | "proxy page"
    | "bad gateway"
    | "quotable";
  /** The trouble is the client's, whichever key it asks for. */
  readonly wholeClient?: true;
  /** The caller aborts while the call is on its way. */
  readonly abort?: true;
  expect(flow: Flow): Outcome;
}

const SUCCESS: Outcome = { kind: "success" };
const error = (code: KmsErrorCode, awsErrorName?: string): Outcome => ({
  kind: "error",
  code,
  ...(awsErrorName !== undefined && { awsErrorName }),
});
const always = (outcome: Outcome) => () => outcome;

function* kmsErrors(): Generator<FaultCase> {
  for (const name of Object.keys(KMS_ERRORS) as KmsErrorName[]) {
    yield {
      name,
      fault: { error: name },
      config: { maxAttempts: 2 },
      expect: always(error(EXPECTED_CODES[name], name)),
    };
  }
  for (const [status, code] of Object.entries(EXPECTED_BY_STATUS)) {
    yield { name: `status ${status}`, fault: { status: Number(status) }, expect: always(error(code)) };
  }
}

/** Faults that pass, within and beyond the SDK's attempts. */
function* retries(): Generator<FaultCase> {
  const passing: readonly (readonly [string, LocalKmsFault, KmsErrorCode])[] = [
    ["throttled", { error: "ThrottlingException" }, "ERR_KMS_THROTTLED"],
    ["KMS internal", { error: "KMSInternalException" }, "ERR_KMS_INTERNAL"],
    ["dependency timeout", { error: "DependencyTimeoutException" }, "ERR_KMS_TIMEOUT"],
    ["status 429", { status: 429 }, "ERR_KMS_THROTTLED"],
    ["status 503", { status: 503 }, "ERR_KMS_INTERNAL"],
    ["reply cut", { cutAfterBytes: 60 }, "ERR_KMS_NETWORK"],
  ];
  for (const [name, fault, code] of passing) {
    for (const [times, maxAttempts] of [
      [1, 1],
      [1, 2],
      [2, 3],
      [3, 3],
      [5, 3],
    ] as const) {
      const passes = times < maxAttempts;
      yield {
        name: `${name}, ${times} time(s), ${maxAttempts} attempt(s)`,
        fault,
        times,
        config: { maxAttempts },
        requests: passes ? times + 1 : maxAttempts,
        expect: always(passes ? SUCCESS : error(code)),
      };
    }
  }
  const timeouts: readonly (readonly [string, (ms: number) => ClientConfig])[] = [
    ["requestTimeout", (ms) => ({ requestHandler: { requestTimeout: ms, throwOnRequestTimeout: true } })],
    ["socketTimeout", (ms) => ({ requestHandler: { socketTimeout: ms } })],
  ];
  for (const [name, configOf] of timeouts) {
    // Long enough for a reply on a busy machine.
    const config = configOf(120);
    const fault = { delayMs: 2000 };
    yield { name: `slower than ${name}`, fault, config, expect: always(error("ERR_KMS_TIMEOUT")) };
    yield {
      name: `slower than ${name} once, 2 attempts`,
      fault,
      times: 1,
      config: { ...config, maxAttempts: 2 },
      requests: 2,
      expect: always(SUCCESS),
    };
    yield {
      name: `slow, within ${name}`,
      fault: { delayMs: 5 },
      config: configOf(1500),
      expect: always(SUCCESS),
    };
  }
  yield { name: "aborted", fault: { delayMs: 2000 }, abort: true, expect: always({ kind: "aborted" }) };
}

const DEFECTS: Readonly<Record<MalformedReply, "whole reply" | "Plaintext" | "CiphertextBlob" | "silent">> = {
  json: "whole reply",
  empty: "whole reply",
  "not-json-html": "whole reply",
  "bad-base64": "whole reply",
  "missing-keyid": "whole reply",
  "missing-plaintext": "Plaintext",
  "empty-plaintext": "Plaintext",
  "short-plaintext": "Plaintext",
  "long-plaintext": "Plaintext",
  "missing-ciphertext": "CiphertextBlob",
  "empty-ciphertext": "CiphertextBlob",
  "altered-ciphertext": "silent",
};

/** What an operation's reply holds beside the key id. */
const MEMBERS: Readonly<Record<Flow["operation"], readonly string[]>> = {
  GenerateDataKey: ["Plaintext", "CiphertextBlob"],
  Encrypt: ["CiphertextBlob"],
  Decrypt: ["Plaintext"],
};

function* badReplies(): Generator<FaultCase> {
  const bad = error("ERR_KMS_REPLY");
  for (const [malformed, where] of Object.entries(DEFECTS) as [MalformedReply, string][]) {
    yield {
      name: `malformed reply: ${malformed}`,
      fault: { malformed },
      requests: 1,
      expect({ operation }) {
        if (where === "silent") return operation === "Decrypt" ? SUCCESS : { kind: "unreadable" };
        return where === "whole reply" || MEMBERS[operation].includes(where) ? bad : SUCCESS;
      },
    };
  }
  yield {
    name: "plaintext of zeros",
    fault: { zeroPlaintext: true },
    expect: ({ operation }) => (MEMBERS[operation].includes("Plaintext") ? bad : SUCCESS),
  };
  const wrongKeys = {
    "another key": ARN_B,
    "the same key in another account": arn(KEY_A, "us-east-1", "444455556666"),
    "a key of another account": ARN_OTHER_ACCOUNT,
    "the same key in another Region": arn(KEY_A, "eu-west-1"),
    "the same key in another partition": arn(KEY_A, "us-east-1", "111122223333", "aws-cn"),
    "a bare key id": KEY_A,
    "an alias": "arn:aws:kms:us-east-1:111122223333:alias/orders",
    "no key at all": "not an ARN",
  };
  for (const [what, replyKeyId] of Object.entries(wrongKeys)) {
    yield {
      name: `the reply names ${what}`,
      fault: { replyKeyId },
      requests: 1,
      expect({ anyKeyOfAccount, operation, keyId }) {
        if (replyKeyId === keyId) return SUCCESS;
        const welcome = operation === "Decrypt" && anyKeyOfAccount === true;
        return welcome && /^arn:aws:kms:[a-z0-9-]+:111122223333:key\//.test(replyKeyId) ? SUCCESS : bad;
      },
    };
  }
}

/** Where replies are cut, in hundredths: the members in base64 stand at the end. */
const CUTS = [0, 1, 10, 20, 30, 40, 50, 60, 65, 70, 74, 78, 82, 85, 88, 91, 94, 96, 98, 99];

function* brokenConnections(): Generator<FaultCase> {
  const network = always(error("ERR_KMS_NETWORK"));
  for (const percent of CUTS) {
    yield { name: `reply cut after ${percent} % of its bytes`, cutAtPercent: percent, expect: network };
  }
  const config = { maxAttempts: 2 };
  const reset = { fault: { reset: true }, config, requests: 2 } as const;
  yield { name: "connection reset once, 2 attempts", ...reset, times: 1, expect: always(SUCCESS) };
  yield { name: "connection reset", ...reset, expect: network };
  yield { name: "nobody listens", endpoint: "closed", config, wholeClient: true, expect: network };
  yield { name: "TLS against plain HTTP", endpoint: "tls", wholeClient: true, expect: network };
  yield { name: "answer that is not HTTP", endpoint: "garbage", wholeClient: true, expect: network };
  const lookup = (_host: string, _options: object, done: (error: Error) => void) =>
    done(Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND", syscall: "getaddrinfo" }));
  yield {
    name: "host without an address",
    endpoint: "unknown host",
    config: { requestHandler: { httpAgent: new Agent({ lookup: lookup as never }) } },
    wholeClient: true,
    expect: network,
  };
  yield {
    name: "a reply whose parse error quotes the key",
    endpoint: "quotable",
    wholeClient: true,
    expect: always(error("ERR_KMS_REPLY")),
  };
  yield {
    name: "a proxy's page with status 200",
    endpoint: "proxy page",
    wholeClient: true,
    expect: always(error("ERR_KMS_REPLY")),
  };
  yield {
    name: "a proxy's page with status 502",
    endpoint: "bad gateway",
    wholeClient: true,
    expect: always(error("ERR_KMS_INTERNAL")),
  };
}

function* misconfiguredClients(): Generator<FaultCase> {
  const failing = (name: string) => async () => {
    throw Object.assign(new Error("Could not load credentials from any providers"), { name });
  };
  yield {
    name: "no credentials",
    config: { credentials: failing("CredentialsProviderError") },
    wholeClient: true,
    expect: always(error("ERR_KMS_CREDENTIALS", "CredentialsProviderError")),
  };
  yield {
    name: "no Region",
    config: { region: failing("Error") as () => Promise<never> },
    wholeClient: true,
    expect: always(error("ERR_KMS_REQUEST")),
  };
}

export const FAULT_CASES: readonly FaultCase[] = [
  ...kmsErrors(),
  ...retries(),
  ...badReplies(),
  ...brokenConnections(),
  ...misconfiguredClients(),
];
