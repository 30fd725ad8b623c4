// sealObject and openObject, which leave storing to their caller, and the official S3 Encryption Clients: Python 4.0.0
// (KMS), Java 4.0.1 (raw AES, raw RSA, KMS). The clients of S3 meet each other in the files s3-*.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openObject, sealObject } from "../../src/index.ts";
import { cross, row } from "../peers/cells.ts";
import { type ObjectClient, type PeerKeyring, startJava, startPython } from "../peers/clients.ts";
import { sample } from "../peers/vectors/format.ts";
import { pairs } from "./keyfold-client.ts";
import { keyringOf } from "./keyrings.ts";
import {
  asciiContexts,
  type Bench,
  formats,
  kmsPair,
  rawWraps,
  reads,
  sizes,
  startBench,
} from "./s3-bench.ts";

let bench: Bench;
let python: Awaited<ReturnType<typeof startPython>>;
let java: Awaited<ReturnType<typeof startJava>>;
beforeAll(async () => {
  [bench, python, java] = await Promise.all([startBench(), startPython(), startJava()]);
});
afterAll(() => Promise.all([bench?.stop(), python?.stop(), java?.stop()]));

const rows: readonly (readonly [string, () => ObjectClient, () => PeerKeyring])[] = [
  ["Python, KMS", () => python, () => kmsPair(bench).writer],
  ["Java, KMS", () => java, () => kmsPair(bench).writer],
  ["Java, AES-256", () => java, () => rawWraps["AES-256"]],
  ["Java, RSA", () => java, () => rawWraps.RSA],
];

describe.each(rows)("%s", (_, peer, keyring) => {
  const cells = () =>
    cross(cross(sizes, formats), keyring().type === "kms" ? asciiContexts.slice(1) : [{}]).map(
      ([[size, format], context]) => ({ size, format, context }),
    );
  const policy = (format: "V2" | "V3") =>
    format === "V2" ? ({ commitmentPolicy: "forbid-encrypt-allow-decrypt" } as const) : {};

  it("reads what sealObject sealed", (task) =>
    row(task, cells(), JSON.stringify, async ({ size, format, context }) => {
      const at = bench.place();
      const options = { keyring: keyringOf(keyring()), ...pairs(context), ...policy(format) };
      await peer().rawPut(at, await sealObject(sample(size), options));
      expect(await peer().get(at, keyring(), context, reads(format))).toEqual(sample(size));
    }));

  it("is read by openObject", (task) =>
    row(task, cells(), JSON.stringify, async ({ size, format, context }) => {
      const at = bench.place();
      await peer().put(at, keyring(), sample(size), context, { format });
      const options = { keyring: keyringOf(keyring()), ...pairs(context), ...policy(format) };
      const { plaintext } = await openObject(await peer().rawGet(at), options);
      expect(Buffer.from(plaintext).equals(sample(size))).toBe(true);
    }));
});
