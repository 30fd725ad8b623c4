// What openMail refuses before KMS is asked: other accounts, rules and messages, other layouts, too much of it, misuse.
import { NoSuchBucket, NoSuchKey } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import type { EncryptionContextError } from "../../src/index.ts";
import { rawAesKeyring, sealObject } from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { createS3EncryptionClient } from "../../src/s3/index.ts";
import { openMail } from "../../src/ses/index.ts";
import { ACCOUNT, ALIAS_A, ALIAS_ARN_A, ARN_A, contexts, KEY_A, OTHER_ACCOUNT } from "../kms/helpers.ts";
import { random } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { aesWrapV2, kmsContextV2, kmsV2, writeObjectV2 } from "../support/independent-object-v2.ts";
import { kmsByHand } from "../support/kms-by-hand.ts";
import { BUCKET, KEY, MIME, startMail, withPairs } from "./helpers.ts";

describe("a mail that is not the expected one", () => {
  it.each([
    ["source account", { sourceAccount: OTHER_ACCOUNT }, "aws:ses:source-account"],
    [
      "source account beside the key",
      { sourceAccount: OTHER_ACCOUNT, keyId: ARN_A },
      "aws:ses:source-account",
    ],
    ["rule", { sourceAccount: ACCOUNT, ruleName: "other-rule" }, "aws:ses:rule-name"],
    ["message", { keyId: ARN_A, messageId: "another" }, "aws:ses:message-id"],
  ])("by its %s", async (_what, pins, key) => {
    const { deliver, early } = await startMail();
    await deliver();
    const error = await early<EncryptionContextError>("ERR_ENCRYPTION_CONTEXT", pins);
    expect(error.key).toBe(key);
  });
});

