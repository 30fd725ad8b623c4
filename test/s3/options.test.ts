import {
  GetObjectCommand,
  GetObjectTaggingCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createS3EncryptionClient } from "../../src/s3/index.ts";
import { utf8 } from "../support/bytes.ts";
import { outcome } from "../support/failure.ts";
import { aes } from "../support/keyrings.ts";
import { Bucket, get, head, misused, type Options, put, read, type Started, start } from "./encrypted.ts";

let at: Started;
beforeAll(async () => {
  at = await start();
});
afterAll(() => at.s3.close());
beforeEach(() => at.forget());

const create = (options: unknown) => () => createS3EncryptionClient(options as Options);
const of = (more: object) => create({ client: at.s3.client, keyring: aes(), ...more });

describe("createS3EncryptionClient", () => {
  it.each<[string, unknown, RegExp]>([
    ["nothing", undefined, /options object/],
    ["null", null, /options object/],
    ["no client", { keyring: aes() }, /client must be an S3Client/],
    ["a client that sends nothing", { client: {}, keyring: aes() }, /client must be an S3Client/],
  ])("with %s is misuse", (_, options, text) => misused(create(options), text));

  it.each<[object, RegExp]>([
    [{ keyring: undefined }, /either keyring or materialsManager/],
    [{ keyring: {} }, /not a keyring/],
    [{ materialsManager: {} }, /not both/],
    [{ keyring: undefined, materialsManager: {} }, /not a materials manager/],
    [{ bindTo: "objects" }, /bindTo must be/],
    [{ bindTo: null }, /bindTo must be/],
    [{ bufferLimit: -1 }, /bufferLimit/],
    [{ bufferLimit: 1.5 }, /bufferLimit/],
    [{ bufferLimit: "1" }, /bufferLimit/],
    [{ bufferLimit: Number.POSITIVE_INFINITY }, /bufferLimit/],
    [{ maxUnfinishedUploads: 0 }, /maxUnfinishedUploads/],
    [{ maxUnfinishedUploads: 1.5 }, /maxUnfinishedUploads/],
    [{ maxUnfinishedUploads: "9" }, /maxUnfinishedUploads/],
    [{ commitmentPolicy: "none" }, /commitmentPolicy/],
    [{ legacy: true }, /legacy must be/],
    [{ legacy: null }, /legacy must be/],
    [{ observer: {} }, /observer must be a function/],
    [{ instructionFile: { suffix: "" } }, /suffix/],
    [{ instructionFile: { suffix: 1 } }, /suffix/],
    [{ instructionFile: true }, /instructionFile/],
    [{ instructionFile: null }, /instructionFile/],
    [{ bucketArn: "b" }, /bucketArn/],
    [{ aliases: "refused" }, /aliases/],
    [{ aliases: true }, /aliases/],
  ])("with %o is misuse", (more, text) => misused(of(more), text));

  it("does not wrap an encryption client", async () => {
    const client = at.client();
    await misused(of({ client }), /encryption client already/);
  });

  it("takes nothing but true for what loosens", async () => {
    await at.s3.put(Bucket, "plain", utf8("x"));
    for (const passUnencrypted of [1, "true", {}]) {
      const client = of({ passUnencrypted })();
      expect(await outcome(get(client, "plain"))).toMatchObject({ code: "ERR_S3_UNENCRYPTED" });
    }
  });
});

describe("send", () => {
  it("passes on all other commands as they are", async () => {
    await put(at.client(), "k", "1");
    const list = await at.client().send(new ListObjectsV2Command({ Bucket }));
    expect(list.Contents?.map(({ Key }) => Key)).toEqual(["k", "plain"]);
    const error = await outcome(at.client().send(new GetObjectTaggingCommand({ Bucket, Key: "k" })));
    expect(error).toMatchObject({ name: "NotImplemented" });
  });

  it("knows commands by their schema, whatever a bundler calls their class", async () => {
    class a extends PutObjectCommand {}
    class b extends GetObjectCommand {}
    await at.client().send(new a({ Bucket, Key: "mangled", Body: "1" }));
    expect((await at.opened("mangled")).plaintext).toEqual(utf8("1"));
    const { Body } = await at.client().send(new b({ Bucket, Key: "mangled" }));
    expect(await Body!.transformToString()).toBe("1");
  });

  it("knows commands of older SDKs by their name, and refuses what it cannot tell", async () => {
    const input = { Bucket, Key: "older", Body: "1" };
    class PutObjectCommand {
      readonly input = input;
    }
    await at.client().send(new PutObjectCommand());
    expect((await at.opened("older")).plaintext).toEqual(utf8("1"));
    class x {
      readonly input = input;
    }
    at.forget();
    for (const command of [new x(), { input }, null, undefined, "PutObject", Object.create(null)]) {
      await misused(at.client().send(command as never), /not a command/);
    }
    expect(at.s3.requests).toEqual([]);
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
    "takes no command for one of its own by the name %s",
    async (name) => {
      const command = { input: { Bucket, Key: "k" }, schema: [9, "com.amazonaws.s3", name] };
      expect(await outcome(at.client().send(command as never))).toBeInstanceOf(Error);
    },
  );

  it("refuses a signal that is none", async () => {
    const call = { abortSignal: {} as AbortSignal };
    await misused(put(at.client(), "k", "1", {}, call), /signal/i);
    await misused(get(at.client(), "k", {}, call), /signal/i);
    await misused(head(at.client(), "k", {}, call), /signal/i);
    expect(at.s3.requests).toEqual([]);
  });

  it("refuses a suffix that is none, before anything is opened", async () => {
    await at.s3.put(Bucket, "elsewhere", utf8("x"));
    for (const instructionFileSuffix of ["", 1, null]) {
      const call = { instructionFileSuffix: instructionFileSuffix as string };
      await misused(get(at.client(), "elsewhere", {}, call), /suffix/);
    }
  });

  it("opens what the same client's SDK would not tell from ciphertext", async () => {
    await put(at.client(), "k", "42 pears");
    const raw = await at.s3.client.send(new GetObjectCommand({ Bucket, Key: "k" }));
    expect(await raw.Body!.transformToString()).not.toContain("pears");
    expect(await read(at.client(), "k")).toEqual(utf8("42 pears"));
  });
});
