import { invalidArgument } from "../arguments.ts";
import type { KmsErrorName } from "./errors.ts";
import { KMS_ERRORS } from "./errors.ts";
import type { KmsOperation } from "./operations/table.ts";

/** How a reply can be spoilt. The first four are not even a KMS reply; the others lack or distort one member. */
export type MalformedReply = (typeof MALFORMED_REPLIES)[number];

/** Every {@link MalformedReply}. */
export const MALFORMED_REPLIES = [
  /** A reply that breaks off in the middle of its JSON, as if it were complete. */
  "json",
  /** No body at all, with status 200. */
  "empty",
  /** A page of HTML, as from a proxy. */
  "not-json-html",
  /** Blobs that are not base64. */
  "bad-base64",
  "missing-plaintext",
  "empty-plaintext",
  /** One byte too few. */
  "short-plaintext",
  /** One byte too many. */
  "long-plaintext",
  "missing-ciphertext",
  "empty-ciphertext",
  /** One bit of the ciphertext is flipped. */
  "altered-ciphertext",
  "missing-keyid",
] as const;

/** What goes wrong. */
export type LocalKmsFault =
  /** An error of KMS, with its status. The call is not served; it is logged. */
  | {
      /** Its name. */
      readonly error: KmsErrorName;
      /** Its message. Default: as KMS words it. */
      readonly message?: string;
    }
  /** The call waits first, and is then served (or meets the next fault). */
  | {
      /** Milliseconds. */
      readonly delayMs: number;
    }
  /** A bare HTTP status without a body that names an error. KMS never sees the call: it is not logged. */
  | {
      /** Such as 503. */
      readonly status: number;
    }
  /** The connection breaks before any reply. KMS never sees the call: it is not logged. */
  | {
      /** Always true. */
      readonly reset: true;
    }
  /** The call is served and logged, and its reply is spoilt. */
  | {
      /** In which way. */
      readonly malformed: MalformedReply;
    }
  /** The call is served, and the reply names another key. */
  | {
      /** Which key. */
      readonly replyKeyId: string;
    }
  /** The call is served, and the plaintext in the reply is all zeros. */
  | {
      /** Always true. */
      readonly zeroPlaintext: true;
    }
  /** The call is served, and the connection breaks in the middle of the reply. */
  | {
      /** After so many bytes of its body. */
      readonly cutAfterBytes: number;
    };

/** A fault, and the calls that it strikes. All conditions that are named must hold. */
export interface LocalKmsFaultRule {
  /** `"*"`, or absent: any operation. */
  readonly operation?: KmsOperation | "*";
  /** Any form of a key id that names a key of the call: key id, key ARN, alias name, alias ARN. Default: any key. */
  readonly keyId?: string;
  /**
   * A caller: the name, ARN or access key id that `clientAs` or the request's signature gave, or the caller's ARN.
   * Default: any.
   */
  readonly principal?: string;
  /** How many calls it strikes. Default: all, until removed. */
  readonly times?: number;
  /** What goes wrong with them. */
  readonly fault: LocalKmsFault;
}

/** A scripted fault that is, or was, in place. */
export interface LocalKmsFaultHandle {
  /** The rule, as it was added. */
  readonly rule: LocalKmsFaultRule;
  /** How many calls it has struck. */
  readonly hits: number;
  /** Takes it away. */
  remove(): void;
}

/**
 * The scripted faults of a local KMS, in the order in which they were added.
 *
 * Of the faults that fit a call, every delay applies; then the first `error`, `status` or `reset` ends the call;
 * if there is none, the call is served and all faults of the reply apply to it.
 */
export interface LocalKmsFaults {
  /** Puts a fault in place. `TypeError` for a rule that cannot strike. */
  add(rule: LocalKmsFaultRule): LocalKmsFaultHandle;
  /** Removes all. The handles keep their counts. */
  clear(): void;
  /** Those that can still strike. */
  readonly active: readonly LocalKmsFaultHandle[];
}

/** What a fault may look at to know whether a call is its own. */
export interface FaultSubject {
  readonly operation: string;
  readonly principals: readonly string[];
  /** Every name of every key of the call. */
  readonly keyNames: () => ReadonlySet<string>;
}

