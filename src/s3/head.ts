import {
  HeadObjectCommand,
  type HeadObjectCommandInput,
  type HeadObjectCommandOutput,
} from "@aws-sdk/client-s3";
import { isKeyfoldError } from "../errors.ts";
import { findEnvelope } from "./envelope.ts";
import { type ObjectEncryption, objectEncryption } from "./facts.ts";
import { ownMetadata } from "./metadata.ts";
import type { S3CallOptions, S3Config } from "./options.ts";
import type { S3Place } from "./place.ts";
import { call } from "./port.ts";

/** The head of an object. Nothing of it is verified, and no key is asked for. */
export async function headObject(
  config: S3Config,
  place: S3Place,
  input: HeadObjectCommandInput,
  options: S3CallOptions,
): Promise<HeadObjectCommandOutput & { readonly encryption?: ObjectEncryption }> {
  const reply = await call(config.client, new HeadObjectCommand(input), options.abortSignal);
  const { ContentLength: storedLength = 0, Metadata = {} } = reply;
  const found = await findEnvelope(config, place, Metadata, input, options).catch((error) => {
    // Whoever may look at heads alone learns what they say.
    if (isKeyfoldError(error, "ERR_S3_INSTRUCTION_FILE")) return null;
    throw error;
  });
  if (found === null) return reply;
  const { envelope, inInstructionFile: instructionFile } = found;
  const facts = { storedLength, plaintextLength: undefined, verified: false, instructionFile };
  return { ...reply, Metadata: ownMetadata(Metadata), encryption: objectEncryption(envelope, facts) };
}
