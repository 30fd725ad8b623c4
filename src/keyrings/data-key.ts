import { backend } from "#crypto";
import { invalidArgument } from "../errors.ts";
import type { EncryptedDataKey } from "../types.ts";
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
export async function generateDataKey(keyring: Keyring, request: KeyringRequest): Promise<GeneratedDataKey> {
  if (keyring.generate !== undefined) return keyring.generate(request);
  if (keyring.wrap === undefined) {
    throw invalidArgument(`Keyring ${keyring.name} only reads: it has no key to wrap with.`);
  }
  const dataKey = backend.randomBytes(request.keyLength);
  try {
    return { dataKey, encryptedDataKeys: await keyring.wrap(dataKey, request) };
  } catch (error) {
    dataKey.fill(0);
    throw error;
  }
}

/** Opens one of these encrypted data keys with this keyring; null if it cannot. */
export async function openDataKey(
  keyring: Keyring,
  edks: readonly EncryptedDataKey[],
  request: UnwrapRequest,
): Promise<UnwrappedDataKey | null> {
  if (keyring.unwrap !== undefined) return keyring.unwrap(edks, request);
  for (const edk of edks) request.note(edk, "skipped", "this keyring only writes");
  return null;
}
