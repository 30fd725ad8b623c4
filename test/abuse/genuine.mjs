// The genuine messages, objects and queues from which hostile ones are made, with the keys that open them. Plain data: it can
// be handed to another thread. Ids, keys and texts follow from the seed; RSA padding and ECDSA nonces are OpenSSL's own.
import { constants, generateKeyPairSync, hkdfSync, publicEncrypt } from "node:crypto";
import { genuineQueue } from "./genuine-queue.mjs";
import { randomFrom } from "./random.mjs";
import { aesEdk, gcmSeal, join, rsaEdk, SUITES, utf8, writeMessage } from "./write-message.mjs";

/** @param {number} seed */
export function genuine(seed) {
  const random = randomFrom(seed);
  const key = random.bytes(32);
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const privatePem = privateKey.export({ type: "pkcs8", format: "pem" });
  const mine = (dataKey, context) => [aesEdk(random, key, dataKey, context)];
  const amongOthers = (dataKey, context) => [
    [utf8("other"), utf8("k"), random.bytes(48)],
    [utf8("aws-kms"), utf8("arn:aws:kms:eu-west-1:111122223333:key/1"), random.bytes(180)],
    aesEdk(random, key, dataKey, context),
    // Ours by its name, wrapped by another key.
    aesEdk(random, random.bytes(32), dataKey, context),
  ];

  const messages = [];
  const add = (name, what) => {
    const reader = what.reader ?? "aes";
    const length = what.frameLength ?? 10;
    const dataKey = what.dataKey ?? random.bytes(SUITES.get(what.suite).keyLength);
    const message = writeMessage(random, { edks: mine, ...what, frameLength: length, dataKey });
    const expected = Object.fromEntries(what.required ?? []);
    const signed = SUITES.get(what.suite).signature !== null;
    messages.push({ name, suite: what.suite, reader, signed, expected, dataKey, ...message });
  };
  const frames = (...lengths) => lengths.map((n) => random.bytes(n));
  const pairs = [
    ["purpose", "tests"],
    ["tenant", "Zürich"],
  ];
  for (const [suite, { signature }] of SUITES) {
    const name = suite.toString(16).padStart(4, "0");
    add(`${name} framed`, { suite, pieces: frames(10, 10, 4), pairs });
    if (signature === null) add(`${name} one frame`, { suite, pieces: frames(7) });
  }
  for (const suite of [0x0014, 0x0178, 0x0214, 0x0478, 0x0578]) {
    add(`${suite.toString(16)} not framed`, { suite, pieces: frames(24), frameLength: 0 });
  }
  const suite = 0x0478;
  add("several data keys", { suite, pieces: frames(10, 3), edks: amongOthers, pairs });
  add("empty final frame", { suite, pieces: frames(8, 8, 0), frameLength: 8 });
  add("empty", { suite, pieces: frames(0) });
  add("many frames", { suite, pieces: frames(...Array(20).fill(2), 1), frameLength: 2 });
  add("long frames", { suite: 0x0178, pieces: frames(3000, 3000, 100), frameLength: 3000 });
  add("required context", { suite, pieces: frames(5), required: [["tenant", "t1"]], reader: "required" });
  add("rsa", {
    suite,
    pieces: frames(10, 2),
    edks: (dataKey) => [rsaEdk(publicKey, dataKey)],
    reader: "rsa",
  });

  const objects = [];
  for (const [name, code, label] of [
    ["aes object", "02", { key: "1" }],
    ["second aes object", "02", undefined],
    ["rsa object", "22", undefined],
  ]) {
    const dataKey = random.bytes(32);
    const plaintext = random.bytes(40);
    const iv = random.bytes(12);
    const oaep = { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha1" };
    const edk =
      code === "02"
        ? join(iv, gcmSeal(key, iv, utf8("115"), dataKey))
        : new Uint8Array(publicEncrypt(oaep, join(Uint8Array.of(32), dataKey, utf8("115"))));
    objects.push({
      name,
      reader: code === "02" ? "aes" : "rsa",
      dataKey,
      plaintext,
      ...sealed(edk, code, label),
    });

    function sealed(wrapped, wrap, description) {
      const id = Uint8Array.of(0, 0x73);
      const messageId = random.bytes(28);
      const derive = (text, length) =>
        new Uint8Array(hkdfSync("sha512", dataKey, messageId, join(id, utf8(text)), length));
      const base64 = (bytes) => Buffer.from(bytes).toString("base64");
      const metadata = {
        "x-amz-3": base64(wrapped),
        "x-amz-w": wrap,
        "x-amz-c": "115",
        "x-amz-d": base64(derive("COMMITKEY", 28)),
        "x-amz-i": base64(messageId),
        ...(description && { "x-amz-m": JSON.stringify(description) }),
      };
      const body = gcmSeal(derive("DERIVEKEY", 32), new Uint8Array(12).fill(1), id, plaintext);
      return { metadata, body };
    }
  }
  objects.push(olderObject(random, key));
  return { seed, key, privatePem, messages, objects, queue: genuineQueue(random, key) };
}

/** An object of format V2. */
function olderObject(random, key) {
  const [dataKey, plaintext, iv, wrapIv] = [32, 40, 12, 12].map((length) => random.bytes(length));
  const algorithm = "AES/GCM/NoPadding";
  const base64 = (bytes) => Buffer.from(bytes).toString("base64");
  const metadata = {
    "x-amz-key-v2": base64(join(wrapIv, gcmSeal(key, wrapIv, utf8(algorithm), dataKey))),
    "x-amz-iv": base64(iv),
    "x-amz-wrap-alg": "AES/GCM",
    "x-amz-cek-alg": algorithm,
    "x-amz-tag-len": "128",
    "x-amz-matdesc": '{"key":"1"}',
  };
  const body = gcmSeal(dataKey, iv, new Uint8Array(0), plaintext);
  return { name: "older object", reader: "older", dataKey, plaintext, metadata, body };
}
