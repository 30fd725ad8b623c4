import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join as pathOf } from "node:path";
import { Readable } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { cachingMaterialsManager, type KeyfoldEvent } from "../../src/index.ts";
import type { UploadOptions, UploadProgress } from "../../src/s3/index.ts";
import { counting, random, toHex, utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { aes, watched } from "../support/keyrings.ts";
import { s3Client, s3Fault } from "../support/s3.ts";
import { deferred } from "../support/virtual.ts";
import { Bucket, encrypting, inPieces, MIB, opened, rig, SIDES, same, settle } from "./rig.ts";

const Key = "k";
const PART = 5 * MIB;
const PARTS = { partSize: PART } as const;
const big = random(2 * PART + 70_000);

const streamed = (bytes: Uint8Array, piece = 65_536) => Readable.from(inPieces(bytes, piece));

describe("lengths", () => {
  // What is sent has 16 bytes more: a part's worth of it is one PutObject.
  it.each([
    [0, "PutObject"],
    [1, "PutObject"],
    [PART - 17, "PutObject"],
    [PART - 16, "PutObject"],
    [PART - 15, "CreateMultipartUpload"],
    [PART, "CreateMultipartUpload"],
  ])("%d bytes, known and unknown: %s", async (length, operation) => {
    const { s3, client } = await rig();
    const body = big.subarray(0, length);
    for (const Body of [body, streamed(body)]) {
      const reply = await client.upload({ Bucket, Key, Body }, PARTS);
      expect(reply.$metadata.httpStatusCode).toBe(200);
      expect(same(await opened(s3, Key), body)).toBe(true);
    }
    const first = `${operation} ${Key}`;
    expect(s3.asked().filter((asked) => /Put|Create/.test(asked))).toEqual([first, first]);
    expect(s3.uploads()).toEqual([]);
  });

  it("one ciphertext in parts of the same size, but for the last", async () => {
    const { s3, client } = await rig();
    await client.upload({ Bucket, Key, Body: streamed(big) }, PARTS);
    const parts = s3.requests.filter(({ operation }) => operation === "UploadPart");
    const sizes = parts.map(({ query: { partNumber }, body }) => [partNumber, body.length]);
    expect(sizes.sort()).toEqual([
      ["1", PART],
      ["2", PART],
      ["3", 70_016],
    ]);
    expect(same(await opened(s3, Key), big)).toBe(true);
  });

  it("are told to the observer, and the bytes to a manager that reuses data keys", async () => {
    const events: KeyfoldEvent[] = [];
    const keyring = watched(aes());
    const materialsManager = cachingMaterialsManager({ keyring, maxBytes: 100 });
    const { s3 } = await rig();
    const options = {
      keyring: undefined,
      materialsManager,
      observer: (event: KeyfoldEvent) => events.push(event),
    };
    const client = encrypting(s3.client, options as never);
    for (const length of [60, 60, 1]) await client.upload({ Bucket, Key, Body: streamed(counting(length)) });
    expect(keyring.dataKeys).toHaveLength(2);
    const sealed = events.filter(({ type }) => type === "encrypted");
    expect(sealed[0]).toMatchObject({
      plaintextBytes: 60,
      ciphertextBytes: 76,
      object: { bucket: Bucket, key: Key },
    });
  });
});

describe("bodies", () => {
  const bytes = random(100_000);
  const kinds: Record<string, (bytes: Uint8Array) => unknown> = {
    bytes: (bytes) => bytes,
    "a Buffer": (bytes) => Buffer.from(bytes),
    "an ArrayBuffer": (bytes) => bytes.slice().buffer,
    "a view": (bytes) => new DataView(bytes.slice().buffer),
    "a Blob": (bytes) => new Blob([bytes as BlobPart]),
    "a Node stream": (bytes) => streamed(bytes, 10_000),
    "a web stream": (bytes) => new Blob([bytes as BlobPart]).stream(),
    "an iterable": async function* (bytes) {
      yield* inPieces(bytes, 10_000);
    },
    "tiny pieces": (bytes) => streamed(bytes, 7),
    "pieces of the size of what is sealed at once": (bytes) => streamed(bytes, 65_536),
    "pieces of a byte more": (bytes) => streamed(bytes, 65_537),
    "empty pieces in between": (bytes) =>
      Readable.from([bytes.subarray(0, 5), new Uint8Array(0), bytes.subarray(5)]),
  };
  it.each(Object.entries(kinds))("%s", async (_, bodyOf) => {
    const { s3, client } = await rig();
    await client.upload({ Bucket, Key, Body: bodyOf(bytes) as never });
    expect(same(await opened(s3, Key), bytes)).toBe(true);
  });

  it("text, and no body at all", async () => {
    const { s3, client } = await rig();
    await client.upload({ Bucket, Key, Body: "é" });
    expect(await opened(s3, Key)).toEqual(utf8("é"));
    await client.upload({ Bucket, Key });
    expect(await opened(s3, Key)).toEqual(utf8(""));
  });

  it("a file, and one huge piece", async () => {
    const { s3, client } = await rig();
    const folder = await mkdtemp(pathOf(tmpdir(), "upload-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const path = pathOf(folder, "f");
    await writeFile(path, big);
    for (const Body of [createReadStream(path), Readable.from([big])]) {
      await client.upload({ Bucket, Key, Body }, PARTS);
      expect(same(await opened(s3, Key), big)).toBe(true);
    }
  });

  it.each([42, {}, Readable.from(["text"]), Readable.from([1, 2])])("not %j", async (Body) => {
    const { s3, client } = await rig();
    await failure(client.upload({ Bucket, Key, Body: Body as never }), "ERR_INVALID_ARGUMENT");
    expect(await s3.keys(Bucket)).toEqual([]);
  });
});

describe("a ContentLength", () => {
  it.each([100, 2 * PART])("of %d bytes that is right", async (length) => {
    const { s3, client } = await rig();
    const bytes = big.subarray(0, length);
    await client.upload({ Bucket, Key, Body: streamed(bytes), ContentLength: length }, PARTS);
    expect(same(await opened(s3, Key), bytes)).toBe(true);
  });

  it.each([
    [100, 99],
    [100, 101],
    [0, 1],
    [1, 0],
    [2 * PART, 2 * PART - 1],
    [2 * PART, 2 * PART + 1],
    [2 * PART, PART],
    [PART, 2 * PART],
    [PART - 16, PART - 15],
  ])("where %d bytes come is not %d: nothing is stored", async (length, ContentLength) => {
    const { s3, client } = await rig();
    const bytes = big.subarray(0, length);
    for (const Body of [bytes, streamed(bytes), new Blob([bytes as BlobPart])]) {
      const error = await failure(client.upload({ Bucket, Key, Body, ContentLength }, PARTS), "ERR_S3_BODY");
      expect(error.message).toContain(`s3://${Bucket}/${Key}`);
    }
    expect(await s3.keys(Bucket)).toEqual([]);
    expect(s3.uploads()).toEqual([]);
  });
});

describe("progress", () => {
  it.each([
    ["known", big, big.length],
    ["unknown", streamed(big), undefined],
  ])("of a %s length: bytes of plaintext that are stored", async (_, Body, total) => {
    const { client } = await rig();
    const seen: UploadProgress[] = [];
    await client.upload({ Bucket, Key, Body }, { ...PARTS, onProgress: (progress) => seen.push(progress) });
    const loaded = seen.map((progress) => progress.loaded);
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
    expect(loaded).toHaveLength(3);
    expect(loaded.at(-1)).toBe(big.length);
    expect(seen.every((progress) => progress.total === total)).toBe(true);
  });

  it.each([0, 5])("of %d bytes", async (length) => {
    const { client } = await rig();
    const seen: UploadProgress[] = [];
    const onProgress = (progress: UploadProgress) => seen.push(progress);
    await client.upload({ Bucket, Key, Body: counting(length) }, { onProgress });
    expect(seen).toEqual([{ loaded: length, total: length }]);
  });

  it("that nobody can stand does not hurt the upload", async () => {
    const { s3, client } = await rig();
    const onProgress = () => {
      throw new Error("not today");
    };
    await client.upload({ Bucket, Key, Body: streamed(big) }, { ...PARTS, onProgress });
    expect(same(await opened(s3, Key), big)).toBe(true);
  });
});

describe("options", () => {
  it.each<[string, object]>([
    ["a part under 5 MiB", { partSize: PART - 1 }],
    ["a part over 5 GiB", { partSize: 1024 * PART + 1 }],
    ["half a byte", { partSize: PART + 0.5 }],
    ["no part at once", { concurrency: 0 }],
    ["too many at once", { concurrency: 1001 }],
    ["text for a number", { concurrency: "4" }],
    ["no function", { onProgress: {} }],
    ["no signal", { signal: {} }],
  ])("are refused before anything is asked: %s", async (_, options) => {
    const keyring = watched(aes());
    const { s3, client } = await rig({ keyring });
    await failure(
      client.upload({ Bucket, Key, Body: "x" }, options as UploadOptions),
      "ERR_INVALID_ARGUMENT",
    );
    expect(s3.asked()).toEqual([]);
    expect(keyring.calls).toEqual([]);
  });

  it("are refused where the length is known to be too much for them, or for the cipher", async () => {
    const { s3, client } = await rig();
    const input = { Bucket, Key, Body: Readable.from([utf8("x")]) };
    const parts = await failure(
      client.upload({ ...input, ContentLength: 10_000 * PART }, PARTS),
      "ERR_LIMIT",
    );
    expect(parts).toMatchObject({ limit: "MAX_PARTS", actual: 10_001 });
    const cipher = await failure(client.upload({ ...input, ContentLength: 2 ** 36 - 31 }), "ERR_LIMIT");
    expect(cipher).toMatchObject({ limit: "MAX_PLAINTEXT" });
    expect(s3.asked()).toEqual([]);
  });

  it("nothing is appended", async () => {
    const { s3, client } = await rig();
    await failure(
      client.upload({ Bucket, Key, Body: "x", WriteOffsetBytes: 4 }, PARTS),
      "ERR_INVALID_ARGUMENT",
    );
    expect(s3.asked()).toEqual([]);
  });

  it("no checksum of plaintext", async () => {
    const { client } = await rig();
    const input = { Bucket, Key, Body: "x", ContentMD5: "AAAAAAAAAAAAAAAAAAAAAA==" };
    await failure(client.upload(input), "ERR_INVALID_ARGUMENT");
  });

  it.each<[string, object, object, string | undefined]>([
    ["the SDK's own", {}, {}, "CRC32"],
    ["one that is asked for", {}, { ChecksumAlgorithm: "SHA256" }, "SHA256"],
    ["none, where the SDK sends none", { requestChecksumCalculation: "WHEN_REQUIRED" }, {}, undefined],
  ])("the checksums of parts are announced and named: %s", async (_, settings, more, algorithm) => {
    const { s3 } = await rig();
    const sdk = s3Client(s3.url, settings);
    onTestFinished(() => sdk.destroy());
    // As S3 does, whatever was announced.
    const alter = ({ headers }: { headers: object }) => ({
      headers: { ...headers, "x-amz-checksum-crc64nvme": "AAAAAAAAAAA=" },
    });
    s3.script = ({ operation }) => (operation === "UploadPart" ? { alter } : null);
    await encrypting(sdk).upload({ Bucket, Key, Body: big, ...more }, PARTS);
    const [create] = s3.requests.filter(({ operation }) => operation === "CreateMultipartUpload");
    expect(create!.headers["x-amz-checksum-algorithm"]).toBe(algorithm);
    const [complete] = s3.requests.filter(({ operation }) => operation === "CompleteMultipartUpload");
    const text = Buffer.from(complete!.body).toString();
    expect(text.match(/<Checksum/g) ?? []).toHaveLength(algorithm === undefined ? 0 : 3);
    if (algorithm === "SHA256") expect(text).toContain("<ChecksumSHA256>");
    expect(same(await opened(s3, Key), big)).toBe(true);
  });

  it("all others go along: metadata, type, conditions", async () => {
    const { s3, client } = await rig();
    const more = { ContentType: "text/plain", Metadata: { own: "1" }, IfNoneMatch: "*" };
    await client.upload({ Bucket, Key, Body: big, ...more }, PARTS);
    const { metadata, headers } = (await s3.object(Bucket, Key))!;
    expect(metadata).toMatchObject({ own: "1", "x-amz-c": "115" });
    expect(headers["content-type"]).toBe("text/plain");
    await expect(client.upload({ Bucket, Key, Body: big, ...more }, PARTS)).rejects.toThrow(
      "PreconditionFailed",
    );
    expect(s3.uploads()).toEqual([]);
  });
});

it.each(SIDES)("$name, with an instruction file", async (side) => {
  const isKms = side.name.endsWith("KMS");
  const { s3, client } = await rig({ ...side.options, instructionFile: { write: true } });
  const pairs = isKms ? { encryptionContext: { tenant: "t" } } : {};
  await client.upload({ Bucket, Key, Body: streamed(big) }, { ...PARTS, ...pairs });
  const { metadata, body } = (await s3.object(Bucket, Key))!;
  const file = (await s3.object(Bucket, `${Key}.instruction`))!;
  const joined = {
    ...metadata,
    ...(JSON.parse(Buffer.from(file.body).toString()) as Record<string, string>),
  };
  expect(same(await side.read(joined, body), big)).toBe(true);
  if (isKms) expect(JSON.parse(joined["x-amz-t"] ?? joined["x-amz-matdesc"]!)).toMatchObject({ tenant: "t" });
});

describe("parts side by side", () => {
  it("are as many as allowed, and may end in any order", async () => {
    const { s3, client } = await rig();
    let now = 0;
    let most = 0;
    const full = deferred<void>();
    s3.script = async ({ operation, query: { partNumber } }) => {
      if (operation !== "UploadPart") return null;
      most = Math.max(most, ++now);
      if (now === 3) full.resolve();
      await full.promise;
      await settle(20 * (5 - Number(partNumber)));
      now -= 1;
      return null;
    };
    const body = random(4 * PART);
    const seen: number[] = [];
    const onProgress = ({ loaded }: UploadProgress) => seen.push(loaded);
    await client.upload({ Bucket, Key, Body: streamed(body) }, { ...PARTS, concurrency: 3, onProgress });
    expect(same(await opened(s3, Key), body)).toBe(true);
    expect(most).toBe(3);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(body.length);
  });

  it("are sent again by the SDK as the same ciphertext", async () => {
    const { s3 } = await rig();
    const sdk = s3Client(s3.url, { maxAttempts: 3 });
    onTestFinished(() => sdk.destroy());
    s3.script = s3Fault("UploadPart", { loseReply: true }, { times: 2 });
    await encrypting(sdk).upload({ Bucket, Key, Body: streamed(big) }, PARTS);
    const sent = s3.requests.filter(({ operation }) => operation === "UploadPart");
    expect(sent).toHaveLength(5);
    const bodies = new Set(
      sent.map(({ query: { partNumber }, body }) => `${partNumber} ${toHex(body.subarray(0, 99))}`),
    );
    expect(bodies.size).toBe(3);
    expect(same(await opened(s3, Key), big)).toBe(true);
  });

  it("a small body, too", async () => {
    const { s3 } = await rig();
    const sdk = s3Client(s3.url, { maxAttempts: 3 });
    onTestFinished(() => sdk.destroy());
    s3.script = s3Fault("PutObject", { loseReply: true }, { times: 1 });
    await encrypting(sdk).upload({ Bucket, Key, Body: streamed(counting(99)) });
    const [one, two] = s3.requests;
    expect(toHex(one!.body)).toBe(toHex(two!.body));
    expect(await opened(s3, Key)).toEqual(counting(99));
  });
});
