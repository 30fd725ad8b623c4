// The common suite: what keyfold promises on every runtime. A plain module; the library comes as an argument.
import { BRANCH_KEY_ID, WRITTEN } from "./branch-keys.mjs";
import { assertEqual, assertRefused, fromBase64, pattern, throughStream } from "./bytes.mjs";
import { keysOf } from "./keys.mjs";
import { S3_CHECKS } from "./s3-checks.mjs";
import { SQS_CHECKS } from "./sqs-checks.mjs";

const CONTEXT = { tenant: "t1", zone: "α" };
const SUITES = [0x0014, 0x0046, 0x0078, 0x0114, 0x0146, 0x0178, 0x0214, 0x0346, 0x0378, 0x0478, 0x0578];
const COMMITTING = [0x0478, 0x0578];

/** Runs every check: `[{ name, error }]`, error being null for a pass. `endpoint`: a KMS over HTTP. */
export async function runSuite(library, { material, endpoint }) {
  const keys = keysOf(library, material);
  const results = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    let error = null;
    try {
      await check(library, keys, endpoint);
    } catch (caught) {
      error = String(caught?.stack ?? caught);
    }
    results.push({ name, error });
  }
  return results;
}

/** Which backend the package's conditions chose: only Node's has PKCS#1 v1.5. */
export function backendOf({ keyfold }, material) {
  const { publicKey } = material.rsa;
  try {
    keyfold.rawRsaKeyring({ namespace: "n", name: "k", padding: "pkcs1", publicKey });
    return "node";
  } catch (error) {
    return error.code === "ERR_UNSUPPORTED" ? "web" : String(error);
  }
}

/** A client that writes and reads this suite, whatever the policy it takes. */
export function clientFor({ keyfold }, suite, keyring) {
  const commitmentPolicy = COMMITTING.includes(suite)
    ? "require-encrypt-require-decrypt"
    : "forbid-encrypt-allow-decrypt";
  return keyfold.createEncryptionClient({ keyring, suite, commitmentPolicy, frameLength: 1024 });
}

async function roundTrip(client, plaintext, what) {
  const { ciphertext } = await client.encrypt(plaintext, { encryptionContext: CONTEXT });
  const opened = await client.decrypt(ciphertext, { encryptionContext: CONTEXT });
  assertEqual(opened.plaintext, plaintext, what);
  return ciphertext;
}

