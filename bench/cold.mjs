// The first second of a cold process, as a function that has just been started lives it: nothing is warm yet. Each
// process counts the messages of 1 KiB that it seals one after another, from the end of its imports.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { inTurns } from "./measure.mjs";
import { effort, headline, table, times } from "./report.mjs";

const program = (imports, sealer) => `${imports}
const end = performance.now() + 1000;
const plaintext = new Uint8Array(1024).fill(7);
const key = crypto.getRandomValues(new Uint8Array(32));
const encryptionContext = { tenant: "t1" };
${sealer}
let sealed = 0;
while (performance.now() < end) {
  await seal();
  sealed++;
}
console.log(sealed);
`;
const PROGRAMS = {
  keyfold: program(
    'import { createEncryptionClient, rawAesKeyring } from "keyfold";',
    `const client = createEncryptionClient({ keyring: rawAesKeyring({ namespace: "bench", name: "key", key }) });
const seal = () => client.encrypt(plaintext, { encryptionContext });`,
  ),
  official: program(
    'import * as library from "@aws-crypto/client-node";',
    `const client = library.buildClient(library.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const suiteId =
  library.AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY;
const keyring = new library.RawAesKeyringNode({
  keyNamespace: "bench",
  keyName: "key",
  unencryptedMasterKey: key,
  wrappingSuite: library.RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
});
const seal = () => client.encrypt(keyring, plaintext, { encryptionContext, suiteId });`,
  ),
};

const cwd = fileURLToPath(new URL("..", import.meta.url));
const count = (source) => {
  const args = ["--input-type=module", "-e", source];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error("a cold process failed");
  return Number(stdout);
};
const sealed = await inTurns(PROGRAMS, effort({ quick: 1, normal: 5 }), count);
const ratio = times(sealed.keyfold / sealed.official);
table(
  "Messages of 1 KiB sealed in the first second of a process, after its imports (suite 0x0478, fresh data key)",
  ["", "keyfold", "official", "over official"],
  [["sealed", sealed.keyfold, sealed.official, ratio]],
);
headline(
  "messages of 1 KiB in the first second of a process",
  `${ratio} as many as the official client`,
  sealed.keyfold.toLocaleString("en-US"),
  sealed.official.toLocaleString("en-US"),
);
