import { DeleteObjectCommand, DeleteObjectsCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { utf8 } from "../support/bytes.ts";
import { outcome } from "../support/failure.ts";
import { s3Fault } from "../support/s3.ts";
import { Bucket, misused, type Started, start } from "./encrypted.ts";

let at: Started;
beforeAll(async () => {
  at = await start();
});
afterAll(() => at.s3.close());
beforeEach(() => {
  at.s3.script = null;
  at.forget();
});

const place = async (...keys: string[]) => {
  for (const key of keys) await at.s3.put(Bucket, key, utf8("x"));
};
const remove = (Key: string, more = {}, client = at.client()) =>
  client.send(new DeleteObjectCommand({ Bucket, Key, ...more }));
const removeAll = (Objects: object[], more = {}, client = at.client()) =>
  client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: Objects as [], ...more } }));

describe("DeleteObject", () => {
  it("takes the instruction file along, after the object", async () => {
    await place("k", "k.instruction", "k.other");
    const reply = await remove("k");
    expect(reply.$metadata.httpStatusCode).toBe(204);
    expect(at.s3.asked()).toEqual(["DeleteObject k", "DeleteObject k.instruction"]);
    expect(await at.s3.keys(Bucket)).toEqual(["k.other"]);
  });

  it("by the client's suffix", async () => {
    await place("k", "k.instruction", "k.keys");
    await remove("k", {}, at.client({ instructionFile: { suffix: ".keys" } }));
    expect(await at.s3.keys(Bucket)).toEqual(["k.instruction", "k.other"]);
  });

  it("of an instruction file itself, or of one version, deletes nothing else", async () => {
    await place("k", "k.instruction");
    await remove("k.instruction");
    await remove("k", { VersionId: "v1" });
    expect(at.s3.asked()).toEqual(["DeleteObject k.instruction", "DeleteObject k"]);
  });

  it("that fails leaves the instruction file, and S3's error comes out", async () => {
    await place("k", "k.instruction");
    at.s3.script = s3Fault("DeleteObject", { status: 403, code: "AccessDenied" }, { key: "k" });
    expect(await outcome(remove("k"))).toMatchObject({ name: "AccessDenied" });
    expect(await at.s3.keys(Bucket)).toContain("k.instruction");
  });

  it("says so if the instruction file cannot be deleted", async () => {
    await place("k", "k.instruction");
    at.s3.script = s3Fault("DeleteObject", { status: 403, code: "AccessDenied" }, { key: "k.instruction" });
    expect(await outcome(remove("k"))).toMatchObject({ name: "AccessDenied" });
  });

  it("passes on who pays and who owns", async () => {
    await remove("k", { RequestPayer: "requester", ExpectedBucketOwner: "111122223333" });
    for (const { headers } of at.s3.requests) {
      expect(headers).toMatchObject({
        "x-amz-request-payer": "requester",
        "x-amz-expected-bucket-owner": "111122223333",
      });
    }
    expect(at.s3.requests.length).toBe(2);
  });

  it("without a key is misuse", () => misused(remove(""), /Bucket and Key/));
});

describe("DeleteObjects", () => {
  it("takes the instruction files along", async () => {
    await place("a", "a.instruction", "b", "c", "c.instruction");
    const reply = await removeAll([{ Key: "a" }, { Key: "b" }]);
    expect(reply.Deleted?.map(({ Key }) => Key).sort()).toEqual(["a", "b"]);
    expect(at.s3.asked().length).toBe(2);
    expect(await at.s3.keys(Bucket)).toEqual(expect.arrayContaining(["c", "c.instruction"]));
    expect(await at.s3.keys(Bucket)).not.toEqual(expect.arrayContaining(["a.instruction"]));
  });

  it("leaves those whose object stays, that are named themselves, or of one version", async () => {
    await place("a", "a.instruction", "b", "b.instruction", "c", "c.instruction", "d", "d.instruction");
    at.s3.script = s3Fault(
      "DeleteObjects",
      {
        alter: () => ({
          body: utf8(
            "<DeleteResult><Deleted><Key>b</Key></Deleted><Error><Key>a</Key><Code>AccessDenied</Code></Error></DeleteResult>",
          ),
        }),
      },
      { times: 1 },
    );
    const reply = await removeAll([
      { Key: "a" },
      { Key: "b" },
      { Key: "c.instruction" },
      { Key: "d", VersionId: "v1" },
    ]);
    expect(reply.Errors).toMatchObject([{ Key: "a", Code: "AccessDenied" }]);
    const [, second] = at.s3.requests;
    expect(Buffer.from(second!.body).toString()).toMatch(/<Key>b\.instruction<\/Key>/);
    expect(Buffer.from(second!.body).toString()).not.toMatch(/<Key>[acd]\./);
  });

  it("answers the errors of instruction files, too", async () => {
    await place("a", "a.instruction", "b", "b.instruction");
    const denied = "<Error><Key>a.instruction</Key><Code>AccessDenied</Code></Error>";
    const reply = { alter: () => ({ body: utf8(`<DeleteResult>${denied}</DeleteResult>`) }) };
    at.s3.script = ({ operation }) =>
      operation === "DeleteObjects" && at.s3.requests.length > 1 ? reply : null;
    const { Deleted, Errors } = await removeAll([{ Key: "a" }, { Key: "b" }]);
    expect(Deleted?.map(({ Key }) => Key).sort()).toEqual(["a", "b"]);
    expect(Errors).toMatchObject([{ Key: "a.instruction", Code: "AccessDenied" }]);
  });

  it("of instruction files alone asks once", async () => {
    await place("a.instruction");
    await removeAll([{ Key: "a.instruction" }]);
    expect(at.s3.asked().length).toBe(1);
  });
});
