import { CompleteMultipartUploadCommand, CreateMultipartUploadCommand } from "@aws-sdk/client-s3";
import { expect, it } from "vitest";
import { counting } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { s3Fault } from "../support/s3.ts";
import { deferred } from "../support/virtual.ts";
import { LAST } from "./begun-upload.ts";
import { Bucket, contentKeys, isWiped, opened, part, rig } from "./rig.ts";

/** Uploads of one client that holds so many. */
async function holding(maxUnfinishedUploads: number) {
  const { s3, client } = await rig({ maxUnfinishedUploads });
  s3.options.smallParts = true;
  const keys = contentKeys();
  const create = async (Key: string) => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const send = (number: number, more = {}) => client.send(part(Key, UploadId!, number, counting(16)), more);
    const complete = async (...Parts: { PartNumber: number; ETag: string | undefined }[]) =>
      client.send(
        new CompleteMultipartUploadCommand({ Bucket, Key, UploadId: UploadId!, MultipartUpload: { Parts } }),
      );
    const finish = async () => {
      const { ETag } = await send(1, LAST);
      await complete({ PartNumber: 1, ETag });
      expect(await opened(s3, Key)).toEqual(counting(16));
    };
    return { send, complete, finish };
  };
  return { s3, create, wiped: () => keys.map(isWiped) };
}

it("the one that was idle longest is dropped, and its key wiped", async () => {
  const { s3, create, wiped } = await holding(2);
  const [one, two] = [await create("1"), await create("2")];
  await one.send(1);
  expect(wiped()).toEqual([false, false]);
  const three = await create("3");
  expect(wiped()).toEqual([false, true, false]);
  for (const act of [() => two.send(1), () => two.complete({ PartNumber: 1, ETag: '"x"' })]) {
    const error = await failure(act, "ERR_S3_MULTIPART");
    expect(error.message).toMatch(/dropped it.*maxUnfinishedUploads: 2.*abort the upload, and begin anew/);
    expect(error.message).toContain(`s3://${Bucket}/2`);
  }
  // S3 is not asked: its own rules say when it forgets.
  expect(s3.asked()).not.toContain("AbortMultipartUpload 2");
  await one.send(2, LAST);
  await three.finish();
});

it("what is finished makes room", async () => {
  const { create, wiped } = await holding(1);
  await (await create("1")).finish();
  const two = await create("2");
  await two.finish();
  expect(wiped()).toEqual([true, true]);
});

it("a part that failed counts as use, and leaves the upload idle", async () => {
  const { s3, create, wiped } = await holding(2);
  const [one] = [await create("1"), await create("2")];
  s3.script = s3Fault("UploadPart", { status: 503, code: "SlowDown" }, { times: 1 });
  expect(await outcome(one.send(1))).toMatchObject({ name: "SlowDown" });
  await create("3");
  expect(wiped()).toEqual([false, true, false]);
  await create("4");
  expect(wiped()).toEqual([true, true, false, false]);
});

it("one whose part is under way is never dropped", async () => {
  const { s3, create, wiped } = await holding(1);
  const one = await create("1");
  const [reached, gate] = [deferred<void>(), deferred<null>()];
  s3.script = ({ operation }) => {
    if (operation !== "UploadPart") return null;
    reached.resolve();
    return gate.promise;
  };
  const sent = one.send(1, LAST);
  await reached.promise;
  // Nor is the one that has just begun.
  const two = await create("2");
  expect(wiped()).toEqual([false, false]);
  s3.script = null;
  gate.resolve(null);
  const { ETag } = await sent;
  await one.complete({ PartNumber: 1, ETag });
  expect(await opened(s3, "1")).toEqual(counting(16));
  await two.finish();
});
