import { describe, expect, it } from "vitest";
import { policyDocument, type ServiceJob, serviceStatements } from "../../src/policy/index.ts";

const keyArn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const otherKey = "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab";
const queueArn = "arn:aws:sqs:us-east-1:111122223333:orders";
const accountId = "111122223333";
const organizationArn = "arn:aws:workmail:us-east-1:111122223333:organization/m-1234";

/** The statements as their JSON, without the names that we give them. */
const plain = (job: ServiceJob) =>
  JSON.parse(JSON.stringify(serviceStatements(job).map(({ Sid: _, ...rest }) => rest))) as unknown;

describe("the documented statements", () => {
  it("of SES: a key policy by its three pairs", () => {
    expect(plain({ job: "ses", accountId })).toEqual([
      {
        Effect: "Allow",
        Principal: { Service: "ses.amazonaws.com" },
        Action: ["kms:Encrypt", "kms:GenerateDataKey*"],
        Resource: "*",
        Condition: {
          Null: {
            "kms:EncryptionContext:aws:ses:rule-name": "false",
            "kms:EncryptionContext:aws:ses:message-id": "false",
          },
          StringEquals: { "kms:EncryptionContext:aws:ses:source-account": "111122223333" },
        },
      },
    ]);
  });

  it("of WorkMail: with and without the service, and the organization", () => {
    const bare = {
      Effect: "Allow",
      Action: ["kms:Encrypt", "kms:Decrypt", "kms:CreateGrant"],
      Resource: keyArn,
    };
    expect(plain({ job: "workmail", keyArn })).toEqual([bare]);
    expect(plain({ job: "workmail", keyArn, region: "eu-west-1", organizationArn })).toEqual([
      {
        ...bare,
        Condition: {
          StringEquals: {
            "kms:ViaService": "workmail.eu-west-1.amazonaws.com",
            "kms:EncryptionContext:aws:workmail:arn": organizationArn,
          },
        },
      },
    ]);
  });

  it.each(["events", "s3", "sns"] as const)(
    "of %s as an event source, guarded by ARN or account",
    (service) => {
      const bare = {
        Effect: "Allow",
        Principal: { Service: `${service}.amazonaws.com` },
        Action: ["kms:GenerateDataKey", "kms:Decrypt"],
        Resource: "*",
      };
      const sourceArn = "arn:aws:sns:us-east-1:111122223333:topic";
      expect(plain({ job: "queue-event-source", service, sourceArn })).toEqual([
        { ...bare, Condition: { ArnEquals: { "aws:SourceArn": sourceArn } } },
      ]);
      expect(plain({ job: "queue-event-source", service, sourceAccount: accountId })).toEqual([
        { ...bare, Condition: { StringEquals: { "aws:SourceAccount": accountId } } },
      ]);
    },
  );

  it("of producers and consumers, also of dead letters", () => {
    expect(plain({ job: "queue-producer", keyArn, queueArn })).toEqual([
      { Effect: "Allow", Action: ["kms:GenerateDataKey", "kms:Decrypt"], Resource: keyArn },
      { Effect: "Allow", Action: ["sqs:SendMessage"], Resource: queueArn },
    ]);
    const receive = { Effect: "Allow", Action: ["sqs:ReceiveMessage"], Resource: queueArn };
    expect(plain({ job: "queue-consumer", keyArn, queueArn })).toEqual([
      { Effect: "Allow", Action: ["kms:Decrypt"], Resource: keyArn },
      receive,
    ]);
    expect(plain({ job: "queue-consumer", keyArn, queueArn, sourceKeyArns: [otherKey, keyArn] })).toEqual([
      { Effect: "Allow", Action: ["kms:Decrypt"], Resource: [keyArn, otherKey] },
      receive,
    ]);
  });

  it.each([
    ["s3-put", ["kms:GenerateDataKey"]],
    ["s3-get", ["kms:Decrypt"]],
    ["s3-multipart", ["kms:GenerateDataKey", "kms:Decrypt"]],
  ] as const)("of %s", (job, Action) => {
    expect(plain({ job, keyArn })).toEqual([{ Effect: "Allow", Action, Resource: keyArn }]);
  });

  it("of a bucket in which every put names a KMS key", () => {
    expect(plain({ job: "s3-require-kms-key", bucketArn: "arn:aws:s3:::films" })).toEqual([
      {
        Effect: "Deny",
        Principal: "*",
        Action: ["s3:PutObject"],
        Resource: "arn:aws:s3:::films/*",
        Condition: { Null: { "s3:x-amz-server-side-encryption-aws-kms-key-id": "true" } },
      },
    ]);
  });

  it("become a document, whose statements have names of their own", () => {
    const statements = serviceStatements({ job: "queue-producer", keyArn, queueArn });
    const document = policyDocument(statements);
    expect(document).toEqual({ Version: "2012-10-17", Statement: statements });
    expect(new Set(statements.map(({ Sid }) => Sid)).size).toBe(2);
    for (const { Sid } of statements) expect(Sid).toMatch(/^[A-Za-z0-9]+$/);
  });
});

describe("misuse", () => {
  const topicArn = "arn:aws:sns:us-east-1:111122223333:topic";
  it.each([
    ["a job that is unknown", { job: "lambda" }, /no job "lambda"/],
    ["no job", undefined, /serviceStatements/],
    ["an alias", { job: "s3-get", keyArn: keyArn.replace(/key\/.*/, "alias/a") }, /full key ARN/],
    ["a wildcard", { job: "s3-get", keyArn: keyArn.replace(/key\/.*/, "key/*") }, /full key ARN/],
    ["a key id alone", { job: "s3-put", keyArn: "1234abcd-12ab-34cd-56ef-1234567890ab" }, /full key ARN/],
    [
      "a source key by alias",
      { job: "queue-consumer", keyArn, queueArn, sourceKeyArns: ["alias/a"] },
      /full key ARN/,
    ],
    ["an account of eleven digits", { job: "ses", accountId: "11112222333" }, /12-digit/],
    ["a bucket for a queue", { job: "queue-producer", keyArn, queueArn: "arn:aws:s3:::b" }, /ARN of sqs/],
    ["a queue URL", { job: "queue-producer", keyArn, queueArn: "https://sqs/1/q" }, /ARN of sqs/],
    ["another service", { job: "queue-event-source", service: "lambda", sourceArn: topicArn }, /"events"/],
    ["no guard", { job: "queue-event-source", service: "sns" }, /either sourceArn or sourceAccount/],
    [
      "two guards",
      { job: "queue-event-source", service: "sns", sourceArn: topicArn, sourceAccount: accountId },
      /not both/,
    ],
    ["a Region that is none", { job: "workmail", keyArn, region: "Ireland" }, /region/],
  ])("%s is a TypeError", (_, job, message) => {
    expect(() => serviceStatements(job as ServiceJob)).toThrow(TypeError);
    expect(() => serviceStatements(job as ServiceJob)).toThrow(message);
  });
});
