import { invalidArgument, optionsOf, wholeNumber } from "../arguments.ts";
import { type ObjectConfig, type ObjectSettings, objectConfig } from "../client/object-options.ts";
import { canWrite } from "../keyrings/data-key.ts";
import type { EncryptionContext } from "../types.ts";
import { type BucketArns, bucketArns } from "./bucket-arn.ts";
import type { S3ClientPort } from "./port.ts";

/** How instruction files are used. */
export interface InstructionFileOptions {
  /**
   * Put what it takes to open an object into a file of its own beside it, not into its metadata. Two requests: if the
   * second fails, an older object of that key has lost its data key. So conditional writes are refused. Default: false.
   */
  readonly write?: boolean;
  /** What stands behind an object's key in the key of its instruction file. Default: `".instruction"`. */
  readonly suffix?: string;
}

/**
 * Options of `createS3EncryptionClient`: what all that seals S3 objects takes (`ObjectSettings`), and these. Sizes are
 * bytes.
 */
export type S3EncryptionClientOptions = ObjectSettings & {
  /** An `S3Client`. It sees ciphertext alone. */
  readonly client: S3ClientPort;
  /**
   * Binds each object to its place, by the pair `aws:s3:arn` in its encryption context: an object that is moved or
   * swapped does not open. `"bucket"`: to its bucket, `"object"`: to bucket and key. Needs KMS wrapping or a mailbox.
   * Official clients open such an object when they are given the same pair. Default: `"none"`.
   */
  readonly bindTo?: "object" | "bucket" | "none";
  /**
   * The ARN of the bucket, where `Bucket` names an access point: as text, or by the name. For `bindTo`. Default: from
   * the name.
   */
  readonly bucketArn?: string | ((bucket: string) => string);
  /** The most plaintext that is held in memory, until it is verified or its length is known. Default: 64 MiB. */
  readonly bufferLimit?: number;
  /**
   * Answer larger objects by a stream whose end alone tells whether it was authentic: its reader must throw everything
   * away if it ends in an error. Default: false; larger objects are an error.
   */
  readonly delayedAuthentication?: boolean;
  /** Answer ranges of larger objects, of which nothing is ever authenticated. Default: false; they are an error. */
  readonly unauthenticatedRanges?: boolean;
  /** Answer objects that are not encrypted as they are. Whoever can write to the bucket can then replace any object. Default: false. */
  readonly passUnencrypted?: boolean;
  /** How instruction files are used. Default: they are read, with the usual suffix, and not written. */
  readonly instructionFile?: InstructionFileOptions;
  /**
   * Multipart uploads begun by CreateMultipartUpload whose data key and latest part are held, until they are completed
   * or aborted. They may take days, so that none expires; when there are more, those are dropped, and their keys wiped,
   * that have been idle longest: their next part is `ERR_S3_MULTIPART`, and S3 keeps what it has of them until it is
   * told to abort. `upload()` does not count. Default: 1000.
   */
  readonly maxUnfinishedUploads?: number;
  /** What to do if the keyring writes by an alias of a KMS key, which may name another key tomorrow, and does in another account. Default: `"warn"`, through the observer. */
  readonly aliases?: "warn" | "refuse";
};

/** Options of one call. */
export interface S3CallOptions {
  /** The caller's own pairs: bound on writing; on reading, exactly those that were bound. Default: none. */
  readonly encryptionContext?: EncryptionContext;
  /** Aborts the call, with the signal's own reason. Default: none. */
  readonly abortSignal?: AbortSignal;
  /** GetObject, HeadObject: the suffix of the instruction file, if it is another one. Default: the client's. */
  readonly instructionFileSuffix?: string;
  /** UploadPart: no part follows. Its length may be any. Default: false. */
  readonly lastPart?: boolean;
  /**
   * CopyObject: open the source, and seal its plaintext anew for its new place, with the pairs of this call for both. A
   * source that is not encrypted needs `passUnencrypted`. Tags are not taken along. Default: false.
   */
  readonly reencrypt?: boolean;
}

