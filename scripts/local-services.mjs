// KMS, DynamoDB, S3 and SQS on loopback, with the key, buckets, queues and mail that the documentation names. The SDK's own
// environment variables lead `new KMSClient({})` and the other clients there.
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { keyStoreTable } from "keyfold/dynamodb";
import { sealMail } from "keyfold/ses";
import { createLocalKms } from "keyfold/testing";
import { serveDynamoDb } from "../test/support/dynamodb-server.mjs";
import { serveS3 } from "../test/support/s3-server.mjs";
import { serveSqs } from "../test/support/sqs-server.mjs";

const KEY = { id: "1234abcd-12ab-34cd-56ef-1234567890ab" };
const REPLICA = {
  id: "mrk-1234abcd12ab34cd56ef1234567890ab",
  multiRegion: true,
  replicaRegions: ["eu-west-1"],
};
const BUCKETS = ["inbound-mail", "orders", "payloads"];
const QUEUES = ["orders", "orders-dead", "reports"];
const KEY_STORE = "tenant-keys";
const MAIL = {
  bucket: "inbound-mail",
  key: "inbox/0a1b2c",
  sourceAccount: "111122223333",
  ruleName: "store",
  messageId: "0a1b2c",
  mime: new TextEncoder().encode("Subject: 42 pears\r\n\r\nby Friday\r\n"),
};

const CREDENTIALS = { accessKeyId: "EXAMPLE", secretAccessKey: "not-a-secret" };

/** Starts them: `env` for programs that are to find them. */
export async function startServices() {
  const kms = createLocalKms({ keys: [KEY, REPLICA] });
  const [{ url }, dynamoDb, s3, sqs] = await Promise.all([
    kms.listen(),
    serveDynamoDb(),
    serveS3(...BUCKETS),
    serveSqs(...QUEUES),
  ]);
  await Promise.all([storeMail(kms, s3.url), makeKeyStore(kms, dynamoDb.url)]);
  return {
    env: {
      AWS_ENDPOINT_URL_KMS: url,
      AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.url,
      AWS_ENDPOINT_URL_S3: s3.url,
      AWS_ENDPOINT_URL_SQS: sqs.url,
      AWS_REGION: kms.region,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    },
    close: () => Promise.all([kms.close(), dynamoDb.close(), s3.close(), sqs.close()]),
  };
}

async function storeMail({ client, arn, region }, endpoint) {
  const s3 = new S3Client({ endpoint, region, credentials: CREDENTIALS, forcePathStyle: true });
  await sealMail({ ...MAIL, s3, kms: client, keyId: arn(KEY.id) });
  s3.destroy();
}

async function makeKeyStore({ region }, endpoint) {
  const client = new DynamoDBClient({ endpoint, region, credentials: CREDENTIALS });
  await client.send(new CreateTableCommand(keyStoreTable(KEY_STORE)));
  await waitUntilTableExists({ client, maxWaitTime: 60 }, { TableName: KEY_STORE });
  client.destroy();
}
