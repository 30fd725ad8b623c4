// npm run demo [FILE]: seals a real file under a local KMS and a backup key, opens it with each alone, and shows
// what happens when somebody meddles. Exit code 1 on any surprise.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { createEncryptionClient, inspectMessage, multiKeyring, rawAesKeyring } from "keyfold";
import { kmsKeyring } from "keyfold/kms";
import { createLocalKms } from "keyfold/testing";
import { bytes, dim, fact, green, red, refused, title } from "./print.mjs";

// npm runs scripts in the project's folder; a file is named from where the user stands.
const file = process.argv[2]
  ? resolve(process.env.INIT_CWD ?? ".", process.argv[2])
  : fileURLToPath(new URL("../README.md", import.meta.url));
const name = basename(file);
const original = await readFile(file).catch((error) => {
  console.error(red(`Cannot read ${file}: ${error.code}`));
  process.exit(1);
});
const folder = await mkdtemp(join(tmpdir(), "keyfold-demo-"));

// The AWS SDK has a word to say about Node 20; it is not the demo's.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";

const localKms = createLocalKms();
const { url } = await localKms.listen();
const kms = new KMSClient({
  endpoint: url,
  region: localKms.region,
  credentials: { accessKeyId: "DEMO", secretAccessKey: "not-a-secret" },
});

try {
  title("A key");
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: "keyfold demo" }));
  const keyId = KeyMetadata.Arn;
  fact("local KMS", `${url}  ${dim("loopback, speaks KMS's JSON protocol")}`);
  fact("KMS key", keyId);
  const kmsOnly = kmsKeyring({ client: kms, keyId });
  const backup = rawAesKeyring({ namespace: "demo", name: "backup", key: randomBytes(32) });
  fact("backup key", "raw AES demo/backup");

  title("Seal a file under both");
  const client = createEncryptionClient({
    keyring: multiKeyring({ generator: kmsOnly, children: [backup] }),
  });
  const encryptionContext = { file: name, purpose: "demo" };
  const sealedFile = join(folder, `${name}.keyfold`);
  await pipeline(
    createReadStream(file),
    client.encryptStream({ encryptionContext }),
    createWriteStream(sealedFile),
  );
  fact("plaintext", `${bytes(original.length)}  ${dim(file)}`);
  fact("message", bytes((await stat(sealedFile)).size));

  title("Inspect it: no key needed");
  const sealed = await readFile(sealedFile);
  const facts = inspectMessage(sealed);
  fact("suite", `0x${facts.suite.id.toString(16).padStart(4, "0")} ${facts.suite.name}`);
  fact("context", JSON.stringify(facts.encryptionContext));
  for (const key of facts.wrappingKeys) fact("wrapped under", `${key.providerId}  ${key.name}`);
  fact("frames", `${bytes(facts.frameLength)} each; header of ${bytes(facts.headerLength)}`);
  assert.equal(facts.ciphertextSize(original.length), sealed.length);

  title("Open it with each key alone");
  for (const keyring of [kmsOnly, backup]) {
    const reader = createEncryptionClient({ keyring });
    const { plaintext } = await reader.decrypt(sealed, { encryptionContext });
    assert.ok(original.equals(plaintext), `${keyring.name} opened something else`);
    fact(green("identical"), keyring.name);
  }

  title("Meddle with it");
  const reader = createEncryptionClient({ keyring: backup });
  const tampered = Uint8Array.from(sealed);
  tampered[tampered.length - 20] ^= 1;
  await refused("one bit flipped", reader.decrypt(tampered), "ERR_AUTHENTICATION");
  await refused("cut short", reader.decrypt(sealed.subarray(0, -1)), "ERR_TRUNCATED");
  const wrongContext = { encryptionContext: { ...encryptionContext, file: "another.txt" } };
  await refused("another file expected", reader.decrypt(sealed, wrongContext), "ERR_ENCRYPTION_CONTEXT");
  localKms.disableKey(keyId);
  const withKms = createEncryptionClient({ keyring: kmsOnly });
  await refused("KMS key disabled", withKms.decrypt(sealed), "ERR_NO_DATA_KEY");
  const { plaintext } = await client.decrypt(sealed);
  assert.ok(original.equals(plaintext), "the backup did not take over");
  fact(green("still opens"), "with both keyrings: the backup takes over");

  title("What KMS's audit log saw");
  for (const { eventName, errorCode, requestParameters } of localKms.events) {
    const context = requestParameters?.encryptionContext;
    fact(
      errorCode === undefined ? eventName : `${eventName} ${red(errorCode)}`,
      context ? JSON.stringify(context) : dim("-"),
      36,
    );
  }
  console.log(green("\nAll as it should be."));
} catch (error) {
  console.error(red("\nA surprise:"), error);
  process.exitCode = 1;
} finally {
  kms.destroy();
  await localKms.close();
  await rm(folder, { recursive: true });
}
