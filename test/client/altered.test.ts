import { gcm } from "@noble/ciphers/aes.js";
import { describe, expect, it } from "vitest";
import { backend } from "#crypto";
import { createEncryptionClient, inspectMessage, openObject, sealObject } from "../../src/index.ts";
import { counting, flipped, join, patched, random, toHex, utf8 } from "../support/bytes.ts";
import { failure, textOf } from "../support/failure.ts";
import { writeMessage } from "../support/independent-message.ts";
import { aes, KEY, MESSAGE_SUITES, wrapAes } from "../support/keyrings.ts";
import { collect, feed, split } from "../support/streams.ts";

const PLAINTEXT = utf8("a secret of 24 bytes ...");
const SECRETS = [PLAINTEXT, KEY].flatMap((bytes) => [
  toHex(bytes),
  Buffer.from(bytes).toString("base64"),
  Buffer.from(bytes).toString("latin1"),
]);

/** Reading of everything, so that no policy stands in the way of a format error. */
const reader = createEncryptionClient({ keyring: aes(), commitmentPolicy: "require-encrypt-allow-decrypt" });
const byStream = (ciphertext: Uint8Array, size = 50) =>
  collect(feed(split(ciphertext, [size]), reader.decryptStream()));

function showsNothing(error: unknown): void {
  const text = textOf(error);
  for (const secret of SECRETS) expect(text).not.toContain(secret);
}

/**
 * The bits to flip: all of them. On the web one of each byte, in turn: formats are the same code on every backend, which
 * only ever gets the bytes to open or to verify; and each flip under a signature costs the import of a key there.
 */
const bitsOf = (bytes: Uint8Array): number[] =>
  backend.name === "node"
    ? Array.from({ length: 8 * bytes.length }, (_, bit) => bit)
    : Array.from(bytes, (_, at) => 8 * at + (at % 8));

const framed = await Promise.all(
  MESSAGE_SUITES.map(async ({ suite, name, commitmentPolicy }) => {
    const writer = createEncryptionClient({ keyring: aes(), suite, commitmentPolicy, frameLength: 10 });
    const { ciphertext, message } = await writer.encrypt(PLAINTEXT, { encryptionContext: { a: "b" } });
    const { ciphertext: twin } = await writer.encrypt(PLAINTEXT, { encryptionContext: { a: "b" } });
    return { name, ciphertext, twin, headerLength: message.headerLength };
  }),
);
const nonFramed = ([0x0014, 0x0178, 0x0478] as const).map((suite) => {
  const dataKey = random(suite === 0x0014 ? 16 : 32);
  const edks = [wrapAes(dataKey, new Uint8Array(0))];
  const write = () => writeMessage({ suite, dataKey, edks, pieces: [PLAINTEXT], frameLength: 0 });
  const ciphertext = write();
  return {
    name: `not framed, ${suite.toString(16)}`,
    ciphertext,
    twin: write(),
    headerLength: ciphertext.length - 36 - PLAINTEXT.length,
  };
});
const messages = [...framed, ...nonFramed];

describe.each(messages)("$name", ({ ciphertext, twin, headerLength }) => {
  it("opens as it is", async () => {
    expect((await reader.decrypt(ciphertext)).plaintext).toEqual(PLAINTEXT);
    expect(await byStream(ciphertext)).toEqual(PLAINTEXT);
  });

  it("is refused with any bit flipped", async () => {
    for (const bit of bitsOf(ciphertext)) {
      const error = await failure(reader.decrypt(flipped(ciphertext, bit))).catch((cause) => {
        throw new Error(`bit ${bit}`, { cause });
      });
      showsNothing(error);
    }
  });

  it("is refused by a stream with any byte altered", async () => {
    for (let at = 0; at < ciphertext.length; at++) {
      const altered = patched(ciphertext, at, ciphertext[at]! ^ (1 << (at % 8)));
      showsNothing(await failure(byStream(altered, 1000)));
    }
  });

  it("is refused cut at any byte, as bytes and as a stream", async () => {
    for (let length = 0; length < ciphertext.length; length++) {
      const cut = ciphertext.subarray(0, length);
      const code = length === 0 ? "ERR_MESSAGE_FORMAT" : "ERR_TRUNCATED";
      const error = await failure(reader.decrypt(cut), code);
      expect((await failure(byStream(cut), code)).message).toBe(error.message);
      if (length > 0)
        expect(error).toMatchObject({
          part: expect.stringMatching(length < headerLength ? /header/ : /body|footer/),
        });
      if (length < headerLength) await failure(() => inspectMessage(cut), code);
      else expect(inspectMessage(cut).headerLength).toBe(headerLength);
    }
  });

  it("is refused with bytes behind its end", async () => {
    for (const more of [Uint8Array.of(0), utf8("\n"), random(200), ciphertext]) {
      const longer = join(ciphertext, more);
      expect((await failure(reader.decrypt(longer), "ERR_MESSAGE_FORMAT")).message).toMatch(/follow the end/);
      const error = await failure(byStream(longer), "ERR_MESSAGE_FORMAT");
      expect(error.message).toMatch(/follow the end/);
    }
  });

  it("is refused with the body of another message of the same length and key", async () => {
    const mixed = join(ciphertext.subarray(0, headerLength), twin.subarray(headerLength));
    await failure(reader.decrypt(mixed), "ERR_AUTHENTICATION");
    await failure(byStream(mixed), "ERR_AUTHENTICATION");
  });
});

