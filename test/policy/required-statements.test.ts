// Each job is done, and what was really asked is held against its statements: no call outside of them, no action unused.
import { CreateTableCommand } from "@aws-sdk/client-dynamodb";
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { ReceiveMessageCommand, SendMessageBatchCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { describe, expect, it, onTestFinished } from "vitest";
import { dynamoDbKeyStore, dynamoDbMailboxStore, mailboxTable } from "../../src/dynamodb/index.ts";
import { createMailboxKeys } from "../../src/hierarchy/index.ts";
import { cachingMaterialsManager, createEncryptionClient } from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { type PolicyStatement, type RequiredJob, requiredStatements } from "../../src/policy/index.ts";
import { createS3EncryptionClient } from "../../src/s3/index.ts";
import { openMail, sealMail } from "../../src/ses/index.ts";
import { createSqsEncryptionClient } from "../../src/sqs/index.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import { dynamoDbClient, startDynamoDb } from "../support/dynamodb.ts";
import { startS3 } from "../support/s3.ts";
import { SQS_ACCOUNT, startSqs } from "../support/sqs.ts";
import { allowing, type Call, kmsCalls, recorded } from "./judge.ts";

const TENANT = { tenant: "t1" };
const TEXT = new TextEncoder().encode("42 pears");
const bucketArn = "arn:aws:s3:::films";
const tableArn = "arn:aws:dynamodb:us-east-1:111122223333:table/keys";
const queueArn = `arn:aws:sqs:us-east-1:${SQS_ACCOUNT}:orders`;

function local() {
  const kms = createLocalKms();
  const [{ arn: keyArn }, { arn: otherArn }] = [kms.createKey(), kms.createKey()];
  const keyring = kmsKeyring({ client: kms.client, keyId: keyArn });
  return { kms, keyArn, otherArn, keyring };
}

function judge(job: RequiredJob, calls: readonly Call[]): readonly PolicyStatement[] {
  const statements = requiredStatements(job);
  const outside = calls.filter((call) => allowing(statements, call).length === 0);
  expect(outside, "asked, and not allowed").toEqual([]);
  const unused = statements.flatMap((statement) =>
    statement.Action.filter(
      (action) => !calls.some((call) => call.action === action && allowing([statement], call).length > 0),
    ).map((action) => `${statement.Sid} ${action}`),
  );
  expect(unused, "allowed, and not asked").toEqual([]);
  const names = statements.map(({ Sid }) => Sid);
  expect(new Set(names).size).toBe(names.length);
  return statements;
}

/** The same call with something changed must be allowed by nothing. */
function refuses(
  statements: readonly PolicyStatement[],
  call: Call,
  changes: readonly Partial<Call>[],
): void {
  expect(allowing(statements, call)).not.toEqual([]);
  for (const change of changes) expect(allowing(statements, { ...call, ...change })).toEqual([]);
}

describe("messages", () => {
  it.each([false, true])("a writer, verifyNewKeys %s, and a second key", async (verifyNewKeys) => {
    const { kms, keyArn, otherArn } = local();
    const keyring = kmsKeyring({ client: kms.client, keyId: keyArn, additionalKeyIds: [otherArn] });
    const materialsManager = cachingMaterialsManager({ keyring, verifyNewKeys });
    await createEncryptionClient({ materialsManager }).encrypt(TEXT, { encryptionContext: TENANT });
    materialsManager.dispose();
    const job = { job: "writer", keyArn, additionalKeyArns: [otherArn], verifyNewKeys } as const;
    const statements = judge({ ...job, encryptionContext: TENANT }, kmsCalls(kms));
    refuses(statements, kmsCalls(kms)[0]!, [
      { context: { tenant: "t2" } },
      { context: {} },
      { resource: otherArn },
      { action: "kms:ReEncryptFrom" },
    ]);
  });

  it("a reader of two keys", async () => {
    const { kms, keyArn, otherArn, keyring } = local();
    const other = kmsKeyring({ client: kms.client, keyId: otherArn });
    const call = { encryptionContext: TENANT };
    const sealed = await Promise.all(
      [keyring, other].map((each) => createEncryptionClient({ keyring: each }).encrypt(TEXT, call)),
    );
    kms.clearEvents();
    for (const [i, each] of [keyring, other].entries()) {
      await createEncryptionClient({ keyring: each }).decrypt(sealed[i]!.ciphertext, call);
    }
    judge({ job: "reader", keyArns: [keyArn, otherArn], encryptionContext: TENANT }, kmsCalls(kms));
  });
});

describe("hierarchies", () => {
  const db = async () => {
    const local = await startDynamoDb("keys");
    const client = dynamoDbClient(local.url);
    await client.send(new CreateTableCommand(mailboxTable("mailboxes")));
    const calls = recorded(client, () => tableArn);
    onTestFinished(async () => {
      client.destroy();
      await local.close();
    });
    return { client, calls };
  };

  it("mailboxes: users, administrators, and a move", async () => {
    const { kms, keyArn, otherArn, keyring } = local();
    const { client, calls } = await db();
    const store = dynamoDbMailboxStore({ client, tableName: "mailboxes" });
    const settings = { organization: keyring, encryptionContext: TENANT, store };
    const mailboxes = createMailboxKeys(settings);
    const asked = () => {
      const both = [...kmsCalls(kms), ...calls.splice(0)];
      kms.clearEvents();
      return both;
    };
    await mailboxes.create("alice");
    await mailboxes.rotate("alice");
    await mailboxes.create("bob");
    await mailboxes.destroy("bob", { confirmId: "bob" });
    const common = { keyArn, tableArn, encryptionContext: TENANT };
    judge({ job: "mailbox-administrator", ...common }, asked());

    const sealer = createEncryptionClient({ keyring: mailboxes.keyring("alice") });
    await sealer.decrypt((await sealer.encrypt(TEXT)).ciphertext);
    judge({ job: "mailbox-user", ...common }, asked());

    const to = kmsKeyring({ client: kms.client, keyId: otherArn });
    await mailboxes.rewrapAll({ to });
    judge({ job: "mailbox-rewrap", toKeyArn: otherArn, ...common }, asked());
    mailboxes.dispose();
  });

  it("branch keys: administrators and users", async () => {
    const { kms, keyArn, otherArn } = local();
    const { client, calls } = await db();
    const keyStore = dynamoDbKeyStore({
      client,
      tableName: "keys",
      logicalName: "tenants",
      kms: { client: kms.client, keyArn },
    });
    await keyStore.createKey({ branchKeyId: "t1", encryptionContext: TENANT });
    await keyStore.versionKey("t1");
    const common = { keyArn, tableArn, logicalName: "tenants" };
    const statements = judge({ job: "branch-key-administrator", ...common }, [
      ...kmsCalls(kms),
      ...calls.splice(0),
    ]);
    refuses(statements, kmsCalls(kms)[0]!, [{ resource: otherArn }, { context: { tablename: "others" } }]);
    kms.clearEvents();
    const { unwrap } = await keyStore.active("t1", {});
    await unwrap({});
    judge({ job: "branch-key-user", ...common }, [...kmsCalls(kms), ...calls]);
  });
});

describe("S3", () => {
  const bucket = async () => {
    const s3 = await startS3("films");
    onTestFinished(() => s3.close());
    const calls = recorded(s3.client, ({ Key }) => `${bucketArn}/${Key}`);
    return { s3, calls };
  };
  const Bucket = "films";

  it.each(["none", "bucket", "object"] as const)("a writer and a reader, bindTo %s", async (bindTo) => {
    const { kms, keyArn, otherArn, keyring } = local();
    const { s3, calls } = await bucket();
    const settings = { client: s3.client, keyring, bindTo, instructionFile: { write: true } };
    const client = createS3EncryptionClient(settings);
    const options = { encryptionContext: TENANT };
    const place = { Bucket, Key: "2026/a" };
    await client.send(new PutObjectCommand({ ...place, Body: TEXT }), options);
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(place), options);
    await client.send(new AbortMultipartUploadCommand({ ...place, UploadId }));
    await client.upload({ ...place, Body: TEXT }, options);
    const common = { bucketArn, prefix: "2026/", bindTo, encryptionContext: TENANT };
    const asked = [...kmsCalls(kms), ...calls.splice(0)];
    const statements = judge({ job: "s3-writer", keyArn, uploads: true, ...common }, asked);
    const elsewhere = { ...TENANT, "aws:s3:arn": "arn:aws:s3:::songs/2026/a" };
    refuses(statements, kmsCalls(kms)[0]!, [
      { resource: otherArn },
      { context: bindTo === "none" ? {} : elsewhere },
    ]);
    refuses(statements, { action: "s3:PutObject", resource: `${bucketArn}/2026/a` }, [
      { resource: `${bucketArn}/2025/a` },
      { action: "s3:GetObject" },
    ]);

    kms.clearEvents();
    const { Body } = await client.send(new GetObjectCommand(place), options);
    expect(await Body!.transformToByteArray()).toEqual(TEXT);
    judge({ job: "s3-reader", keyArns: [keyArn], ...common }, [...kmsCalls(kms), ...calls.splice(0)]);

    await client.send(new PutObjectCommand({ ...place, Body: TEXT }), options);
    await client.send(new DeleteObjectCommand(place));
    kms.clearEvents();
    await client.send(new PutObjectCommand({ ...place, Body: TEXT }), options);
    judge({ job: "s3-writer", keyArn, deletes: true, ...common }, [...kmsCalls(kms), ...calls]);
  });

  it("mail of SES", async () => {
    const { kms, keyArn } = local();
    const { s3, calls } = await bucket();
    const mail = { s3: s3.client, kms: kms.client, bucket: "films", key: "inbox/m" };
    const facts = { sourceAccount: "111122223333", ruleName: "store" };
    await sealMail({ ...mail, ...facts, keyId: keyArn, messageId: "m", mime: TEXT });
    kms.clearEvents();
    calls.length = 0;
    await openMail({ ...mail, ...facts });
    const job = { job: "ses-reader", keyArn, bucketArn, prefix: "inbox/", ...facts } as const;
    const statements = judge(job, [...kmsCalls(kms), ...calls]);
    const call = kmsCalls(kms)[0]!;
    const renamed = { ...call.context, "aws:ses:rule-name": "other" };
    refuses(statements, call, [{ context: { ...call.context, "aws:ses:source-account": "444455556666" } }]);
    refuses(statements, call, [{ context: renamed }]);
  });
});

