import type {
  AbortMultipartUploadCommandInput,
  CompleteMultipartUploadCommandInput,
  CopyObjectCommandInput,
  CreateMultipartUploadCommandInput,
  DeleteObjectCommandInput,
  DeleteObjectsCommandInput,
  GetObjectCommandInput,
  HeadObjectCommandInput,
  PutObjectCommandInput,
  UploadPartCommandInput,
} from "@aws-sdk/client-s3";
import { invalidArgument } from "../arguments.ts";
import { assertSignal } from "../client/options.ts";
import { operationOf, type S3Command } from "./command.ts";
import { copyObject } from "./copy.ts";
import { deleteObject, deleteObjects } from "./delete.ts";
import type { ObjectEncryption } from "./facts.ts";
import { getObject } from "./get.ts";
import { getRange } from "./get-range.ts";
import { headObject } from "./head.ts";
import { MultipartUploads } from "./multipart.ts";
import { ENCRYPTS, type S3CallOptions, type S3EncryptionClientOptions, s3Config } from "./options.ts";
import { inPlace, placeOf, type S3Place } from "./place.ts";
import type { S3ClientPort } from "./port.ts";
import { putObject } from "./put.ts";
import {
  type ReencryptInstructionFileRequest,
  reencryptInstructionFile,
} from "./reencrypt-instruction-file.ts";
import { type UploadOptions, type UploadReply, uploadObject } from "./upload.ts";

/** A reply of S3, and how the object is encrypted. */
export type S3Reply<Output> = Output & {
  /** Of GetObject and HeadObject; absent if the object is not encrypted. */
  readonly encryption?: ObjectEncryption;
};

/**
 * An S3 client in whose bucket lies ciphertext alone. Made by {@link createS3EncryptionClient}.
 *
 * Its calls reject with the errors of `sealObject` and `openObject` of `keyfold`, with `ERR_S3_...` and `ERR_RANGE...`,
 * and with `ERR_LIMIT` over `bufferLimit`; each names the object (`error.object`). Errors of S3 come out as they are,
 * misuse as a `TypeError`.
 */
export interface S3EncryptionClient {
  /**
   * Sends a command of `@aws-sdk/client-s3`. PutObject and the multipart commands seal; GetObject opens, and answers
   * what is verified; HeadObject and GetObject tell how the object is encrypted (`encryption`); DeleteObject(s) take
   * the instruction file along; CopyObject refuses objects that are bound to their place, or seals them anew
   * (`{ reencrypt: true }`). All other commands go through as they are.
   */
  send<Output extends object>(command: S3Command<Output>, options?: S3CallOptions): Promise<S3Reply<Output>>;
  /** Seals a body of any length, known or not, and uploads it in parts side by side. */
  upload(input: PutObjectCommandInput, options?: UploadOptions): Promise<UploadReply>;
  /** Wraps the data key in an object's instruction file anew, under another raw key. The object stays as it is. */
  reencryptInstructionFile(request: ReencryptInstructionFileRequest): Promise<void>;
}

/**
 * The S3 Encryption Client: wraps an `S3Client`, and takes the same commands. What it stores is of format V3 (or V2, by
 * policy), which Amazon's own encryption clients open; what they stored, it opens.
 *
 * @throws `TypeError` for options that do not fit, such as a keyring that wraps more than one key.
 *
 * @example
 * ```ts
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
 * import { kmsKeyring } from "keyfold/kms";
 * import { createS3EncryptionClient } from "keyfold/s3";
 *
 * const keyId = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
 * const keyring = kmsKeyring({ client: new KMSClient({}), keyId });
 * const s3 = createS3EncryptionClient({ client: new S3Client({}), keyring, bindTo: "object" });
 * await s3.send(new PutObjectCommand({ Bucket: "orders", Key: "fruit.txt", Body: "42 pears" }));
 * const { Body } = await s3.send(new GetObjectCommand({ Bucket: "orders", Key: "fruit.txt" }));
 * console.log(await Body?.transformToString());
 * ```
 */
export function createS3EncryptionClient(options: S3EncryptionClientOptions): S3EncryptionClient {
  const config = s3Config(options);
  const uploads = new MultipartUploads(config);

  /** What is done in place of sending a command on. */
  const handlers: Readonly<Record<string, Handler>> = {
    PutObject: (_, input: PutObjectCommandInput, options) => putObject(config, input, options),
    GetObject: (place, input: GetObjectCommandInput, options) => {
      const { PartNumber, Range } = input;
      if (PartNumber !== undefined) {
        throw invalidArgument(
          "GetObject: the parts of an encrypted object cannot be read by PartNumber; use Range.",
        );
      }
      if (Range === undefined) return getObject(config, place, input, options, config.delayedAuthentication);
      return getRange(config, place, { ...input, Range }, options);
    },
    HeadObject: (place, input: HeadObjectCommandInput, options) => headObject(config, place, input, options),
    DeleteObject: (_, input: DeleteObjectCommandInput, options) => deleteObject(config, input, options),
    CopyObject: (_, input: CopyObjectCommandInput, options) => copyObject(config, input, options),
    CreateMultipartUpload: (place, input: CreateMultipartUploadCommandInput, options) =>
      uploads.create(place, input, options),
    UploadPart: (place, input: UploadPartCommandInput, options) => uploads.part(place, input, options),
    UploadPartCopy: () => {
      throw invalidArgument("UploadPartCopy: a part of an encrypted object cannot be copied from elsewhere.");
    },
    CompleteMultipartUpload: (place, input: CompleteMultipartUploadCommandInput, options) =>
      uploads.complete(place, input, options),
    AbortMultipartUpload: (place, input: AbortMultipartUploadCommandInput, options) =>
      uploads.abort(place, input, options),
  };

  const client: S3EncryptionClient = {
    async send<Output extends object>(command: S3Command<Output>, call: S3CallOptions = {}) {
      const operation = operationOf(command);
      const { input } = command;
      assertSignal(call.abortSignal);
      call.abortSignal?.throwIfAborted();
      const handler = Object.hasOwn(handlers, operation) ? handlers[operation] : undefined;
      let reply: object;
      if (handler !== undefined) {
        const place = placeOf(operation, input);
        reply = await inPlace(place, async () => handler(place, input as never, call));
      } else if (operation === "DeleteObjects") {
        reply = await deleteObjects(config, input as DeleteObjectsCommandInput, call);
      } else {
        reply = await pass(config.client, command, call);
      }
      return reply as S3Reply<Output>;
    },

    async upload(input, options = {}) {
      const place = placeOf("upload", input);
      assertSignal(options.signal);
      options.signal?.throwIfAborted();
      return inPlace(place, () => uploadObject(config, input, options));
    },

    async reencryptInstructionFile(request) {
      const place = placeOf("reencryptInstructionFile", request ?? {});
      return inPlace(place, () => reencryptInstructionFile(config, request));
    },
  };
  return Object.defineProperty(client, ENCRYPTS, { value: true });
}

type Handler = (place: S3Place, input: never, options: S3CallOptions) => Promise<object>;

function pass(client: S3ClientPort, command: object, { abortSignal }: S3CallOptions): Promise<object> {
  return client.send(command, abortSignal === undefined ? {} : { abortSignal });
}
