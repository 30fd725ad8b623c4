import { expect } from "vitest";
import type { Context, ObjectClient, ObjectPlace, PeerKeyring, ReEncryptingClient } from "../clients.ts";
import { base64, sample, type WrittenObjectVector } from "./format.ts";
import { envelopeOf, openIndependently } from "./independent-object.ts";
import type { ObjectPlan } from "./object-plan.ts";
import { type Clients, openedBy } from "./object-readers.ts";

export interface Writer {
  /** As `openedBy` calls it. */
  readonly name: string;
  client(plan: ObjectPlan): ObjectClient & Partial<ReEncryptingClient>;
  /** Who wraps its instruction files anew, where another does. */
  readonly reEncrypts?: ReEncryptingClient;
  readonly format?: "V2" | "V3";
}

/** Writes each planned object, has the official clients open it, and keeps what is stored. */
export async function writeObjects(
  clients: Clients,
  writer: Writer,
  where: Omit<ObjectPlace, "key">,
  keyrings: Readonly<Record<string, PeerKeyring>>,
  plans: readonly ObjectPlan[],
): Promise<WrittenObjectVector[]> {
  const vectors: WrittenObjectVector[] = [];
  for (const plan of plans) {
    const place = { ...where, key: `${writer.name} ${writer.format ?? ""} ${vectors.length} ${plan.name}` };
    vectors.push(await writeObject(clients, writer, place, keyrings, plan));
  }
  return vectors;
}

async function writeObject(
  clients: Clients,
  writer: Writer,
  place: ObjectPlace,
  keyrings: Readonly<Record<string, PeerKeyring>>,
  plan: ObjectPlan,
): Promise<WrittenObjectVector> {
  const { name, size, client, context = {}, readContext = context, reEncrypt } = plan;
  const plaintext = await put(writer, place, keyrings[plan.keyring]!, plan);
  let ring = plan.keyring;
  if (reEncrypt !== undefined) {
    ring = reEncrypt.keyring;
    await wrapAnew(writer, place, keyrings, plan);
  }
  if (plan.asS3Returns) await encodeTwice(clients.java, place);

  const { metadata, body } = await clients.java.rawGet(place);
  const suffix = reEncrypt?.suffix === undefined ? ".instruction" : `.${reEncrypt.suffix}`;
  const file = plan.options?.instructionFile
    ? await clients.java.rawGet({ ...place, key: `${place.key}${suffix}` })
    : undefined;
  const text = file === undefined ? undefined : Buffer.from(file.body).toString();
  const instructionFile =
    file === undefined ? {} : { instructionFile: { suffix, metadata: sorted(file.metadata), body: text! } };
  const envelope = envelopeOf({ metadata, ...instructionFile });

  const keyring = keyrings[ring]!;
  const shape = shapeOf(envelope, keyring);
  const object = { place, keyring, context: readContext, writtenContext: context, ...shape };
  const readers = await openedBy(clients, { ...object, suffix: reEncrypt && suffix }, plaintext);
  expect(readers, name).toContain(plan.witness ?? writer.name);
  expect((await openIndependently(envelope, body, keyring)).equals(plaintext), name).toBe(true);
  return {
    name,
    keyring: ring,
    ...shape,
    ...(client === undefined ? {} : { client }),
    ...(typeof size === "number" ? {} : { parts: size }),
    encryptionContext: readContext,
    ...descriptionOf(keyring),
    metadata: sorted(metadata),
    ...instructionFile,
    body: base64(body),
    plaintext: base64(plaintext),
    openedBy: readers,
  };
}

async function put(
  writer: Writer,
  place: ObjectPlace,
  keyring: PeerKeyring,
  plan: ObjectPlan,
): Promise<Buffer> {
  const { size, context = {} } = plan;
  const options = { ...plan.options, ...(writer.format === undefined ? {} : { format: writer.format }) };
  if (typeof size === "number") {
    const plaintext = sample(size);
    await writer.client(plan).put(place, keyring, plaintext, context, options);
    return plaintext;
  }
  const plaintext = sample(size.reduce((sum, part) => sum + part, 0));
  let from = 0;
  const parts = size.map((length) => {
    const part = plaintext.subarray(from, from + length);
    from += length;
    return part;
  });
  await writer.client(plan).multipart(place, keyring, parts, context, options);
  return plaintext;
}

async function wrapAnew(
  writer: Writer,
  place: ObjectPlace,
  keyrings: Readonly<Record<string, PeerKeyring>>,
  plan: ObjectPlan,
): Promise<void> {
  const { keyring, suffix } = plan.reEncrypt!;
  const client = writer.reEncrypts ?? writer.client(plan);
  if (client.reEncryptInstructionFile === undefined) throw new Error(`${writer.name} does not re-encrypt`);
  await client.reEncryptInstructionFile(place, keyrings[plan.keyring]!, keyrings[keyring]!, {
    ...(writer.format === undefined ? {} : { format: writer.format }),
    ...(suffix === undefined ? {} : { suffix }),
    ...(writer.reEncrypts === undefined ? {} : { format: "V2", legacyWrapping: true, legacyModes: true }),
  });
}

/** What the names in metadata and instruction file say. */
export function shapeOf(
  envelope: Readonly<Record<string, string>>,
  keyring: PeerKeyring,
): Pick<WrittenObjectVector, "format" | "wrap" | "suite"> {
  if ("x-amz-3" in envelope) return { format: "V3", wrap: envelope["x-amz-w"]!, suite: 115 };
  if ("x-amz-key-v2" in envelope) {
    const suite = envelope["x-amz-cek-alg"] === "AES/GCM/NoPadding" ? 114 : 112;
    return { format: "V2", wrap: envelope["x-amz-wrap-alg"]!, suite };
  }
  expect(envelope).toHaveProperty("x-amz-key");
  return { format: "V1", wrap: keyring.type === "raw-aes" ? "AES" : "RSA", suite: 112 };
}

/** S3 takes the bytes of UTF-8 for Latin-1, and answers with encoded words where any is above 127. */
async function encodeTwice(client: ObjectClient, place: ObjectPlace): Promise<void> {
  const { metadata, body } = await client.rawGet(place);
  const twice = Object.entries(metadata).map(([name, value]) => [name, encodedWord(value)] as const);
  expect(Object.fromEntries(twice)).not.toEqual(metadata);
  await client.rawPut(place, { metadata: Object.fromEntries(twice), body });
}

function encodedWord(value: string): string {
  if (Buffer.byteLength(value) === value.length) return value;
  const misread = Buffer.from(Buffer.from(value, "utf8").toString("latin1"), "utf8");
  const quoted = [...misread].map((byte) => {
    const plain = byte > 32 && byte < 127 && !"=?_".includes(String.fromCharCode(byte));
    return plain ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  });
  return `=?UTF-8?Q?${quoted.join("")}?=`;
}

function descriptionOf(keyring: PeerKeyring): { materialsDescription?: Context } {
  const given = "materialsDescription" in keyring ? keyring.materialsDescription : undefined;
  return given === undefined ? {} : { materialsDescription: given };
}

const sorted = (metadata: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(metadata).sort());
