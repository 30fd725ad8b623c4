// Development without AWS: a KMS in a process of its own, with keys in a file. An application seals by the SDK's own
// KMSClient, the KMS is killed and started anew, and the application opens what it sealed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { KMSClient } from "@aws-sdk/client-kms";
import { createEncryptionClient } from "keyfold";
import { kmsKeyring } from "keyfold/kms";

const SERVER = `
  import { openLocalKms } from "keyfold/testing";
  const kms = await openLocalKms({ file: process.argv[1], keys: [{ aliases: ["alias/dev"] }] });
  const { url } = await kms.listen();
  console.log(JSON.stringify({ url, keyId: kms.arn("alias/dev") }));
`;

/** Starts the KMS, as a terminal beside the application's would. */
async function startKms(file) {
  const child = spawn(process.execPath, ["--input-type=module", "-e", SERVER, file], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(createInterface(child.stdout), "line");
  return { child, ...JSON.parse(line) };
}

/** The application: it knows the KMS by its environment alone. */
async function withClient(keyId, use) {
  const kms = new KMSClient({});
  try {
    return await use(createEncryptionClient({ keyring: kmsKeyring({ client: kms, keyId }) }));
  } finally {
    kms.destroy();
  }
}

const folder = await mkdtemp(join(tmpdir(), "keyfold-dev-"));
const file = join(folder, "dev-kms.json");
const encryptionContext = { order: "7" };

const first = await startKms(file);
process.env.AWS_ENDPOINT_URL_KMS = first.url;
const { ciphertext } = await withClient(first.keyId, (client) =>
  client.encryptText("42 pears", { encryptionContext }),
);
first.child.kill("SIGKILL");
await once(first.child, "exit");

const second = await startKms(file);
process.env.AWS_ENDPOINT_URL_KMS = second.url;
assert.equal(second.keyId, first.keyId);
const { plaintext } = await withClient(second.keyId, (client) =>
  client.decryptText(ciphertext, { encryptionContext }),
);
assert.equal(plaintext, "42 pears");
console.log(`sealed before a kill -9 and opened after it, under ${second.keyId}`);

second.child.kill();
await once(second.child, "exit");
await rm(folder, { recursive: true });
