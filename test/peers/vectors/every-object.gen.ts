// Writes test/vectors/objects: every format, wrap and storage that an official S3 Encryption Client for Java or Python writes.
import { afterAll, beforeAll, it } from "vitest";
import type { Context, LegacyClient, PeerKeyring } from "../clients.ts";
import { aesKeyring, rsaKeyring } from "../keys.ts";
import { type Moto, startMoto } from "../moto.ts";
import { type Origin, writeVectors } from "./format.ts";
import { kmsKeyFixture, listenWithFixtureKey, withoutEndpoints } from "./kms-key.ts";
import {
  farContexts,
  grid,
  kmsPlans,
  type ObjectPlan,
  rawKeyrings,
  rawPlans,
  reEncryptionPlans,
  rewrappingPlans,
  sesPlan,
  storages,
} from "./object-plan.ts";
import { type Clients, startClients } from "./object-readers.ts";
import { type Writer, writeObjects } from "./object-writer.ts";

const generator = "test/peers/vectors/every-object.gen.ts";
const java = "Amazon S3 Encryption Client for Java (amazon-s3-encryption-client-java)";
const origins = {
  java: { writer: java, version: "4.0.1", generator },
  java3: { writer: java, version: "3.5.0", generator },
  python: {
    writer: "Amazon S3 Encryption Client for Python (amazon-s3-encryption-client-python)",
    version: "4.0.0",
    generator,
  },
  sdk1: { writer: "AWS SDK for Java 1 (aws-java-sdk-s3)", version: "1.12.788", generator },
} as const satisfies Record<string, Origin>;

let moto: Moto;
let kms: Awaited<ReturnType<typeof listenWithFixtureKey>>;
let clients: Clients;
beforeAll(async () => {
  [moto, kms, clients] = await Promise.all([
    startMoto({ smallestPart: 16 }),
    listenWithFixtureKey(),
    startClients(),
  ]);
  await clients.java.createBucket({ s3: moto.endpoint, bucket: "vectors" });
}, 60_000);
afterAll(() => Promise.all([moto.stop(), kms.stop(), clients.stop()]));

const writers = {
  java: (format: "V2" | "V3"): Writer => ({ name: "java 4.0.1", client: () => clients.java, format }),
  java3: (): Writer => ({ name: "java 3.5.0", client: () => clients.java3 }),
  python: (format: "V2" | "V3"): Writer => ({ name: "python 4.0.0", client: () => clients.python, format }),
  sdk1: (client: "V1" | "V2"): Writer => ({
    name: `java sdk 1.12.788, ${client}`,
    client: (plan) => clients.sdk1.client(plan.client!),
  }),
};

const raw = (): Record<string, PeerKeyring> =>
  rawKeyrings(aesKeyring, (name) => rsaKeyring("oaep-sha1", name));
const ofKms = (): Record<string, PeerKeyring> => ({
  kms: { type: "kms", endpoint: kms.endpoint, keyId: kmsKeyFixture.arn },
});

async function writeFile(
  file: string,
  origin: Origin,
  writer: Writer,
  keyrings: Record<string, PeerKeyring>,
  plans: readonly ObjectPlan[],
): Promise<void> {
  const where = { s3: moto.endpoint, bucket: "vectors" };
  const objects = await writeObjects(clients, writer, where, keyrings, plans);
  const used = new Set(objects.map(({ keyring }) => keyring));
  const kept = Object.fromEntries(Object.entries(keyrings).filter(([name]) => used.has(name)));
  const note =
    "The data keys were wrapped by keyfold's own local KMS: give it the key id and material of this file.";
  const underKms = used.has("kms");
  writeVectors("objects", file, {
    origin: { ...origin, ...(underKms ? { note } : {}) },
    ...(underKms ? { kms: [kmsKeyFixture] } : {}),
    keyrings: withoutEndpoints(kept),
    objects,
  });
}

/** Descriptions that are not ASCII: in the file as they are, in metadata as S3 returns them. */
const far = (keyring: string, more: Partial<ObjectPlan> = {}): ObjectPlan[] =>
  grid(keyring, storages.slice(0, 1), { asS3Returns: true, ...more }, [16], ", not ASCII, as S3 returns it");
const farFile = (keyring: string, more: Partial<ObjectPlan> = {}): ObjectPlan[] =>
  grid(keyring, storages.slice(1), more, [16], ", not ASCII");

