// How far memory grows while a large S3 object goes up and comes down, both as streams, with a forced collection before
// each look. The sink keeps the object on disk; sink, upload, download and the upload of the SDK alone, which shows what
// the parts take, have a process each.
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { rawAesKeyring } from "keyfold";
import { createS3EncryptionClient } from "keyfold/s3";
import { effort, mibPerSecond, table } from "./report.mjs";
import { forkSink } from "./s3-sink.mjs";

const MIB = 1024 * 1024;
const TOTAL = effort({ quick: 64, normal: 512, full: 5 * 1024 }) * MIB;
const WARM_UP = Math.min(128 * MIB, TOTAL / 2);
const LOOK = 16 * MIB;
const PIECE = 64 * 1024;
const [Bucket, Key] = ["bench", "big"];

/** Looks at the resident memory as bytes go by. */
function watch() {
  globalThis.gc();
  const before = process.memoryUsage().rss;
  const started = performance.now();
  const seen = { bytes: 0, warm: 0, peak: 0 };
  return {
    pass(bytes) {
      const last = seen.bytes;
      seen.bytes += bytes;
      if (Math.floor(last / LOOK) === Math.floor(seen.bytes / LOOK)) return;
      globalThis.gc();
      const { rss } = process.memoryUsage();
      if (seen.bytes <= WARM_UP) seen.warm = Math.max(seen.warm, rss);
      else seen.peak = Math.max(seen.peak, rss);
    },
    row(what) {
      if (seen.bytes !== TOTAL) throw new Error(`${seen.bytes} bytes went by of ${TOTAL}`);
      const us = (performance.now() - started) * 1000;
      const growth = Math.max(0, seen.peak - seen.warm);
      const mib = (bytes) => (bytes / MIB).toFixed(1);
      return [what, mibPerSecond(TOTAL, us), mib(before), mib(seen.warm - before), mib(growth)];
    },
  };
}

const PARTS = { partSize: 8 * MIB, queueSize: 4 };

const RUNS = {
  async "upload, 4 parts of 8 MiB at a time"(_, s3) {
    const up = watch();
    await s3.upload(
      { Bucket, Key, Body: source(up) },
      { partSize: PARTS.partSize, concurrency: PARTS.queueSize },
    );
    return up;
  },
  async download(_, s3) {
    const down = watch();
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    for await (const chunk of Body) down.pass(chunk.length);
    return down;
  },
  async "upload by the SDK alone, in clear"(client) {
    const up = watch();
    await new Upload({ client, params: { Bucket, Key: "plain", Body: source(up) }, ...PARTS }).done();
    return up;
  },
};

function source(up) {
  const plaintext = function* () {
    for (let sent = 0; sent < TOTAL; sent += PIECE) {
      up.pass(PIECE);
      yield Buffer.alloc(PIECE, sent / PIECE);
    }
  };
  return Readable.from(plaintext(), { objectMode: false });
}

async function run(what, { endpoint, key }) {
  const credentials = { accessKeyId: "bench", secretAccessKey: "bench" };
  const client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
  const keyring = rawAesKeyring({ namespace: "bench", name: "key", key: Buffer.from(key, "hex") });
  const s3 = createS3EncryptionClient({
    client,
    keyring,
    delayedAuthentication: true,
    bufferLimit: 16 * MIB,
  });
  const seen = await RUNS[what](client, s3);
  process.send(seen.row(what));
  client.destroy();
}

async function main() {
  const sink = await forkSink({ keep: true });
  try {
    const rows = [];
    const shared = JSON.stringify({ endpoint: sink.url, key: randomBytes(32).toString("hex") });
    for (const what of Object.keys(RUNS)) {
      const child = fork(fileURLToPath(import.meta.url), [what, shared], { execArgv: ["--expose-gc"] });
      child.once("message", (row) => rows.push(row));
      await once(child, "close");
    }
    table(
      `Memory while an S3 object of ${TOTAL / MIB} MiB goes up and comes down (MiB; the first ${WARM_UP / MIB} MiB warm up)`,
      ["", "speed", "before", "warm-up took", "growth after it"],
      rows,
    );
  } finally {
    await sink.close();
  }
}

if (process.argv[2] === undefined) await main();
else await run(process.argv[2], JSON.parse(process.argv[3]));
