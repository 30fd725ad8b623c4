// Messages with a fresh data key each, under raw AES: keyfold beside the official JavaScript client.
import { randomBytes } from "node:crypto";
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
} from "@aws-crypto/client-node";
import { createEncryptionClient, rawAesKeyring } from "keyfold";
import { interleaved, table } from "./measure.mjs";

const key = randomBytes(32);
const encryptionContext = { tenant: "t1" };
const client = createEncryptionClient({ keyring: rawAesKeyring({ namespace: "bench", name: "key", key }) });
const official = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const officialKeyring = new RawAesKeyringNode({
  keyNamespace: "bench",
  keyName: "key",
  unencryptedMasterKey: new Uint8Array(key),
  wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
});
const suiteId = AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY;

const rows = [];
for (const size of [256, 1024, 16 * 1024]) {
  const plaintext = randomBytes(size);
  const { ciphertext } = await client.encrypt(plaintext, { encryptionContext });
  const seal = await interleaved({
    keyfold: () => client.encrypt(plaintext, { encryptionContext }),
    official: () => official.encrypt(officialKeyring, plaintext, { encryptionContext, suiteId }),
  });
  const open = await interleaved({
    keyfold: () => client.decrypt(ciphertext, { encryptionContext }),
    official: () => official.decrypt(officialKeyring, ciphertext),
  });
  for (const [what, { keyfold, official: peer }] of Object.entries({ seal, open })) {
    rows.push([
      `${what} ${size} bytes`,
      keyfold.toFixed(1),
      peer.toFixed(1),
      `${(peer / keyfold).toFixed(1)}x`,
    ]);
  }
}
table(
  "Messages of suite 0x0478, fresh data key under raw AES (microseconds a message)",
  ["", "keyfold", "@aws-crypto/client-node", "faster by"],
  rows,
);
