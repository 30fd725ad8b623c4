/**
 * The S3 Encryption Client over the SDK's own `S3Client`. Needs `@aws-sdk/client-s3`.
 *
 * @module s3
 */

export { createS3EncryptionClient, type S3EncryptionClient, type S3Reply } from "./client.ts";
export type { S3Command } from "./command.ts";
export type { ObjectEncryption } from "./facts.ts";
export { type S3Offload, type S3OffloadOptions, s3Offload } from "./offload.ts";
export type { InstructionFileOptions, S3CallOptions, S3EncryptionClientOptions } from "./options.ts";
export type { S3ClientPort } from "./port.ts";
export type { ReencryptInstructionFileRequest } from "./reencrypt-instruction-file.ts";
export type { UploadOptions, UploadProgress, UploadReply } from "./upload.ts";
