import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { cachingMaterialsManager } from "../../src/index.ts";
import { counting, join, random, utf8 } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { joinedMetadata } from "../support/instruction-file.ts";
import { aes, watched } from "../support/keyrings.ts";
import { s3Fault } from "../support/s3.ts";
import { deferred } from "../support/virtual.ts";
import { begun, Key, LAST } from "./begun-upload.ts";
import { type Body, Bucket, encrypting, isWiped, opened, part, rig, SIDES, same, settle } from "./rig.ts";

describe.each(SIDES)("an upload of $name", (side) => {
  it("is one object, whose parts no reader sees", async () => {
    const { s3, send, complete, keys } = await begun(side.options);
    const parts = [random(160_000), random(16), random(70_000)];
    for (const [i, body] of parts.entries()) await send(i + 1, body, i === 2 ? LAST : {});
    await complete([1, 2, 3]);
    expect(same(await opened(s3, Key, side), join(...parts))).toBe(true);
    expect(s3.uploads()).toEqual([]);
    expect(keys.map(isWiped)).toEqual([true]);
  });

  it("has its envelope in an instruction file, if the client writes them", async () => {
    const options = { ...side.options, instructionFile: { write: true } };
    const { s3, send, complete } = await begun(options);
    expect(s3.asked()).toEqual([`PutObject ${Key}.instruction`, `CreateMultipartUpload ${Key}`]);
    await send(1, utf8("in one part"), LAST);
    await complete([1]);
    const { metadata, body } = (await s3.object(Bucket, Key))!;
    const file = (await s3.object(Bucket, `${Key}.instruction`))!;
    expect(await side.read(joinedMetadata(metadata, file.body), body)).toEqual(utf8("in one part"));
  });
});

describe("bodies of parts", () => {
  it.each<[string, (bytes: Uint8Array) => Body]>([
    ["bytes", (bytes) => bytes],
    ["a Blob", (bytes) => new Blob([bytes as BlobPart])],
    ["a stream", (bytes) => Readable.from([bytes.subarray(0, 7), bytes.subarray(7)])],
    ["a web stream", (bytes) => new Blob([bytes as BlobPart]).stream()],
  ])("may be %s", async (_, bodyOf) => {
    const { s3, send, complete } = await begun();
    const bytes = [counting(4096), counting(99)] as const;
    await send(1, bodyOf(bytes[0]));
    await send(2, bodyOf(bytes[1]), LAST);
    await complete([1, 2]);
    expect(await opened(s3, Key)).toEqual(join(...bytes));
  });

  it("may be text, or nothing at all", async () => {
    const { s3, send, complete } = await begun();
    await send(1, "sixteen letters!");
    await send(2, undefined, LAST);
    await complete([1, 2]);
    expect(await opened(s3, Key)).toEqual(utf8("sixteen letters!"));
    expect(s3.requests.at(-2)!.body).toHaveLength(16);
  });

  it("must be as long as they say", async () => {
    const { s3, client, UploadId } = await begun();
    for (const ContentLength of [15, 17, 0, 2 ** 20]) {
      for (const Body of [random(16), Readable.from([random(16)])]) {
        const command = new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body, ContentLength });
        await failure(client.send(command), "ERR_S3_BODY");
      }
    }
    const input = { Bucket, Key, UploadId, PartNumber: 1 };
    for (const ContentLength of [-1, 1.5, Number.NaN, 2 ** 50]) {
      const command = new UploadPartCommand({ ...input, Body: Readable.from([random(16)]), ContentLength });
      await failure(client.send(command), "ERR_INVALID_ARGUMENT");
    }
    expect(s3.asked()).toEqual([`CreateMultipartUpload ${Key}`]);
  });

  it("bring no checksum of their own", async () => {
    const { client, UploadId } = await begun();
    const input = { Bucket, Key, UploadId, PartNumber: 1, Body: random(16), ChecksumCRC32: "AAAAAA==" };
    await failure(client.send(new UploadPartCommand(input)), "ERR_INVALID_ARGUMENT");
  });
});

