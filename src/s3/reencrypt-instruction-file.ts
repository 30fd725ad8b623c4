import { HeadObjectCommand } from "@aws-sdk/client-s3";
import { invalidArgument, optionsOf } from "../arguments.ts";
import { unlockDataKey } from "../client/unlock-object.ts";
import { isKeyfoldError, S3ObjectError } from "../errors.ts";
import { wrappedKey } from "../keyrings/ask.ts";
import type { Keyring } from "../keyrings/keyring.ts";
import { sameLabel } from "../keyrings/raw-options.ts";
import type { ObjectEnvelope } from "../object/envelope.ts";
import { splitMetadata } from "../object/instruction-file.ts";
import { formatV2 } from "../object/v2.ts";
import { formatV3 } from "../object/v3.ts";
import type { EncryptionContext } from "../types.ts";
import { type KeyRequest, keyRequest } from "./context.ts";
import { findEnvelope } from "./envelope.ts";
import { writeInstructionFile } from "./instruction-file.ts";
import { checkedSuffix, type S3Config } from "./options.ts";
import { placeOf } from "./place.ts";
import { call } from "./port.ts";

/** What {@link S3EncryptionClient.reencryptInstructionFile} is asked for. */
export interface ReencryptInstructionFileRequest {
  /** The object's bucket. */
  readonly Bucket: string;
  /** The object's key, not that of the file. */
  readonly Key: string;
  /** Wraps the data key anew: a raw AES key, or a raw RSA key with `"oaep-sha1"`. */
  readonly keyring: Keyring;
  /** Of the file that is written. Another one than the client's leaves the old file as it is. Default: the client's. */
  readonly suffix?: string;
  /**
   * The pairs that the object is bound to, if KMS wrapped it. The new wrapping binds none: raw keys cannot. Default:
   * none.
   */
  readonly encryptionContext?: EncryptionContext;
  /** Prove that the client's own keyring no longer opens what is written. Default: false. */
  readonly enforceRotation?: boolean;
  /** Aborts the call, with the signal's own reason. Default: none. */
  readonly abortSignal?: AbortSignal;
}

/** Wraps the data key in an object's instruction file anew. The object itself stays as it is. */
export async function reencryptInstructionFile(
  config: S3Config,
  request: ReencryptInstructionFileRequest,
): Promise<void> {
  const { Bucket, Key, keyring, suffix = config.suffix, abortSignal } = optionsOf(NAME, request);
  const place = placeOf(NAME, { Bucket, Key });
  const wrap = keyring?.objectWrap;
  if (wrap !== "AES/GCM" && wrap !== "RSA-OAEP-SHA1") {
    throw invalidArgument(`${NAME}: keyring must be a raw AES key, or a raw RSA key with "oaep-sha1".`);
  }
  checkedSuffix(suffix);
  const { encryptionContext } = request;
  const options = {
    ...(encryptionContext !== undefined && { encryptionContext }),
    ...(abortSignal !== undefined && { abortSignal }),
  };
  const key = await keyRequest(config, place, options);
  const head = await call(config.client, new HeadObjectCommand({ Bucket, Key }), abortSignal);
  const found = await findEnvelope(config, place, head.Metadata ?? {}, {}, options);
  if (found === null || !found.inInstructionFile) {
    throw new S3ObjectError(
      "ERR_S3_INSTRUCTION_FILE",
      "The object has no instruction file: its data key lies in its metadata.",
    );
  }
  const { envelope } = found;
  if (envelope.suite.cipher === "cbc") {
    throw new S3ObjectError(
      "ERR_S3_INSTRUCTION_FILE",
      "The object's content is under AES-CBC, which no new wrapping makes any safer: write the object itself anew (CopyObject with { reencrypt: true }).",
    );
  }
  const dataKey = await unlockDataKey(config.objects, envelope, key);
  let rewrapped: ObjectEnvelope;
  try {
    rewrapped = await rewrap(envelope, keyring, wrap, dataKey.bytes, abortSignal);
  } finally {
    dataKey.release();
  }
  if (request.enforceRotation === true) await assertRotated(config, rewrapped, key);
  const metadata = rewrapped.format === "V3" ? formatV3(rewrapped) : formatV2(rewrapped);
  const { file } = splitMetadata(metadata);
  await writeInstructionFile(config.client, { Bucket }, Key + suffix, file, abortSignal);
}

const NAME = "reencryptInstructionFile";

async function rewrap(
  envelope: ObjectEnvelope,
  keyring: Keyring,
  wrap: "AES/GCM" | "RSA-OAEP-SHA1",
  dataKey: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<ObjectEnvelope> {
  const { suite } = envelope;
  const purpose = { kind: "object", suite } as const;
  const asked = { purpose, keyLength: suite.keyLength, encryptionContext: {}, signal };
  const [edk] = await wrappedKey(keyring, dataKey, asked);
  if (sameLabel(edk!.label, envelope.edk.label)) {
    throw invalidArgument(
      `${NAME}: the new keyring needs a materialsDescription of its own, which tells the new wrapping from the old one.`,
    );
  }
  const format = suite.version === 3 ? "V3" : "V2";
  return { ...envelope, format, wrap, edk: edk!, encryptionContext: {} };
}

async function assertRotated(config: S3Config, envelope: ObjectEnvelope, key: KeyRequest): Promise<void> {
  const opened = await unlockDataKey(config.objects, envelope, key).catch((error) => {
    if (isKeyfoldError(error, "ERR_NO_DATA_KEY")) return null;
    throw error;
  });
  if (opened === null) return;
  opened.release();
  throw new S3ObjectError(
    "ERR_S3_INSTRUCTION_FILE",
    "The former keyring opens the new wrapping as well (enforceRotation): nothing was written.",
  );
}
