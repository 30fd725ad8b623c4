import type { PolicyStatement } from "../../src/policy/index.ts";
import type { LocalKms } from "../../src/testing/index.ts";

/** One call as IAM judges it. */
export interface Call {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** The statements that allow a call: what IAM does with `Allow`s, of what these use. */
export function allowing(statements: readonly PolicyStatement[], call: Call): readonly PolicyStatement[] {
  return statements.filter(
    ({ Effect, Action, Resource, Condition = {} }) =>
      Effect === "Allow" &&
      Action.includes(call.action) &&
      [Resource].flat().some((pattern) => like(pattern, call.resource)) &&
      Object.entries(Condition).every(([operator, keys]) =>
        Object.entries(keys).every(([key, value]) => holds(operator, value, contextValue(call, key))),
      ),
  );
}

function contextValue({ context = {} }: Call, key: string): string | undefined {
  const prefix = "kms:EncryptionContext:";
  return key.startsWith(prefix) ? context[key.slice(prefix.length)] : undefined;
}

function holds(operator: string, wanted: string, actual: string | undefined): boolean {
  if (actual === undefined) return false;
  if (operator === "StringEquals") return actual === wanted;
  if (operator === "StringLike") return like(wanted, actual);
  throw new Error(`the judge does not know ${operator}`);
}

function like(pattern: string, text: string): boolean {
  const [start, ...rest] = pattern.split("*");
  if (rest.length === 0) return pattern === text;
  if (rest.length === 1 && rest[0] === "") return text.startsWith(start!);
  throw new Error("the judge knows one wildcard, at the end");
}

/** What KMS was asked, by its audit log. ReEncrypt is two actions. */
export function kmsCalls(kms: LocalKms): readonly Call[] {
  return kms.events.flatMap(({ eventName, requestParameters, resources }) => {
    const parameters = (requestParameters ?? {}) as Record<string, Record<string, string>>;
    const { encryptionContext, sourceEncryptionContext, destinationEncryptionContext } = parameters;
    const callOf = (action: string, context: Record<string, string> = {}): Call => ({
      action: `kms:${action}`,
      resource: resources[0]!.ARN,
      context,
    });
    return eventName === "ReEncrypt"
      ? [
          callOf("ReEncryptFrom", sourceEncryptionContext),
          callOf("ReEncryptTo", destinationEncryptionContext),
        ]
      : [callOf(eventName, encryptionContext)];
  });
}

/** Actions of IAM by the SDK's command (service authorization reference: S3, SQS, DynamoDB). */
const ACTIONS: Readonly<Record<string, string>> = {
  PutObjectCommand: "s3:PutObject",
  CreateMultipartUploadCommand: "s3:PutObject",
  UploadPartCommand: "s3:PutObject",
  CompleteMultipartUploadCommand: "s3:PutObject",
  AbortMultipartUploadCommand: "s3:AbortMultipartUpload",
  GetObjectCommand: "s3:GetObject",
  HeadObjectCommand: "s3:GetObject",
  DeleteObjectCommand: "s3:DeleteObject",
  DeleteObjectsCommand: "s3:DeleteObject",
  SendMessageCommand: "sqs:SendMessage",
  SendMessageBatchCommand: "sqs:SendMessage",
  ReceiveMessageCommand: "sqs:ReceiveMessage",
  GetItemCommand: "dynamodb:GetItem",
  PutItemCommand: "dynamodb:PutItem",
  DeleteItemCommand: "dynamodb:DeleteItem",
  ScanCommand: "dynamodb:Scan",
  // Of Puts alone, whose conditions need no ConditionCheckItem.
  TransactWriteItemsCommand: "dynamodb:PutItem",
};

interface Stack {
  add(middleware: unknown, options: { step: "initialize" }): void;
}

/** Records what a genuine client is asked. `resourceOf`: the resource of a command's input. */
export function recorded(
  client: { readonly middlewareStack: object },
  resourceOf: (input: Record<string, string>) => string | readonly string[],
): Call[] {
  const calls: Call[] = [];
  const middleware =
    (next: (args: { input: Record<string, string> }) => unknown, { commandName }: { commandName: string }) =>
    (args: { input: Record<string, string> }) => {
      const action = ACTIONS[commandName];
      if (action === undefined) throw new Error(`no IAM action is known for ${commandName}`);
      for (const resource of [resourceOf(args.input)].flat()) calls.push({ action, resource });
      return next(args);
    };
  (client.middlewareStack as Stack).add(middleware, { step: "initialize" });
  return calls;
}
