// Writes test/vectors/objects with the official S3 Encryption Clients: Java 4.0.1 and Python 4.0.0, over moto's S3.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Context, type ObjectClient, type PeerKeyring, startJava, startPython } from "../clients.ts";
import { aesKeyring, rsaKeyring } from "../keys.ts";
import { type Moto, startMoto } from "../moto.ts";
import { base64, type ObjectVector, type Origin, sample, writeVectors } from "./format.ts";
import { kmsKeyFixture, listenWithFixtureKey, withoutEndpoints } from "./kms-key.ts";

const javaOrigin: Origin = {
  writer: "Amazon S3 Encryption Client for Java (amazon-s3-encryption-client-java)",
  version: "4.0.1",
  generator: "test/peers/vectors/objects.gen.ts",
};
const pythonOrigin: Origin = {
  writer: "Amazon S3 Encryption Client for Python (amazon-s3-encryption-client-python)",
  version: "4.0.0",
  generator: "test/peers/vectors/objects.gen.ts",
};

let moto: Moto;
let kms: Awaited<ReturnType<typeof listenWithFixtureKey>>;
let python: Awaited<ReturnType<typeof startPython>>;
let java: Awaited<ReturnType<typeof startJava>>;
beforeAll(async () => {
  [moto, kms, python, java] = await Promise.all([
    startMoto(),
    listenWithFixtureKey(),
    startPython(),
    startJava(),
  ]);
  await java.createBucket({ s3: moto.endpoint, bucket: "vectors" });
});
afterAll(() => Promise.all([moto.stop(), kms.stop(), python.stop(), java.stop()]));

const sizes = [0, 1, 16, 1000];
const large = 70_000;

interface Plan {
  readonly name: string;
  readonly keyring: string;
  readonly size: number;
  readonly encryptionContext?: Context;
  /** What a reader names, where it is not what the writer was given. */
  readonly readContext?: Context;
}

async function write(
  client: ObjectClient,
  keyrings: Record<string, PeerKeyring>,
  plans: readonly Plan[],
): Promise<ObjectVector[]> {
  const objects: ObjectVector[] = [];
  for (const {
    name,
    keyring: ringName,
    size,
    encryptionContext = {},
    readContext = encryptionContext,
  } of plans) {
    const keyring = keyrings[ringName]!;
    const place = { s3: moto.endpoint, bucket: "vectors", key: `object ${objects.length}` };
    const plaintext = sample(size);
    await client.put(place, keyring, plaintext, encryptionContext);
    expect((await client.get(place, keyring, readContext)).equals(plaintext)).toBe(true);
    const { metadata, body } = await client.rawGet(place);
    const label =
      "materialsDescription" in keyring ? { materialsDescription: keyring.materialsDescription } : {};
    objects.push({
      name,
      keyring: ringName,
      encryptionContext: readContext,
      ...label,
      metadata: Object.fromEntries(Object.entries(metadata).sort()),
      body: base64(body),
      plaintext: base64(plaintext),
    });
  }
  return objects;
}

it("writes objects/java-raw.json", async () => {
  const rsa = rsaKeyring("oaep-sha1");
  const labelled = { materialsDescription: { team: "a", year: "2026" } };
  const keyrings: Record<string, PeerKeyring> = {
    "aes-128": aesKeyring(16),
    "aes-256": aesKeyring(32),
    "aes-256 with a description": { ...aesKeyring(32), ...labelled },
    rsa,
    "rsa with a description": { ...rsa, ...labelled },
  };
  const plans = Object.keys(keyrings).flatMap((keyring) =>
    sizes.map((size) => ({ name: `${size} bytes under ${keyring}`, keyring, size })),
  );
  plans.push({ name: `${large} bytes under aes-256`, keyring: "aes-256", size: large });
  plans.push({ name: `${large} bytes under rsa`, keyring: "rsa", size: large });
  const objects = await write(java, keyrings, plans);
  writeVectors("objects", "java-raw.json", { origin: javaOrigin, keyrings, objects });
});

const kmsPlans = (): Plan[] => [
  ...[...sizes, large].map((size) => ({ name: `${size} bytes, no context`, keyring: "kms", size })),
  ...sizes.map((size) => ({
    name: `${size} bytes, two pairs`,
    keyring: "kms",
    size,
    encryptionContext: { tenant: "t1", purpose: "vectors" },
  })),
  {
    name: "keys in another order than their bytes, quotes and backslashes",
    keyring: "kms",
    size: 16,
    encryptionContext: { Zebra: "1", apple: "2", 'quoted "key"': "a\\b/c" },
  },
  {
    // Readers leave this name out of the comparison, and KMS is given it all the same.
    name: "the reserved name kms_cmk_id",
    keyring: "kms",
    size: 16,
    encryptionContext: { tenant: "t1", kms_cmk_id: "of the caller" },
    readContext: { tenant: "t1" },
  },
];

it.each([
  { file: "python-kms.json", origin: pythonOrigin, client: () => python },
  { file: "java-kms.json", origin: javaOrigin, client: () => java },
])("writes objects/$file", async ({ file, origin, client }) => {
  const keyrings: Record<string, PeerKeyring> = {
    kms: { type: "kms", endpoint: kms.endpoint, keyId: kmsKeyFixture.arn },
  };
  const objects = await write(client(), keyrings, kmsPlans());
  const note =
    "The data keys were wrapped by keyfold's own local KMS: give it the key id and material of this file.";
  writeVectors("objects", file, {
    origin: { ...origin, note },
    kms: [kmsKeyFixture],
    keyrings: withoutEndpoints(keyrings),
    objects,
  });
});
