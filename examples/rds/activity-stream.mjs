// Reads Database Activity Streams of RDS and Aurora out of Kinesis records. To copy; in Lambda there is beside it
//   const read = activityStreamReader({ kms: new KMSClient({}), keyId: process.env.KEY_ARN, resourceId: process.env.RESOURCE_ID });
//   export async function handler({ Records }) {
//     for (const { kinesis } of Records) for (const event of await read(kinesis.data)) ...
//   }
// The function's role needs kms:Decrypt on the stream's key, which is a customer key.
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { DecryptCommand } from "@aws-sdk/client-kms";
import { openMessage, rawAesKeyring } from "keyfold";

/**
 * @param {object} options
 * @param {import("@aws-sdk/client-kms").KMSClient} options.kms
 * @param {string} options.keyId ARN of the stream's key. Pinned: who writes to Kinesis may have a KMS key too.
 * @param {string} options.resourceId `cluster-...` of an Aurora cluster, `db-...` of an RDS instance.
 */
export function activityStreamReader({ kms, keyId, resourceId }) {
  const pair = resourceId.startsWith("cluster-") ? "aws:rds:dbc-id" : "aws:rds:db-id";

  /** The keyring of a record: KMS unwraps its data key, and that wraps the key of its message. */
  async function keyringOf(wrapped) {
    const { Plaintext: key } = await kms.send(
      new DecryptCommand({
        KeyId: keyId,
        CiphertextBlob: Buffer.from(wrapped, "base64"),
        EncryptionContext: { [pair]: resourceId },
      }),
    );
    if (key === undefined) throw new Error("KMS answered without a key");
    try {
      // The names that RDS gives it. The keyring has a copy, which goes with it.
      return rawAesKeyring({ namespace: "BC", name: "DataKey", key });
    } finally {
      key.fill(0);
    }
  }

  /**
   * The activity events of one Kinesis record, heartbeats left out.
   *
   * @param {string} data `kinesis.data` of a Lambda event, or base64 of a record's bytes
   * @returns {Promise<Record<string, unknown>[]>}
   */
  return async function read(data) {
    const record = JSON.parse(Buffer.from(data, "base64").toString());
    if (record.type !== "DatabaseActivityMonitoringRecords")
      throw new Error("not a record of an activity stream");
    const { plaintext } = await openMessage(Buffer.from(record.databaseActivityEvents, "base64"), {
      keyring: await keyringOf(record.key),
      // Suite 0x0178: older than key commitment.
      commitmentPolicy: "require-encrypt-allow-decrypt",
    });
    const { databaseActivityEventList: events } = JSON.parse(String(await promisify(gunzip)(plaintext)));
    return events.filter(({ type }) => type !== "heartbeat");
  };
}
