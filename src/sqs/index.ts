/**
 * SQS messages that are sealed before they are sent, over the SDK's own `SQSClient`; and payloads for other transports.
 * Needs `@aws-sdk/client-sqs`.
 *
 * @module sqs
 */

export { openPayload, type PayloadOf, type PayloadOptions, sealPayload } from "../client/payload.ts";
export type { SqsCallOptions } from "./call.ts";
export { createSqsEncryptionClient, type SqsEncryptionClient, type SqsReply } from "./client.ts";
export type { PayloadOffload } from "./offload.ts";
export type { SqsEncryptionClientOptions, SqsMaterialsSource } from "./options.ts";
export type { SqsClientPort } from "./port.ts";
export type { Queue, QueueOf } from "./queue.ts";
export type { MessageEncryption, ReceivedMessage } from "./receive.ts";
