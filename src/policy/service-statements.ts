import { invalidArgument, optionsOf } from "../arguments.ts";
import { allow, checkedAccountId, checkedArn, checkedKeyArn } from "./conditions.ts";
import type { PolicyStatement } from "./statement.ts";

/**
 * What one of AWS's services does with a KMS key: the argument of `serviceStatements`. ARNs of KMS keys are full ones: no
 * alias, no wildcard.
 */
export type ServiceJob =
  /** Key policy: SES seals mail that a receipt rule stores. */
  | {
      /** What this is for. */
      readonly job: "ses";
      /** The account that receives the mail, 12 digits. */
      readonly accountId: string;
    }
  /** Key or IAM policy: for who makes a WorkMail organization. */
  | {
      /** What this is for. */
      readonly job: "workmail";
      /** The full ARN of the KMS key. */
      readonly keyArn: string;
      /** Only through WorkMail in this Region. Default: in any. */
      readonly region?: string;
      /** Only for the organization of this ARN. Default: for any. */
      readonly organizationArn?: string;
    }
  /** Key policy: a service puts messages into an encrypted queue. Guarded by the ARN of what sends. */
  | {
      /** What this is for. */
      readonly job: "queue-event-source";
      /** Which service. */
      readonly service: "events" | "s3" | "sns";
      /** The ARN of the rule, bucket or topic. */
      readonly sourceArn: string;
      /** Not beside `sourceArn`. */
      readonly sourceAccount?: never;
    }
  /** The same, guarded by the account of what sends. */
  | {
      /** What this is for. */
      readonly job: "queue-event-source";
      /** Which service. */
      readonly service: "events" | "s3" | "sns";
      /** Its account, 12 digits. */
      readonly sourceAccount: string;
      /** Not beside `sourceAccount`. */
      readonly sourceArn?: never;
    }
  /** IAM policy: sends to a queue that SQS encrypts. */
  | {
      /** What this is for. */
      readonly job: "queue-producer";
      /** The full ARN of the KMS key. */
      readonly keyArn: string;
      /** The ARN of the queue. */
      readonly queueArn: string;
    }
  /** IAM policy: receives from it. */
  | {
      /** What this is for. */
      readonly job: "queue-consumer";
      /** The full ARN of the KMS key. */
      readonly keyArn: string;
      /** The ARN of the queue. */
      readonly queueArn: string;
      /** The keys of the queues whose dead letters it holds. Default: none. */
      readonly sourceKeyArns?: readonly string[];
    }
  /** IAM policy: objects that S3 encrypts. */
  | {
      /** What this is for. */
      readonly job: "s3-put" | "s3-get" | "s3-multipart";
      /** The full ARN of the KMS key. */
      readonly keyArn: string;
    }
  /**
   * Bucket policy: every put must name a KMS key. That looks at the server's encryption: puts of `keyfold/s3` are
   * denied as well, unless they set `SSEKMSKeyId`.
   */
  | {
      /** What this is for. */
      readonly job: "s3-require-kms-key";
      /** The ARN of the bucket, `"arn:aws:s3:::name"`. */
      readonly bucketArn: string;
    };

const NAME = "serviceStatements";

/**
 * The statements that AWS's own services need to use a KMS key, as their guides document them (SES, WorkMail, SQS and
 * S3 developer guides, "key management" and "AWS KMS"). What keyfold itself calls on your side is for
 * `requiredStatements`.
 *
 * @throws `TypeError` for a job that is unknown, and for ARNs and account ids that are none.
 *
 * @example
 * ```ts
 * import { serviceStatements } from "keyfold/policy";
 *
 * const topicArn = "arn:aws:sns:us-east-1:111122223333:orders";
 * serviceStatements({ job: "ses", accountId: "111122223333" });
 * serviceStatements({ job: "queue-event-source", service: "sns", sourceArn: topicArn });
 * ```
 */
