// A file: sealed beside the original, opened again, and refused when one bit of it rots.
import assert from "node:assert/strict";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createEncryptionClient, rawAesKeyring } from "keyfold";

const folder = await mkdtemp(join(tmpdir(), "keyfold-file-"));
const [original, sealed, opened] = ["accounts.csv", "accounts.csv.sealed", "accounts.opened.csv"].map(
  (name) => join(folder, name),
);
await writeFile(original, "date,amount\n".concat("2026-11-22,42.00\n".repeat(10_000)));

const key = crypto.getRandomValues(new Uint8Array(32)); // from your secret store
const client = createEncryptionClient({ keyring: rawAesKeyring({ namespace: "backup", name: "2026", key }) });
const encryptionContext = { file: "accounts.csv" };

await pipeline(
  createReadStream(original),
  client.encryptStream({ encryptionContext }),
  createWriteStream(sealed),
);
await pipeline(
  createReadStream(sealed),
  client.decryptStream({ encryptionContext }),
  createWriteStream(opened),
);
assert.deepEqual(await readFile(opened), await readFile(original));
console.log(`${(await stat(original)).size} bytes, sealed ${(await stat(sealed)).size}, opened the same`);

const rotten = await readFile(sealed);
rotten[rotten.length >> 1] ^= 1;
await assert.rejects(client.decrypt(rotten), { code: "ERR_AUTHENTICATION" });
console.log("with one bit turned it is refused");
await rm(folder, { recursive: true });
