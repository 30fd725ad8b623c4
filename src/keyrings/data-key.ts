import { backend } from "#crypto";
import { invalidArgument } from "../arguments.ts";
import { andThen, attempt } from "../awaitable.ts";
import type { Awaitable, EncryptedDataKey } from "../types.ts";
import type {
  GeneratedDataKey,
  Keyring,
  KeyringRequest,
  UnwrappedDataKey,
  UnwrapRequest,
} from "./keyring.ts";

/** Whether this keyring can take part in writing. */
export function canWrite(keyring: Keyring): boolean {
  return keyring.generate !== undefined || keyring.wrap !== undefined;
}

/** A fresh data key from this keyring: by its own `generate`, or random bytes that it wraps. */
export function generateDataKey(keyring: Keyring, request: KeyringRequest): Awaitable<GeneratedDataKey> {
  if (keyring.generate !== undefined) return keyring.generate(request);
  if (keyring.wrap === undefined) {
    throw invalidArgument(`Keyring ${keyring.name} only reads: it has no key to wrap with.`);
  }
  const dataKey = backend.randomBytes(request.keyLength);
  return attempt(
    () => andThen(keyring.wrap!(dataKey, request), (encryptedDataKeys) => ({ dataKey, encryptedDataKeys })),
    (error) => {
      dataKey.fill(0);
      throw error;
    },
  );
}

/** Opens one of these encrypted data keys with this keyring; null if it cannot. */
export function openDataKey(
  keyring: Keyring,
  edks: readonly EncryptedDataKey[],
  request: UnwrapRequest,
): Awaitable<UnwrappedDataKey | null> {
  if (keyring.unwrap !== undefined) return keyring.unwrap(edks, request);
  for (const edk of edks) request.note(edk, "skipped", "this keyring only writes");
  return null;
}