describe("a layout that SES does not write", () => {
  it("no encryption at all", async () => {
    const { early, s3 } = await startMail();
    await s3.put(BUCKET, KEY, MIME, { note: "in clear" });
    expect((await early("ERR_S3_UNENCRYPTED")).message).toContain("receipt rule");
  });

  it("format V3", async () => {
    const { early, kms, put } = await startMail();
    const keyring = kmsKeyring({ client: kms.client, keyId: ARN_A });
    const sealed = await sealObject(MIME, { keyring });
    await put({ body: sealed.body, metadata: { ...sealed.metadata } });
    kms.clearEvents();
    const error = await early("ERR_SES_MAIL");
    expect(error.message).toContain("of format V3");
    expect(error.message).toContain("createS3EncryptionClient of keyfold/s3");
  });

  it("kms+context, even with the pairs of SES", async () => {
    const { deliver, early, kms, put } = await startMail();
    const { context } = await deliver();
    const how = kmsContextV2(kmsByHand(kms.client, ARN_A));
    await put(await writeObjectV2(MIME, how, { pairs: context }));
    kms.clearEvents();
    expect((await early("ERR_SES_MAIL")).message).toContain("wrapped as kms+context");
  });

  it("AES-CBC, also where it is but a label on what SES wrote", async () => {
    const { deliver, early, kms, put } = await startMail();
    const mail = await deliver();
    const how = kmsV2(kmsByHand(kms.client, ARN_A));
    await put(await writeObjectV2(MIME, how, { pairs: mail.context, content: "AES/CBC/PKCS5Padding" }));
    kms.clearEvents();
    expect((await early("ERR_SES_MAIL")).message).toContain("nothing authenticates");
    const iv = Buffer.from(random(16)).toString("base64");
    const relabelled = { "x-amz-cek-alg": "AES/CBC/PKCS5Padding", "x-amz-iv": iv };
    await put({ ...mail, metadata: { ...mail.metadata, ...relabelled } });
    await early("ERR_SES_MAIL");
    await put({ ...mail, metadata: { ...mail.metadata, "x-amz-cek-alg": "AES/CTR/NoPadding" } });
    await early("ERR_OBJECT_FORMAT");
  });

  it("AESWrap, V1, and other wraps that older writers had", async () => {
    const { deliver, early, put } = await startMail();
    const { context, metadata, body } = await deliver();
    await put(await writeObjectV2(MIME, aesWrapV2(random(32)), { pairs: context }));
    expect((await early("ERR_SES_MAIL")).message).toContain("wrapped as AESWrap");
    await put({ body, metadata: { ...metadata, "x-amz-wrap-alg": "RSA-OAEP-SHA1" } });
    await early("ERR_SES_MAIL");
    const { "x-amz-key-v2": dataKey, ...rest } = metadata;
    const v1 = { ...rest, "x-amz-key": dataKey!, "x-amz-cek-alg": "AES/CBC/PKCS5Padding" };
    await put({ body, metadata: { ...v1, "x-amz-iv": Buffer.from(random(16)).toString("base64") } });
    expect((await early("ERR_SES_MAIL")).message).toContain("of format V1");
  });

  it("a raw key", async () => {
    const { early, put } = await startMail();
    const keyring = rawAesKeyring({ namespace: "n", name: "k", key: random(32) });
    const sealed = await sealObject(MIME, { keyring, commitmentPolicy: "forbid-encrypt-allow-decrypt" });
    await put({ body: sealed.body, metadata: { ...sealed.metadata } });
    expect((await early("ERR_SES_MAIL")).message).toContain("wrapped as AES/GCM");
  });

  it("an instruction file, and an object that has one", async () => {
    const { early, kms, put, s3 } = await startMail();
    await s3.put(BUCKET, KEY, MIME, { "x-amz-crypto-instr-file": "here" });
    await early("ERR_SES_MAIL");
    const keyring = kmsKeyring({ client: kms.client, keyId: ARN_A });
    const { metadata, body } = await sealObject(MIME, { keyring });
    const content = Object.entries(metadata).filter(([name]) => /^x-amz-[cdi]$/.test(name));
    await put({ body, metadata: Object.fromEntries(content) });
    kms.clearEvents();
    expect((await early("ERR_SES_MAIL")).message).toContain("instruction file");
  });

  it.each(["aws:ses:source-account", "aws:ses:rule-name", "aws:ses:message-id"])(
    "a context without %s, whatever is pinned",
    async (key) => {
      const { deliver, early, put } = await startMail();
      const mail = await deliver();
      const { [key]: _, ...pairs } = mail.context;
      await put(withPairs(mail, pairs));
      for (const pins of [{ sourceAccount: ACCOUNT }, { keyId: ARN_A }]) {
        expect((await early("ERR_SES_MAIL", pins)).message).toContain(key);
      }
    },
  );

  it("a context that is no map of strings, and metadata cut short", async () => {
    const { deliver, early, put } = await startMail();
    const mail = await deliver();
    for (const text of ["", "[]", '{"aws:ses:source-account":1}', "{"]) {
      await put({ ...mail, metadata: { ...mail.metadata, "x-amz-matdesc": text } });
      await early(text === "" ? "ERR_SES_MAIL" : "ERR_OBJECT_FORMAT");
    }
    for (const name of ["x-amz-key-v2", "x-amz-iv", "x-amz-wrap-alg", "x-amz-cek-alg"]) {
      const { [name]: _, ...rest } = mail.metadata;
      await put({ ...mail, metadata: rest });
      await early("ERR_OBJECT_FORMAT");
    }
    await put({ ...mail, metadata: { ...mail.metadata, "x-amz-tag-len": "96" } });
    await early("ERR_OBJECT_FORMAT");
  });
});

