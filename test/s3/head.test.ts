import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { random, utf8 } from "../support/bytes.ts";
import { outcome } from "../support/failure.ts";
import { aesV1, writeObjectV1 } from "../support/independent-object-v1.ts";
import { splitObject } from "../support/instruction-file.ts";
import { aes, KEY } from "../support/keyrings.ts";
import { s3Fault } from "../support/s3.ts";
import { head, put, refused, type Started, start } from "./encrypted.ts";

let at: Started;
beforeAll(async () => {
  at = await start();
});
afterAll(() => at.s3.close());
beforeEach(() => {
  at.s3.script = null;
  at.forget();
});

describe("HeadObject", () => {
  it("tells both lengths and how the object is encrypted; no key is asked for", async () => {
    const encryptionContext = { tenant: "t1" };
    await put(at.client(), "k", random(100), { Metadata: { colour: "red" } }, { encryptionContext });
    at.forget();
    const reply = await head(at.client(), "k");
    expect(reply).toMatchObject({
      ContentLength: 116,
      Metadata: { colour: "red" },
      encryption: {
        format: "V3",
        wrap: "kms+context",
        encryptionContext,
        plaintextLength: 100,
        storedLength: 116,
        verified: false,
        instructionFile: false,
      },
    });
    expect(Object.keys(reply.Metadata!)).toEqual(["colour"]);
    expect(at.s3.asked()).toEqual(["HeadObject k"]);
    expect(at.kms.events).toEqual([]);
  });

  it("looks into the instruction file", async () => {
    await put(at.client({ instructionFile: { write: true } }), "beside", random(100));
    at.forget();
    const { encryption } = await head(at.client(), "beside");
    expect(encryption).toMatchObject({ format: "V3", plaintextLength: 100, instructionFile: true });
    expect(at.s3.asked()).toEqual(["HeadObject beside", "GetObject beside.instruction"]);
  });

  it("takes another suffix with the call", async () => {
    const client = at.client({ instructionFile: { write: true, suffix: ".keys" } });
    await put(client, "suffix", random(7));
    const plain = await head(at.client(), "suffix");
    expect(plain).not.toHaveProperty("encryption");
    const { encryption } = await head(at.client(), "suffix", {}, { instructionFileSuffix: ".keys" });
    expect(encryption).toMatchObject({ plaintextLength: 7, instructionFile: true });
  });

  it("does not know how much plaintext a padded body holds", async () => {
    const object = await writeObjectV1(random(100), aesV1(KEY));
    await at.place("cbc", object);
    // By any client: nothing is opened.
    const { encryption, ContentLength } = await head(at.client({ keyring: aes() }), "cbc");
    expect(encryption).toMatchObject({ format: "V1", wrap: "AES", storedLength: 112, verified: false });
    expect(encryption!.plaintextLength).toBeUndefined();
    expect(ContentLength).toBe(112);
  });

  it("of an object that is not encrypted is as S3 answers it", async () => {
    await at.s3.put("b", "plain", utf8("abc"), { colour: "red" });
    for (const passUnencrypted of [false, true]) {
      const reply = await head(at.client({ passUnencrypted }), "plain");
      expect(reply).toMatchObject({ ContentLength: 3, Metadata: { colour: "red" } });
      expect(reply).not.toHaveProperty("encryption");
    }
  });

  it("answers the head alone where the instruction file may not be read", async () => {
    const written = await writeObjectV1(random(100), aesV1(KEY));
    const { metadata, body, instruction } = splitObject(written);
    await at.place("denied", { metadata, body });
    await at.place("denied.instruction", instruction);
    at.s3.script = s3Fault("GetObject", { status: 403, code: "AccessDenied" });
    expect(await head(at.client(), "denied")).not.toHaveProperty("encryption");
  });

  it("of metadata that is none of any format is an error that names the object", async () => {
    await at.s3.put("b", "odd", utf8("abc"), { "x-amz-3": "%", "x-amz-c": "115" });
    await refused(head(at.client(), "odd"), "ERR_OBJECT_FORMAT", "odd");
  });

  it("S3's own errors come out as they are", async () => {
    expect(await outcome(head(at.client(), "nobody"))).toMatchObject({ $metadata: { httpStatusCode: 404 } });
  });
});
