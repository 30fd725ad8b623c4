import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rawAesKeyring } from "../../src/index.ts";
import { kmsDiscoveryKeyring } from "../../src/kms/index.ts";
import { ACCOUNT, contexts } from "../kms/helpers.ts";
import { utf8 } from "../support/bytes.ts";
import { writeKmsObject } from "../support/independent-object.ts";
import { aes, clear, KEY, watched } from "../support/keyrings.ts";
import { s3Client, startS3 } from "../support/s3.ts";
import {
  Bucket,
  type Client,
  get,
  misused,
  type Options,
  OTHER,
  put,
  read,
  refused,
  type Started,
  start,
} from "./encrypted.ts";

let at: Started;
beforeAll(async () => {
  at = await start();
});
afterAll(() => at.s3.close());
beforeEach(() => at.forget());

const TEXT = utf8("42 pears");
const PAIR = "aws:s3:arn";
const RESERVED = { "aws:x-amz-cek-alg": "115" };
const arnOf = (key?: string, bucket = Bucket) =>
  `arn:aws:s3:::${bucket}${key === undefined ? "" : `/${key}`}`;

/** Somebody who may write to buckets moves an object, byte by byte. */
const move = async (from: string, to: string, bucket = Bucket) =>
  at.place(
    to,
    { ...((await at.stored(from)) as { metadata: Record<string, string>; body: Uint8Array }) },
    bucket,
  );
const notOpened = async (client: Client, key: string, bucket = Bucket) => {
  at.forget();
  const error = await refused(get(client, key, { Bucket: bucket }), "ERR_ENCRYPTION_CONTEXT", key, bucket);
  // KMS has not been asked.
  expect(at.kms.events).toEqual([]);
  return error;
};

describe("bindTo", () => {
  it.each([
    ["object", arnOf("a/k")],
    ["bucket", arnOf()],
  ] as const)("%s: the pair is in KMS's audit log, both times, and stored", async (bindTo, arn) => {
    const client = at.client({ bindTo });
    const call = { encryptionContext: { tenant: "t1" } };
    await put(client, "a/k", TEXT, {}, call);
    const { encryption } = await get(client, "a/k", {}, call);
    const bound = { tenant: "t1", [PAIR]: arn };
    expect(contexts(at.kms)).toEqual([
      { ...bound, ...RESERVED },
      { ...bound, ...RESERVED },
    ]);
    expect(encryption!.encryptionContext).toEqual(bound);
    expect((await at.opened("a/k")).context).toEqual(bound);
  });

  it("none, the default: no pair", async () => {
    await put(at.client(), "k", TEXT);
    await put(at.client({ bindTo: "none" }), "k", TEXT);
    expect(contexts(at.kms)).toEqual([RESERVED, RESERVED]);
  });

  it("object: what was moved or swapped does not open", async () => {
    const client = at.client({ bindTo: "object" });
    await put(client, "one", "1");
    await put(client, "two", "2");
    await move("one", "three");
    await notOpened(client, "three");
    await move("one", "two");
    await notOpened(client, "two");
    await move("one", "one", OTHER);
    const error = await notOpened(client, "one", OTHER);
    expect(error.message).toContain(PAIR);
    expect(await read(client, "one")).toEqual(utf8("1"));
  });

  it("bucket: what was moved to another bucket does not open", async () => {
    const client = at.client({ bindTo: "bucket" });
    await put(client, "one", "1");
    await move("one", "moved");
    expect(await read(client, "moved")).toEqual(utf8("1"));
    await move("one", "one", OTHER);
    await notOpened(client, "one", OTHER);
  });

  it("stored pairs that were changed to fit do not help: KMS refuses", async () => {
    const client = at.client({ bindTo: "object" });
    await put(client, "one", "1");
    const { metadata, body } = await at.stored("one");
    const stored = JSON.stringify({ ...RESERVED, [PAIR]: arnOf("two") });
    await at.place("two", { metadata: { ...metadata, "x-amz-t": stored }, body });
    at.forget();
    await refused(get(client, "two"), "ERR_NO_DATA_KEY", "two");
    expect(at.kms.events).toMatchObject([{ eventName: "Decrypt", errorCode: "InvalidCiphertextException" }]);
  });

  it("what is not bound does not open where binding is the rule, and the other way round", async () => {
    await put(at.client(), "loose", TEXT);
    await notOpened(at.client({ bindTo: "object" }), "loose");
    await put(at.client({ bindTo: "object" }), "bound", TEXT);
    await notOpened(at.client(), "bound");
    await notOpened(at.client({ bindTo: "bucket" }), "bound");
  });

  it("may be named by hand where the client does not bind, as official clients do it", async () => {
    await put(at.client({ bindTo: "object" }), "k", TEXT);
    const call = { encryptionContext: { [PAIR]: arnOf("k") } };
    expect(await read(at.client(), "k", {}, call)).toEqual(TEXT);
    await put(at.client(), "by-hand", TEXT, {}, { encryptionContext: { [PAIR]: arnOf("by-hand") } });
    expect(await read(at.client({ bindTo: "object" }), "by-hand")).toEqual(TEXT);
    await at.place("official", await writeKmsObject(TEXT, at.byHand, { [PAIR]: arnOf() }));
    expect(await read(at.client({ bindTo: "bucket" }), "official")).toEqual(TEXT);
  });

  it("and a pair of that name from the caller is misuse", async () => {
    const call = { encryptionContext: { [PAIR]: arnOf("k") } };
    for (const bindTo of ["object", "bucket"] as const) {
      await misused(put(at.client({ bindTo }), "k", TEXT, {}, call), /follows from bindTo/);
      await misused(get(at.client({ bindTo }), "k", {}, call), /follows from bindTo/);
    }
    expect(at.s3.requests).toEqual([]);
  });

  it("works with a discovery keyring, which reads", async () => {
    await put(at.client({ bindTo: "object" }), "k", TEXT);
    const filter = { partition: "aws", accountIds: [ACCOUNT] };
    const keyring = kmsDiscoveryKeyring({ client: at.kms.client, filter });
    expect(await read(at.client({ bindTo: "object", keyring }), "k")).toEqual(TEXT);
    await move("k", "moved");
    await notOpened(at.client({ bindTo: "object", keyring }), "moved");
  });
});