describe("a mail over the limit", () => {
  it("by the length that S3 says", async () => {
    const { deliver, open, refusal, kms } = await startMail();
    await deliver();
    const exact = { sourceAccount: ACCOUNT, bufferLimit: MIME.length };
    expect((await open(exact)).mime.length).toBe(MIME.length);
    kms.clearEvents();
    const less = { ...exact, bufferLimit: MIME.length - 1 };
    expect(await refusal("ERR_LIMIT", less)).toMatchObject({ actual: MIME.length, maximum: MIME.length - 1 });
    expect(contexts(kms)).toEqual([]);
  });

  it("by what comes, where nobody says a length", async () => {
    const { deliver, kms } = await startMail();
    const { metadata, body } = await deliver();
    let taken = 0;
    const endless = async function* () {
      for (;;) {
        taken += body.length;
        yield body;
      }
    };
    const s3 = { send: async () => ({ Metadata: metadata, Body: endless() }) };
    const options = { s3, kms: kms.client, bucket: BUCKET, key: KEY, sourceAccount: ACCOUNT };
    await failure(openMail({ ...options, bufferLimit: 100_000 }), "ERR_LIMIT");
    expect(taken).toBeLessThan(200_000);
    expect(contexts(kms)).toEqual([]);
  });
});

it("passes S3's own errors on", async () => {
  const { open, s3 } = await startMail();
  expect(await outcome(open())).toBeInstanceOf(NoSuchKey);
  s3.script = () => ({ status: 403, code: "AccessDenied" });
  expect(await outcome(open())).toMatchObject({ name: "AccessDenied" });
  s3.script = () => ({ status: 404, code: "NoSuchBucket" });
  expect(await outcome(open())).toBeInstanceOf(NoSuchBucket);
});

describe("misuse is a TypeError, and nothing is sent", () => {
  const cases: [string, object][] = [
    ["neither account nor key", {}],
    ["an account that is none", { sourceAccount: "1111" }],
    ["an alias", { keyId: ALIAS_A }],
    ["an alias ARN", { keyId: ALIAS_ARN_A, sourceAccount: ACCOUNT }],
    ["a key id that is none", { keyId: "my key" }],
    ["an empty rule", { sourceAccount: ACCOUNT, ruleName: "" }],
    ["a message that is no text", { sourceAccount: ACCOUNT, messageId: 7 }],
    ["no bucket", { sourceAccount: ACCOUNT, bucket: "" }],
    ["no key", { sourceAccount: ACCOUNT, key: undefined }],
    ["no S3", { sourceAccount: ACCOUNT, s3: undefined }],
    ["no KMS", { sourceAccount: ACCOUNT, kms: {} }],
    ["no signal", { sourceAccount: ACCOUNT, signal: "soon" }],
    ["no observer", { sourceAccount: ACCOUNT, observer: "me" }],
    ["a limit that is no number", { sourceAccount: ACCOUNT, bufferLimit: -1 }],
  ];
  it.each(cases)("%s", async (_what, wrong) => {
    const { s3, kms } = await startMail();
    const options = { s3: s3.client, kms: kms.client, bucket: BUCKET, key: KEY, ...wrong };
    const error = await failure(openMail(options as never), "ERR_INVALID_ARGUMENT");
    expect(error).toBeInstanceOf(TypeError);
    expect(s3.asked()).toEqual([]);
  });

  it("an encryption client, which would hide what SES wrote", async () => {
    const { s3, kms } = await startMail();
    const keyring = kmsKeyring({ client: kms.client, keyId: ARN_A });
    const wrapped = createS3EncryptionClient({ client: s3.client, keyring });
    const options = { s3: wrapped as never, kms: kms.client, bucket: BUCKET, key: KEY, keyId: ARN_A };
    await failure(openMail(options), "ERR_INVALID_ARGUMENT");
    await failure(openMail(undefined as never), "ERR_INVALID_ARGUMENT");
  });

  it("a function of the Region where nothing tells one, or that answers no client", async () => {
    const { deliver, open, kms } = await startMail();
    const { metadata, body } = await deliver({ keyArn: KEY_A });
    await failure(open({ keyId: ARN_A, kms: () => null as never }), "ERR_INVALID_ARGUMENT");
    const s3 = { send: async () => ({ Metadata: metadata, Body: body, ContentLength: body.length }) };
    const options = { s3, bucket: BUCKET, key: KEY, keyId: KEY_A };
    expect((await openMail({ ...options, kms: kms.client })).mime).toEqual(MIME);
    const error = await failure(openMail({ ...options, kms: () => kms.client }), "ERR_INVALID_ARGUMENT");
    expect(error.message).toContain("Region");
  });
});
