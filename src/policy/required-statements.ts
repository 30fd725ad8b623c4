import { invalidArgument, optionsOf } from "../arguments.ts";
import type { EncryptionContext } from "../types.ts";
import {
  allow,
  type Conditions,
  checkedAccountId,
  checkedArn,
  checkedKeyArn,
  contextKeys,
} from "./conditions.ts";
import type { RequiredJob } from "./required-job.ts";
import type { PolicyStatement } from "./statement.ts";

type Job<Name extends RequiredJob["job"]> = Extract<RequiredJob, { job: Name }>;

const NAME = "requiredStatements";

/**
 * The IAM statements for exactly what keyfold calls on your side in a job: no action more, each bound to its keys,
 * resources and encryption context.
 *
 * @throws `TypeError` for a job that is unknown, and for ARNs and account ids that are none.
 *
 * @example
 * ```ts
 * import { requiredStatements } from "keyfold/policy";
 *
 * const keyArn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
 * requiredStatements({ job: "reader", keyArns: [keyArn], encryptionContext: { tenant: "t1" } });
 * requiredStatements({ job: "s3-writer", keyArn, bucketArn: "arn:aws:s3:::films", bindTo: "object" });
 * ```
 */
export function requiredStatements(job: RequiredJob): readonly PolicyStatement[] {
  optionsOf(NAME, job);
  switch (job.job) {
    case "writer":
      return writer(job);
    case "reader":
      return [decrypt("KeyfoldReader", job.keyArns, sameContext(job))];
    case "mailbox-user":
    case "mailbox-administrator":
    case "mailbox-rewrap":
      return mailboxes(job);
    case "branch-key-user":
    case "branch-key-administrator":
      return branchKeys(job);
    case "s3-writer":
      return s3Writer(job);
    case "s3-reader":
      return [
        decrypt("KeyfoldS3ReaderKey", job.keyArns, objectContext(job)),
        allow("KeyfoldS3Reader", ["s3:GetObject"], objectsOf(job)),
      ];
    case "ses-reader":
      return sesReader(job);
    case "sqs-producer":
      return sqsProducer(job);
    case "sqs-consumer":
      return sqsConsumer(job);
    default:
      throw invalidArgument(`${NAME}: there is no job ${JSON.stringify((job as { job?: unknown }).job)}.`);
  }
}

function writer(job: Job<"writer">): readonly PolicyStatement[] {
  const { additionalKeyArns = [] } = job;
  const context = sameContext(job);
  const others = additionalKeyArns.length === 0 ? [] : additionalKeyArns.map(keyArn);
  return [
    generate("KeyfoldWriter", job, context),
    ...(others.length > 0 ? [allow("KeyfoldWriterMoreKeys", ["kms:Encrypt"], others, context)] : []),
  ];
}