const CHECKS = {
  async "seal and open"({ keyfold }, { aes }) {
    const client = keyfold.createEncryptionClient({ keyring: aes });
    for (const length of [0, 1, 1024, 65_536, 200_000])
      await roundTrip(client, pattern(length), `${length} bytes`);
    const { ciphertext } = await client.encryptText("42 pears, α");
    assertEqual((await client.decryptText(ciphertext)).plaintext, "42 pears, α", "text");
  },

  async suites(library, { aes }) {
    for (const suite of SUITES) {
      const client = clientFor(library, suite, aes);
      for (const length of [10, 3000]) await roundTrip(client, pattern(length), `suite ${suite}, ${length}`);
    }
  },

  async streams(library, { aes }) {
    for (const suite of COMMITTING) {
      const client = clientFor(library, suite, aes);
      const plaintext = pattern(10_000);
      const sealed = await throughStream(
        plaintext,
        client.encryptStream({ encryptionContext: CONTEXT }),
        700,
      );
      assertEqual((await client.decrypt(sealed)).plaintext, plaintext, "sealed by a stream");
      const opener = client.decryptStream({ encryptionContext: CONTEXT });
      assertEqual(await throughStream(sealed, opener, 333), plaintext, "opened by a stream");
      assertEqual((await opener.message).suite.id, suite, "the stream's facts");
      const cut = sealed.subarray(0, -5);
      await assertRefused(
        () => throughStream(cut, client.decryptStream(), 333),
        "ERR_TRUNCATED",
        "a cut stream",
      );
    }
  },

  async context({ keyfold }, { aes }) {
    const client = keyfold.createEncryptionClient({ keyring: aes });
    const ciphertext = await roundTrip(client, pattern(10), "with a context");
    for (const encryptionContext of [{ tenant: "t2" }, { absent: "x" }]) {
      const attempt = () => client.decrypt(ciphertext, { encryptionContext });
      await assertRefused(attempt, "ERR_ENCRYPTION_CONTEXT", JSON.stringify(encryptionContext));
    }
    const reserved = { "aws-crypto-x": "y" };
    const writing = () => client.encrypt(pattern(1), { encryptionContext: reserved });
    await assertRefused(writing, "ERR_ENCRYPTION_CONTEXT", "a reserved key");
    const materialsManager = keyfold.requiredContextMaterialsManager({
      keyring: aes,
      requiredKeys: ["tenant"],
    });
    await roundTrip(keyfold.createEncryptionClient({ materialsManager }), pattern(10), "required context");
  },

  async "tampering refused"(library, { aes }) {
    for (const suite of COMMITTING) {
      const client = clientFor(library, suite, aes);
      const ciphertext = await roundTrip(client, pattern(3000), "untouched");
      const { headerLength } = library.keyfold.inspectMessage(ciphertext);
      // The header's tag, a frame, the last frame's tag or the signature.
      for (const at of [headerLength - 1, headerLength + 100, ciphertext.length - 1]) {
        const altered = ciphertext.slice();
        altered[at] ^= 1;
        await assertRefused(() => client.decrypt(altered), "ERR_AUTHENTICATION", `byte ${at} of ${suite}`);
      }
      await assertRefused(() => client.decrypt(ciphertext.subarray(0, -1)), "ERR_TRUNCATED", "cut short");
    }
    const another = library.keyfold.rawAesKeyring({ namespace: "runtimes", name: "aes", key: pattern(32) });
    const ciphertext = await roundTrip(clientFor(library, 0x0478, aes), pattern(9), "untouched");
    await assertRefused(
      () => clientFor(library, 0x0478, another).decrypt(ciphertext),
      "ERR_NO_DATA_KEY",
      "another key",
    );
  },

  async objects({ keyfold }, { aes, rsa, kms }) {
    for (const keyring of [aes, rsa("oaep-sha1"), kms]) {
      const pairs = keyring === kms ? { encryptionContext: CONTEXT } : {};
      const { metadata, body } = await keyfold.sealObject(pattern(5000), { keyring, ...pairs });
      const { plaintext } = await keyfold.openObject({ metadata, body }, { keyring, ...pairs });
      assertEqual(plaintext, pattern(5000), keyring.name);
      assertEqual(keyfold.inspectObject(metadata).suite.id, 0x0073, "the object's suite");
      body[7] ^= 1;
      const attempt = () => keyfold.openObject({ metadata, body }, { keyring, ...pairs });
      await assertRefused(attempt, "ERR_AUTHENTICATION", "an altered object");
    }
  },

  ...S3_CHECKS,
  ...SQS_CHECKS,

  async RSA({ keyfold }, { rsa }) {
    for (const padding of ["oaep-sha1", "oaep-sha256", "oaep-sha384", "oaep-sha512"]) {
      const client = keyfold.createEncryptionClient({ keyring: rsa(padding) });
      await roundTrip(client, pattern(100), padding);
    }
  },

  async inspect({ keyfold }, { aes, kms, keyId }) {
    const client = keyfold.createEncryptionClient({
      keyring: keyfold.multiKeyring({ generator: kms, children: [aes] }),
    });
    const ciphertext = await roundTrip(client, pattern(100), "under two keys");
    const facts = keyfold.inspectMessage(ciphertext);
    assertEqual(facts.suite.id, 0x0478, "suite");
    assertEqual(facts.encryptionContext.zone, "α", "context");
    assertEqual(facts.wrappingKeys.map(({ name }) => name).join(), `${keyId},aes`, "wrapping keys");
    assertEqual(facts.ciphertextSize(100), ciphertext.length, "size");
    assertEqual(await client.needsReencryption(ciphertext), false, "needs re-encryption");
  },

  async "KMS in process"({ keyfold }, { kms, local, keyId }) {
    const client = keyfold.createEncryptionClient({ keyring: kms });
    const ciphertext = await roundTrip(client, pattern(100), "under KMS");
    local.disableKey(keyId);
    await assertRefused(() => client.decrypt(ciphertext), "ERR_NO_DATA_KEY", "a disabled key");
    local.enableKey(keyId);
    local.faults.add({ operation: "GenerateDataKey", times: 1, fault: { error: "ThrottlingException" } });
    await assertRefused(() => client.encrypt(pattern(1)), "ERR_KMS_THROTTLED", "a throttled call");
  },

  async "reused data keys"({ keyfold }, { kms, local }) {
    const before = local.events.length;
    const materialsManager = keyfold.cachingMaterialsManager({ keyring: kms, verifyNewKeys: true });
    const client = keyfold.createEncryptionClient({ materialsManager });
    await Promise.all(Array.from({ length: 20 }, (_, i) => roundTrip(client, pattern(i), `message ${i}`)));
    assertEqual(
      local.events
        .slice(before)
        .map(({ eventName }) => eventName)
        .join(),
      "GenerateDataKey,Decrypt,Decrypt",
      "calls of KMS",
    );
    materialsManager.dispose();
  },

  async mailboxes({ keyfold, hierarchy }, { kms: organization, local }) {
    const store = hierarchy.memoryMailboxStore();
    const mailboxes = hierarchy.createMailboxKeys({ organization, encryptionContext: { org: "o1" }, store });
    for (const kind of ["symmetric", "asymmetric"]) {
      await mailboxes.create(kind, { kind });
      const client = keyfold.createEncryptionClient({ keyring: mailboxes.keyring(kind) });
      const before = local.events.length;
      const ciphertext = await roundTrip(client, pattern(100), kind);
      await mailboxes.rotate(kind);
      assertEqual((await client.decrypt(ciphertext)).plaintext, pattern(100), `${kind}, rotated`);
      const asked = local.events.slice(before).map(({ eventName }) => eventName);
      assertEqual(asked.join(), "Decrypt,Encrypt", "calls of KMS");
      await mailboxes.destroy(kind, { confirmId: kind });
      await assertRefused(() => client.decrypt(ciphertext), "ERR_NO_DATA_KEY", `${kind}, destroyed`);
    }
    mailboxes.dispose();
  },

  async "KMS over HTTP"({ keyfold, kms, sdk }, { keyId, local }, endpoint) {
    const credentials = { accessKeyId: "RUNTIMES", secretAccessKey: "not-a-secret" };
    const client = new sdk.KMSClient({ endpoint, region: local.region, credentials, maxAttempts: 1 });
    const sealer = keyfold.createEncryptionClient({ keyring: kms.kmsKeyring({ client, keyId }) });
    const ciphertext = await roundTrip(sealer, pattern(100), "under a genuine client");
    // Same key, other client: what came over HTTP opens in process.
    const near = keyfold.createEncryptionClient({ keyring: kms.kmsKeyring({ client: local.client, keyId }) });
    assertEqual((await near.decrypt(ciphertext)).plaintext, pattern(100), "in process");
    const gone = keyId.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    const nobody = keyfold.createEncryptionClient({ keyring: kms.kmsKeyring({ client, keyId: gone }) });
    await assertRefused(() => nobody.encrypt(pattern(1)), "ERR_KMS_KEY_NOT_FOUND", "a key that is not there");
    client.destroy();
  },

  async "branch keys"({ keyfold, hierarchy }) {
    for (const { writer, version, key, plaintext, ciphertext } of WRITTEN) {
      let unwrapped = 0;
      const stored = {
        version,
        async unwrap() {
          unwrapped++;
          return fromBase64(key);
        },
      };
      const keyStore = { name: "kept", active: async () => stored, version: async () => stored };
      const keyring = hierarchy.hierarchicalKeyring({ keyStore, branchKeyId: BRANCH_KEY_ID });
      const client = keyfold.createEncryptionClient({ keyring });
      const opened = await client.decrypt(fromBase64(ciphertext));
      assertEqual(opened.plaintext, fromBase64(plaintext), writer);
      await Promise.all([1, 2, 3].map((length) => roundTrip(client, pattern(length), `${length} bytes`)));
      assertEqual(unwrapped, 1, "unwrapped");
      keyring.dispose();
    }
  },

  async "what is missing has a name"(library, { rsa, local }) {
    const { keyfold } = library;
    if (globalThis.process?.versions?.node) await (await local.listen()).close();
    else await assertRefused(() => local.listen(), "ERR_UNSUPPORTED", "listening without a server");
    // Node's backend alone has PKCS#1 v1.5; the web one says so when the keyring is made.
    if (library.backend === "web") return assertRefused(async () => rsa("pkcs1"), "ERR_UNSUPPORTED", "pkcs1");
    await roundTrip(keyfold.createEncryptionClient({ keyring: rsa("pkcs1") }), pattern(10), "pkcs1");
  },
};
