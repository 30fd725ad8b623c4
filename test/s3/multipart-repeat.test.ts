import { Readable } from "node:stream";
import { CreateMultipartUploadCommand } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { counting, join, random, toHex, utf8 } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { s3Client, s3Fault } from "../support/s3.ts";
import { type Deferred, deferred } from "../support/virtual.ts";
import { begun, Key, LAST } from "./begun-upload.ts";
import { Bucket, encrypting, isWiped, opened, part, rig, settle } from "./rig.ts";

describe("a repeated part", () => {
  it("is the same ciphertext", async () => {
    const { s3, send, complete, wire } = await begun();
    const [one, two] = [counting(4096), counting(99)];
    await send(1, one);
    await send(1, one);
    await send(2, two, LAST);
    await send(2, Readable.from([two]), LAST);
    await complete([1, 2]);
    expect(wire(1).map(toHex)).toEqual([toHex(wire(1)[0]!), toHex(wire(1)[0]!)]);
    expect(wire(2).map(toHex)).toEqual([toHex(wire(2)[0]!), toHex(wire(2)[0]!)]);
    expect(wire(2)[0]).toHaveLength(99 + 16);
    expect(await opened(s3, Key)).toEqual(join(one, two));
  });

  it.each([
    ["failed", { status: 500, code: "InternalError" }],
    ["was cut", { cutRequestAfter: 100 }],
    ["was done, and its reply was lost", { loseReply: true }],
  ])("is the same ciphertext when the request %s", async (_, fault) => {
    const { s3, send, complete, wire } = await begun();
    const parts = [random(2048), random(1024), random(50)];
    s3.script = s3Fault("UploadPart", fault, { times: 2 });
    const first = outcome(send(1, parts[0]));
    await first;
    await outcome(send(2, parts[1]));
    // Both are sealed, and neither is known to be stored.
    await send(2, parts[1]);
    await send(1, parts[0]);
    await send(3, parts[2], LAST);
    await complete([1, 2, 3]);
    expect(await opened(s3, Key)).toEqual(join(...parts));
    const bodies = wire(1).filter((body) => body.length > 0);
    expect(new Set(bodies.map(toHex)).size).toBe(1);
  });

  it("is the same ciphertext when the SDK repeats it", async () => {
    const { s3 } = await rig();
    const sdk = s3Client(s3.url, { maxAttempts: 3 });
    const client = encrypting(sdk);
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    // The first request is read to its end and its reply is lost.
    s3.script = s3Fault("UploadPart", { loseReply: true }, { times: 1 });
    await client.send(part(Key, UploadId!, 1, random(2048)), LAST);
    const [one, two, ...more] = s3.requests.filter(({ operation }) => operation === "UploadPart");
    expect(more).toEqual([]);
    expect(toHex(two!.body)).toBe(toHex(one!.body));
    sdk.destroy();
  });

  it("is refused with other content, and leaves the upload as it was", async () => {
    const { s3, send, complete, wire } = await begun();
    const [one, two] = [counting(4096), counting(64)];
    await send(1, one);
    for (const other of [counting(4096, 1), counting(4095), counting(4112), utf8("")]) {
      const error = await failure(send(1, other), "ERR_S3_MULTIPART");
      expect(error.message).toContain("other content");
    }
    await failure(send(1, one, LAST), "ERR_S3_MULTIPART");
    await send(2, two, LAST);
    await failure(send(2, two), "ERR_S3_MULTIPART");
    await failure(send(2, counting(64, 1), LAST), "ERR_S3_MULTIPART");
    expect([wire(1).length, wire(2).length]).toEqual([1, 1]);
    await complete([1, 2]);
    expect(await opened(s3, Key)).toEqual(join(one, two));
  });

  it("is refused once others are stored behind it: its ciphertext is gone", async () => {
    const { send } = await begun();
    const one = counting(16);
    await send(1, one);
    await send(2, counting(16));
    const error = await failure(send(1, one), "ERR_S3_MULTIPART");
    expect(error.message).toContain("part 3 is due");
  });
});

describe("an abort", () => {
  it("wipes the key, and ends the upload", async () => {
    const { s3, send, abort, complete, keys } = await begun();
    await send(1, counting(16));
    expect(keys.map(isWiped)).toEqual([false]);
    await abort();
    expect(keys.map(isWiped)).toEqual([true]);
    expect(s3.uploads()).toEqual([]);
    await failure(send(2, counting(16), LAST), "ERR_S3_MULTIPART");
    await failure(complete([1]), "ERR_S3_MULTIPART");
    expect(await s3.keys(Bucket)).toEqual([]);
  });

  it.each([
    ["refuses", { status: 404, code: "NoSuchUpload" }],
    ["fails", { status: 500, code: "InternalError" }],
  ])("wipes the key even if S3 %s it, and can be repeated", async (_, fault) => {
    const { s3, abort, keys } = await begun();
    s3.script = s3Fault("AbortMultipartUpload", fault, { times: 1 });
    expect(await outcome(abort())).toMatchObject({ name: fault.code });
    expect(keys.map(isWiped)).toEqual([true]);
    await abort();
    expect(s3.uploads()).toEqual([]);
  });

  it("lets no part that waits be sealed under the wiped key", async () => {
    const { s3, send, abort } = await begun();
    const gates: Deferred<void>[] = [deferred(), deferred()];
    const bodies = gates.map((gate) =>
      Readable.from(
        (async function* () {
          await gate.promise;
          yield counting(16);
        })(),
      ),
    );
    await send(1, counting(16));
    const waiting = [outcome(send(2, bodies[0])), outcome(send(3, bodies[1], LAST))];
    const again = outcome(send(1, counting(16)));
    // The second part's body is being read, the others wait for their turn.
    await settle();
    await abort();
    for (const gate of gates) gate.resolve();
    for (const error of await Promise.all([...waiting, again])) {
      expect(error).toMatchObject({ code: "ERR_S3_MULTIPART" });
    }
    expect(s3.asked().filter((asked) => asked === `UploadPart ${Key}`)).toHaveLength(1);
  });
});
