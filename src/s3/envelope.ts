import { S3ObjectError } from "../errors.ts";
import type { ObjectEnvelope, ObjectMetadata } from "../object/envelope.ts";
import { envelopePlace, parseMetadata } from "../object/metadata.ts";
import { type FileAccess, readInstructionFile } from "./instruction-file.ts";
import { checkedSuffix, type S3CallOptions, type S3Config } from "./options.ts";
import type { S3Place } from "./place.ts";

/** An object's envelope, and where it lay. */
export interface FoundEnvelope {
  readonly envelope: ObjectEnvelope;
  readonly inInstructionFile: boolean;
}

/** Finds the envelope in an object's metadata, or in its instruction file. Null: the object is not encrypted. */
export async function findEnvelope(
  { client, suffix }: S3Config,
  place: S3Place,
  metadata: ObjectMetadata,
  access: FileAccess,
  { instructionFileSuffix = suffix, abortSignal }: S3CallOptions,
): Promise<FoundEnvelope | null> {
  const where = envelopePlace(metadata);
  if (where === "here") return { envelope: parseMetadata(metadata), inInstructionFile: false };
  const file = await readInstructionFile(
    client,
    place,
    checkedSuffix(instructionFileSuffix),
    access,
    abortSignal,
  );
  if (file !== null) return { envelope: parseMetadata(metadata, file), inInstructionFile: true };
  if (where === "elsewhere") return null;
  throw new S3ObjectError(
    "ERR_S3_INSTRUCTION_FILE",
    `The object's data key lies in an instruction file, and ${place.key}${instructionFileSuffix} is not there. Was it copied or moved without the object's other half?`,
  );
}

/** The error for an object that is not encrypted, where that is not allowed. */
export function unencrypted(): S3ObjectError {
  return new S3ObjectError(
    "ERR_S3_UNENCRYPTED",
    "The object is not encrypted: neither its metadata nor an instruction file says how. Read it with the S3 client itself, or set passUnencrypted if the bucket holds both.",
  );
}
