import { type ErrorCode, invalidArgument } from "./errors.ts";

/** One call to KMS has ended, well or not. */
export interface KmsCallEvent {
  readonly type: "kmsCall";
  readonly keyring: string;
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
}

/** What a cache of data keys does. Ages are milliseconds. */
export type CacheEvent = { readonly operation: "encrypt" | "decrypt" } & (
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

/** Everything that an observer hears. Never key material, plaintext, ciphertext or context values. */
export type KeyfoldEvent = KmsCallEvent | CryptEvent | CacheEvent;

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