describe("the caller's pairs", () => {
  it.each<[string, Record<string, string> | undefined]>([
    ["none", undefined],
    ["a subset", { a: "1" }],
    ["a superset", { a: "1", b: "2", c: "3" }],
    ["another value", { a: "1", b: "3" }],
    ["another name", { a: "1", B: "2" }],
  ])("must be exactly the writer's: not %s", async (_, encryptionContext) => {
    const call = { encryptionContext: { a: "1", b: "2" } };
    for (const bindTo of ["none", "object"] as const) {
      const client = at.client({ bindTo });
      await put(client, "k", TEXT, {}, call);
      at.forget();
      const other = encryptionContext && { encryptionContext };
      await refused(get(client, "k", {}, other), "ERR_ENCRYPTION_CONTEXT", "k");
      expect(at.kms.events).toEqual([]);
      expect(await read(client, "k", {}, call)).toEqual(TEXT);
    }
  });

  it("outside ASCII come back, as S3 shows them", async () => {
    const call = { encryptionContext: { é: "日本 𝒳", "=?UTF-8?Q?a?=": "=?b?=" } };
    for (const encodedWords of ["Q", "B", null] as const) {
      at.s3.options.encodedWords = encodedWords;
      await put(at.client(), "k", TEXT, {}, call);
      expect((await at.opened("k")).context).toEqual(call.encryptionContext);
      expect(await read(at.client(), "k", {}, call)).toEqual(TEXT);
    }
    at.s3.options.encodedWords = "Q";
  });

  it("bound to raw keys are an error: nothing would hold them", async () => {
    const client = at.client({ keyring: aes() });
    const call = { encryptionContext: { a: "1" } };
    await refused(put(client, "raw", TEXT, {}, call), "ERR_ENCRYPTION_CONTEXT", "raw");
    expect(at.s3.requests).toEqual([]);
    await put(client, "raw", TEXT);
    await refused(get(client, "raw", {}, call), "ERR_ENCRYPTION_CONTEXT", "raw");
    expect(await read(client, "raw")).toEqual(TEXT);
  });
});

describe("where binding cannot hold", () => {
  it.each(["object", "bucket"] as const)("bindTo %s with a raw keyring is misuse", (bindTo) =>
    misused(() => at.client({ bindTo, keyring: aes() }), /bindTo needs KMS/),
  );

  it("bindTo that is none is misuse", () =>
    misused(() => at.client({ bindTo: "key" as never }), /"object", "bucket" or "none"/));

  it("a keyring of one's own may promise to bind", async () => {
    const wrap: NonNullable<ReturnType<typeof clear>["wrap"]> = (dataKey) => [
      { providerId: "S3Keyring", providerInfo: utf8("AES/GCM"), ciphertext: new Uint8Array(dataKey) },
    ];
    const parts = { objectWrap: "AES/GCM", bindsObjectContext: true, wrap } as const;
    const client = at.client({ bindTo: "object", keyring: clear("S3Keyring", parts) });
    await put(client, "own", TEXT);
    expect(await read(client, "own")).toEqual(TEXT);
    await misused(
      () => at.client({ bindTo: "object", keyring: watched(clear("S3Keyring", parts)) }),
      /bindTo/,
    );
  });
});

