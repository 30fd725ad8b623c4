// Who did what in a database, out of RDS's activity stream: rds/activity-stream.mjs reads it, to copy. Here the official
// client stands for RDS: a data key of KMS, bound to the cluster, wraps the key of a message of suite 0x0178.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
} from "@aws-crypto/client-node";
import { GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { activityStreamReader } from "./rds/activity-stream.mjs";

const KEY_ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const CLUSTER = "cluster-4EXAMPLE5V4RRNPKKYB7ICFKE5";
const INSTANCE = "db-FEXAMPLEYKCXQBUUZ6VLU7NW3I";
const kms = new KMSClient({});

/** The data of a Kinesis record, as RDS writes it and as Lambda hands it over. */
async function recordOf(pair, resourceId, databaseActivityEventList) {
  const { Plaintext, CiphertextBlob } = await kms.send(
    new GenerateDataKeyCommand({
      KeyId: KEY_ARN,
      KeySpec: "AES_256",
      EncryptionContext: { [pair]: resourceId },
    }),
  );
  const keyring = new RawAesKeyringNode({
    keyNamespace: "BC",
    keyName: "DataKey",
    unencryptedMasterKey: Uint8Array.from(Plaintext),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  });
  const { encrypt } = buildClient(CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT);
  const events = {
    type: "DatabaseActivityMonitoringRecord",
    instanceId: INSTANCE,
    databaseActivityEventList,
  };
  const { result } = await encrypt(keyring, gzipSync(JSON.stringify(events)), {
    suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA256,
  });
  const record = {
    type: "DatabaseActivityMonitoringRecords",
    version: "1.1",
    databaseActivityEvents: result.toString("base64"),
    key: Buffer.from(CiphertextBlob).toString("base64"),
  };
  return Buffer.from(JSON.stringify(record)).toString("base64");
}

const LIST = [
  { type: "heartbeat", clientApplication: null, dbUserName: null },
  {
    type: "record",
    class: "DDL",
    command: "CREATE TABLE",
    commandText: "create table pears (id serial)",
    dbUserName: "ada",
  },
  {
    type: "record",
    class: "READ",
    command: "SELECT",
    commandText: "select * from pears",
    dbUserName: "grace",
  },
];
const data = await recordOf("aws:rds:dbc-id", CLUSTER, LIST);
const read = activityStreamReader({ kms, keyId: KEY_ARN, resourceId: CLUSTER });
const events = await read(data);
console.log(events.map(({ dbUserName, commandText }) => `${dbUserName}: ${commandText}`));
assert.deepEqual(events, LIST.slice(1));

// An RDS instance has another pair.
const readInstance = activityStreamReader({ kms, keyId: KEY_ARN, resourceId: INSTANCE });
assert.deepEqual(await readInstance(await recordOf("aws:rds:db-id", INSTANCE, LIST)), LIST.slice(1));

await assert.rejects(readInstance(data), { name: "InvalidCiphertextException" });
console.log("the stream of another database does not open: KMS holds each key to its own");

const record = JSON.parse(Buffer.from(data, "base64").toString());
const message = Buffer.from(record.databaseActivityEvents, "base64");
message[message.length - 20] ^= 1;
const altered = { ...record, databaseActivityEvents: message.toString("base64") };
const refused = await read(Buffer.from(JSON.stringify(altered)).toString("base64")).catch((error) => error);
console.log(`an altered record: ${refused.code}: ${refused.message}`);
assert.equal(refused.code, "ERR_AUTHENTICATION");
kms.destroy();
