// How far memory grows while a large S3 object goes up and comes down, both as streams, with a forced collection before
// each look. The sink keeps the object on disk, in a process of its own.
import { Readable } from "node:stream";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { createS3EncryptionClient } from "keyfold/s3";
import { keyring } from "./peers.mjs";
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

const sink = await forkSink({ keep: true });
const client = new S3Client({
  endpoint: sink.url,
  region: "us-east-1",
  forcePathStyle: true,
  credentials: { accessKeyId: "bench", secretAccessKey: "bench" },
});
try {
  const s3 = createS3EncryptionClient({
    client,
    keyring,
    delayedAuthentication: true,
    bufferLimit: 16 * MIB,
  });
  const up = watch();
  const plaintext = function* () {
    for (let sent = 0; sent < TOTAL; sent += PIECE) {
      up.pass(PIECE);
      yield Buffer.alloc(PIECE, sent / PIECE);
    }
  };
  const Body = Readable.from(plaintext(), { objectMode: false });
  await s3.upload({ Bucket, Key, Body }, { partSize: 8 * MIB, concurrency: 4 });
  const rows = [up.row("upload, 4 parts of 8 MiB at a time")];

  const down = watch();
  const reply = await s3.send(new GetObjectCommand({ Bucket, Key }));
  for await (const chunk of reply.Body) down.pass(chunk.length);
  rows.push(down.row("download"));
  table(
    `Memory while an S3 object of ${TOTAL / MIB} MiB goes up and comes down (MiB; the first ${WARM_UP / MIB} MiB warm up)`,
    ["", "speed", "before", "warm-up took", "growth after it"],
    rows,
  );
} finally {
  client.destroy();
  await sink.close();
}
