import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { utf8 } from "../support/bytes.ts";
import { s3Fault } from "../support/s3.ts";
import { Bucket, get, head, put, read, refused, type Started, start } from "./encrypted.ts";

let at: Started;
beforeAll(async () => {
  at = await start();
  await at.s3.put(Bucket, "plain", utf8("42 pears"), { colour: "red" });
});
afterAll(() => at.s3.close());
beforeEach(() => {
  at.s3.script = null;
  at.forget();
});

const ranges = { unauthenticatedRanges: true };

describe("an object that is not encrypted", () => {
  it("is an error by default, and KMS is not asked", async () => {
    const error = await refused(get(at.client(), "plain"), "ERR_S3_UNENCRYPTED", "plain");
    expect(error.message).toContain("passUnencrypted");
    expect(error.message).not.toContain("pears");
    expect(at.s3.asked()).toEqual(["GetObject plain", "GetObject plain.instruction"]);
    expect(at.kms.events).toEqual([]);
  });

  it.each([{}, ranges])("is an error in parts, too (%o)", async (more) => {
    await refused(get(at.client(more), "plain", { Range: "bytes=0-1" }), "ERR_S3_UNENCRYPTED", "plain");
  });

  it("passes as it is where it may", async () => {
    const reply = await get(at.client({ passUnencrypted: true }), "plain");
    expect(reply).toMatchObject({ ContentLength: 8, Metadata: { colour: "red" } });
    expect(reply).not.toHaveProperty("encryption");
    expect(await reply.Body!.transformToString()).toBe("42 pears");
  });

  it("passes whatever its length and the binding", async () => {
    const client = at.client({ passUnencrypted: true, bufferLimit: 0, bindTo: "object" });
    expect(await read(client, "plain")).toEqual(utf8("42 pears"));
  });

  it.each([{}, ranges])("passes in parts (%o)", async (more) => {
    const client = at.client({ passUnencrypted: true, ...more });
    const reply = await get(client, "plain", { Range: "bytes=3-5" });
    expect(reply).toMatchObject({ ContentLength: 3, ContentRange: "bytes 3-5/8" });
    expect(reply).not.toHaveProperty("encryption");
    expect(await reply.Body!.transformToString()).toBe("pea");
  });

  it("has a head all the same", async () => {
    for (const passUnencrypted of [false, true]) {
      const reply = await head(at.client({ passUnencrypted }), "plain");
      expect(reply).toMatchObject({ ContentLength: 8, Metadata: { colour: "red" } });
      expect(reply).not.toHaveProperty("encryption");
    }
  });
});

describe("passUnencrypted lets nothing pass that is encrypted, or was", () => {
  const client = () => at.client({ passUnencrypted: true });

  it("an encrypted object is opened", async () => {
    await put(at.client(), "sealed", "42 pears");
    expect(await read(client(), "sealed")).toEqual(utf8("42 pears"));
  });

  it("nor one of which metadata was taken away", async () => {
    await put(at.client(), "sealed", "42 pears");
    const { metadata, body } = await at.stored("sealed");
    for (const name of Object.keys(metadata)) {
      // The data key and its context may lie elsewhere; what is left says so.
      const { [name]: _, ...rest } = metadata;
      await at.place("part", { metadata: rest, body });
      const code = name === "x-amz-t" ? "ERR_ENCRYPTION_CONTEXT" : "ERR_OBJECT_FORMAT";
      await refused(get(client(), "part"), code, "part");
    }
  });

  it("nor one whose instruction file cannot be read", async () => {
    await put(at.client({ instructionFile: { write: true } }), "half", "42 pears");
    at.s3.script = s3Fault("GetObject", { status: 403, code: "AccessDenied" }, { key: "half.instruction" });
    await refused(get(client(), "half"), "ERR_S3_INSTRUCTION_FILE", "half");
    at.s3.script = s3Fault("GetObject", { status: 404, code: "NoSuchKey" }, { key: "half.instruction" });
    await refused(get(client(), "half"), "ERR_S3_INSTRUCTION_FILE", "half");
  });
});
