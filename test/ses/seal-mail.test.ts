// sealMail: the layout of SES, by the eyes of an independent reader and of openMail.
import { describe, expect, it, onTestFinished } from "vitest";
import type { KeyfoldEvent } from "../../src/index.ts";
import { openMail, type SealMailOptions, sealMail } from "../../src/ses/index.ts";
import {
  ACCOUNT,
  ALIAS_A,
  ALIAS_ARN_A,
  ARN_A,
  calls,
  contexts,
  genuineClient,
  KEY_A,
} from "../kms/helpers.ts";
import { toHex } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { kmsV2, readObjectV2 } from "../support/independent-object-v2.ts";
import { kmsByHand } from "../support/kms-by-hand.ts";
import { BUCKET, KEY, MIME, type Place, startMail } from "./helpers.ts";

const options = ({ s3, kms }: Place, more: Partial<SealMailOptions> = {}): SealMailOptions => ({
  s3: s3.client,
  kms: kms.client,
  bucket: BUCKET,
  key: KEY,
  keyId: ARN_A,
  sourceAccount: ACCOUNT,
  ruleName: "store-mail",
  messageId: "0123456789abcdefghij",
  mime: MIME,
  ...more,
});

const contextUnder = (keyId: string) => ({
  "aws:ses:message-id": "0123456789abcdefghij",
  "aws:ses:rule-name": "store-mail",
  "aws:ses:source-account": ACCOUNT,
  kms_cmk_id: keyId,
});

describe.each([ARN_A, ALIAS_ARN_A])("under %s", (keyId) => {
  it("writes what SES writes, which an independent reader opens", async () => {
    const place = await startMail();
    const given = Uint8Array.from(MIME);
    await sealMail(options(place, { keyId, mime: given }));
    expect(toHex(given)).toBe(toHex(MIME));
    const { metadata, body } = (await place.s3.object(BUCKET, KEY))!;
    expect(metadata).toEqual({
      "x-amz-key-v2": expect.stringMatching(/^[\w+/]+=*$/),
      "x-amz-iv": expect.stringMatching(/^[\w+/]{16}$/),
      "x-amz-cek-alg": "AES/GCM/NoPadding",
      "x-amz-wrap-alg": "kms",
      "x-amz-tag-len": "128",
      "x-amz-unencrypted-content-length": String(MIME.length),
      "x-amz-matdesc": JSON.stringify(contextUnder(keyId)),
    });
    expect(calls(place.kms)).toEqual([`GenerateDataKey ${keyId}`]);
    expect(contexts(place.kms)).toEqual([contextUnder(keyId)]);
    const how = kmsV2(kmsByHand(place.kms.client, ARN_A));
    expect(toHex(await readObjectV2(metadata, body, how))).toBe(toHex(MIME));
    const mail = await place.open();
    expect(toHex(mail.mime)).toBe(toHex(MIME));
    expect(mail.encryptionContext).toEqual(contextUnder(keyId));
  });
});

it("goes through a genuine KMS client, found by the Region of the ARN", async () => {
  const place = await startMail();
  const { url } = await place.kms.listen();
  const client = genuineClient(url);
  onTestFinished(() => client.destroy());
  const regions: string[] = [];
  const kms = (region: string) => {
    regions.push(region);
    return client;
  };
  await sealMail(options(place, { kms, mime: new Uint8Array(0) }));
  expect(regions).toEqual(["us-east-1"]);
  const opened = await openMail({ ...options(place), kms: client, keyId: ARN_A });
  expect(opened.mime).toEqual(new Uint8Array(0));
});

it("has a data key and an IV for each mail", async () => {
  const place = await startMail();
  const seen = new Set<string | undefined>();
  for (let i = 0; i < 3; i++) {
    await sealMail(options(place));
    const { metadata } = (await place.s3.object(BUCKET, KEY))!;
    seen.add(metadata["x-amz-iv"]).add(metadata["x-amz-key-v2"]);
  }
  expect(seen.size).toBe(6);
});

it("keeps text outside ASCII as it was given", async () => {
  const place = await startMail();
  await sealMail(options(place, { ruleName: "Aufträge =?UTF-8?Q?x?=" }));
  expect(await place.open()).toMatchObject({ ruleName: "Aufträge =?UTF-8?Q?x?=" });
});

it("tells the observer, and stops at the signal", async () => {
  const place = await startMail();
  const events: KeyfoldEvent[] = [];
  await sealMail(options(place, { observer: (event) => void events.push(event) }));
  expect(events).toMatchObject([
    { type: "kmsCall", operation: "GenerateDataKey" },
    { type: "encrypted", suiteId: 0x0072, plaintextBytes: MIME.length, object: { bucket: BUCKET, key: KEY } },
  ]);
  const reason = new Error("enough");
  const stopped = options(place, { signal: AbortSignal.abort(reason) });
  expect(await outcome(sealMail(stopped))).toBe(reason);
});

it("names the place where KMS refuses, stores nothing then, and passes S3's errors on", async () => {
  const place = await startMail();
  place.kms.disableKey(ARN_A);
  const error = await failure(sealMail(options(place)), "ERR_KMS_KEY_DISABLED");
  expect(error.message).toContain(`s3://${BUCKET}/${KEY}: `);
  expect(place.s3.asked()).toEqual([]);
  place.kms.enableKey(ARN_A);
  place.s3.script = () => ({ status: 403, code: "AccessDenied" });
  expect(await outcome(sealMail(options(place)))).toMatchObject({ name: "AccessDenied" });
});

describe("misuse is a TypeError, and nothing is sent", () => {
  const cases: [string, object][] = [
    ["a key id, which could not be stored", { keyId: KEY_A }],
    ["an alias name", { keyId: ALIAS_A }],
    ["no key", { keyId: undefined }],
    ["no account", { sourceAccount: "me" }],
    ["no rule", { ruleName: "" }],
    ["no message id", { messageId: undefined }],
    ["text for bytes", { mime: "Subject: pears" }],
    ["no S3", { s3: {} }],
    ["no KMS", { kms: {} }],
    ["no bucket", { bucket: "" }],
    ["no object key", { key: "" }],
  ];
  it.each(cases)("%s", async (_what, wrong) => {
    const place = await startMail();
    const error = await failure(sealMail(options(place, wrong)), "ERR_INVALID_ARGUMENT");
    expect(error).toBeInstanceOf(TypeError);
    expect(contexts(place.kms)).toEqual([]);
    expect(place.s3.asked()).toEqual([]);
  });
});