function mailboxes(
  job: Job<"mailbox-user"> | Job<"mailbox-administrator"> | Job<"mailbox-rewrap">,
): readonly PolicyStatement[] {
  const context = sameContext(job);
  const table = (Sid: string, actions: readonly string[]) =>
    job.tableArn === undefined ? [] : [allow(Sid, actions, arn("tableArn", "dynamodb", job.tableArn))];
  if (job.job === "mailbox-user") {
    return [
      decrypt("KeyfoldMailboxUser", [job.keyArn], context),
      ...table("KeyfoldMailboxUserTable", ["dynamodb:GetItem"]),
    ];
  }
  if (job.job === "mailbox-administrator") {
    const actions = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"];
    return [
      allow("KeyfoldMailboxAdministrator", ["kms:Encrypt"], keyArn(job.keyArn), context),
      ...table("KeyfoldMailboxAdministratorTable", actions),
    ];
  }
  return [
    decrypt("KeyfoldMailboxRewrapFrom", [job.keyArn], context),
    allow("KeyfoldMailboxRewrapTo", ["kms:Encrypt", "kms:Decrypt"], keyArn(job.toKeyArn), context),
    ...table("KeyfoldMailboxRewrapTable", ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan"]),
  ];
}

function branchKeys(job: Extract<RequiredJob, { readonly logicalName: string }>): readonly PolicyStatement[] {
  const table = arn("tableArn", "dynamodb", job.tableArn);
  // Each context of a branch key names its table's logical name.
  const context = { StringEquals: contextKeys({ tablename: text("logicalName", job.logicalName) }) };
  if (job.job === "branch-key-user") {
    return [
      decrypt("KeyfoldBranchKeyUser", [job.keyArn], context),
      allow("KeyfoldBranchKeyUserTable", ["dynamodb:GetItem"], table),
    ];
  }
  const actions = ["kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"];
  return [
    allow("KeyfoldBranchKeyAdministrator", actions, keyArn(job.keyArn), context),
    allow("KeyfoldBranchKeyAdministratorTable", ["dynamodb:GetItem", "dynamodb:PutItem"], table),
  ];
}

function s3Writer(job: Job<"s3-writer">): readonly PolicyStatement[] {
  const actions = [
    "s3:PutObject",
    ...(job.uploads === true ? ["s3:AbortMultipartUpload"] : []),
    ...(job.deletes === true ? ["s3:DeleteObject"] : []),
  ];
  return [
    generate("KeyfoldS3WriterKey", job, objectContext(job)),
    allow("KeyfoldS3Writer", actions, objectsOf(job)),
  ];
}

function sesReader(job: Job<"ses-reader">): readonly PolicyStatement[] {
  const { sourceAccount, ruleName } = job;
  const pairs = {
    "aws:ses:source-account": checkedAccountId(NAME, "sourceAccount", sourceAccount),
    ...(ruleName !== undefined && { "aws:ses:rule-name": text("ruleName", ruleName) }),
  };
  return [
    decrypt("KeyfoldSesReaderKey", [job.keyArn], { StringEquals: contextKeys(pairs) }),
    allow("KeyfoldSesReader", ["s3:GetObject"], objectsOf(job)),
  ];
}

function sqsProducer(job: Job<"sqs-producer">): readonly PolicyStatement[] {
  const { queueArn, verifyNewKeys = true } = job;
  const context = { StringEquals: contextKeys({ ...job.encryptionContext, ...queuePair(job) }) };
  return [
    generate("KeyfoldSqsProducerKey", { keyArn: job.keyArn, verifyNewKeys }, context),
    allow("KeyfoldSqsProducer", ["sqs:SendMessage"], arn("queueArn", "sqs", queueArn)),
  ];
}

function sqsConsumer(job: Job<"sqs-consumer">): readonly PolicyStatement[] {
  const { queueArn, deadLettersOf = [] } = job;
  const receive = allow("KeyfoldSqsConsumer", ["sqs:ReceiveMessage"], arn("queueArn", "sqs", queueArn));
  // A condition has one value for each key here: a statement for each queue.
  const keys = [queueArn, ...deadLettersOf].map((each, i) => {
    const context = { ...job.encryptionContext, ...queuePair({ ...job, queueArn: each }) };
    const Sid = `KeyfoldSqsConsumerKey${i === 0 ? "" : i}`;
    return decrypt(Sid, job.keyArns, { StringEquals: contextKeys(context) });
  });
  return [...(job.bindToQueue === false ? keys.slice(0, 1) : keys), receive];
}

function queuePair({
  queueArn,
  bindToQueue = true,
}: Pick<Job<"sqs-producer">, "queueArn" | "bindToQueue">): EncryptionContext {
  const [account, name] = arn("queueArn", "sqs", queueArn).split(":").slice(-2);
  return bindToQueue ? { "keyfold:queue": `${account}/${name}` } : {};
}

function sameContext({ encryptionContext = {} }: { encryptionContext?: EncryptionContext }): Conditions {
  return { StringEquals: contextKeys(encryptionContext) };
}

function objectContext({
  bucketArn,
  prefix = "",
  bindTo = "none",
  encryptionContext = {},
}: Pick<Job<"s3-writer">, "bucketArn" | "prefix" | "bindTo" | "encryptionContext">): Conditions {
  const bucket = arn("bucketArn", "s3", bucketArn);
  const key = "kms:EncryptionContext:aws:s3:arn";
  return {
    StringEquals: { ...contextKeys(encryptionContext), ...(bindTo === "bucket" && { [key]: bucket }) },
    StringLike: bindTo === "object" ? { [key]: `${bucket}/${prefix}*` } : {},
  };
}

function objectsOf({ bucketArn, prefix = "" }: { bucketArn: string; prefix?: string }): string {
  return `${arn("bucketArn", "s3", bucketArn)}/${prefix}*`;
}

function generate(
  Sid: string,
  { keyArn: key, verifyNewKeys = false }: { keyArn: string; verifyNewKeys?: boolean },
  conditions: Conditions,
): PolicyStatement {
  const actions = verifyNewKeys ? ["kms:GenerateDataKey", "kms:Decrypt"] : ["kms:GenerateDataKey"];
  return allow(Sid, actions, keyArn(key), conditions);
}

function decrypt(Sid: string, keys: readonly string[], conditions: Conditions): PolicyStatement {
  if (!Array.isArray(keys) || keys.length === 0) {
    throw invalidArgument(`${NAME}: at least one key ARN is needed.`);
  }
  return allow(Sid, ["kms:Decrypt"], keys.map(keyArn), conditions);
}

function text(option: string, value: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw invalidArgument(`${NAME}: ${option} must be a non-empty string.`);
}

const keyArn = (value: string) => checkedKeyArn(NAME, value);
const arn = (option: string, service: string, value: string) => checkedArn(NAME, option, service, value);