describe("the order of parts", () => {
  it("is theirs by number, from 1", async () => {
    const { s3, send } = await begun();
    for (const number of [2, 0, -1, 10_001]) {
      const error = await failure(send(number, random(16)), "ERR_S3_MULTIPART");
      expect(error.message).toContain("part 1 is due");
      expect(error.message).toContain(`s3://${Bucket}/${Key}`);
    }
    await send(1, random(16));
    await failure(send(3, random(16), LAST), "ERR_S3_MULTIPART");
    expect(s3.asked()).toEqual([`CreateMultipartUpload ${Key}`, `UploadPart ${Key}`]);
  });

  it("is that of the calls, when many are under way", async () => {
    const { s3, send, complete } = await begun();
    const parts = Array.from({ length: 12 }, (_, i) => random(i === 11 ? 5 : 16 * (i + 1)));
    await Promise.all(parts.map((body, i) => send(i + 1, body, i === 11 ? LAST : {})));
    await complete(parts.map((_, i) => i + 1));
    expect(await opened(s3, Key)).toEqual(join(...parts));
  });

  it("waits for a slow body, and goes on after one that fails", async () => {
    const { s3, send, complete } = await begun();
    const gate = deferred<void>();
    const slow = async function* () {
      await gate.promise;
      yield counting(16);
    };
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield counting(3);
      throw new RangeError("no more");
    };
    const first = send(1, Readable.from(slow()));
    const broken = outcome(send(2, Readable.from(failing())));
    const second = send(2, counting(5), LAST);
    gate.resolve();
    expect(await broken).toBeInstanceOf(RangeError);
    await Promise.all([first, second]);
    await complete([1, 2]);
    expect(await opened(s3, Key)).toEqual(join(counting(16), counting(5)));
  });

  it.each([1, 15, 17, 4095, 0])("has no part of %d bytes before the last", async (length) => {
    const { s3, send, complete } = await begun();
    const error = await failure(send(1, random(length)), "ERR_S3_MULTIPART");
    expect(error.message).toMatch(/multiple of 16.*lastPart/);
    // Nothing was sealed: the part is still due.
    await send(1, counting(32));
    await send(2, counting(length), LAST);
    await complete([1, 2]);
    expect(await opened(s3, Key)).toEqual(join(counting(32), counting(length)));
  });

  it("has nothing behind the last", async () => {
    const { send } = await begun();
    await send(1, random(16), LAST);
    const error = await failure(send(2, random(16), LAST), "ERR_S3_MULTIPART");
    expect(error.message).toContain("last part has been sealed");
  });
});

describe("completion", () => {
  it("wants the last part", async () => {
    const { s3, send, complete } = await begun();
    await send(1, counting(16));
    const error = await failure(complete([1]), "ERR_S3_MULTIPART");
    expect(error.message).toContain("lastPart: true");
    await send(2, "", LAST);
    await complete([1, 2]);
    expect(await opened(s3, Key)).toEqual(counting(16));
  });

  it("wants all parts stored", async () => {
    const { s3, send, complete } = await begun();
    s3.script = s3Fault("UploadPart", { status: 503, code: "SlowDown" }, { times: 1 });
    await outcome(send(1, counting(16)));
    await send(2, counting(5), LAST);
    const error = await failure(complete([1, 2]), "ERR_S3_MULTIPART");
    expect(error.message).toContain("part 1 has not been stored");
    await send(1, counting(16));
    await complete([1, 2]);
    expect(await opened(s3, Key)).toEqual(join(counting(16), counting(5)));
  });

  it.each([[[1]], [[2]], [[2, 1]], [[1, 1]], [[1, 2, 3]], [[]]])(
    "wants all parts in their order: not %j",
    async (numbers) => {
      const { s3, send, complete } = await begun();
      await send(1, counting(16));
      await send(2, counting(5), LAST);
      await failure(complete(numbers), "ERR_S3_MULTIPART");
      expect(s3.asked()).not.toContain(`CompleteMultipartUpload ${Key}`);
      await complete([1, 2]);
    },
  );

  it("may be tried again", async () => {
    const { s3, send, complete, keys } = await begun();
    await send(1, counting(5), LAST);
    s3.script = s3Fault("CompleteMultipartUpload", { status: 500, code: "InternalError" }, { times: 1 });
    expect(await outcome(complete([1]))).toMatchObject({ name: "InternalError" });
    await complete([1]);
    expect(await opened(s3, Key)).toEqual(counting(5));
    expect(keys.map(isWiped)).toEqual([true]);
    await failure(complete([1]), "ERR_S3_MULTIPART");
  });
});

