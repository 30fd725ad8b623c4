import { invalidArgument } from "./arguments.ts";
import type { ErrorCode } from "./errors.ts";

/** One call to KMS has ended, well or not. */
export interface KmsCallEvent {
  readonly type: "kmsCall";
  /** The name of the keyring that asked; undefined for what is no keyring, such as `createGrant`. */
  readonly keyring: string | undefined;
  /** The KMS operation, such as `"GenerateDataKey"`. */
  readonly operation: string;
  readonly keyId: string | undefined;
  readonly durationMs: number;
  /** The AWS request id, if a reply arrived. */
  readonly requestId: string | undefined;
  /** The code of the error, if the call failed. */
  readonly error: ErrorCode | "ABORTED" | undefined;
}

/** A message or object was sealed or opened. */
export interface CryptEvent {
  readonly type: "encrypted" | "decrypted";
  readonly format: "message" | "object";
  readonly suiteId: number;
  readonly plaintextBytes: number;
  readonly ciphertextBytes: number;
  /** Where the S3 client wrote or read it. */
  readonly object?: { readonly bucket: string; readonly key: string } | undefined;
}

/** An S3 object is about to be written under a KMS key that the keyring names by an alias. */
export interface AliasEvent {
  readonly type: "aliasUsed";
  readonly keyId: string;
  readonly object: { readonly bucket: string; readonly key: string };
}

/** Which cache: that of a caching manager, of one direction, or that of a hierarchy, for one mailbox or branch key. */
export type CacheOf =
  | { readonly cache: "data key"; readonly operation: "encrypt" | "decrypt" }
  | { readonly cache: "mailbox key" | "branch key"; readonly keyId: string };

/** What a cache of keys does. Ages are milliseconds. */
export type CacheEvent = CacheOf &
  (
    | { readonly type: "cacheHit"; readonly ageMs: number }
    | { readonly type: "cacheMiss" }
    | {
        readonly type: "cacheEvict";
        /** Past its period, used up, the least recently used of too many, renewed ahead of time, or cleared. */
        readonly reason: "age" | "limit" | "capacity" | "renewed" | "cleared";
        readonly ageMs: number;
      }
    /** The suite derives no key of its own for each message: its data keys are never reused. */
    | { readonly type: "cacheSkip"; readonly suiteId: number }
    /** A renewal ahead of time failed: callers go on with the key that they have. */
    | { readonly type: "cacheRenewalFailed"; readonly error: ErrorCode | undefined }
  );

/** One call to the store of a hierarchy's wrapped keys has ended, well or not. */
export interface StoreCallEvent {
  readonly type: "storeCall";
  readonly store: string;
  /** What was asked for, such as `"get"` or, of DynamoDB, `"GetItem"`. */
  readonly operation: string;
  /** The mailbox or branch key, if the call was about one. */
  readonly keyId: string | undefined;
  readonly durationMs: number;
  /** The code of the error, if the call failed. */
  readonly error: ErrorCode | "ABORTED" | undefined;
}

/** A mailbox, or one of its key versions, came to be, was re-wrapped or destroyed. */
export interface MailboxEvent {
  readonly type: "mailboxCreated" | "mailboxRotated" | "mailboxRewrapped" | "mailboxDestroyed";
  readonly mailboxId: string;
}

/** Everything that an observer hears. Never key material, plaintext, ciphertext or context values. */
export type KeyfoldEvent =
  | KmsCallEvent
  | CryptEvent
  | AliasEvent
  | CacheEvent
  | StoreCallEvent
  | MailboxEvent;

/** Receives events as they happen, synchronously. It must not throw; what it throws is dropped. */
export type Observer = (event: KeyfoldEvent) => void;

/** Tells the observer, if there is one. An observer never breaks the operation it watches. */
export function notify(observer: Observer | undefined, event: KeyfoldEvent): void {
  if (observer === undefined) return;
  try {
    observer(event);
  } catch {
    // Watching must not change what is watched.
  }
}

/** Checks that this can be told of events. */
export function assertObserver(caller: string, observer: unknown): void {
  if (observer === undefined || typeof observer === "function") return;
  throw invalidArgument(`${caller}: observer must be a function.`);
}
