import {
  SendMessageBatchCommand,
  type SendMessageBatchCommandInput,
  type SendMessageBatchCommandOutput,
  SendMessageCommand,
  type SendMessageCommandInput,
  type SendMessageCommandOutput,
} from "@aws-sdk/client-sqs";
import { invalidArgument } from "../arguments.ts";
import { callOf, type SqsCallOptions } from "./call.ts";
import { ownContext } from "./context.ts";
import { sealToFit } from "./fit.ts";
import type { SqsConfig } from "./options.ts";
import { draftOf } from "./seal-body.ts";

/** Seals a message and sends it. */
export async function sendMessage(
  config: SqsConfig,
  input: SendMessageCommandInput,
  { encryptionContext, abortSignal: signal }: SqsCallOptions,
): Promise<SendMessageCommandOutput> {
  const queueUrl = requiredUrl(input);
  const request = { queueUrl, encryptionContext: ownContext(config, encryptionContext), signal };
  const [sealed] = await sealToFit(config, [draftOf(config, input, request)], signal);
  const command = new SendMessageCommand(sealed!);
  return config.client.send(command, callOf(signal)) as Promise<SendMessageCommandOutput>;
}

/** Seals the messages of a batch and sends them. Nothing is sent unless all of them fit. */
export async function sendMessageBatch(
  config: SqsConfig,
  input: SendMessageBatchCommandInput,
  { encryptionContext, abortSignal: signal }: SqsCallOptions,
): Promise<SendMessageBatchCommandOutput> {
  const queueUrl = requiredUrl(input);
  const request = { queueUrl, encryptionContext: ownContext(config, encryptionContext), signal };
  const drafts = (input.Entries ?? []).map((entry) => draftOf(config, entry, request));
  const Entries = await sealToFit(config, drafts, signal);
  const command = new SendMessageBatchCommand({ ...input, Entries });
  return config.client.send(command, callOf(signal)) as Promise<SendMessageBatchCommandOutput>;
}

export function requiredUrl({ QueueUrl }: { QueueUrl?: string | undefined }): string {
  if (typeof QueueUrl === "string" && QueueUrl !== "") return QueueUrl;
  throw invalidArgument("QueueUrl must be a non-empty string.");
}
