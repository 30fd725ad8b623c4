import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { createS3EncryptionClient, type S3EncryptionClientOptions } from "../../src/s3/index.ts";
import type {
  Context,
  GetOptions,
  ObjectPlace,
  PeerKeyring,
  ReEncryptingClient,
  WriteOptions,
} from "../peers/clients.ts";
import { s3Client } from "../support/s3.ts";
import { keyringOf } from "./keyrings.ts";

/** What all clients of encryption are asked for. */
export type SealingClient = Pick<ReEncryptingClient, "put" | "get" | "multipart" | "delete">;

const clients = new Map<string, S3Client>();

/** A genuine client of that endpoint. */
export function plainS3(endpoint: string): S3Client {
  const kept = clients.get(endpoint) ?? s3Client(endpoint);
  clients.set(endpoint, kept);
  return kept;
}

/** The caller's pairs, where there are any: under raw wraps naming them is an error. */
export const pairs = (encryptionContext: Context) =>
  Object.keys(encryptionContext).length === 0 ? {} : { encryptionContext };

const V2 = { commitmentPolicy: "forbid-encrypt-allow-decrypt" } as const;
const ofFormat = ({ format }: WriteOptions) => (format === "V2" ? V2 : {});
const at = ({ bucket: Bucket, key: Key }: ObjectPlace) => ({ Bucket, Key });
const PART = 5 * 1024 * 1024;

/** As the official clients have it: older modes are CBC, and ranges that nothing verifies. */
function readOptions(options: GetOptions): Partial<S3EncryptionClientOptions> {
  const { commitmentPolicy, legacyWrapping = false, legacyModes = false, range } = options;
  return {
    ...(commitmentPolicy !== undefined && { commitmentPolicy }),
    legacy: {
      wrappingAlgorithms: legacyWrapping,
      unauthenticatedModes: legacyModes,
      rewrappedCbc: legacyWrapping && legacyModes,
    },
    // Whatever is longer than nothing is read by its range alone.
    ...(range !== undefined && legacyModes && { unauthenticatedRanges: true, bufferLimit: 0 }),
    ...(options.delayedAuthentication === true && { delayedAuthentication: true, bufferLimit: 16 }),
  };
}

/**
 * keyfold's S3 client in the words of the official ones, so that each may stand on either side of a cell. `more` goes
 * into the options of every client.
 */
export function keyfoldClient(
  more: Partial<S3EncryptionClientOptions> = {},
): SealingClient & Pick<ReEncryptingClient, "reEncryptInstructionFile"> {
  const client = (place: { s3: string }, keyring: PeerKeyring, options: object = {}) =>
    createS3EncryptionClient({
      client: plainS3(place.s3),
      keyring: keyringOf(keyring),
      ...options,
      ...more,
    } as S3EncryptionClientOptions);
  const writer = (place: ObjectPlace, keyring: PeerKeyring, options: WriteOptions) =>
    client(place, keyring, {
      ...ofFormat(options),
      instructionFile: { write: options.instructionFile === true },
    });

  return {
    async put(place, keyring, plaintext, context, options = {}) {
      const s3 = writer(place, keyring, options);
      const input = { ...at(place), Body: plaintext, Metadata: { ...options.metadata } };
      if (options.highLevelMultipart) await s3.upload(input, { ...pairs(context), partSize: PART });
      else await s3.send(new PutObjectCommand(input), pairs(context));
    },

    async get(place, keyring, context, options = {}) {
      const { range: Range, instructionFileSuffix: suffix } = options;
      const s3 = client(place, keyring, readOptions(options));
      const call = { ...pairs(context), ...(suffix !== undefined && { instructionFileSuffix: suffix }) };
      const reply = await s3.send(new GetObjectCommand({ ...at(place), Range }), call);
      const plaintext = Buffer.from(await reply.Body!.transformToByteArray());
      const streamed = options.delayedAuthentication === true && reply.encryption!.verified === false;
      if (!streamed && reply.ContentLength !== plaintext.length) {
        throw new Error(`ContentLength ${reply.ContentLength} of ${plaintext.length} bytes`);
      }
      const names = Object.keys(reply.Metadata ?? {}).filter((name) => name.startsWith("x-amz-"));
      if (names.length > 0) throw new Error(`the caller was shown ${names}`);
      return plaintext;
    },

    async multipart(place, keyring, parts, context, options = {}) {
      const s3 = writer(place, keyring, options);
      const create = new CreateMultipartUploadCommand({ ...at(place), Metadata: { ...options.metadata } });
      const { UploadId } = await s3.send(create, pairs(context));
      const Parts = [];
      for (const [i, Body] of parts.entries()) {
        const part = new UploadPartCommand({ ...at(place), UploadId, PartNumber: i + 1, Body });
        const { ETag } = await s3.send(part, { lastPart: i === parts.length - 1 });
        Parts.push({ PartNumber: i + 1, ETag });
      }
      const MultipartUpload = { Parts };
      await s3.send(new CompleteMultipartUploadCommand({ ...at(place), UploadId, MultipartUpload }));
    },

    async delete(place, keys, keyring, { instructionFileSuffix } = {}) {
      const suffix = instructionFileSuffix === undefined ? {} : { suffix: instructionFileSuffix };
      const s3 = client(place, keyring, { instructionFile: suffix });
      const { bucket: Bucket } = place;
      if (keys.length === 1) await s3.send(new DeleteObjectCommand({ Bucket, Key: keys[0] }));
      else {
        const Objects = keys.map((Key) => ({ Key }));
        await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      }
    },

    async reEncryptInstructionFile(place, keyring, newKeyring, options = {}) {
      const suffix = `.${options.suffix ?? "instruction"}`;
      const s3 = client(place, keyring, {
        commitmentPolicy: "require-encrypt-allow-decrypt",
        ...readOptions(options),
      });
      const { enforceRotation = false } = options;
      const keys = { keyring: keyringOf(newKeyring), suffix, enforceRotation };
      await s3.reencryptInstructionFile({ Bucket: place.bucket, Key: place.key, ...keys });
      return suffix;
    },
  };
}
