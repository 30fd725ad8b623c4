// How far memory grows once streams run: sealed and opened in one pipe, with a forced collection before each look.
import { createEncryptionClient, rawAesKeyring } from "keyfold";
import { effort, table } from "./report.mjs";

const MIB = 1024 * 1024;
const TOTAL = effort({ quick: 256, normal: 1024, full: 10 * 1024 }) * MIB;
const WARM_UP = 128 * MIB;
const LOOK = 16 * MIB;

const keyring = rawAesKeyring({
  namespace: "bench",
  name: "key",
  key: crypto.getRandomValues(new Uint8Array(32)),
});

function* plaintext() {
  for (let sent = 0; sent < TOTAL; sent += 65536) yield new Uint8Array(65536).fill(sent / 65536);
}

const rows = [];
for (const frameLength of [4096, 65536]) {
  const client = createEncryptionClient({ keyring, frameLength });
  let received = 0;
  let base = 0;
  let peak = 0;
  const sealed = ReadableStream.from(plaintext()).pipeThrough(client.encryptStream());
  for await (const chunk of sealed.pipeThrough(client.decryptStream())) {
    const before = received;
    received += chunk.length;
    if (Math.floor(before / LOOK) === Math.floor(received / LOOK)) continue;
    globalThis.gc();
    const { rss } = process.memoryUsage();
    if (received < WARM_UP) base = Math.max(base, rss);
    else peak = Math.max(peak, rss);
  }
  if (received !== TOTAL) throw new Error(`${received} bytes arrived of ${TOTAL}`);
  const growth = Math.max(0, peak - base) / MIB;
  rows.push([`frames of ${frameLength}`, (base / MIB).toFixed(0), growth.toFixed(1)]);
}
table(`Memory while ${TOTAL / MIB} MiB stream through (MiB)`, ["", "resident", "growth"], rows);
