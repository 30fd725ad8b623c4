// keyfold and the official client, set up alike: one raw AES key, a fresh data key for each message.
import { randomBytes } from "node:crypto";
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  getLocalCryptographicMaterialsCache,
  NodeCachingMaterialsManager,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
} from "@aws-crypto/client-node";
import { rawAesKeyring } from "keyfold";

export const key = randomBytes(32);
export const keyring = rawAesKeyring({ namespace: "bench", name: "key", key });

export const official = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
export const officialKeyring = new RawAesKeyringNode({
  keyNamespace: "bench",
  keyName: "key",
  // A copy: it zeroes what it is given.
  unencryptedMasterKey: new Uint8Array(key),
  wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
});
/** The official cache around a keyring or a manager. */
export const officialCache = (backingMaterials, maxAge = 300_000) =>
  new NodeCachingMaterialsManager({
    backingMaterials,
    cache: getLocalCryptographicMaterialsCache(1000),
    maxAge,
  });
/** Suite 0x0478, keyfold's default. The official client's own is the signed 0x0578. */
export const UNSIGNED = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY;
export const SIGNED = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY_ECDSA_P384;
