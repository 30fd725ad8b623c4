// 1 GiB through encryptStream and decryptStream: throughput, and how far memory grows once it runs.
import { createEncryptionClient, rawAesKeyring } from "keyfold";
import { table } from "./measure.mjs";

const MIB = 1024 * 1024;
const TOTAL = 1024 * MIB;
const WARM_UP = 128 * MIB;

const keyring = rawAesKeyring({
  namespace: "bench",
  name: "key",
  key: crypto.getRandomValues(new Uint8Array(32)),
});

const rows = [];
for (const frameLength of [4096, 65536]) {
  const client = createEncryptionClient({ keyring, frameLength });
  let sent = 0;
  let received = 0;
  let base = 0;
  let peak = 0;
  const source = new ReadableStream(
    {
      pull(controller) {
        if (sent >= TOTAL) return controller.close();
        sent += 65536;
        controller.enqueue(new Uint8Array(65536).fill(sent / 65536));
      },
    },
    { highWaterMark: 0 },
  );
  const start = performance.now();
  for await (const chunk of source.pipeThrough(client.encryptStream()).pipeThrough(client.decryptStream())) {
    const before = received;
    received += chunk.length;
    if (Math.floor(before / (16 * MIB)) === Math.floor(received / (16 * MIB))) continue;
    globalThis.gc?.();
    const { rss } = process.memoryUsage();
    if (received < WARM_UP) base = Math.max(base, rss);
    else peak = Math.max(peak, rss);
  }
  const seconds = (performance.now() - start) / 1000;
  if (received !== TOTAL) throw new Error(`${received} bytes arrived of ${TOTAL}`);
  const growth = Math.max(0, peak - base) / MIB;
  rows.push([
    `frames of ${frameLength}`,
    (TOTAL / MIB / seconds).toFixed(0),
    (base / MIB).toFixed(0),
    growth.toFixed(1),
  ]);
}
table("1 GiB sealed and opened by streams", ["", "MiB/s", "resident MiB", "growth MiB"], rows);
