// A program that uses every subpath, for `npm run package`: it runs as an ES module and as CommonJS.

const BODY = `
const key = crypto.getRandomValues(new Uint8Array(32));
const client = createEncryptionClient({ keyring: rawAesKeyring({ namespace: "n", name: "k", key }) });
const local = createLocalKms();
const underKms = createEncryptionClient({
  keyring: kmsKeyring({ client: local.client, keyId: local.createKey().arn }),
});
const items = new Map();
const table = {
  async send({ input }) {
    for (const { Put } of input.TransactItems ?? []) items.set(Put.Item.type.S, Put.Item);
    return input.Key === undefined ? {} : { Item: items.get(input.Key.type.S) };
  },
};
const keyStore = dynamoDbKeyStore({
  client: table,
  tableName: keyStoreTable("keys").TableName,
  kms: { client: local.client, keyArn: local.createKey().arn },
});
const objects = new Map();
const bucket = {
  config: { region: async () => "us-east-1" },
  async send({ input: { Key, Body, Metadata } }) {
    if (Body !== undefined) objects.set(Key, { Body, Metadata, ContentLength: Body.length });
    return Body === undefined ? { ...objects.get(Key) } : {};
  },
};
const underBranchKey = createEncryptionClient({ keyring: hierarchicalKeyring({ keyStore, branchKeyId: "t1" }) });
(async () => {
  await keyStore.createKey({ branchKeyId: "t1", encryptionContext: { tenant: "t1" } });
  for (const each of [client, underKms, underBranchKey]) {
    const { ciphertext } = await each.encryptText("42 pears", { encryptionContext: { tenant: "t1" } });
    const { plaintext } = await each.decryptText(ciphertext, { encryptionContext: { tenant: "t1" } });
    if (plaintext !== "42 pears") throw new Error("it opened something else");
    const error = await each.decryptText(ciphertext, { encryptionContext: { tenant: "t2" } }).catch((e) => e);
    if (!isKeyfoldError(error, "ERR_ENCRYPTION_CONTEXT")) throw new Error("it opened for another tenant");
  }
  const keyring = kmsKeyring({ client: local.client, keyId: local.createKey().arn });
  const s3 = createS3EncryptionClient({ client: bucket, keyring, bindTo: "object" });
  await s3.send(new PutObjectCommand({ Bucket: "b", Key: "k", Body: "42 pears" }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "b", Key: "k" }));
  if ((await Body.transformToString()) !== "42 pears") throw new Error("S3 gave something else");
  const { arn: keyId, accountId: sourceAccount } = local.createKey();
  const mail = { s3: bucket, kms: local.client, bucket: "b", key: "m", keyId, sourceAccount };
  const mime = new TextEncoder().encode("Subject: pears");
  await sealMail({ ...mail, ruleName: "r", messageId: "1", mime });
  if (String((await openMail(mail)).mime) !== String(mime)) throw new Error("it was another mail");
  const queue = [];
  const queues = {
    async send({ input: { MessageBody: Body, MessageAttributes } }) {
      if (Body !== undefined) queue.push({ Body, MessageAttributes });
      return Body === undefined ? { Messages: queue } : {};
    },
  };
  const sqs = createSqsEncryptionClient({ client: queues, keyring });
  const QueueUrl = "https://sqs.us-east-1.amazonaws.com/111122223333/orders";
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "42 pears" }));
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  if (Messages[0].Body !== "42 pears" || queue[0].Body === "42 pears") throw new Error("SQS gave something else");
  const topic = { encryptionContext: { topic: "orders" } };
  const payload = await openPayload(client, await sealPayload(client, "42 pears", topic), topic);
  if (payload !== "42 pears") throw new Error("it was another payload");
  const month = { billingPeriodSeconds: 31 * 86_400, producers: 1, consumers: 1 };
  if (estimateKmsRequests(month).sqs !== 26_784) throw new Error("it counted otherwise than SQS");
  const files = fileMailboxStore("mailboxes " + crypto.randomUUID());
  await files.replace("alice", null, "record", {});
  if ((await files.get("alice", {})) !== "record") throw new Error("it kept something else");
  console.log("sealed and opened");
})();
`;
const NAMES = {
  keyfold: "{ createEncryptionClient, isKeyfoldError, rawAesKeyring }",
  "keyfold/hierarchy/file": "{ fileMailboxStore }",
  "keyfold/kms": "{ kmsKeyring }",
  "keyfold/hierarchy": "{ hierarchicalKeyring }",
  "keyfold/dynamodb": "{ dynamoDbKeyStore, keyStoreTable }",
  "@aws-sdk/client-s3": "{ GetObjectCommand, PutObjectCommand }",
  "keyfold/s3": "{ createS3EncryptionClient }",
  "keyfold/ses": "{ openMail, sealMail }",
  "@aws-sdk/client-sqs": "{ ReceiveMessageCommand, SendMessageCommand }",
  "keyfold/sqs": "{ createSqsEncryptionClient, openPayload, sealPayload }",
  "keyfold/policy": "{ estimateKmsRequests }",
  "keyfold/testing": "{ createLocalKms }",
};

const lines = (line) =>
  Object.entries(NAMES)
    .map(([from, names]) => line(names, from))
    .join("\n");

/** The same program as it would stand in a `.mjs`, and in a `.cjs`. */
export const PROGRAMS = {
  "use.mjs": `${lines((names, from) => `import ${names} from "${from}";`)}\n${BODY}`,
  "use.cjs": `${lines((names, from) => `const ${names} = require("${from}");`)}\n${BODY}`,
};