it("SQS: producers, consumers, and those of dead letters", async () => {
  const { kms, keyArn, keyring } = local();
  const sqs = await startSqs();
  onTestFinished(() => sqs.close());
  const [QueueUrl, other] = [await sqs.queue("orders"), await sqs.queue("orders-dead")];
  const calls = recorded(sqs.client, ({ QueueUrl: url }) => {
    return `arn:aws:sqs:us-east-1:${SQS_ACCOUNT}:${url!.split("/").at(-1)}`;
  });
  const client = (more = {}) => {
    const made = createSqsEncryptionClient({
      client: sqs.client,
      keyring,
      encryptionContext: TENANT,
      ...more,
    });
    onTestFinished(() => made.dispose());
    return made;
  };
  const asked = () => {
    const both = [...kmsCalls(kms), ...calls.splice(0)];
    kms.clearEvents();
    return both;
  };
  const producer = client();
  await producer.send(new SendMessageCommand({ QueueUrl, MessageBody: "42 pears" }));
  const Entries = [{ Id: "a", MessageBody: "1" }];
  await producer.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  const common = { queueArn, encryptionContext: TENANT };
  const statements = judge({ job: "sqs-producer", keyArn, ...common }, asked());
  const elsewhere = { ...TENANT, "keyfold:queue": `${SQS_ACCOUNT}/others` };
  const good = { ...TENANT, "keyfold:queue": `${SQS_ACCOUNT}/orders` };
  refuses(statements, { action: "kms:GenerateDataKey", resource: keyArn, context: good }, [
    { context: elsewhere },
  ]);
  await client({ verifyNewKeys: false }).send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
  judge({ job: "sqs-producer", keyArn, verifyNewKeys: false, ...common }, asked());

  const receive = { MaxNumberOfMessages: 10 };
  const received = await client().send(new ReceiveMessageCommand({ QueueUrl, ...receive }));
  expect(received.Messages?.map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
  judge({ job: "sqs-consumer", keyArns: [keyArn], ...common }, asked());

  // One letter of its own, and one that came from the queue.
  const postman = sqs.newClient();
  await client().send(new SendMessageCommand({ QueueUrl, MessageBody: "lost" }));
  const all = { ...receive, MessageAttributeNames: ["All"] };
  const { Messages: lost } = await postman.send(new ReceiveMessageCommand({ QueueUrl, ...all }));
  const { Body: MessageBody, MessageAttributes } = lost![0]!;
  await postman.send(new SendMessageCommand({ QueueUrl: other, MessageBody, MessageAttributes }));
  await client().send(new SendMessageCommand({ QueueUrl: other, MessageBody: "own" }));
  asked();
  const undertaker = client({ deadLettersOf: ["orders"] });
  const { Messages: dead } = await undertaker.send(
    new ReceiveMessageCommand({ QueueUrl: other, ...receive }),
  );
  expect(dead?.map(({ Body }) => Body).toSorted()).toEqual(["lost", "own"]);
  const job = { job: "sqs-consumer", keyArns: [keyArn], encryptionContext: TENANT } as const;
  judge({ ...job, queueArn: `${queueArn}-dead`, deadLettersOf: [queueArn] }, asked());
});

describe("misuse", () => {
  const keyArn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
  it.each([
    ["an unknown job", { job: "cook" }, /no job "cook"/],
    ["an alias", { job: "writer", keyArn: "alias/orders" }, /full key ARN/],
    ["no keys", { job: "reader", keyArns: [] }, /at least one/],
    ["a bucket's name", { job: "s3-reader", keyArns: [keyArn], bucketArn: "films" }, /ARN of s3/],
    ["an account that is none", { job: "ses-reader", keyArn, bucketArn, sourceAccount: "1" }, /12-digit/],
    ["a table's name", { job: "mailbox-user", keyArn, tableArn: "keys" }, /ARN of dynamodb/],
    ["no logical name", { job: "branch-key-user", keyArn, tableArn, logicalName: "" }, /logicalName/],
  ])("%s is a TypeError", (_, job, message) => {
    expect(() => requiredStatements(job as RequiredJob)).toThrow(TypeError);
    expect(() => requiredStatements(job as RequiredJob)).toThrow(message);
  });
});