type FaultOf<K extends string> = Extract<LocalKmsFault, { readonly [P in K]: unknown }>;

/** The faults that strike one call, sorted by what they do. */
export interface Strike {
  readonly delayMs: number;
  readonly refusal: FaultOf<"error"> | FaultOf<"status"> | FaultOf<"reset"> | undefined;
  readonly reply: readonly LocalKmsFault[];
}

interface Placed {
  readonly rule: LocalKmsFaultRule;
  hits: number;
}

export function createFaults(): LocalKmsFaults & { strike(subject: FaultSubject): Strike } {
  const placed = new Map<Placed, LocalKmsFaultHandle>();

  return {
    add(rule) {
      checkRule(rule);
      const entry: Placed = { rule, hits: 0 };
      const handle: LocalKmsFaultHandle = {
        rule,
        get hits() {
          return entry.hits;
        },
        remove: () => void placed.delete(entry),
      };
      placed.set(entry, handle);
      return handle;
    },

    clear: () => placed.clear(),

    get active() {
      return [...placed.values()];
    },

    strike(subject) {
      if (placed.size === 0) return { delayMs: 0, refusal: undefined, reply: [] };
      const fitting = [...placed.keys()].filter(({ rule }) => fits(rule, subject));
      const hit = (entry: Placed): LocalKmsFault => {
        entry.hits += 1;
        if (entry.hits >= (entry.rule.times ?? Number.POSITIVE_INFINITY)) placed.delete(entry);
        return entry.rule.fault;
      };
      let delayMs = 0;
      for (const entry of fitting) {
        const fault = entry.rule.fault;
        if ("delayMs" in fault) delayMs += fault.delayMs;
        if ("delayMs" in fault) hit(entry);
      }
      const refusal = fitting.find(({ rule }) => isRefusal(rule.fault));
      if (refusal !== undefined) return { delayMs, refusal: hit(refusal) as Strike["refusal"], reply: [] };
      const reply = fitting.filter(({ rule }) => !("delayMs" in rule.fault)).map(hit);
      return { delayMs, refusal: undefined, reply };
    },
  };
}

function isRefusal(fault: LocalKmsFault): boolean {
  return "error" in fault || "status" in fault || "reset" in fault;
}

function fits(rule: LocalKmsFaultRule, subject: FaultSubject): boolean {
  const { operation = "*", principal, keyId } = rule;
  if (operation !== "*" && operation !== subject.operation) return false;
  if (principal !== undefined && !subject.principals.includes(principal)) return false;
  return keyId === undefined || subject.keyNames().has(keyId);
}

function checkRule({ times, fault }: LocalKmsFaultRule): void {
  if (times !== undefined && times !== Number.POSITIVE_INFINITY && !(Number.isInteger(times) && times > 0)) {
    throw invalidArgument("times must be a positive integer or Infinity");
  }
  const known = [
    "error",
    "delayMs",
    "status",
    "reset",
    "malformed",
    "replyKeyId",
    "zeroPlaintext",
    "cutAfterBytes",
  ];
  const kinds = Object.keys(fault).filter((name) => name !== "message");
  if (kinds.length !== 1 || !known.includes(kinds[0]!)) {
    throw invalidArgument(`A fault has exactly one of ${known.join(", ")}`);
  }
  if ("error" in fault && !Object.hasOwn(KMS_ERRORS, fault.error)) {
    throw invalidArgument(`fault.error is not the name of an error of KMS: ${fault.error}`);
  }
  if ("malformed" in fault && !MALFORMED_REPLIES.includes(fault.malformed)) {
    throw invalidArgument(`fault.malformed must be one of ${MALFORMED_REPLIES.join(", ")}`);
  }
  if ("status" in fault && !(Number.isInteger(fault.status) && fault.status >= 400 && fault.status <= 599)) {
    throw invalidArgument("fault.status must be an HTTP status from 400 to 599");
  }
  if ("delayMs" in fault && !(fault.delayMs >= 0))
    throw invalidArgument("fault.delayMs must not be negative");
  if ("cutAfterBytes" in fault && !(Number.isInteger(fault.cutAfterBytes) && fault.cutAfterBytes >= 0)) {
    throw invalidArgument("fault.cutAfterBytes must be a number of bytes");
  }
}
