// What a program weighs that opens one message under a raw AES key: bundled and minified, the AWS SDK left out.
import { fileURLToPath } from "node:url";
import { bundle, openingProgram } from "../scripts/bundle.mjs";
import { headline, table, times } from "./report.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
// Its packages are CommonJS, which bundlers do not shake: who names the parts alone gets less.
const official = (decrypt, policy, keyring) => `
import { buildDecrypt } from "${decrypt}";
import { CommitmentPolicy } from "${policy}";
import { RawAesKeyringNode, RawAesWrappingSuiteIdentifier } from "${keyring}";
export async function open(unencryptedMasterKey, ciphertext) {
  const { decrypt } = buildDecrypt(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  const wrappingSuite = RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING;
  const keyring = new RawAesKeyringNode({ keyNamespace: "n", keyName: "k", unencryptedMasterKey, wrappingSuite });
  return (await decrypt(keyring, ciphertext)).plaintext;
}`;
const WHOLE = "@aws-crypto/client-node";
const PARTS = ["decrypt-node", "material-management-node", "raw-aes-keyring-node"].map(
  (name) => `@aws-crypto/${name}`,
);
// The official client for browsers is not among the peers that are installed here.
const PROGRAMS = {
  "keyfold, node": ["node", openingProgram("openMessage")],
  "keyfold, browser": ["browser", openingProgram("openMessage")],
  [`${WHOLE}, node`]: ["node", official(WHOLE, WHOLE, WHOLE)],
  "its decrypt and raw AES packages alone, node": ["node", official(...PARTS)],
};

const sizes = {};
for (const [name, [platform, source]] of Object.entries(PROGRAMS)) {
  const { bytes } = await bundle(ROOT, platform, source, { external: ["@aws-sdk/*"] });
  sizes[name] = bytes;
}
const own = sizes["keyfold, node"];
table(
  "A program that opens one message under raw AES, minified, the AWS SDK left out (bytes)",
  ["", "bytes", "of keyfold for node"],
  Object.entries(sizes).map(([name, bytes]) => [name, bytes, times(bytes / own)]),
);
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(0)} kB`;
const whole = sizes[`${WHOLE}, node`];
headline(
  "minified program that opens one message",
  `${times(whole / own)} smaller than the official client`,
  kilobytes(own),
  kilobytes(whole),
);
