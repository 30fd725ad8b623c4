import { CreateBucketCommand, HeadObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "vitest";
import type { Context, GetOptions, ObjectPlace, PeerKeyring, PutOptions } from "../peers/clients.ts";
import { aesKeyring, rsaKeyring } from "../peers/keys.ts";
import { startMoto } from "../peers/moto.ts";
import { sample } from "../peers/vectors/format.ts";
import { plainS3, type SealingClient } from "./keyfold-client.ts";
import type { Pair, SharedKey } from "./kinds.ts";
import { startSharedKms } from "./shared-kms.ts";

export const BUCKET = "interop";
export const sizes = [0, 1, 15, 16, 17, 1000, 70_000] as const;
export const formats = ["V3", "V2"] as const;

/** One object: under which keyrings, and how it is written. */
export interface Cell {
  readonly pair: Pair;
  readonly format: "V2" | "V3";
  /** The plaintext's length, or those of its parts. */
  readonly size: number | readonly number[];
  readonly context?: Context;
  readonly file?: boolean;
  readonly metadata?: Context;
  /** By the client's own uploader. */
  readonly upload?: boolean;
}

export const label = ({ format, size, context, file, metadata, upload }: Cell): string =>
  [
    `${format}, ${size} bytes`,
    ...(context === undefined ? [] : [JSON.stringify(context)]),
    ...(file ? ["instruction file"] : []),
    ...(metadata === undefined ? [] : ["metadata of the caller"]),
    ...(upload ? ["uploaded"] : []),
  ].join(", ");

/** A stand-in of S3, with keyfold's local KMS beside it. Both sides of a test use them. */
export interface Bench {
  readonly s3: string;
  readonly kms: SharedKey;
  /** A key that has not been used. */
  place(): ObjectPlace;
  stop(): Promise<unknown>;
}

/** Parts may be short, so that uploads of several are cheap. */
export async function startBench(): Promise<Bench> {
  const [moto, kms] = await Promise.all([startMoto({ smallestPart: 16 }), startSharedKms()]);
  await plainS3(moto.endpoint).send(new CreateBucketCommand({ Bucket: BUCKET }));
  let count = 0;
  return {
    s3: moto.endpoint,
    kms,
    place: () => ({ s3: moto.endpoint, bucket: BUCKET, key: `object ${++count}` }),
    stop: () => Promise.all([moto.stop(), kms.stop()]),
  };
}

const both = (keyring: PeerKeyring): Pair => ({ writer: keyring, reader: keyring });
const rsa = rsaKeyring("oaep-sha1");
const { publicKey, privateKey, ...names } = rsa;

export const rawWraps = {
  "AES-128": aesKeyring(16),
  "AES-192": aesKeyring(24),
  "AES-256": aesKeyring(32),
  RSA: rsa,
} as const;

/** Raw keys; the public half of an RSA pair writes and the private one reads. */
export const rawPairs: Readonly<Record<string, Pair>> = {
  ...Object.fromEntries(Object.entries(rawWraps).map(([name, keyring]) => [name, both(keyring)])),
  "halves of an RSA pair": {
    writer: { ...names, publicKey: publicKey! },
    reader: { ...names, privateKey: privateKey! },
  },
};

export const kmsPair = ({ kms }: Bench): Pair =>
  both({ type: "kms", endpoint: kms.endpoint, keyId: kms.arn });

/** A discovery keyring only reads. */
export const discoveryPair = ({ kms: { endpoint, arn } }: Bench): Pair => ({
  writer: { type: "kms", endpoint, keyId: arn },
  reader: { type: "kms-discovery", endpoint, partition: "aws", accountIds: [arn.split(":")[4]!] },
});

/** What every client takes. */
export const asciiContexts: readonly Context[] = [
  {},
  { tenant: "t1", purpose: "interop" },
  { apple: "1", Banana: "2", 'quoted "key"': "a\\b/c" },
];

/** What a reader has to be told of a format. Clients without policies do not look at it. */
export const reads = (format: "V2" | "V3"): GetOptions =>
  format === "V2" ? { commitmentPolicy: "require-encrypt-allow-decrypt" } : {};

/** Writes the cell's object, and answers its plaintext. */
export async function write(writer: SealingClient, place: ObjectPlace, cell: Cell): Promise<Buffer> {
  const { pair, format, size, context = {}, file = false, metadata, upload = false } = cell;
  const options: PutOptions = {
    format,
    ...(file && { instructionFile: true }),
    ...(metadata !== undefined && { metadata }),
    ...(upload && { highLevelMultipart: true }),
  };
  if (typeof size === "number") {
    const plaintext = sample(size);
    await writer.put(place, pair.writer, plaintext, context, options);
    return plaintext;
  }
  const plaintext = sample(size.reduce((sum, part) => sum + part, 0));
  const ends = size.map((_, i) => size.slice(0, i + 1).reduce((sum, part) => sum + part, 0));
  const parts = ends.map((end, i) => plaintext.subarray(end - size[i]!, end));
  await writer.multipart(place, pair.writer, parts, context, options);
  return plaintext;
}

/** One client writes an object, the other one opens it. */
export async function exchange(
  bench: Bench,
  [writer, reader]: readonly [SealingClient, Pick<SealingClient, "get">],
  cell: Cell,
  options: GetOptions = reads(cell.format),
): Promise<ObjectPlace> {
  const place = bench.place();
  const plaintext = await write(writer, place, cell);
  const opened = await reader.get(place, cell.pair.reader, cell.context ?? {}, options);
  expect(opened.length).toBe(plaintext.length);
  expect(opened.equals(plaintext)).toBe(true);
  return place;
}

/** Of how many parts an object was made, as its ETag says: none if it was put. */
export async function partsOf({ s3, bucket: Bucket, key: Key }: ObjectPlace): Promise<number> {
  const { ETag } = await plainS3(s3).send(new HeadObjectCommand({ Bucket, Key }));
  return Number(/-(\d+)"$/.exec(ETag!)?.[1] ?? 0);
}
