// Streams: keyfold's web streams and the official client's Node streams, each fed and drained as its kind is.
import { Readable } from "node:stream";
import { createEncryptionClient } from "keyfold";
import { interleaved } from "./measure.mjs";
import { keyring, official, officialKeyring, UNSIGNED } from "./peers.mjs";
import { effort, headline, mibPerSecond, speed, table, times } from "./report.mjs";

const MIB = 1024 * 1024;
const TOTAL = effort({ quick: 16, normal: 64, full: 1024 }) * MIB;
const PIECE = 64 * 1024;
const options = { rounds: effort({ quick: 1, normal: 7, full: 3 }), turn: effort({ quick: 0, normal: 200 }) };

function* plaintext() {
  const piece = new Uint8Array(PIECE).fill(7);
  for (let sent = 0; sent < TOTAL; sent += PIECE) yield piece;
}
function* pieces(bytes) {
  for (let start = 0; start < bytes.length; start += PIECE) yield bytes.subarray(start, start + PIECE);
}
const web = (chunks, transform) => ReadableStream.from(chunks).pipeThrough(transform);
const node = (chunks, transform) => Readable.from(chunks).pipe(transform);

async function drain(stream) {
  let received = 0;
  for await (const chunk of stream) received += chunk.length;
  if (received < TOTAL) throw new Error(`${received} bytes arrived of ${TOTAL}`);
}

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function compare(keyfoldOptions, officialOptions) {
  const client = createEncryptionClient({ keyring, ...keyfoldOptions });
  const sealing = {
    keyfold: () => web(plaintext(), client.encryptStream()),
    official: () => node(plaintext(), official.encryptStream(officialKeyring, officialOptions)),
  };
  const seal = await measured(sealing);
  // Each opens what it wrote.
  const own = await collect(sealing.keyfold());
  const theirs = await collect(sealing.official());
  const open = await measured({
    keyfold: () => web(pieces(own), client.decryptStream()),
    official: () => node(pieces(theirs), official.decryptStream(officialKeyring)),
  });
  return { seal, open };
}

function measured(streams) {
  const contestants = Object.entries(streams).map(([name, stream]) => [name, () => drain(stream())]);
  return interleaved(Object.fromEntries(contestants), options);
}

const CASES = {
  "4 KiB frames": [{ frameLength: 4096 }, { frameLength: 4096, suiteId: UNSIGNED }],
  "64 KiB frames": [{ frameLength: 65536 }, { frameLength: 65536, suiteId: UNSIGNED }],
  // keyfold: 64 KiB, unsigned. The official client: 4 KiB, signed.
  "own defaults": [{}, {}],
};
const rows = [];
for (const [name, options] of Object.entries(CASES)) {
  for (const [what, us] of Object.entries(await compare(...options))) {
    const ratio = times(us.official / us.keyfold);
    rows.push([
      `${what}, ${name}`,
      speed(TOTAL, us.keyfold).toFixed(0),
      speed(TOTAL, us.official).toFixed(0),
      ratio,
    ]);
    if (name === "4 KiB frames" || what === "open") continue;
    headline(
      `${what} a stream, ${name}`,
      `${ratio} as fast as the official client`,
      mibPerSecond(TOTAL, us.keyfold),
      mibPerSecond(TOTAL, us.official),
    );
  }
}
table(`Streams of ${TOTAL / MIB} MiB (MiB/s)`, ["", "keyfold", "official", "over official"], rows);
