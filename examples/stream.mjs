// A stream of any length in flat memory. What is sealed goes straight into the opener, as it would over a network.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createEncryptionClient, rawAesKeyring } from "keyfold";

const MIB = 1024 * 1024;
const LENGTH = 256 * MIB;

const key = crypto.getRandomValues(new Uint8Array(32));
const client = createEncryptionClient({ keyring: rawAesKeyring({ namespace: "logs", name: "2026", key }) });

const before = createHash("sha256");
function* report() {
  const line = Buffer.alloc(64 * 1024, "all quiet on every shard\n");
  for (let sent = 0; sent < LENGTH; sent += line.length) {
    before.update(line);
    yield line;
  }
}

const after = createHash("sha256");
let length = 0;
let peak = 0;
const sink = new Writable({
  write(chunk, _, done) {
    after.update(chunk);
    length += chunk.length;
    peak = Math.max(peak, process.memoryUsage().arrayBuffers);
    done();
  },
});

await pipeline(Readable.from(report()), client.encryptStream(), client.decryptStream(), sink);
assert.equal(length, LENGTH);
assert.equal(after.digest("hex"), before.digest("hex"));
assert.ok(peak < LENGTH / 2, `${peak} bytes were held`);
console.log(
  `${length / MIB} MiB went through and came out the same; buffers took ${Math.ceil(peak / MIB)} MiB at most`,
);

// A stream that ends early is an error, not a shorter file.
const { ciphertext } = await client.encrypt(new Uint8Array(200_000));
const cut = Readable.from([ciphertext.subarray(0, 150_000)]);
await assert.rejects(
  pipeline(cut, client.decryptStream(), new Writable({ write: (_, __, done) => done() })),
  {
    code: "ERR_TRUNCATED",
  },
);
console.log("a stream that ends early is an error");
