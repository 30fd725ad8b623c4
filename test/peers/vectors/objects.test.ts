// keyfold's S3 client opens everything under test/vectors/objects that official clients wrote, of every format, wrap and
// storage, out of a real S3 server; and refuses what its defaults refuse.
import { readdirSync } from "node:fs";
import { GetObjectCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backend } from "#crypto";
import type { Keyring } from "../../../src/index.ts";
import { createS3EncryptionClient, type S3EncryptionClientOptions } from "../../../src/s3/index.ts";
import { startS3 } from "../../support/s3.ts";
import type { ObjectVectors, WrittenObjectVector } from "./format.ts";
import { bytes, keyringsOf, readVectors } from "./keyrings.ts";

/** Written by older code of this suite: V3 alone, without what tells format and wrap. vectors.test.ts reads them. */
const OTHERS = ["java-raw.json", "java-kms.json", "python-kms.json"];
const files = readdirSync(new URL("../../vectors/objects/", import.meta.url)).filter(
  (name) => !OTHERS.includes(name),
);

let s3: Awaited<ReturnType<typeof startS3>>;
beforeAll(async () => {
  s3 = await startS3("vectors");
});
afterAll(() => s3.close());

const LEGACY = ["kms", "AESWrap", "RSA/ECB/OAEPWithSHA-256AndMGF1Padding", "AES", "RSA"];
/** What WebCrypto cannot open. */
const NODE_ONLY = ["RSA/ECB/OAEPWithSHA-256AndMGF1Padding", "RSA"];

async function store(vector: WrittenObjectVector, Key: string): Promise<void> {
  const { body, metadata, instructionFile: file } = vector;
  await s3.put("vectors", Key, bytes(body), metadata);
  if (file !== undefined) await s3.put("vectors", Key + file.suffix, Buffer.from(file.body), file.metadata);
}

it("there are files of every writer", () => {
  expect(files.length).toBeGreaterThanOrEqual(15);
});

describe.each(files)("objects/%s", (name) => {
  const {
    kms = [],
    keyrings: specs,
    objects,
  } = readVectors<ObjectVectors<WrittenObjectVector>>(`objects/${name}`);
  const { keyrings } = keyringsOf(specs, kms);

  it.each(objects.map((vector, i) => ({ vector, i, title: vector.name })))(
    "$title",
    async ({ vector, i }) => {
      const place = { Bucket: "vectors", Key: `${name}/${i}` };
      await store(vector, place.Key);
      const isLegacy = LEGACY.includes(vector.wrap);
      const isCbc = vector.suite === 112;
      const { encryptionContext, instructionFile: file } = vector;
      const call = {
        ...(Object.keys(encryptionContext).length > 0 && { encryptionContext }),
        ...(file !== undefined && { instructionFileSuffix: file.suffix }),
      };
      const keyring: Keyring = keyrings[vector.keyring]!;
      const get = (options: Partial<S3EncryptionClientOptions> = {}) => {
        const all = { client: s3.client, keyring, ...options } as S3EncryptionClientOptions;
        return createS3EncryptionClient(all).send(new GetObjectCommand(place), call);
      };
      const open = { commitmentPolicy: "require-encrypt-allow-decrypt" } as const;
      const wide = {
        ...open,
        legacy: {
          wrappingAlgorithms: isLegacy,
          unauthenticatedModes: isCbc,
          rewrappedCbc: isCbc && !isLegacy,
        },
      };

      if (vector.format !== "V3") {
        await expect(get()).rejects.toMatchObject({ code: "ERR_COMMITMENT_POLICY" });
        if (isLegacy || isCbc) await expect(get(open)).rejects.toMatchObject({ code: "ERR_S3_LEGACY" });
        // Java's clients bind what they wrap anew as if it were GCM.
        const bound = { ...open, legacy: { wrappingAlgorithms: true, unauthenticatedModes: true } };
        if (isCbc && !isLegacy) await expect(get(bound)).rejects.toMatchObject({ code: "ERR_NO_DATA_KEY" });
      }
      if (backend.name === "web" && NODE_ONLY.includes(vector.wrap)) {
        await expect(get(wide)).rejects.toMatchObject({ code: "ERR_UNSUPPORTED" });
        return;
      }
      const { Body, encryption } = await get(vector.format === "V3" ? {} : wide);
      const plaintext = bytes(vector.plaintext);
      expect(Buffer.from(await Body!.transformToByteArray()).equals(plaintext)).toBe(true);
      expect(encryption).toMatchObject({
        format: vector.format,
        suite: { id: vector.suite },
        plaintextLength: plaintext.length,
        storedLength: bytes(vector.body).length,
        verified: !isCbc,
        instructionFile: file !== undefined,
        materialsDescription: vector.materialsDescription ?? {},
      });
      const reader = createS3EncryptionClient({ client: s3.client, keyring });
      const head = await reader.send(new HeadObjectCommand(place), call);
      expect(head.encryption).toMatchObject({ format: vector.format, verified: false });
      expect(head.encryption?.plaintextLength).toBe(isCbc ? undefined : plaintext.length);
    },
  );
});