describe("the ARN", () => {
  it.each([
    ["eu-west-1", "aws"],
    ["cn-north-1", "aws-cn"],
    ["us-gov-west-1", "aws-us-gov"],
    ["us-iso-east-1", "aws-iso"],
    ["us-isob-east-1", "aws-iso-b"],
    ["us-isof-south-1", "aws-iso-f"],
    ["eu-isoe-west-1", "aws-iso-e"],
    ["eusc-de-east-1", "aws-eusc"],
  ])("in %s is of the partition %s", async (region, partition) => {
    const client = s3Client(at.s3.url, { region });
    try {
      await put(at.client({ client, bindTo: "object" }), "k", TEXT);
      expect(contexts(at.kms)).toEqual([{ ...RESERVED, [PAIR]: `arn:${partition}:s3:::b/k` }]);
      expect(await read(at.client({ client, bindTo: "object" }), "k")).toEqual(TEXT);
    } finally {
      client.destroy();
    }
  });

  it("of an access point must be given", async () => {
    const alias = "orders-abc123-s3alias";
    const s3 = await startS3(alias);
    try {
      const make = (more: object = {}) =>
        at.client({ client: s3.client, bindTo: "object", ...more } as Partial<Options>);
      const there = { Bucket: alias };
      await misused(put(make(), "k", TEXT, there), /is an access point/);
      await misused(get(make(), "k", there), /is an access point/);
      expect(s3.requests).toEqual([]);
      const bucketArn = arnOf();
      await put(make({ bucketArn }), "k", TEXT, there);
      expect(await read(make({ bucketArn: () => bucketArn }), "k", there)).toEqual(TEXT);
      expect(contexts(at.kms)[0]).toMatchObject({ [PAIR]: arnOf("k") });
      // The same object, by the name of its bucket.
      const { metadata, body } = (await s3.object(alias, "k"))!;
      await at.place("k", { metadata: { ...metadata }, body });
      expect(await read(at.client({ bindTo: "object", bucketArn }), "k")).toEqual(TEXT);
      expect(await read(at.client({ bindTo: "object" }), "k")).toEqual(TEXT);
    } finally {
      await s3.close();
    }
  });

  it.each(["arn:aws:s3:us-east-1:111122223333:accesspoint/a", "a--ol-s3", "a--xa-s3", "mfzwi23gnjvgw.mrap"])(
    "%s is an access point",
    (name) =>
      misused(put(at.client({ bindTo: "bucket" }), "k", TEXT, { Bucket: name }), /is an access point/),
  );

  it("may come from a function of the bucket's name", async () => {
    const asked: string[] = [];
    const bucketArn = (bucket: string) => {
      asked.push(bucket);
      return `arn:aws-cn:s3:::real-${bucket}`;
    };
    await put(at.client({ bindTo: "object", bucketArn }), "k", TEXT);
    expect(asked).toEqual([Bucket]);
    expect(contexts(at.kms)[0]).toMatchObject({ [PAIR]: "arn:aws-cn:s3:::real-b/k" });
  });

  it("that is none is misuse", async () => {
    for (const arn of ["", "b", "arn:aws:s3:::", "arn:aws:s3:::b/k", "arn:aws:kms:::b", 1, null, {}]) {
      await misused(() => at.client({ bindTo: "object", bucketArn: arn as string }), /bucketArn/);
      const bucketArn = (() => arn) as () => string;
      await misused(put(at.client({ bindTo: "object", bucketArn }), "k", TEXT), /bucketArn/);
    }
  });

  it("needs a Region, which some clients do not tell", async () => {
    const send = at.s3.client.send.bind(at.s3.client) as Options["client"]["send"];
    for (const client of [{ send }, { send, config: {} }]) {
      await misused(put(at.client({ client, bindTo: "bucket" }), "k", TEXT), /Region/);
      await put(at.client({ client }), "k", TEXT);
    }
  });
});

it("a raw keyring of another key reads no bound object", async () => {
  const keyring = rawAesKeyring({ namespace: "n", name: "k", key: KEY });
  await put(at.client({ bindTo: "object" }), "k", TEXT);
  await refused(get(at.client({ keyring }), "k"), "ERR_ENCRYPTION_CONTEXT", "k");
});
