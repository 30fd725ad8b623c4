import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import type { Slice } from "../object/range.ts";
import type { FoundEnvelope } from "./envelope.ts";
import { type ObjectEncryption, objectEncryption } from "./facts.ts";
import { ownMetadata, withoutChecksums } from "./metadata.ts";
import { type Plaintext, replyBody } from "./reply-body.ts";

/** A reply in clear: with `encryption`, if the object was encrypted. */
export type DecryptedReply = GetObjectCommandOutput & { readonly encryption?: ObjectEncryption };

/** What is known of the whole object's lengths. */
export interface Lengths {
  readonly storedLength: number;
  /** Undefined: it follows from the stored one, or nobody knows. */
  readonly plaintextLength: number | undefined;
}

/** The reply to a request for an object. */
export function decryptedReply(
  reply: GetObjectCommandOutput,
  { envelope, inInstructionFile }: FoundEnvelope,
  plaintext: Plaintext,
  lengths: Lengths,
): DecryptedReply {
  const encryption = objectEncryption(envelope, {
    ...lengths,
    verified: plaintext.bytes !== undefined && envelope.suite.cipher === "gcm",
    instructionFile: inInstructionFile,
  });
  return {
    ...withoutChecksums(reply),
    Body: replyBody(plaintext),
    ContentLength: encryption.plaintextLength,
    Metadata: ownMetadata(reply.Metadata),
    encryption,
  };
}

/** The same for a part of it. */
export function rangeReply(reply: DecryptedReply, { start, end }: Slice, length: number): DecryptedReply {
  return {
    ...reply,
    $metadata: { ...reply.$metadata, httpStatusCode: 206 },
    AcceptRanges: "bytes",
    ContentLength: end - start,
    ContentRange: `bytes ${start}-${end - 1}/${length}`,
  };
}
