import { backend } from "#crypto";
import { invalidArgument, optionsOf, wholeNumber } from "../arguments.ts";
import { type HierarchyError, isKeyfoldError, KeyringError } from "../errors.ts";
import type { Keyring } from "../keyrings/keyring.ts";
import { assertOpens } from "./mailbox-options.ts";
import type { StoredVersion } from "./mailbox-record.ts";
import { type Binding, isWrappedBy, unwrapSecret, wrapSecret } from "./mailbox-secret.ts";
import type { MailboxShelf } from "./mailbox-shelf.ts";
import type { MailboxSegment } from "./mailbox-store.ts";

/** Options of a re-wrapping. */
export interface RewrapOptions {
  /**
   * The organisation that is to wrap the mailbox keys. New mailboxes and rotations go on under `organization`: name this
   * one there, and the old one in `otherOrganizations`, once all mailboxes are moved; what came meanwhile a last
   * `rewrapAll` moves too.
   */
  readonly to: Keyring;
  /** Aborts the call, with the signal's own reason. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of the re-wrapping of a whole store, or of one segment of it. Default: the whole. */
export interface RewrapAllOptions extends RewrapOptions, Partial<MailboxSegment> {
  /** How many mailboxes are at work at once. Default: 8. */
  readonly concurrency?: number;
  /** Hears of each mailbox that is done. What it throws stops the work. Default: nobody. */
  readonly onProgress?: (progress: RewrapProgress) => void;
}

/** What became of one mailbox. */
export interface RewrapProgress {
  /** The mailbox's id. */
  readonly mailboxId: string;
  /** `"current"`: it was wrapped so already. `"gone"`: it was destroyed meanwhile. `"failed"`: left as it was. */
  readonly outcome: "rewrapped" | "current" | "gone" | "failed";
  /** Why it failed. */
  readonly error?: HierarchyError;
  /** How many mailboxes are done, this one included. */
  readonly done: number;
}

/** What became of all of them. */
export interface RewrapSummary {
  /** How many were wrapped anew. */
  readonly rewrapped: number;
  /** How many were wrapped so already. */
  readonly current: number;
  /** Left as they were: their own records or wrapped keys are at fault. */
  readonly failed: readonly HierarchyError[];
}

/** What a re-wrapping works on. */
export interface RewrapBase {
  readonly shelf: MailboxShelf;
  readonly binding: Binding;
  /** Opens what was wrapped so far. */
  organization(): Keyring;
}

/** Wraps all keys of a mailbox anew, in one step. False: they were wrapped so already. */
export async function rewrapMailbox(
  { shelf, binding, organization }: RewrapBase,
  id: string,
  { to, signal }: RewrapOptions,
): Promise<boolean> {
  const renew = async (stored: StoredVersion): Promise<StoredVersion> => {
    const place = { id, version: stored.version };
    if (await isWrappedBy(to, binding, place, stored.wrapped)) return stored;
    const secret = await unwrapSecret(organization(), binding, place, stored.wrapped, signal);
    try {
      const wrapped = await wrapSecret(to, binding, place, secret, signal);
      const again = await unwrapSecret(to, binding, place, wrapped, signal, true);
      const same = backend.equal(again, secret);
      again.fill(0);
      if (!same) {
        throw new KeyringError(
          to.name,
          "what it has just wrapped opened to another key; nothing was changed.",
        );
      }
      return { ...stored, wrapped };
    } finally {
      secret.fill(0);
    }
  };
  const changed = await shelf.change(id, signal, async ({ versions }) => {
    const renewed: StoredVersion[] = [];
    for (const stored of versions) renewed.push(await renew(stored));
    return renewed.every((stored, i) => stored === versions[i]) ? null : { id, versions: renewed };
  });
  return changed !== null;
}

/**
 * Re-wraps every mailbox of a segment. A mailbox whose own record is at fault is left and reported; what would fail for
 * the others too (KMS, the store) stops the work, and each mailbox is as it was or done.
 */
export async function rewrapSegment(
  shelf: MailboxShelf,
  rewrap: (id: string) => Promise<boolean>,
  options: RewrapAllOptions,
): Promise<RewrapSummary> {
  const { segment, totalSegments, concurrency, onProgress, signal } = rewrapAllConfig(options);
  const ids = shelf.list({ segment, totalSegments }, signal);
  const failed: HierarchyError[] = [];
  const counts = { rewrapped: 0, current: 0, gone: 0, failed: 0 };
  let done = 0;
  let stopped = false;

  const one = async (mailboxId: string) => {
    const result = await outcomeOf(() => rewrap(mailboxId));
    counts[result.outcome]++;
    if (result.error !== undefined) failed.push(result.error);
    done++;
    onProgress?.({ mailboxId, ...result, done });
  };
  const worker = async () => {
    try {
      for (;;) {
        const next = stopped ? undefined : await ids.next();
        if (next === undefined || next.done === true) return;
        await one(next.value);
      }
    } finally {
      stopped = true;
    }
  };
  const results = await Promise.allSettled(Array.from({ length: concurrency }, worker));
  await ids.return();
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return { rewrapped: counts.rewrapped, current: counts.current, failed };
}

async function outcomeOf(rewrap: () => Promise<boolean>): Promise<Pick<RewrapProgress, "outcome" | "error">> {
  try {
    return { outcome: (await rewrap()) ? "rewrapped" : "current" };
  } catch (error) {
    if (isKeyfoldError(error, "ERR_HIERARCHY_UNKNOWN")) return { outcome: "gone" };
    if (isKeyfoldError(error, "ERR_HIERARCHY_RECORD")) return { outcome: "failed", error };
    if (isKeyfoldError(error, "ERR_HIERARCHY_UNWRAP") && !isRefusal(error))
      return { outcome: "failed", error };
    throw error;
  }
}

/** Whether KMS refused to serve at all, rather than to open this one wrapped key. */
function isRefusal({ cause: noDataKey }: HierarchyError): boolean {
  if (!isKeyfoldError(noDataKey, "ERR_NO_DATA_KEY")) return false;
  return noDataKey.reasons.some(
    ({ cause }) =>
      isKeyfoldError(cause) &&
      cause.code.startsWith("ERR_KMS_") &&
      cause.code !== "ERR_KMS_CIPHERTEXT" &&
      cause.code !== "ERR_KMS_INCORRECT_KEY",
  );
}

const CALLER = "rewrapAll";

function rewrapAllConfig(options: RewrapAllOptions) {
  const { onProgress, signal } = options;
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw invalidArgument(`${CALLER}: onProgress must be a function.`);
  }
  if ((options.segment === undefined) !== (options.totalSegments === undefined)) {
    throw invalidArgument(`${CALLER}: segment and totalSegments belong together.`);
  }
  const totalSegments = wholeNumber(CALLER, "totalSegments", options.totalSegments, 1, 1, 1_000_000);
  const segment = wholeNumber(CALLER, "segment", options.segment, 0, 0, totalSegments - 1);
  const concurrency = wholeNumber(CALLER, "concurrency", options.concurrency, 8, 1, 1000);
  return { segment, totalSegments, concurrency, onProgress, signal };
}

/** Checks what a re-wrapping is given. */
export function assertRewrapOptions(caller: string, options: RewrapOptions): void {
  const { to } = optionsOf(caller, options);
  assertOpens(`${caller}: to`, to);
  if (typeof to.wrap !== "function")
    throw invalidArgument(`${caller}: to must be a keyring that wraps, too.`);
}
