import { EMPTY } from "../bytes/arrays.ts";
import type { Secret } from "../cache/secret.ts";
import type { SigningKey } from "../crypto/backend.ts";
import { serializeContext } from "../message/context.ts";
import { serializeEdks } from "../message/edks.ts";
import type { AlgorithmSuite } from "../suites/table.ts";
import type { EncryptedDataKey, EncryptionContext } from "../types.ts";

/** The parts of {@link EncryptionMaterials}. */
export interface EncryptionMaterialsParts {
  readonly suite: AlgorithmSuite;
  /** The writer holds it and releases it once. */
  readonly dataKey: Secret;
  readonly encryptedDataKeys: readonly EncryptedDataKey[];
  /** Complete: required pairs and the public key of signed suites are in it. */
  readonly encryptionContext: EncryptionContext;
  /** The same as bytes, whole. Empty for objects, which store JSON. */
  readonly serializedContext: Uint8Array;
  /** Keys of the pairs that are bound but not stored. */
  readonly requiredKeys: readonly string[];
  readonly signingKey: SigningKey | undefined;
}

/** What it takes to seal: the data key, and the same key wrapped. */
export interface EncryptionMaterials extends EncryptionMaterialsParts {
  /** For messages: serialised once, however many messages use it. */
  readonly message: MessageParts;
}

/** What the header of a message stores and authenticates, serialised. */
interface MessageParts {
  readonly context: Uint8Array;
  /** The pairs that are bound to the header's tag without being stored. */
  readonly requiredContext: Uint8Array;
  readonly edks: Uint8Array;
}

/** Makes materials of their parts. */
export function encryptionMaterials(parts: EncryptionMaterialsParts): EncryptionMaterials {
  let message: MessageParts | undefined;
  return {
    ...parts,
    get message() {
      message ??= { ...contextsOf(parts), edks: serializeEdks(parts.encryptedDataKeys) };
      return message;
    },
  };
}

function contextsOf(parts: EncryptionMaterialsParts): Omit<MessageParts, "edks"> {
  const { encryptionContext, serializedContext, requiredKeys } = parts;
  if (requiredKeys.length === 0) return { context: serializedContext, requiredContext: EMPTY };
  const { stored, required } = splitContext(encryptionContext, requiredKeys);
  return { context: serializeContext(stored), requiredContext: serializeContext(required) };
}

/** Parts a complete context into what a message stores and what it only authenticates. */
export function splitContext(
  context: EncryptionContext,
  requiredKeys: readonly string[],
): { stored: EncryptionContext; required: EncryptionContext } {
  if (requiredKeys.length === 0) return { stored: context, required: {} };
  const isRequired = ([key]: [string, string]) => requiredKeys.includes(key);
  const pairs = Object.entries(context);
  return {
    stored: Object.fromEntries(pairs.filter((pair) => !isRequired(pair))),
    required: Object.fromEntries(pairs.filter(isRequired)),
  };
}
