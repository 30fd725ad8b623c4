// A mail store for many tenants, on files. Each mailbox has a key of its own under the organisation's KMS key: mailboxes
// are rotated, moved to another KMS key and destroyed without touching a message. Beside each step stands what KMS's
// audit log shows of it. With real KMS, give `new KMSClient({})` in place of the local one.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEncryptionClient } from "keyfold";
import { createMailboxKeys } from "keyfold/hierarchy";
import { fileMailboxStore } from "keyfold/hierarchy/file";
import { kmsKeyring } from "keyfold/kms";
import { createLocalKms } from "keyfold/testing";

const kms = createLocalKms();
const [firstKey, nextKey] = [kms.createKey(), kms.createKey()];
const organization = kmsKeyring({ client: kms.client, keyId: firstKey.arn });
const nextOrganization = kmsKeyring({ client: kms.client, keyId: nextKey.arn });
const folder = await mkdtemp(join(tmpdir(), "mail-store-"));

const mailboxes = createMailboxKeys({
  organization,
  otherOrganizations: [nextOrganization],
  encryptionContext: { "aws:workmail:arn": "arn:aws:workmail:us-east-1:111122223333:organization/m-1234" },
  store: fileMailboxStore(folder),
});

/** Finds the mailbox in each message's encryption context. */
const client = createEncryptionClient({ keyring: mailboxes.keyring(({ mailbox }) => mailbox) });
const mails = [];

async function deliver(mailbox, text) {
  const { ciphertext } = await client.encryptText(text, { encryptionContext: { mailbox } });
  mails.push({ mailbox, text, ciphertext });
}

/** Opens every mail of these mailboxes. */
async function readAll(...of) {
  for (const { mailbox, text, ciphertext } of mails.filter((mail) => of.includes(mail.mailbox))) {
    const { plaintext } = await client.decryptText(ciphertext, { encryptionContext: { mailbox } });
    assert.equal(plaintext, text);
  }
}

async function step(what, act) {
  kms.clearEvents();
  console.log(what);
  await act();
  for (const { eventName, requestParameters, resources } of kms.events) {
    const mailbox = requestParameters.encryptionContext["keyfold:mailbox-id"];
    const version = requestParameters.encryptionContext["keyfold:mailbox-version"].slice(0, 8);
    const key = resources[0].ARN.slice(-12);
    console.log(`    ${eventName.padEnd(8)} with key ...${key}, mailbox ${mailbox}, version ${version}...`);
  }
  if (kms.events.length === 0) console.log("    nothing was asked of KMS");
}

await step("create two mailboxes, and an older one with a key pair", async () => {
  await mailboxes.create("alice");
  await mailboxes.create("bob");
  await mailboxes.create("old", { kind: "asymmetric" });
});
await step("deliver 100 mails to each of alice and bob", async () => {
  for (let i = 0; i < 100; i++) for (const mailbox of ["alice", "bob"]) await deliver(mailbox, `mail ${i}`);
});
await step("deliver 100 mails to old: its public key is enough", async () => {
  for (let i = 0; i < 100; i++) await deliver("old", `mail ${i}`);
});
await step("read them all, within the minute", () => readAll("alice", "bob", "old"));
await step("rotate alice: new mail is under a new key, old mail goes on opening", async () => {
  await mailboxes.rotate("alice");
  await deliver("alice", "after rotation");
  await readAll("alice");
});
await step("move all mailboxes to another KMS key; no mail changes", async () => {
  await mailboxes.rewrapAll({
    to: nextOrganization,
    concurrency: 1,
    onProgress: ({ mailboxId, outcome, done }) => console.log(`  ${done}. ${mailboxId} is ${outcome}`),
  });
});
await step("retire the first KMS key, and read everything", async () => {
  kms.disableKey(firstKey.arn);
  mailboxes.clear();
  await readAll("alice", "bob", "old");
});
await step("destroy bob: 100 mails are unreadable for good", async () => {
  await mailboxes.destroy("bob", { confirmId: "bob" });
  await assert.rejects(readAll("bob"), ({ cause }) => cause.code === "ERR_HIERARCHY_UNKNOWN");
  await readAll("alice", "old");
});

mailboxes.dispose();
await rm(folder, { recursive: true });