describe("an upload that this client does not know", () => {
  it("is refused: its key is in another one's memory", async () => {
    const { s3, client, UploadId } = await begun();
    const other = encrypting(s3.client);
    const Parts = [{ PartNumber: 1, ETag: '"x"' }];
    const complete = new CompleteMultipartUploadCommand({
      Bucket,
      Key,
      UploadId,
      MultipartUpload: { Parts },
    });
    for (const act of [
      () => other.send(part(Key, UploadId, 1, random(16))),
      () => other.send(complete),
      () => client.send(part(Key, "none", 1, random(16))),
      () => client.send(part("another key", UploadId, 1, random(16))),
      () => client.send(new UploadPartCommand({ Bucket: "other", Key, UploadId, PartNumber: 1 })),
    ]) {
      const error = await failure(act, "ERR_S3_MULTIPART");
      expect(error.message).toContain("has not begun the upload");
    }
    expect(s3.asked()).toEqual([`CreateMultipartUpload ${Key}`]);
  });

  it("can be aborted", async () => {
    const { s3, UploadId } = await begun();
    await encrypting(s3.client).send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    expect(s3.uploads()).toEqual([]);
  });
});

describe("a creation", () => {
  it("that fails leaves no key", async () => {
    const { s3, client } = await rig();
    const keyring = watched(aes());
    const failing = encrypting(s3.client, { keyring });
    s3.script = s3Fault("CreateMultipartUpload", { status: 403, code: "AccessDenied" });
    const error = await outcome(failing.send(new CreateMultipartUploadCommand({ Bucket, Key })));
    expect(error).toMatchObject({ name: "AccessDenied" });
    expect(keyring.dataKeys.map(isWiped)).toEqual([true]);
    await outcome(client.send(new CreateMultipartUploadCommand({ Bucket, Key })));
    expect(s3.uploads()).toEqual([]);
  });

  it("keeps uploads of one key apart", async () => {
    const { s3, client } = await rig();
    const ids = await Promise.all(
      [1, 2].map(
        async () => (await client.send(new CreateMultipartUploadCommand({ Bucket, Key }))).UploadId!,
      ),
    );
    const replies = await Promise.all(
      ids.map((id, i) => client.send(part(Key, id, 1, counting(20, i)), LAST)),
    );
    for (const [i, UploadId] of ids.entries()) {
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: replies[i]!.ETag }] };
      await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
      expect(await opened(s3, Key)).toEqual(counting(20, i));
    }
  });
});

it("a part cannot be copied from elsewhere", async () => {
  const { s3, client, UploadId } = await begun();
  const input = { Bucket, Key, UploadId, PartNumber: 1, CopySource: "b/other" };
  await failure(client.send(new UploadPartCopyCommand(input)), "ERR_INVALID_ARGUMENT");
  expect(s3.asked()).toEqual([`CreateMultipartUpload ${Key}`]);
});

it("the bytes of parts count towards what one reused data key may seal", async () => {
  const keyring = watched(aes());
  const materialsManager = cachingMaterialsManager({ keyring, maxBytes: 100 });
  const { s3 } = await rig();
  const client = encrypting(s3.client, { keyring: undefined, materialsManager } as never);
  const upload = async (length: number) => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    await client.send(part(Key, UploadId!, 1, random(length)), LAST);
    await settle(0);
    return keyring.dataKeys.length;
  };
  expect(await upload(60)).toBe(1);
  expect(await upload(60)).toBe(1);
  // 120 bytes: the next one gets a key of its own.
  expect(await upload(1)).toBe(2);
});