const javaRaw = (): ObjectPlan[] => [
  ...rawPlans(),
  ...far("aes-256 with a Latin-1 description"),
  ...farFile("aes-256 with a non-ASCII description"),
  ...reEncryptionPlans,
];
const javaKms = (): ObjectPlan[] => [
  ...kmsPlans(storages),
  ...far("kms", { context: farContexts.inMetadata }),
];
// Java 3.5.0 and 4.0.1 decode the file's JSON as if S3 had returned it, and refuse what they wrote.
const javaFarFile = (): ObjectPlan[] =>
  farFile("kms", { context: farContexts.inFile, witness: "java sdk 1.12.788, V2" });

it("writes objects/java-v2-raw.json", () =>
  writeFile("java-v2-raw.json", origins.java, writers.java("V2"), raw(), javaRaw()));
it("writes objects/java-v3-raw.json", () =>
  writeFile("java-v3-raw.json", origins.java, writers.java("V3"), raw(), javaRaw()));
it("writes objects/java-v2-kms.json", () =>
  writeFile("java-v2-kms.json", origins.java, writers.java("V2"), ofKms(), [...javaKms(), ...javaFarFile()]));
it("writes objects/java-v3-kms.json", () =>
  writeFile("java-v3-kms.json", origins.java, writers.java("V3"), ofKms(), javaKms()));
it("writes objects/java-3-raw.json", () =>
  writeFile("java-3-raw.json", origins.java3, writers.java3(), raw(), javaRaw()));
it("writes objects/java-3-kms.json", () =>
  writeFile("java-3-kms.json", origins.java3, writers.java3(), ofKms(), [...javaKms(), ...javaFarFile()]));

it.each(["V2", "V3"] as const)("writes objects/python-%s.json", (format) => {
  // Its uploader wants parts of 5 MiB, and takes no empty file: one short part is what is left of it.
  const plans = kmsPlans(storages.slice(0, 1));
  return writeFile(
    `python-${format.toLowerCase()}.json`,
    origins.python,
    writers.python(format),
    ofKms(),
    plans,
  );
});

/** All wraps of one client in one mode. */
function sdk1Plans(client: LegacyClient): ObjectPlan[] {
  // Under the wrap `kms` the context is what is stored: readers name none, and Python refuses them if they do.
  const seen = (context: Context): Context => (client.client === "V1" ? {} : context);
  const witness = `java sdk 1.12.788, ${client.client}`;
  const plans = [
    ...rawPlans(),
    ...farFile("aes-256 with a non-ASCII description"),
    ...reEncryptionPlans,
    ...kmsPlans(storages, seen),
    ...farFile("kms", { context: farContexts.inFile, readContext: seen(farContexts.inFile) }),
    ...(client.client === "V1" && client.mode === "authenticated" ? [sesPlan(seen)] : []),
  ];
  // Strict modes differ in what they read: of what they write, a few sizes are enough.
  const few = [17, 100, 16];
  const kept =
    client.mode === "strict-authenticated" ? plans.filter(({ size }) => few.includes(Number(size))) : plans;
  return kept.map((plan) => ({ ...plan, client, witness }));
}

it.each([
  { file: "sdk1-encryption-only.json", client: { client: "V1", mode: "encryption-only" } },
  { file: "sdk1-authenticated.json", client: { client: "V1", mode: "authenticated" } },
  { file: "sdk1-strict.json", client: { client: "V1", mode: "strict-authenticated" } },
  { file: "sdk1-v2-client.json", client: { client: "V2", mode: "authenticated" } },
  { file: "sdk1-v2-client-strict.json", client: { client: "V2", mode: "strict-authenticated" } },
] as const)("writes objects/$file", ({ file, client }) =>
  writeFile(file, origins.sdk1, writers.sdk1(client.client), { ...raw(), ...ofKms() }, sdk1Plans(client)),
);

it("writes objects/sdk1-bouncy-castle.json", () => {
  const client: LegacyClient = { client: "V1", mode: "authenticated", bouncyCastle: true };
  const witness = "java sdk 1.12.788, V1, Bouncy Castle";
  const plans = grid("rsa", storages, { client, witness }, [0, 17, 1000]);
  return writeFile("sdk1-bouncy-castle.json", origins.sdk1, writers.sdk1("V1"), raw(), plans);
});

it("writes objects/sdk1-rewrapped.json", () => {
  const origin = {
    ...origins.sdk1,
    note: "The instruction files were wrapped anew by the S3 Encryption Client for Java 4.0.1.",
  };
  const writer = { ...writers.sdk1("V1"), reEncrypts: clients.java };
  return writeFile("sdk1-rewrapped.json", origin, writer, raw(), rewrappingPlans);
});