describe("frames", () => {
  const { ciphertext, headerLength } = framed.find(
    ({ name }) => name === "AES_256_GCM_HKDF_SHA512_COMMIT_KEY",
  )!;
  const header = ciphertext.subarray(0, headerLength);
  const [one, two] = [0, 1].map((i) =>
    ciphertext.subarray(headerLength + 42 * i, headerLength + 42 * (i + 1)),
  );
  const final = ciphertext.subarray(headerLength + 84);

  it.each<[string, Uint8Array]>([
    ["out of order", join(header, two!, one!, final)],
    ["doubled", join(header, one!, one!, two!, final)],
    ["one missing", join(header, one!, final)],
    ["only the final one", join(header, final)],
    ["the final one first", join(header, final, one!, two!)],
    ["sequence 0", join(header, patched(one!, 3, 0), two!, final)],
  ])("%s", async (_, altered) => {
    expect((await failure(reader.decrypt(altered), "ERR_MESSAGE_FORMAT")).message).toMatch(/Frame \d is due/);
    await failure(byStream(altered), "ERR_MESSAGE_FORMAT");
  });

  it("without a final one", async () => {
    await failure(reader.decrypt(join(header, one!, two!)), "ERR_TRUNCATED");
    await failure(byStream(join(header, one!, two!)), "ERR_TRUNCATED");
  });

  it("with a final one that claims more than a frame", async () => {
    const altered = join(header, one!, two!, patched(final, 20, 0, 0, 0, 11), counting(10));
    expect((await failure(reader.decrypt(altered), "ERR_MESSAGE_FORMAT")).message).toMatch(
      /longer than the frame length/,
    );
  });
});

describe("an object of format V3", async () => {
  const { metadata, body } = await sealObject(PLAINTEXT, { keyring: aes() });
  const open = (object: { metadata: Record<string, string>; body: Uint8Array }) =>
    openObject(object, { keyring: aes() });

  it("opens as it is", async () => expect((await open({ metadata, body })).plaintext).toEqual(PLAINTEXT));

  it("is refused with any bit of its body flipped", async () => {
    for (let bit = 0; bit < 8 * body.length; bit++) {
      showsNothing(await failure(open({ metadata, body: flipped(body, bit) }), "ERR_AUTHENTICATION"));
    }
  });

  it("is refused with any bit of its metadata's values flipped", async () => {
    for (const [name, value] of Object.entries(metadata)) {
      const bytes = Buffer.from(value, "latin1");
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const altered = Buffer.from(flipped(bytes, bit)).toString("latin1");
        showsNothing(await failure(open({ metadata: { ...metadata, [name]: altered }, body })));
      }
    }
  });

  it("is refused with any bit flipped of what its metadata encodes", async () => {
    for (const name of ["x-amz-3", "x-amz-d", "x-amz-i"]) {
      const bytes = new Uint8Array(Buffer.from(metadata[name]!, "base64"));
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const altered = Buffer.from(flipped(bytes, bit)).toString("base64");
        const code = name === "x-amz-3" ? "ERR_NO_DATA_KEY" : "ERR_AUTHENTICATION";
        showsNothing(await failure(open({ metadata: { ...metadata, [name]: altered }, body }), code));
      }
    }
  });

  it("is refused cut or prolonged anywhere", async () => {
    for (let length = 0; length < body.length; length++) {
      const code = length < 16 ? "ERR_TRUNCATED" : "ERR_AUTHENTICATION";
      await failure(open({ metadata, body: body.subarray(0, length) }), code);
    }
    await failure(open({ metadata, body: join(body, Uint8Array.of(0)) }), "ERR_AUTHENTICATION");
  });

  it("cannot pass for another: content sealed with the same key and other AAD", async () => {
    const forged = gcm(KEY, new Uint8Array(12).fill(1), utf8("116")).encrypt(PLAINTEXT);
    await failure(open({ metadata, body: forged }), "ERR_AUTHENTICATION");
  });
});
