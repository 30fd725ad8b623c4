// Type tests: what compiles, and (`@ts-expect-error`) what must not. `npm run types` checks them against the sources,
// `npm run package` against the packed declarations. They are never run.
import {
  createEncryptionClient,
  type DecryptResult,
  type EncryptionClient,
  type EncryptResult,
  type inspectMessage,
  type inspectObject,
  type Keyring,
  type MaterialsManager,
  type MessageFacts,
  type MessageStream,
  openObject,
  rawAesKeyring,
  rawRsaKeyring,
  requiredContextMaterialsManager,
  type SuiteId,
  sealObject,
} from "../../src/index.ts";
import { type Equal, expectType } from "./expect.js";

declare const bytes: Uint8Array;
declare const keyring: Keyring;
declare const materialsManager: MaterialsManager;

export async function results(client: EncryptionClient): Promise<void> {
  expectType<Equal<Awaited<ReturnType<EncryptionClient["encrypt"]>>, EncryptResult<Uint8Array>>>();
  expectType<Equal<Awaited<ReturnType<EncryptionClient["decryptText"]>>, DecryptResult<string>>>();
  const { plaintext, encryptionContext, message, opened } = await client.decrypt(bytes);
  expectType<Equal<typeof plaintext, Uint8Array>>();
  expectType<Equal<typeof encryptionContext, Readonly<Record<string, string>>>>();
  expectType<Equal<typeof message, MessageFacts>>();
  expectType<Equal<typeof opened.providerInfo, Uint8Array>>();
  expectType<Equal<typeof message.suite.id, SuiteId>>();

  const { ciphertext } = await client.encryptText("text");
  expectType<Equal<typeof ciphertext, string>>();
  // @ts-expect-error Base64 text is opened by decryptText.
  await client.decrypt(ciphertext);
  // @ts-expect-error Bytes are sealed by encrypt.
  await client.encryptText(bytes);
  // @ts-expect-error Context values are strings.
  await client.encrypt(bytes, { encryptionContext: { tenant: 1 } });
  // @ts-expect-error A misspelt option would silently bind nothing.
  await client.encrypt(bytes, { context: { tenant: "t1" } });
  // @ts-expect-error Only reading can release before the signature.
  client.encryptStream({ releaseBeforeSignature: true });
  await client.encrypt(bytes, { signal: new AbortController().signal });

  const stream = client.decryptStream({ releaseBeforeSignature: true });
  expectType<Equal<typeof stream, MessageStream>>();
  expectType<Equal<typeof stream.message, Promise<MessageFacts>>>();
  await client.reencrypt(bytes, { from: keyring });
  await client.reencrypt(bytes, { from: client });
  expectType<Equal<ReturnType<typeof inspectMessage>, MessageFacts>>();
  // @ts-expect-error Results are read-only.
  message.frameLength = 1;
}

export async function webStreams(client: EncryptionClient, input: ReadableStream<Uint8Array>): Promise<void> {
  const sealed = input.pipeThrough(client.encryptStream());
  expectType<Equal<typeof sealed, ReadableStream<Uint8Array>>>();
}

export function sources(): void {
  createEncryptionClient({ keyring });
  createEncryptionClient({ materialsManager });
  createEncryptionClient({
    materialsManager: requiredContextMaterialsManager({ keyring, requiredKeys: ["a"] }),
  });
  // @ts-expect-error One of the two is needed.
  createEncryptionClient({});
  // @ts-expect-error One of the two, and not both.
  createEncryptionClient({ keyring, materialsManager });
  // @ts-expect-error A manager is no keyring.
  createEncryptionClient({ keyring: materialsManager });
  // @ts-expect-error The same goes for objects.
  sealObject(bytes, { keyring, materialsManager });
}

export function suites(): void {
  createEncryptionClient({ keyring, suite: 0x0478 });
  createEncryptionClient({ keyring, suite: 0x0014, commitmentPolicy: "forbid-encrypt-allow-decrypt" });
  // @ts-expect-error No such suite.
  createEncryptionClient({ keyring, suite: 0x0479 });
  // @ts-expect-error A suite of S3 objects.
  createEncryptionClient({ keyring, suite: 0x0073 });
  // @ts-expect-error Suites are named by number.
  createEncryptionClient({ keyring, suite: "AES_256_GCM_HKDF_SHA512_COMMIT_KEY" });
  // @ts-expect-error No such policy.
  createEncryptionClient({ keyring, commitmentPolicy: "require-encrypt" });
  const known: SuiteId = 0x0074;
  // @ts-expect-error A union of ids, not any number.
  const unknown: SuiteId = 0x9999;
  void [known, unknown];
}

export async function objects(): Promise<void> {
  const { metadata, body } = await sealObject(bytes, { keyring });
  expectType<Equal<typeof body, Uint8Array>>();
  const asSdkMetadata: Record<string, string> = metadata;
  const { plaintext } = await openObject({ metadata: asSdkMetadata, body }, { keyring });
  expectType<Equal<typeof plaintext, Uint8Array>>();
  expectType<Equal<ReturnType<typeof inspectObject>["format"], "V1" | "V2" | "V3">>();
  // @ts-expect-error An object is metadata and body.
  await openObject({ body }, { keyring });
}

export function rawKeyrings(): void {
  const key = new Uint8Array(32);
  expectType<Equal<ReturnType<typeof rawAesKeyring>, Keyring>>();
  rawAesKeyring({ namespace: "n", name: "k", key });
  // @ts-expect-error Keys are bytes.
  rawAesKeyring({ namespace: "n", name: "k", key: "00".repeat(32) });
  // @ts-expect-error The namespace is stored with the data key.
  rawAesKeyring({ name: "k", key });
  rawRsaKeyring({ namespace: "n", name: "k", padding: "oaep-sha256", publicKey: "pem", privateKey: key });
  rawRsaKeyring({
    namespace: "n",
    name: "k",
    padding: "pkcs1",
    publicKey: { kty: "RSA", n: "n", e: "AQAB" },
  });
  // @ts-expect-error No such padding.
  rawRsaKeyring({ namespace: "n", name: "k", padding: "oaep", publicKey: "pem" });
}
