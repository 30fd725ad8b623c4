import { invalidArgument } from "../arguments.ts";
import { fileError, type KeyFile } from "./file/key-file.ts";
import type { KmsKey } from "./key.ts";
import { formatArn } from "./key-id.ts";
import type { KeyStore, Scope } from "./key-store.ts";
import type { LocalKmsKeyOptions, LocalKmsKeys } from "./local-keys.ts";
import { createMaterial } from "./material.ts";
import { readSnapshot, SnapshotError } from "./read-snapshot.ts";
import { writeSnapshot } from "./snapshot.ts";

/**
 * Brings back what a file has kept. The function that is returned has it keep what the store holds now, and throws a
 * `StoreError` if it cannot: the store then holds what it held before.
 */
export function keepIn(file: KeyFile, store: KeyStore): () => void {
  const load = (text: string): void => {
    const { keys, aliases } = readSnapshot(text);
    store.replaceAll(keys, aliases);
  };
  try {
    if (file.text !== null) load(file.text);
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    throw fileError(file.name, "read", error.message, error.remedy);
  }
  let kept = writeSnapshot(store);
  return () => {
    const text = writeSnapshot(store);
    try {
      if (text !== file.text) {
        assertReadable(text);
        file.write(text);
      }
      kept = text;
    } catch (error) {
      load(kept);
      throw error;
    }
  };
}

/** What could not be read at the next start is not written at all. */
function assertReadable(text: string): void {
  try {
    readSnapshot(text);
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    throw invalidArgument(`A local KMS cannot keep this in its file: ${error.message}`);
  }
}

/** The hand of the test, with every change kept before it returns. */
export function keeping(keys: LocalKmsKeys, keep: () => void): LocalKmsKeys {
  const then =
    <A extends unknown[], R>(change: (...args: A) => R) =>
    (...args: A): R => {
      const result = change(...args);
      keep();
      return result;
    };
  return {
    createKey: then(keys.createKey),
    describeKey: keys.describeKey,
    arn: keys.arn,
    createAlias: then(keys.createAlias),
    restrictKey: then(keys.restrictKey),
    enableKey: then(keys.enableKey),
    disableKey: then(keys.disableKey),
    scheduleKeyDeletion: then(keys.scheduleKeyDeletion),
    cancelKeyDeletion: then(keys.cancelKeyDeletion),
    destroyKey: then(keys.destroyKey),
    rotateKey: then(keys.rotateKey),
    replicateKey: then(keys.replicateKey),
  };
}

/** Makes a key that is not there, known by its id or else by its first alias; of one that is there, the missing aliases. */
export function ensureKey(
  store: KeyStore,
  keys: LocalKmsKeys,
  home: Scope,
  options: LocalKmsKeyOptions,
): void {
  const region = options.region ?? home.region;
  const aliasArn = (name: string) => formatArn(region, options.accountId ?? home.accountId, name);
  const aliases = options.aliases ?? [];
  const there =
    options.id === undefined
      ? store.aliases().find(({ arn }) => arn === aliasArn(aliases[0]!))?.target
      : store.keys().find((key) => key.id === options.id && key.region === region);
  if (there === undefined) {
    keys.createKey(options);
    return;
  }
  checkSameMaterial(there, options.material);
  for (const alias of aliases) {
    if (store.alias(aliasArn(alias)) === undefined) keys.createAlias(alias, there.arn);
  }
}

function checkSameMaterial({ arn, material }: KmsKey, given: Uint8Array | undefined): void {
  if (given === undefined) return;
  if (given.length === 32 && material?.backingKey(0).id === createMaterial(given).backingKey(0).id) return;
  throw invalidArgument(`${arn} is in the file, with other material than keys names`);
}
