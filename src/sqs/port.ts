/** What keyfold needs of an SQS client: a genuine `SQSClient` of the AWS SDK for JavaScript v3 has it. */
export interface SqsClientPort {
  // Method syntax: a genuine client is not assignable to the property form.
  send(command: object, options?: { abortSignal?: AbortSignal }): Promise<object>;
}
