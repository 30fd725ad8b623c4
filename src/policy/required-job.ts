import type { EncryptionContext } from "../types.ts";

/** Pairs that every call has, which the statements then demand. */
interface Bound {
  readonly encryptionContext?: EncryptionContext;
}

/** Where objects lie, and what they are bound to. */
interface Objects extends Bound {
  readonly bucketArn: string;
  /** Of the objects' keys. Default: none, all of the bucket. */
  readonly prefix?: string;
  /** As the S3 client has it. Default: `"none"`. */
  readonly bindTo?: "object" | "bucket" | "none";
}

/** What a process does with keyfold. ARNs of KMS keys are full ones. */
export type RequiredJob =
  /** Seals messages or objects under KMS. */
  | (Bound & {
      readonly job: "writer";
      readonly keyArn: string;
      /** The keyring's `additionalKeyIds`. */
      readonly additionalKeyArns?: readonly string[];
      /** The caching manager's option. Default: false. */
      readonly verifyNewKeys?: boolean;
    })
  /** Opens what these keys wrapped. */
  | (Bound & { readonly job: "reader"; readonly keyArns: readonly string[] })
  /** Seals and opens under mailbox keys. `tableArn`: their DynamoDB table, if that is the store. */
  | (Bound & { readonly job: "mailbox-user"; readonly keyArn: string; readonly tableArn?: string })
  /** Creates, rotates and destroys mailboxes. */
  | (Bound & { readonly job: "mailbox-administrator"; readonly keyArn: string; readonly tableArn?: string })
  /** Moves mailboxes from one organization's key to another's. */
  | (Bound & {
      readonly job: "mailbox-rewrap";
      readonly keyArn: string;
      readonly toKeyArn: string;
      readonly tableArn?: string;
    })
  /** Seals and opens under branch keys. `logicalName`: the key store's. */
  | {
      readonly job: "branch-key-user" | "branch-key-administrator";
      readonly keyArn: string;
      readonly tableArn: string;
      readonly logicalName: string;
    }
  /** Puts objects by the S3 client. */
  | (Objects & {
      readonly job: "s3-writer";
      readonly keyArn: string;
      /** Also `upload()` and multipart commands, which may have to be aborted. Default: false. */
      readonly uploads?: boolean;
      /** Also DeleteObject(s). Default: false. */
      readonly deletes?: boolean;
      readonly verifyNewKeys?: boolean;
    })
  /** Gets objects, and their instruction files. */
  | (Objects & { readonly job: "s3-reader"; readonly keyArns: readonly string[] })
  /** Opens mail that SES stored. */
  | {
      readonly job: "ses-reader";
      readonly keyArn: string;
      readonly bucketArn: string;
      readonly prefix?: string;
      readonly sourceAccount: string;
      readonly ruleName?: string;
    }
  /** Sends sealed messages. */
  | (Bound & {
      readonly job: "sqs-producer";
      readonly keyArn: string;
      readonly queueArn: string;
      /** As the SQS client has it. Default: true. */
      readonly verifyNewKeys?: boolean;
      readonly bindToQueue?: boolean;
    })
  /** Receives and opens them. */
  | (Bound & {
      readonly job: "sqs-consumer";
      readonly keyArns: readonly string[];
      readonly queueArn: string;
      /** Queues whose dead letters arrive here. */
      readonly deadLettersOf?: readonly string[];
      readonly bindToQueue?: boolean;
    });