export function serviceStatements(job: ServiceJob): readonly PolicyStatement[] {
  optionsOf(NAME, job);
  switch (job.job) {
    case "ses":
      return [ses(accountId("accountId", job.accountId))];
    case "workmail":
      return [workmail(job)];
    case "queue-event-source":
      return [eventSource(job)];
    case "queue-producer":
      return [
        allow("KeyfoldQueueProducerKey", ["kms:GenerateDataKey", "kms:Decrypt"], keyArn(job.keyArn)),
        allow("KeyfoldQueueProducer", ["sqs:SendMessage"], arn("queueArn", "sqs", job.queueArn)),
      ];
    case "queue-consumer":
      return [
        allow("KeyfoldQueueConsumerKey", ["kms:Decrypt"], consumerKeys(job)),
        allow("KeyfoldQueueConsumer", ["sqs:ReceiveMessage"], arn("queueArn", "sqs", job.queueArn)),
      ];
    case "s3-put":
      return [allow("KeyfoldS3PutKey", ["kms:GenerateDataKey"], keyArn(job.keyArn))];
    case "s3-get":
      return [allow("KeyfoldS3GetKey", ["kms:Decrypt"], keyArn(job.keyArn))];
    case "s3-multipart":
      return [allow("KeyfoldS3MultipartKey", ["kms:GenerateDataKey", "kms:Decrypt"], keyArn(job.keyArn))];
    case "s3-require-kms-key":
      return [requireKmsKey(arn("bucketArn", "s3", job.bucketArn))];
    default:
      throw invalidArgument(`${NAME}: there is no job ${JSON.stringify((job as { job?: unknown }).job)}.`);
  }
}

function ses(account: string): PolicyStatement {
  return {
    Sid: "KeyfoldSesSealsMail",
    Effect: "Allow",
    Principal: { Service: "ses.amazonaws.com" },
    Action: ["kms:Encrypt", "kms:GenerateDataKey*"],
    Resource: "*",
    Condition: {
      Null: {
        "kms:EncryptionContext:aws:ses:rule-name": "false",
        "kms:EncryptionContext:aws:ses:message-id": "false",
      },
      StringEquals: { "kms:EncryptionContext:aws:ses:source-account": account },
    },
  };
}

function workmail({
  keyArn: key,
  region,
  organizationArn,
}: Extract<ServiceJob, { job: "workmail" }>): PolicyStatement {
  if (region !== undefined && !/^[a-z]{2,}(-[a-z0-9]+)+$/.test(region)) {
    throw invalidArgument(`${NAME}: region must be the name of a Region.`);
  }
  const equals = {
    ...(region !== undefined && { "kms:ViaService": `workmail.${region}.amazonaws.com` }),
    ...(organizationArn !== undefined && {
      "kms:EncryptionContext:aws:workmail:arn": arn("organizationArn", "workmail", organizationArn),
    }),
  };
  return allow("KeyfoldWorkMail", ["kms:Encrypt", "kms:Decrypt", "kms:CreateGrant"], keyArn(key), {
    StringEquals: equals,
  });
}

function eventSource(job: Extract<ServiceJob, { job: "queue-event-source" }>): PolicyStatement {
  const { service, sourceArn, sourceAccount } = job;
  if (!["events", "s3", "sns"].includes(service)) {
    throw invalidArgument(`${NAME}: service must be "events", "s3" or "sns".`);
  }
  // Else anybody's topic or bucket could make the service use the key (the confused deputy).
  if ((sourceArn === undefined) === (sourceAccount === undefined)) {
    throw invalidArgument(`${NAME}: either sourceArn or sourceAccount is needed, and not both.`);
  }
  return {
    Sid: "KeyfoldQueueEventSource",
    Effect: "Allow",
    Principal: { Service: `${service}.amazonaws.com` },
    Action: ["kms:GenerateDataKey", "kms:Decrypt"],
    Resource: "*",
    Condition:
      sourceArn === undefined
        ? { StringEquals: { "aws:SourceAccount": accountId("sourceAccount", sourceAccount) } }
        : { ArnEquals: { "aws:SourceArn": arn("sourceArn", undefined, sourceArn) } },
  };
}

function requireKmsKey(bucketArn: string): PolicyStatement {
  return {
    Sid: "KeyfoldPutsNameAKmsKey",
    Effect: "Deny",
    Principal: "*",
    Action: ["s3:PutObject"],
    Resource: `${bucketArn}/*`,
    Condition: { Null: { "s3:x-amz-server-side-encryption-aws-kms-key-id": "true" } },
  };
}

function consumerKeys({ keyArn: key, sourceKeyArns = [] }: Extract<ServiceJob, { job: "queue-consumer" }>) {
  return [key, ...sourceKeyArns].map(keyArn);
}

const keyArn = (text: string) => checkedKeyArn(NAME, text);
const accountId = (option: string, id: string) => checkedAccountId(NAME, option, id);
const arn = (option: string, service: string | undefined, text: string) =>
  checkedArn(NAME, option, service, text);
