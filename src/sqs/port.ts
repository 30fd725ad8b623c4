/** What keyfold needs of an SQS client: a genuine `SQSClient` of the AWS SDK for JavaScript v3 has it. */
export interface SqsClientPort {
  // Method syntax: a genuine client is not assignable to the property form.
  /** Sends a command of `@aws-sdk/client-sqs`, and answers its reply. */
  send(command: object, options?: { abortSignal?: AbortSignal }): Promise<object>;
}
