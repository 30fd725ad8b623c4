import { GetObjectCommand, type GetObjectCommandInput } from "@aws-sdk/client-s3";
import { tell } from "../client/tell.ts";
import { type UnlockedObject, unlockObject } from "../client/unlock-object.ts";
import { LimitError, S3ObjectError } from "../errors.ts";
import { TAG_LENGTH } from "../object/content.ts";
import { contentOpener } from "../object/pieces.ts";
import { keyRequest } from "./context.ts";
import { type DecryptedReply, decryptedReply } from "./decrypted-reply.ts";
import { findEnvelope, unencrypted } from "./envelope.ts";
import { openWhole, unverified, verified } from "./opened-body.ts";
import type { S3CallOptions, S3Config } from "./options.ts";
import { type S3Place, withPlace } from "./place.ts";
import { call } from "./port.ts";
import { discard } from "./source.ts";

/** Gets an object and opens it as a whole: verified at once up to the limit, and beyond it only if `delayed`. */
export async function getObject(
  config: S3Config,
  place: S3Place,
  input: GetObjectCommandInput,
  options: S3CallOptions,
  delayed: boolean,
): Promise<DecryptedReply> {
  const { abortSignal: signal } = options;
  const { observer } = config.objects;
  const limit = config.bufferLimit + TAG_LENGTH;
  const request = await keyRequest(config, place, options);
  const reply = await call(config.client, new GetObjectCommand(input), signal);
  const { Body, ContentLength: length, Metadata = {} } = reply;
  let unlocked: UnlockedObject | undefined;
  try {
    if (reply.ContentRange !== undefined) {
      throw new S3ObjectError(
        "ERR_RANGE",
        "S3 answered with a part of the object, and the whole was asked for.",
      );
    }
    const found = await findEnvelope(config, place, Metadata, input, options);
    if (found === null) {
      if (config.passUnencrypted) return reply;
      throw unencrypted();
    }
    const { suite } = found.envelope;
    const isLarge = length !== undefined && length > limit;
    // Before a key is asked for.
    if (isLarge && !delayed) throw tooLarge(config, length - TAG_LENGTH);
    unlocked = await unlockObject(config.objects, found.envelope, request);
    if (isLarge) {
      const named = (error: unknown) => withPlace(error, place);
      const done = (bytes: number) => tell(observer, "decrypted", suite, bytes, length, place);
      const opened = unverified(unlocked, contentOpener(unlocked.content), Body, signal, named, done);
      return decryptedReply(reply, found, opened, { storedLength: length, plaintextLength: undefined });
    }
    const plaintext = await openWhole(unlocked, Body, length, limit, signal);
    unlocked.close();
    if (plaintext === null) throw tooLarge(config, limit + 1 - TAG_LENGTH);
    const storedLength = length ?? plaintext.length + TAG_LENGTH;
    tell(observer, "decrypted", suite, plaintext.length, storedLength, place);
    const lengths = { storedLength, plaintextLength: plaintext.length };
    return decryptedReply(reply, found, verified(plaintext), lengths);
  } catch (error) {
    unlocked?.close();
    discard(Body);
    throw error;
  }
}

function tooLarge({ bufferLimit }: S3Config, actual: number): LimitError {
  return new LimitError(
    "bufferLimit",
    actual,
    bufferLimit,
    "Bytes of an object, held until they are verified (raise the limit, or set delayedAuthentication)",
  );
}
