import { describe, expect, it } from "vitest";
import { backend } from "#crypto";
import { createEncryptionClient, type DecryptStreamOptions } from "../../src/index.ts";
import { counting, flipped, join, random, utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { contextBytes, writeMessage } from "../support/independent-message.ts";
import { aes, clear, MESSAGE_SUITES, watched, wrapAes } from "../support/keyrings.ts";
import { feed, split } from "../support/streams.ts";

const PLAINTEXT = counting(100);
const reader = (more = {}) =>
  createEncryptionClient({ keyring: aes(), commitmentPolicy: "require-encrypt-allow-decrypt", ...more });
const signed = MESSAGE_SUITES.filter((suite) => suite.signed);
const KEY = "aws-crypto-public-key";

/** WebCrypto signs and verifies whole buffers: there the limit counts all that is signed, header and body. */
const WHOLE = backend.name === "web";
/** All but the footer: two bytes of length and a DER signature, whose tag and length bytes are found from behind. */
function signedLength(ciphertext: Uint8Array): number {
  for (let at = ciphertext.length - 2; at > 0; at--) {
    const rest = ciphertext.length - at - 2;
    if (rest > 60 && ciphertext[at]! * 256 + ciphertext[at + 1]! === rest && ciphertext[at + 2] === 0x30)
      return at;
  }
  throw new Error("a signed message has a footer");
}

async function streamed(
  own: ReturnType<typeof reader>,
  ciphertext: Uint8Array,
  options: DecryptStreamOptions = {},
) {
  const received: Uint8Array[] = [];
  let error: unknown;
  try {
    const output = feed(split(ciphertext, [50]), own.decryptStream(options));
    for await (const chunk of output) received.push(chunk);
  } catch (thrown) {
    error = thrown;
  }
  return { plaintext: join(...received), chunks: received.length, error };
}

describe.each(signed)("streams of $name", ({ suite, commitmentPolicy }) => {
  const writer = createEncryptionClient({ keyring: aes(), suite, commitmentPolicy, frameLength: 10 });

  it("are held until the signature is checked", async () => {
    const { ciphertext } = await writer.encrypt(PLAINTEXT);
    const broken = flipped(ciphertext, 8 * ciphertext.length - 1);
    const held = await streamed(reader(), broken);
    await failure(Promise.reject(held.error));
    expect(held.chunks).toBe(0);
    expect((await streamed(reader(), ciphertext)).plaintext).toEqual(PLAINTEXT);
  });

  it("are released frame by frame on demand, and end in the error all the same", async () => {
    const { ciphertext } = await writer.encrypt(PLAINTEXT);
    const options = { releaseBeforeSignature: true };
    expect((await streamed(reader(), ciphertext, options)).plaintext).toEqual(PLAINTEXT);
    const broken = await streamed(reader(), flipped(ciphertext, 8 * ciphertext.length - 1), options);
    await failure(Promise.reject(broken.error), "ERR_AUTHENTICATION");
    expect(broken.plaintext).toEqual(PLAINTEXT);
    const cut = await streamed(reader(), ciphertext.subarray(0, -1), options);
    await failure(Promise.reject(cut.error), "ERR_TRUNCATED");
  });

  it("over signedBufferLimit are an error that says what to do", async () => {
    const { ciphertext } = await writer.encrypt(PLAINTEXT);
    const enough = WHOLE ? signedLength(ciphertext) : 100;
    const fits = reader({ signedBufferLimit: enough });
    expect((await streamed(fits, ciphertext)).plaintext).toEqual(PLAINTEXT);
    const short = reader({ signedBufferLimit: enough - 1 });
    const { error, chunks } = await streamed(short, ciphertext);
    const limit = await failure(Promise.reject(error), "ERR_LIMIT");
    expect(limit).toMatchObject({ limit: "signedBufferLimit", actual: enough, maximum: enough - 1 });
    expect(limit.message).toMatch(WHOLE ? /only sign or verify whole/ : /releaseBeforeSignature/);
    expect(chunks).toBe(0);
    const released = await streamed(short, ciphertext, { releaseBeforeSignature: true });
    // Released or not, what is verified whole has to be held.
    if (WHOLE) await failure(Promise.reject(released.error), "ERR_LIMIT");
    else expect(released.plaintext).toEqual(PLAINTEXT);
    expect((await short.decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
  });

  it("are written over signedBufferLimit only where signatures are incremental", async () => {
    const options = { keyring: aes(), suite, commitmentPolicy, frameLength: 10 };
    const write = async (signedBufferLimit: number, chunks: Iterable<Uint8Array>) => {
      const own = createEncryptionClient({ ...options, signedBufferLimit });
      const written: Uint8Array[] = [];
      for await (const chunk of feed(chunks, own.encryptStream())) written.push(chunk);
      return join(...written);
    };
    const { ciphertext } = await writer.encrypt(PLAINTEXT);
    const enough = signedLength(ciphertext);
    expect((await reader().decrypt(await write(enough, [PLAINTEXT]))).plaintext).toEqual(PLAINTEXT);
    if (!WHOLE) {
      expect((await reader().decrypt(await write(1, [PLAINTEXT]))).plaintext).toEqual(PLAINTEXT);
      return;
    }
    const limit = { code: "ERR_LIMIT", limit: "signedBufferLimit", maximum: enough - 1 };
    expect(await failure(write(enough - 1, [PLAINTEXT]))).toMatchObject({ ...limit, actual: enough });
    // It stops where the limit is, and does not first read all that comes.
    let pulled = 0;
    const endless = (function* () {
      for (; pulled < 1000; pulled++) yield random(100_000);
    })();
    await failure(write(300_000, endless), "ERR_LIMIT");
    expect(pulled).toBeLessThan(30);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ["missing", { a: "b" }, /must have its public key/],
    ["empty", { [KEY]: "" }, /not a compressed point/],
    ["no base64", { [KEY]: "%%%%" }, /not a compressed point/],
    ["a short one", { [KEY]: Buffer.from(random(20)).toString("base64") }, /not a compressed point/],
    [
      "an uncompressed one",
      { [KEY]: Buffer.from(join(Uint8Array.of(4), random(96))).toString("base64") },
      /point/,
    ],
    [
      "no point of the curve",
      { [KEY]: Buffer.alloc(suite === 0x0214 ? 33 : 49, 0xff).toString("base64") },
      /point/,
    ],
    ["infinity", { [KEY]: "AA==" }, /not a compressed point/],
  ])("with a public key that is %s are refused before a key is asked for", async (_, pairs, expected) => {
    const { ciphertext } = await writer.encrypt(PLAINTEXT);
    // The header up to the context is the writer's own: only the context is replaced.
    const at = ciphertext[0] === 1 ? 20 : 35;
    const length = Buffer.from(ciphertext).readUInt16BE(at);
    const context = contextBytes(pairs);
    const size = Uint8Array.of(context.length >> 8, context.length & 255);
    const altered = join(ciphertext.subarray(0, at), size, context, ciphertext.subarray(at + 2 + length));
    const keyring = watched(clear());
    const error = await failure(reader({ keyring }).decrypt(altered), "ERR_MESSAGE_FORMAT");
    expect(error.message).toMatch(expected);
    expect(keyring.calls).toEqual([]);
  });
});

it("a public key in a message without signature is refused before a key is asked for", async () => {
  const dataKey = random(32);
  const context = contextBytes({ [KEY]: "AA==" });
  const keyring = watched(aes());
  for (const suite of [0x0078, 0x0178, 0x0478]) {
    const edks = [wrapAes(dataKey, context)];
    const message = writeMessage({ suite, dataKey, edks, context, pieces: [utf8("x")], frameLength: 10 });
    const error = await failure(reader({ keyring }).decrypt(message), "ERR_MESSAGE_FORMAT");
    expect(error.message).toMatch(/Only messages of signed suites/);
  }
  expect(keyring.calls).toEqual([]);
});
