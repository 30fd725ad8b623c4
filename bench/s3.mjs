// S3 objects by streams: keyfold, and a bare cipher in front of the plain SDK, both against the same sink in a process
// of its own; then what lies between body and request alone, with nothing behind it.
import { createCipheriv, createDecipheriv } from "node:crypto";
import { Readable } from "node:stream";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { createS3EncryptionClient } from "keyfold/s3";
import { interleaved } from "./measure.mjs";
import { key, keyring } from "./peers.mjs";
import { effort, headline, mibPerSecond, speed, table, times } from "./report.mjs";
import { forkSink } from "./s3-sink.mjs";

const MIB = 1024 * 1024;
const SIZE = effort({ quick: 32, normal: 256 }) * MIB;
const PIECE = 64 * 1024;
const TAG = 16;
const PART = 8 * MIB;
const Bucket = "bench";
const iv = Buffer.alloc(12, 1);
const options = { rounds: effort({ quick: 1, normal: 7 }), before: globalThis.gc };

const piece = Buffer.alloc(PIECE, 7);
function* plaintext() {
  for (let sent = 0; sent < SIZE; sent += PIECE) yield piece;
}
const source = () => Readable.from(plaintext(), { objectMode: false });

async function* sealedByHand(chunks) {
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  for await (const chunk of chunks) yield cipher.update(chunk);
  cipher.final();
  yield cipher.getAuthTag();
}

/** Reads all of it through a bare decipher. */
async function openByHand(body) {
  const decipher = createDecipheriv("aes-256-gcm", key, iv);
  let left = SIZE;
  let tag = Buffer.alloc(0);
  for await (const chunk of body) {
    const text = chunk.subarray(0, left);
    left -= decipher.update(text).length;
    if (text.length < chunk.length) tag = Buffer.concat([tag, chunk.subarray(text.length)]);
  }
  decipher.setAuthTag(tag);
  decipher.final();
}

async function drain(body) {
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.length;
  if (bytes !== SIZE) throw new Error(`${bytes} bytes arrived of ${SIZE}`);
}

const clientOf = ({ url: endpoint }) =>
  new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
    // What comes is counted, and not verified: nor are checksums, whose cost would hide that of the ciphers.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
const sealing = (client) =>
  createS3EncryptionClient({ client, keyring, delayedAuthentication: true, bufferLimit: MIB });

async function throughSockets() {
  const [sink, shelf] = await Promise.all([forkSink(), forkSink({ keep: true })]);
  try {
    const plain = clientOf(sink);
    const sealed = sealing(plain);
    const put = await interleaved(
      {
        keyfold: () =>
          sealed.send(new PutObjectCommand({ Bucket, Key: "k", Body: source(), ContentLength: SIZE })),
        bare: () =>
          plain.send(
            new PutObjectCommand({
              Bucket,
              Key: "k",
              Body: Readable.from(sealedByHand(source()), { objectMode: false }),
              ContentLength: SIZE + TAG,
            }),
          ),
      },
      options,
    );
    const upload = await interleaved(
      {
        keyfold: () => sealed.upload({ Bucket, Key: "k", Body: source() }, { partSize: PART }),
        bare: () =>
          new Upload({
            client: plain,
            params: {
              Bucket,
              Key: "k",
              Body: Readable.from(sealedByHand(source()), { objectMode: false }),
            },
            partSize: PART,
          }).done(),
      },
      options,
    );
    const reader = clientOf(shelf);
    const opening = sealing(reader);
    await opening.upload({ Bucket, Key: "keyfold", Body: source() });
    await new Upload({
      client: reader,
      params: { Bucket, Key: "bare", Body: Readable.from(sealedByHand(source()), { objectMode: false }) },
    }).done();
    const get = await interleaved(
      {
        keyfold: async () =>
          drain((await opening.send(new GetObjectCommand({ Bucket, Key: "keyfold" }))).Body),
        bare: async () => openByHand((await reader.send(new GetObjectCommand({ Bucket, Key: "bare" }))).Body),
      },
      options,
    );
    plain.destroy();
    reader.destroy();
    return { "PutObject of a stream": put, "upload in parts": upload, "GetObject as a stream": get };
  } finally {
    await Promise.all([sink.close(), shelf.close()]);
  }
}

/** A client that takes what it is given, and keeps nothing but the metadata. */
async function alone() {
  let Metadata;
  const body = [];
  const taking = {
    async send({ input }) {
      Metadata = input.Metadata;
      for await (const chunk of input.Body) if (body.keep) body.push(chunk);
      return {};
    },
  };
  const put = () =>
    sealing(taking).send(new PutObjectCommand({ Bucket, Key: "k", Body: source(), ContentLength: SIZE }));
  body.keep = true;
  await put();
  body.keep = false;
  const written = Metadata;
  const whole = Buffer.concat(body);
  const pieces = [];
  for await (const piece of sealedByHand(source())) pieces.push(piece);
  const byHand = Buffer.concat(pieces);
  function* stored(whole) {
    for (let at = 0; at < whole.length; at += PIECE) yield whole.subarray(at, at + PIECE);
  }
  const giving = {
    send: async () => ({
      Metadata: written,
      ContentLength: whole.length,
      Body: Readable.from(stored(whole), { objectMode: false }),
      $metadata: {},
    }),
  };
  const seal = await interleaved(
    {
      keyfold: put,
      bare: async () => {
        const body = Readable.from(sealedByHand(source()), { objectMode: false });
        for await (const _ of body);
      },
      loop() {
        const cipher = createCipheriv("aes-256-gcm", key, iv);
        for (const chunk of plaintext()) cipher.update(chunk);
        cipher.final();
      },
    },
    options,
  );
  const open = await interleaved(
    {
      keyfold: async () =>
        drain((await sealing(giving).send(new GetObjectCommand({ Bucket, Key: "k" }))).Body),
      bare: async () => openByHand(Readable.from(stored(byHand), { objectMode: false })),
      loop() {
        const decipher = createDecipheriv("aes-256-gcm", key, iv);
        for (const chunk of stored(byHand)) decipher.update(chunk);
      },
    },
    options,
  );
  return { "seal a stream, nothing behind it": seal, "open a stream, nothing behind it": open };
}

const all = { ...(await throughSockets()), ...(await alone()) };
table(
  `S3 objects of ${SIZE / MIB} MiB (MiB/s; bare: node:crypto in pieces of 64 KiB, sent and fetched by the SDK alone; loop: without streams)`,
  ["", "keyfold", "bare", "over bare", "loop"],
  Object.entries(all).map(([what, us]) => [
    what,
    speed(SIZE, us.keyfold).toFixed(0),
    speed(SIZE, us.bare).toFixed(0),
    times(us.bare / us.keyfold),
    us.loop === undefined ? "" : speed(SIZE, us.loop).toFixed(0),
  ]),
);
for (const [what, us] of Object.entries(all).slice(0, 3)) {
  headline(
    `S3: ${what}, ${SIZE / MIB} MiB`,
    `${times(us.bare / us.keyfold)} as fast as the SDK with a bare cipher before it`,
    mibPerSecond(SIZE, us.keyfold),
    mibPerSecond(SIZE, us.bare),
  );
}
