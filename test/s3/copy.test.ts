import { CopyObjectCommand, UploadPartCopyCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { flipped, random, utf8 } from "../support/bytes.ts";
import { outcome } from "../support/failure.ts";
import { aesGcmV2, writeObjectV2 } from "../support/independent-object-v2.ts";
import { aes, KEY } from "../support/keyrings.ts";
import { Bucket, type Client, misused, OTHER, put, read, refused, type Started, start } from "./encrypted.ts";

let at: Started;
beforeAll(async () => {
  at = await start();
});
afterAll(() => at.s3.close());
beforeEach(() => at.forget());

const TEXT = utf8("42 pears");
const MIB = 1 << 20;
const copy = (client: Client, CopySource: string, Key: string, more: object = {}, options = {}) =>
  client.send(new CopyObjectCommand({ Bucket, Key, CopySource, ...more }), options);
const anew = { reencrypt: true };

describe("CopyObject of objects that are bound to their place", () => {
  it.each(["object", "bucket"] as const)("(%s) is refused, and S3 is not asked", async (bindTo) => {
    const client = at.client({ bindTo });
    await put(client, "source", TEXT);
    at.forget();
    const error = await refused(copy(client, "b/source", "copy"), "ERR_S3_COPY", "copy");
    expect(error.message).toContain("reencrypt: true");
    expect(at.s3.requests).toEqual([]);
  });

  it.each(["object", "bucket"] as const)("(%s) seals it anew for its new place", async (bindTo) => {
    const client = at.client({ bindTo });
    await put(client, "source", TEXT, { Metadata: { colour: "red" }, ContentType: "text/plain" });
    const reply = await copy(client, "b/source", "copy", { Bucket: OTHER }, anew);
    expect(reply.CopyObjectResult?.ETag).toMatch(/^"[0-9a-f]{32}"$/);
    expect(reply.$metadata.httpStatusCode).toBe(200);
    expect(await read(client, "copy", { Bucket: OTHER })).toEqual(TEXT);
    const bound = bindTo === "object" ? "arn:aws:s3:::other/copy" : "arn:aws:s3:::other";
    expect((await at.opened("copy", OTHER)).context).toEqual({ "aws:s3:arn": bound });
    const { metadata, headers } = await at.stored("copy", OTHER);
    expect(metadata).toMatchObject({ colour: "red" });
    expect(headers).toMatchObject({ "content-type": "text/plain" });
    expect(metadata["x-amz-i"]).not.toBe((await at.stored("source")).metadata["x-amz-i"]);
  });

  it("keeps the caller's pairs", async () => {
    const client = at.client({ bindTo: "object" });
    const call = { encryptionContext: { tenant: "t1" } };
    await put(client, "source", TEXT, {}, call);
    const error = await refused(copy(client, "b/source", "c", {}, anew), "ERR_ENCRYPTION_CONTEXT", "source");
    expect(error.message).toMatch(/^s3:\/\/b\/source: /);
    await copy(client, "b/source", "c", {}, { ...anew, ...call });
    expect((await at.opened("c")).context).toEqual({ tenant: "t1", "aws:s3:arn": "arn:aws:s3:::b/c" });
  });
});

describe("CopyObject, sealing anew", () => {
  it("takes the source's headers, or the command's own with REPLACE", async () => {
    const client = at.client();
    const Expires = new Date("2030-01-01T00:00:00Z");
    const kept = { CacheControl: "no-store", ContentDisposition: "inline", ContentLanguage: "en" };
    await put(client, "source", TEXT, { ...kept, Expires, ContentType: "a/b", Metadata: { colour: "red" } });
    await copy(client, "b/source", "copy", {}, anew);
    const { headers, metadata } = await at.stored("copy");
    expect(headers).toMatchObject({
      "cache-control": "no-store",
      "content-disposition": "inline",
      "content-language": "en",
      "content-type": "a/b",
      expires: "Tue, 01 Jan 2030 00:00:00 GMT",
    });
    expect(metadata).toMatchObject({ colour: "red" });
    const replaced = { MetadataDirective: "REPLACE", ContentType: "c/d", Metadata: { shape: "round" } };
    await copy(client, "b/source", "source", replaced, anew);
    const after = await at.stored("source");
    expect(after.headers).toMatchObject({ "content-type": "c/d" });
    expect(after.headers).not.toHaveProperty("cache-control");
    expect(after.metadata).toMatchObject({ shape: "round" });
    expect(after.metadata).not.toHaveProperty("colour");
    expect(await read(client, "source")).toEqual(TEXT);
  });

  it("writes what the client writes: another format, an instruction file", async () => {
    await at.place("old", await writeObjectV2(TEXT, aesGcmV2(KEY)));
    const commitmentPolicy = "require-encrypt-allow-decrypt";
    const client = at.client({ keyring: aes(), commitmentPolicy, instructionFile: { write: true } });
    await copy(client, "b/old", "new", {}, anew);
    expect(await at.s3.keys(Bucket)).toContain("new.instruction");
    expect(await read(at.client({ keyring: aes() }), "new")).toEqual(TEXT);
  });

  it("stores nothing of what does not open", async () => {
    const client = at.client();
    await put(client, "source", TEXT);
    const { metadata, body } = await at.stored("source");
    await at.place("source", { metadata: { ...metadata }, body: flipped(body, 3) });
    await refused(copy(client, "b/source", "none", {}, anew), "ERR_AUTHENTICATION", "source");
    expect(await at.s3.object(Bucket, "none")).toBeUndefined();
  });

  it("of an object over bufferLimit, which is read before it is verified", async () => {
    const client = at.client({ bufferLimit: MIB });
    const plaintext = random(9 * MIB);
    await put(client, "large", plaintext);
    await copy(client, "b/large", "copy", {}, anew);
    expect(Buffer.compare((await at.opened("copy")).plaintext, plaintext)).toBe(0);
    const { metadata, body } = await at.stored("large");
    await at.place("large", { metadata: { ...metadata }, body: flipped(body, 3) });
    await refused(copy(client, "b/large", "none", {}, anew), "ERR_AUTHENTICATION", "large");
    expect(await at.s3.object(Bucket, "none")).toBeUndefined();
    expect(at.s3.uploads()).toEqual([]);
  });

  it("of what is not encrypted: only where that may pass", async () => {
    await at.s3.put(Bucket, "plain", TEXT, { colour: "red" });
    await refused(copy(at.client(), "b/plain", "sealed", {}, anew), "ERR_S3_UNENCRYPTED", "plain");
    await copy(at.client({ passUnencrypted: true }), "b/plain", "sealed", {}, anew);
    expect((await at.opened("sealed")).plaintext).toEqual(TEXT);
    expect((await at.stored("sealed")).metadata).toMatchObject({ colour: "red" });
  });

  it.each(["b/a%20b/%C3%A9%3F", "/b/a%20b/%C3%A9%3F", "b%2Fa%20b%2F%C3%A9%3F", "b/a b/é%3F"])(
    "of the source %s",
    async (source) => {
      const client = at.client({ bindTo: "object" });
      await put(client, "a b/é?", TEXT);
      await copy(client, source, "copy", {}, anew);
      expect(await read(client, "copy")).toEqual(TEXT);
    },
  );

  it("of a source that is none is misuse", async () => {
    const bad = [
      undefined,
      "",
      "b",
      "b/",
      "/",
      "b/%zz",
      "b/k?version=1",
      "arn:aws:s3:us-east-1:111122223333:accesspoint/a/object/k",
    ];
    for (const source of bad) await misused(copy(at.client(), source as string, "k", {}, anew), /CopySource/);
    expect(at.s3.requests).toEqual([]);
  });

  it("meets the source's conditions", async () => {
    const client = at.client();
    await put(client, "source", TEXT);
    const wrong = copy(client, "b/source", "c", { CopySourceIfMatch: '"0"' }, anew);
    expect(await outcome(wrong)).toMatchObject({ $metadata: { httpStatusCode: 412 } });
    const missing = await outcome(copy(client, "b/nobody", "c", {}, anew));
    expect(missing).toMatchObject({ name: "NoSuchKey" });
  });
});

describe("CopyObject of objects that are not bound", () => {
  it("goes through as it is", async () => {
    const client = at.client();
    await put(client, "source", TEXT, { Metadata: { colour: "red" } });
    at.forget();
    const reply = await copy(client, "b/source", "same", { Bucket: OTHER });
    expect(reply.CopyObjectResult?.ETag).toMatch(/^"/);
    expect(at.s3.asked()).toEqual(["CopyObject same"]);
    expect(at.kms.events).toEqual([]);
    expect((await at.stored("same", OTHER)).body).toEqual((await at.stored("source")).body);
    expect(await read(client, "same", { Bucket: OTHER })).toEqual(TEXT);
  });

  it("does not lose the data key by new metadata", async () => {
    const client = at.client();
    await put(client, "source", TEXT);
    at.forget();
    for (const Metadata of [undefined, {}, { colour: "red" }]) {
      const replaced = { MetadataDirective: "REPLACE", Metadata };
      const error = await refused(copy(client, "b/source", "source", replaced), "ERR_S3_COPY", "source");
      expect(error.message).toContain("data key");
    }
    expect(at.s3.requests).toEqual([]);
    const { metadata } = await at.stored("source");
    const replaced = { MetadataDirective: "REPLACE", Metadata: { ...metadata, colour: "red" } };
    await copy(client, "b/source", "source", replaced);
    expect(await read(client, "source")).toEqual(TEXT);
  });

  it("without its instruction file does not open, and says why", async () => {
    const client = at.client({ instructionFile: { write: true } });
    await put(client, "half", TEXT);
    await copy(client, "b/half", "moved");
    const error = await refused(read(client, "moved"), "ERR_S3_INSTRUCTION_FILE", "moved");
    expect(error.message).toMatch(/moved\.instruction is not there/);
    await copy(client, "b/half.instruction", "moved.instruction");
    expect(await read(client, "moved")).toEqual(TEXT);
  });
});

it("UploadPartCopy is misuse", async () => {
  const part = { Bucket, Key: "k", CopySource: "b/k", UploadId: "u", PartNumber: 1 };
  await misused(at.client().send(new UploadPartCopyCommand(part)), /UploadPartCopy/);
});
