import { backend } from "#crypto";
import { andThen } from "../awaitable.ts";
import { toBase64 } from "../bytes/base64.ts";
import { Secret } from "../cache/secret.ts";
import type { SigningKey } from "../crypto/backend.ts";
import { KeyringError } from "../errors.ts";
import { askKeyring, freshKey, openedKey } from "../keyrings/ask.ts";
import type { Keyring, KeyringRequest, LegacyUnwrapping } from "../keyrings/keyring.ts";
import { PUBLIC_KEY } from "../message/context.ts";
import { serializeEdks } from "../message/edks.ts";
import type { AlgorithmSuite } from "../suites/table.ts";
import type { Awaitable, EncryptionContext } from "../types.ts";
import { completeContext } from "./expected-context.ts";
import type { EncryptionMaterials, EncryptionMaterialsRequest, MaterialsManager } from "./manager.ts";
import { serializeHalves } from "./message-parts.ts";

/**
 * The manager that asks a keyring anew each time (framework/default-cmm). It owns what keyring authors need not
 * see: signing keys, required context, the checks of what comes back, and why nothing opened.
 */
export function defaultMaterialsManager(keyring: Keyring): MaterialsManager {
  return {
    objectWrap: keyring.objectWrap,
    bindsObjectContext: keyring.bindsObjectContext,
    alias: keyring.alias,

    encryptionMaterials(asked) {
      const { signature } = asked.suite;
      if (signature === null) return freshMaterials(keyring, asked, asked.encryptionContext, undefined);
      return andThen(backend.signingKeyPair(signature.curve), ({ publicKey, signingKey }) => {
        const context = { ...asked.encryptionContext, [PUBLIC_KEY]: toBase64(publicKey) };
        return freshMaterials(keyring, asked, context, signingKey);
      });
    },

    decryptionMaterials(asked) {
      const { suite, encryptedDataKeys: edks, verifying, signal, legacy } = asked;
      const { context, requiredKeys } = completeContext(asked);
      const request = keyringRequest(suite, context, signal, legacy);
      return andThen(openedKey(keyring, edks, request, verifying), ({ dataKey, opened }) => {
        return { suite, dataKey: new Secret(dataKey), encryptionContext: context, requiredKeys, opened };
      });
    },

    isCurrent({ suite, encryptedDataKeys, encryptionContext, signal }) {
      if (keyring.isCurrent === undefined) {
        throw new KeyringError(
          keyring.name,
          "it cannot tell which keys a write of today would use (no isCurrent).",
        );
      }
      const request = keyringRequest(suite, encryptionContext, signal);
      return askKeyring(keyring, "compare its keys", signal, () =>
        keyring.isCurrent!(encryptedDataKeys, request),
      );
    },
  };
}

/** Materials around a new data key. `context` is complete. */
function freshMaterials(
  keyring: Keyring,
  { suite, requiredKeys = [], signal }: EncryptionMaterialsRequest,
  context: EncryptionContext,
  signingKey: SigningKey | undefined,
): Awaitable<EncryptionMaterials> {
  // A context that is too long is refused here, before a key is asked for.
  const halves = suite.format === "message" ? serializeHalves(context, requiredKeys) : null;
  const request = keyringRequest(suite, context, signal);
  return andThen(freshKey(keyring, request), ({ dataKey, encryptedDataKeys }) => {
    return {
      suite,
      dataKey: new Secret(dataKey),
      encryptedDataKeys,
      encryptionContext: context,
      requiredKeys,
      signingKey,
      serialized: halves && {
        context: halves.context,
        requiredContext: halves.requiredContext,
        edks: serializeEdks(encryptedDataKeys),
      },
    };
  });
}

function keyringRequest(
  suite: AlgorithmSuite,
  encryptionContext: EncryptionContext,
  signal: AbortSignal | undefined,
  legacy?: LegacyUnwrapping,
): KeyringRequest {
  const purpose = { kind: suite.format, suite, legacy };
  return { purpose, keyLength: suite.keyLength, encryptionContext, signal };
}
