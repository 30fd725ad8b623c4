import type { EncryptionContext } from "../types.ts";

/** What a process does with keyfold: the argument of `requiredStatements`. ARNs of KMS keys are full ones, no aliases. */
export type RequiredJob =
  /** Seals messages or objects under KMS. */
  | {
      /** What this is for. */
      readonly job: "writer";
      /** The full ARN of the KMS key. */
      readonly keyArn: string;
      /** The keyring's `additionalKeyIds`, as full ARNs. Default: none. */
      readonly additionalKeyArns?: readonly string[];
      /** The caching manager's option. Default: false. */
      readonly verifyNewKeys?: boolean;
      /** Pairs that every call has, which the statements then demand. Default: none. */
      readonly encryptionContext?: EncryptionContext;
    }
  /** Opens what these keys wrapped. */
  | {
      /** What this is for. */
      readonly job: "reader";
      /** The full ARNs of the KMS keys, at least one. */
      readonly keyArns: readonly string[];
      /** Pairs that every call has, which the statements then demand. Default: none. */
      readonly encryptionContext?: EncryptionContext;
    }
  /** Seals and opens under mailbox keys. */
  | {
      /** What this is for. */
      readonly job: "mailbox-user";
      /** The full ARN of the KMS key. */
      readonly keyArn: string;
      /** The ARN of their DynamoDB table, if that is the store. Default: another store. */
      readonly tableArn?: string;
      /** Pairs that every call has, which the statements then demand. Default: none. */
      readonly encryptionContext?: EncryptionContext;
    }
  /** Creates, rotates and destroys mailboxes. */
  | {
      /** What this is for. */
      readonly job: "mailbox-administrator";
      /** The full ARN of the KMS key. */
      readonly keyArn: string;
      /** The ARN of their DynamoDB table, if that is the store. Default: another store. */
      readonly tableArn?: string;
      /** Pairs that every call has, which the statements then demand. Default: none. */
      readonly encryptionContext?: EncryptionContext;
    }
  /** Moves mailboxes from one organization's key to another's. */
  | {
      /** What this is for. */
      readonly job: "mailbox-rewrap";
      /** The full ARN of the KMS key that wraps them. */
      readonly keyArn: string;
      /** The full ARN of the one that is to wrap them. */
      readonly toKeyArn: string;
      /** The ARN of their DynamoDB table, if that is the store. Default: another store. */
      readonly tableArn?: string;
      /** Pairs that every call has, which the statements then demand. Default: none. */
      readonly encryptionContext?: EncryptionContext;
    }
  /** Seals and opens under branch keys; or makes and versions them. */
  | {
      /** What this is for. */
      readonly job: "branch-key-user" | "branch-key-administrator";
      /** The full ARN of the KMS key. */
      readonly keyArn: string;
      /** The ARN of the key store's table. */
      readonly tableArn: string;
      /** The key store's logical name. */
      readonly logicalName: string;
    }
  /** Puts objects by the S3 client. */
  | {
      /** What this is for. */
      readonly job: "s3-writer";
      /** The full ARN of the KMS key. */
      readonly keyArn: string;
      /** The ARN of the bucket, `"arn:aws:s3:::name"`. */
      readonly bucketArn: string;
      /** Of the objects' keys. Default: none, all of the bucket. */
      readonly prefix?: string;
      /** As the S3 client has it. Default: `"none"`. */
      readonly bindTo?: "object" | "bucket" | "none";
      /** Pairs that every call has, which the statements then demand. Default: none. */
      readonly encryptionContext?: EncryptionContext;
      /** Also `upload()` and multipart commands, which may have to be aborted. Default: false. */
      readonly uploads?: boolean;
      /** Also DeleteObject(s). Default: false. */
      readonly deletes?: boolean;
      /** The caching manager's option. Default: false. */
      readonly verifyNewKeys?: boolean;
    }
  /** Gets objects, and their instruction files. */
  | {
      /** What this is for. */
      readonly job: "s3-reader";
      /** The full ARNs of the KMS keys, at least one. */
      readonly keyArns: readonly string[];
      /** The ARN of the bucket, `"arn:aws:s3:::name"`. */
      readonly bucketArn: string;
      /** Of the objects' keys. Default: none, all of the bucket. */
      readonly prefix?: string;
      /** As the S3 client has it. Default: `"none"`. */
      readonly bindTo?: "object" | "bucket" | "none";
      /** Pairs that every call has, which the statements then demand. Default: none. */
      readonly encryptionContext?: EncryptionContext;
    }
  /** Opens mail that SES stored. */
  | {
      /** What this is for. */
      readonly job: "ses-reader";
      /** The full ARN of the KMS key. */
      readonly keyArn: string;
      /** The ARN of the bucket, `"arn:aws:s3:::name"`. */
      readonly bucketArn: string;
      /** Of the objects' keys. Default: none, all of the bucket. */
      readonly prefix?: string;
      /** The account whose SES received the mail, 12 digits. */
      readonly sourceAccount: string;
      /** Only mail of this receipt rule. Default: any. */
      readonly ruleName?: string;
    }
  /** Sends sealed messages. */
  | {
      /** What this is for. */
      readonly job: "sqs-producer";
      /** The full ARN of the KMS key. */
      readonly keyArn: string;
      /** The ARN of the queue. */
      readonly queueArn: string;
      /** As the SQS client has it. Default: true. */
      readonly verifyNewKeys?: boolean;
      /** As the SQS client has it. Default: true. */
      readonly bindToQueue?: boolean;
      /** Pairs that every call has, which the statements then demand. Default: none. */
      readonly encryptionContext?: EncryptionContext;
    }
  /** Receives and opens them. */
  | {
      /** What this is for. */
      readonly job: "sqs-consumer";
      /** The full ARNs of the KMS keys, at least one. */
      readonly keyArns: readonly string[];
      /** The ARN of the queue. */
      readonly queueArn: string;
      /** The ARNs of queues whose dead letters arrive here. Default: none. */
      readonly deadLettersOf?: readonly string[];
      /** As the SQS client has it. Default: true. */
      readonly bindToQueue?: boolean;
      /** Pairs that every call has, which the statements then demand. Default: none. */
      readonly encryptionContext?: EncryptionContext;
    };
