// Messages, objects and queues that one runtime writes and every other one opens. They travel as JSON.
import { assertEqual, base64, fromBase64, pattern, throughStream } from "./bytes.mjs";
import { keysOf } from "./keys.mjs";
import { readPayload, readQueue, writeQueues } from "./sqs-exchange.mjs";
import { clientFor } from "./suite.mjs";

const CONTEXT = { tenant: "t1", zone: "α" };
const LENGTH = 2500;

// biome-ignore format: a table
const MESSAGES = [
  { name: "0x0478, AES", suite: 0x0478, keyring: "aes" },
  { name: "0x0578 signed, AES", suite: 0x0578, keyring: "aes" },
  { name: "0x0378 signed, AES", suite: 0x0378, keyring: "aes" },
  { name: "0x0214 signed, AES", suite: 0x0214, keyring: "aes" },
  { name: "0x0178, AES", suite: 0x0178, keyring: "aes" },
  { name: "0x0146 (192 bits), AES", suite: 0x0146, keyring: "aes" },
  { name: "0x0014, AES", suite: 0x0014, keyring: "aes" },
  { name: "0x0478, AES, stream", suite: 0x0478, keyring: "aes", stream: true },
  { name: "0x0578 signed, AES, stream", suite: 0x0578, keyring: "aes", stream: true },
  { name: "0x0478, RSA OAEP SHA-256", suite: 0x0478, keyring: "oaep-sha256" },
  { name: "0x0478, RSA OAEP SHA-512", suite: 0x0478, keyring: "oaep-sha512" },
  { name: "0x0478, KMS", suite: 0x0478, keyring: "kms" },
];
const OBJECTS = [
  { name: "object, AES", keyring: "aes" },
  { name: "object, RSA OAEP SHA-1", keyring: "oaep-sha1" },
  { name: "object, KMS", keyring: "kms" },
];

const keyringOf = (keys, name) => (name.startsWith("oaep") ? keys.rsa(name) : keys[name]);
const pairsOf = (keyring) => (keyring === "kms" ? { encryptionContext: CONTEXT } : {});

export async function write(library, material) {
  const keys = keysOf(library, material);
  const written = [];
  for (const { name, suite, keyring, stream } of MESSAGES) {
    const client = clientFor(library, suite, keyringOf(keys, keyring));
    const call = { encryptionContext: CONTEXT };
    const ciphertext = stream
      ? await throughStream(pattern(LENGTH), client.encryptStream(call), 400)
      : (await client.encrypt(pattern(LENGTH), call)).ciphertext;
    written.push({ name, suite, keyring, stream: stream === true, ciphertext: base64(ciphertext) });
  }
  for (const { name, keyring } of OBJECTS) {
    const options = { keyring: keyringOf(keys, keyring), ...pairsOf(keyring) };
    const { metadata, body } = await library.keyfold.sealObject(pattern(LENGTH), options);
    written.push({ name, keyring, metadata, body: base64(body) });
  }
  return [...written, ...(await writeQueues(library, keys))];
}

/** Opens what another runtime wrote: `[{ name, error }]`. */
export async function read(library, material, written) {
  const keys = keysOf(library, material);
  const results = [];
  for (const item of written) {
    let error = null;
    try {
      await readItem(library, keys, item);
    } catch (caught) {
      error = String(caught?.stack ?? caught);
    }
    results.push({ name: item.name, error });
  }
  return results;
}

async function readItem(library, keys, item) {
  if (item.messages !== undefined) return readQueue(library, keys[item.keyring], item);
  if (item.payload !== undefined) return readPayload(library, keys[item.keyring], item);
  assertEqual(await open(library, keys, item), pattern(LENGTH), item.name);
}

async function open(library, keys, { suite, keyring: name, stream, ciphertext, metadata, body }) {
  const keyring = keyringOf(keys, name);
  if (body !== undefined) {
    const sealed = { metadata, body: fromBase64(body) };
    return (await library.keyfold.openObject(sealed, { keyring, ...pairsOf(name) })).plaintext;
  }
  const client = clientFor(library, suite, keyring);
  const bytes = fromBase64(ciphertext);
  if (stream) return throughStream(bytes, client.decryptStream({ encryptionContext: CONTEXT }), 512);
  return (await client.decrypt(bytes, { encryptionContext: CONTEXT })).plaintext;
}
