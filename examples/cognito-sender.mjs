// Codes that Cognito sends to custom senders: cognito/sender.mjs is the Lambda function, to copy. Here the official client
// stands for Cognito, and seals a code and a password as Cognito does. The function is bundled and weighed as it would be
// deployed, beside one that opens the code with the official client, and it is the bundle that answers.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  KmsKeyringNode,
} from "@aws-crypto/client-node";
import { KMS } from "@aws-sdk/client-kms";
import { build } from "esbuild";

const KEY_ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const POOL = "us-east-1_EXAMPLE";

/** The event of such a trigger. */
async function eventOf({ trigger, secret, pool = POOL, user }) {
  const type = trigger.startsWith("CustomSMS") ? "customSMSSenderRequestV1" : "customEmailSenderRequestV1";
  return {
    version: "1",
    triggerSource: trigger,
    region: "us-east-1",
    userPoolId: POOL,
    userName: user["cognito:username"],
    callerContext: { awsSdkVersion: "aws-sdk-js-3.1162.0", clientId: "1example23456789" },
    request: {
      type,
      code: secret && (await sealAsCognito(secret, pool)),
      clientMetadata: null,
      userAttributes: user,
    },
    response: {},
  };
}

async function sealAsCognito(secret, pool) {
  const clientProvider = (region) => new KMS({ region });
  const { encrypt } = buildClient(CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT);
  const { result } = await encrypt(new KmsKeyringNode({ clientProvider, generatorKeyId: KEY_ARN }), secret, {
    suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384,
    encryptionContext: { "userpool-id": pool },
  });
  return result.toString("base64");
}

const OURS = `
import { KMSClient } from "@aws-sdk/client-kms";
import { kmsKeyring } from "keyfold/kms";
import { cognitoSender } from "./cognito/sender.mjs";
export const sent = [];
export const handler = cognitoSender({
  keyring: kmsKeyring({ client: new KMSClient({}), keyId: process.env.KEY_ARN }),
  email: (mail) => sent.push(mail),
  sms: (message) => sent.push(message),
});`;
const OFFICIAL = `
import { buildClient, CommitmentPolicy, KmsKeyringNode } from "@aws-crypto/client-node";
const { decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT);
const keyring = new KmsKeyringNode({ keyIds: [process.env.KEY_ARN] });
export const handler = async ({ request }) => decrypt(keyring, Buffer.from(request.code, "base64"));`;

async function bundle(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "node",
    external: ["@aws-sdk/*"], // Lambda brings it.
  });
  return outputFiles[0].contents;
}

const folder = await mkdtemp(join(import.meta.dirname, "bundle-"));
try {
  const [ours, official] = await Promise.all([bundle(OURS), bundle(OFFICIAL)]);
  console.log(`the function: ${ours.length} bytes; one with the official client: ${official.length} bytes`);
  assert.ok(ours.length * 4 < official.length);
  await writeFile(join(folder, "index.mjs"), ours);
  process.env.KEY_ARN = KEY_ARN;
  const { handler, sent } = await import(pathToFileURL(join(folder, "index.mjs")).href);

  const user = { "cognito:username": "ada", email: "ada@example.com", phone_number: "+441632960123" };
  const events = [
    { trigger: "CustomEmailSender_SignUp", secret: "123456", user },
    { trigger: "CustomSMSSender_Authentication", secret: "654321", user },
    { trigger: "CustomEmailSender_AdminCreateUser", secret: "a&lt;b&amp;lt;9", user },
    { trigger: "CustomEmailSender_AccountTakeOverNotification", secret: null, user },
  ];
  for (const event of await Promise.all(events.map(eventOf))) assert.equal(await handler(event), event);
  console.log(sent);
  assert.deepEqual(sent, [
    { to: user.email, text: "Your code is 123456" },
    { to: user.phone_number, text: "Your code is 654321" },
    { to: user.email, text: "Your temporary password is a<b&lt;9" },
    { to: user.email, text: "Somebody tried to sign in as you." },
  ]);

  const foreign = await eventOf({ ...events[0], pool: "us-east-1_ANOTHER" });
  const refused = await handler(foreign).catch((error) => error);
  console.log(`the code of another pool: ${refused.code}: ${refused.message}`);
  assert.equal(refused.code, "ERR_ENCRYPTION_CONTEXT");
  assert.equal(sent.length, 4);
} finally {
  await rm(folder, { recursive: true });
}