/** The same, checked and complete. */
export interface S3Config {
  readonly client: S3ClientPort;
  readonly objects: ObjectConfig;
  readonly bindTo: "object" | "bucket" | "none";
  readonly arnOf: BucketArns;
  readonly bufferLimit: number;
  readonly delayedAuthentication: boolean;
  readonly unauthenticatedRanges: boolean;
  readonly passUnencrypted: boolean;
  readonly writesInstructionFiles: boolean;
  readonly maxUnfinishedUploads: number;
  readonly suffix: string;
}

const NAME = "createS3EncryptionClient";
const MIB = 1024 * 1024;

/** Marks an encryption client, in any copy of the package: one must not wrap another. */
export const ENCRYPTS: symbol = Symbol.for("keyfold.s3");

/** Checks the options and fills in the defaults. */
export function s3Config(options: S3EncryptionClientOptions): S3Config {
  const { client, bindTo = "none", instructionFile = {}, aliases = "warn" } = optionsOf(NAME, options);
  if (typeof client?.send !== "function") throw invalidArgument(`${NAME}: client must be an S3Client.`);
  if (ENCRYPTS in client) throw invalidArgument(`${NAME}: client is an encryption client already.`);
  if (!["object", "bucket", "none"].includes(bindTo)) {
    throw invalidArgument(`${NAME}: bindTo must be "object", "bucket" or "none".`);
  }
  const objects = objectConfig(NAME, options);
  checkWriting(options, objects);
  checkBinding(bindTo, objects);
  if (!["warn", "refuse"].includes(aliases)) {
    throw invalidArgument(`${NAME}: aliases must be "warn" or "refuse".`);
  }
  if (aliases === "refuse" && objects.manager.alias !== undefined) {
    throw invalidArgument(
      `${NAME}: the keyring writes by ${objects.manager.alias}. An alias resolves in the caller's account: name the full key ARN.`,
    );
  }
  if (typeof instructionFile !== "object" || instructionFile === null) {
    throw invalidArgument(`${NAME}: instructionFile must be { write, suffix }.`);
  }
  const { suffix = ".instruction", write = false } = instructionFile;
  return {
    client,
    objects,
    bindTo,
    arnOf: bucketArns(client, options.bucketArn),
    bufferLimit: wholeNumber(NAME, "bufferLimit", options.bufferLimit, 64 * MIB, 0),
    delayedAuthentication: options.delayedAuthentication === true,
    unauthenticatedRanges: options.unauthenticatedRanges === true,
    passUnencrypted: options.passUnencrypted === true,
    writesInstructionFiles: write === true,
    maxUnfinishedUploads: wholeNumber(NAME, "maxUnfinishedUploads", options.maxUnfinishedUploads, 1000, 1),
    suffix: checkedSuffix(suffix),
  };
}

export function checkedSuffix(suffix: string): string {
  if (typeof suffix === "string" && suffix !== "") return suffix;
  throw invalidArgument("The suffix of instruction files must be a non-empty string.");
}

function checkWriting({ keyring }: S3EncryptionClientOptions, { manager }: ObjectConfig): void {
  if (keyring === undefined || manager.objectWrap !== undefined || !canWrite(keyring)) return;
  throw invalidArgument(
    `${NAME}: ${keyring.name} cannot write S3 objects, which hold one data key. Use one KMS key, a raw AES key, a raw RSA key with "oaep-sha1", a symmetric mailbox, or a multi keyring of which just one writes; to read only, a keyring that has no key to wrap with.`,
  );
}

function checkBinding(bindTo: S3Config["bindTo"], { manager, suite }: ObjectConfig): void {
  const { objectWrap, bindsObjectContext, reusesDataKeys } = manager;
  if (reusesDataKeys && suite.kdf === null) {
    throw invalidArgument(
      `${NAME}: format V2 (policy forbid-encrypt-allow-decrypt) derives no key for each object, so that no data key may be reused: leave the caching manager out.`,
    );
  }
  if (bindTo === "none") return;
  if (objectWrap !== undefined && objectWrap !== "kms+context" && !bindsObjectContext) {
    throw invalidArgument(
      `${NAME}: bindTo needs KMS wrapping or a mailbox. Raw keys bind no encryption context in this format.`,
    );
  }
  if (bindTo === "object" && reusesDataKeys) {
    throw invalidArgument(
      `${NAME}: bindTo "object" gives each object a context of its own, so that a caching manager never reuses a data key: use "bucket".`,
    );
  }
}
