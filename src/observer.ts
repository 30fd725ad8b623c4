import { invalidArgument } from "./arguments.ts";
import type { ErrorCode } from "./errors.ts";
import type { ObjectPlace } from "./types.ts";

/** One call to KMS has ended, well or not. */
export interface KmsCallEvent {
  /** Tells events apart. */
  readonly type: "kmsCall";
  /** The name of the keyring that asked; undefined for what is no keyring, such as `createGrant`. */
  readonly keyring: string | undefined;
  /** The KMS operation, such as `"GenerateDataKey"`. */
  readonly operation: string;
  /** The key id that was sent, if one was. */
  readonly keyId: string | undefined;
  /** Milliseconds, retries of the client included. */
  readonly durationMs: number;
  /** The AWS request id, if a reply arrived. */
  readonly requestId: string | undefined;
  /** The code of the error, if the call failed. */
  readonly error: ErrorCode | "ABORTED" | undefined;
}

/** A message or object was sealed or opened. */
export interface CryptEvent {
  /** Tells events apart. */
  readonly type: "encrypted" | "decrypted";
  /** A message, or an S3 object. */
  readonly format: "message" | "object";
  /** The number of the algorithm suite on the wire. */
  readonly suiteId: number;
  /** Length of the plaintext. */
  readonly plaintextBytes: number;
  /** Length of the whole message, or of the object's body. */
  readonly ciphertextBytes: number;
  /** Where the S3 client wrote or read it. */
  readonly object?: ObjectPlace | undefined;
}

/** An S3 object is about to be written under a KMS key that the keyring names by an alias. */
export interface AliasEvent {
  /** Tells events apart. */
  readonly type: "aliasUsed";
  /** The alias, as the keyring names it. */
  readonly keyId: string;
  /** Where the object is written. */
  readonly object: ObjectPlace;
}

/** Which cache: that of a caching manager, of one direction, or that of a hierarchy, for one mailbox or branch key. */
export type CacheOf =
  /** That of a caching materials manager. */
  | {
      /** Which keys it holds. */
      readonly cache: "data key";
      /** Keys for sealing, or for opening. */
      readonly operation: "encrypt" | "decrypt";
    }
  /** That of a hierarchy. */
  | {
      /** Which keys it holds. */
      readonly cache: "mailbox key" | "branch key";
      /** The mailbox or branch key. */
      readonly keyId: string;
    };

/** What happened in a cache. */
export type CacheChange =
  /** A key was there. */
  | {
      /** Tells events apart. */
      readonly type: "cacheHit";
      /** The key's age, in milliseconds. */
      readonly ageMs: number;
    }
  /** No key was there, or none that may be used: one is made or unwrapped. */
  | {
      /** Tells events apart. */
      readonly type: "cacheMiss";
    }
  /** A key left. */
  | {
      /** Tells events apart. */
      readonly type: "cacheEvict";
      /** Past its period, used up, the least recently used of too many, renewed ahead of time, or cleared. */
      readonly reason: "age" | "limit" | "capacity" | "renewed" | "cleared";
      /** The key's age, in milliseconds. */
      readonly ageMs: number;
    }
  /** The suite derives no key of its own for each message: its data keys are never reused. */
  | {
      /** Tells events apart. */
      readonly type: "cacheSkip";
      /** The number of the algorithm suite on the wire. */
      readonly suiteId: number;
    }
  /** A renewal ahead of time failed: callers go on with the key that they have. */
  | {
      /** Tells events apart. */
      readonly type: "cacheRenewalFailed";
      /** The code, if the error was keyfold's. */
      readonly error: ErrorCode | undefined;
    };

/** What a cache of keys does: which cache, and what happened in it. */
export type CacheEvent = CacheOf & CacheChange;

/** One call to the store of a hierarchy's wrapped keys has ended, well or not. */
export interface StoreCallEvent {
  /** Tells events apart. */
  readonly type: "storeCall";
  /** The store's name. */
  readonly store: string;
  /** What was asked for, such as `"get"` or, of DynamoDB, `"GetItem"`. */
  readonly operation: string;
  /** The mailbox or branch key, if the call was about one. */
  readonly keyId: string | undefined;
  /** Milliseconds. */
  readonly durationMs: number;
  /** The code of the error, if the call failed. */
  readonly error: ErrorCode | "ABORTED" | undefined;
}

/** A mailbox, or one of its key versions, came to be, was re-wrapped or destroyed. */
export interface MailboxEvent {
  /** Tells events apart. */
  readonly type: "mailboxCreated" | "mailboxRotated" | "mailboxRewrapped" | "mailboxDestroyed";
  /** The mailbox's id. */
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

/**
 * Receives events as they happen, synchronously. It must not throw; what it throws is dropped.
 *
 * @example
 * ```ts
 * import { createEncryptionClient, type Observer, rawAesKeyring } from "keyfold";
 *
 * const observer: Observer = (event) => {
 *   if (event.type === "encrypted") console.log(event.plaintextBytes, event.ciphertextBytes);
 * };
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const client = createEncryptionClient({ keyring: rawAesKeyring({ namespace: "app", name: "2026", key }), observer });
 * await client.encryptText("42 pears");
 * ```
 */
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
