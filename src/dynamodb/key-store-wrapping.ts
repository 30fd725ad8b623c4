import { isKeyfoldError } from "../errors.ts";
import { BRANCH_KEY_LENGTH } from "../hierarchy/branch-key-store.ts";
import { rewrappedKey, unwrappedKey, type WrappingKey } from "../kms/wrapped-key.ts";
import { type BranchKeyItem, TYPE } from "./branch-key-item.ts";
import { type KeyTable, keyError } from "./key-store-items.ts";
import type { KmsConfiguration } from "./key-store-kms.ts";

/** A table, and the KMS keys over it. */
export interface KeyStoreParts {
  readonly table: KeyTable;
  readonly kms: KmsConfiguration;
}

/** This KMS key, as it is asked here. */
export function wrappingKey(
  { table: { name, observer }, kms: { clientOf, grantTokens } }: KeyStoreParts,
  arn: string,
  signal: AbortSignal | undefined,
): WrappingKey {
  return { client: clientOf(arn), arn, grantTokens, name, observer, signal };
}

/** The KMS key to ask for this item. */
export function wrappingKeyOf(
  store: KeyStoreParts,
  { branchKeyId, keyArn }: BranchKeyItem,
  signal: AbortSignal | undefined,
): WrappingKey {
  const arn = store.kms.keyFor(keyArn);
  if (arn !== null) return wrappingKey(store, arn, signal);
  throw keyError(
    "ERR_HIERARCHY_UNWRAP",
    branchKeyId,
    `it is wrapped under ${keyArn}, which is not that of this key store (${store.kms.choice}).`,
  );
}

/** The key of an item, in clear. */
export function unwrapItem(
  store: KeyStoreParts,
  item: BranchKeyItem,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  return opening(store, item, signal, (key) => unwrappedKey(key, BRANCH_KEY_LENGTH, item.enc, item.context));
}

/** Has KMS prove that nobody changed an item. Its key stays inside KMS. */
export async function proveItem(
  store: KeyStoreParts,
  item: BranchKeyItem,
  signal: AbortSignal | undefined,
): Promise<void> {
  await opening(store, item, signal, (key) => rewrappedKey(key, item.enc, item.context, item.context));
}

/** Says what it means if KMS does not open an item. */
async function opening<T>(
  store: KeyStoreParts,
  item: BranchKeyItem,
  signal: AbortSignal | undefined,
  ask: (key: WrappingKey) => Promise<T>,
): Promise<T> {
  const key = wrappingKeyOf(store, item, signal);
  try {
    return await ask(key);
  } catch (error) {
    const refused =
      isKeyfoldError(error, "ERR_KMS_CIPHERTEXT") || isKeyfoldError(error, "ERR_KMS_INCORRECT_KEY");
    if (!refused) throw error;
    const [type, logicalName] = [item.context[TYPE], store.table.logicalName].map((text) =>
      JSON.stringify(text),
    );
    throw keyError(
      "ERR_HIERARCHY_UNWRAP",
      item.branchKeyId,
      `KMS does not open its item ${type}: an attribute was changed or added, the item belongs to another key, or the store's logicalName is not ${logicalName}.`,
      error,
    );
  }
}
