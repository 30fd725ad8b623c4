/** A request as SQS got it. */
export interface SqsRequest {
  /** Its name in the SDK, such as `"SendMessage"`. */
  readonly operation: string;
  readonly input: {
    readonly MessageAttributeNames?: readonly string[];
    readonly MessageDeduplicationId?: string;
  };
}

/** Starts SQS on loopback, with these queues. */
export function serveSqs(...queues: readonly string[]): Promise<{
  readonly url: string;
  /** Requests in the order of their coming, with the refused ones. */
  readonly requests: SqsRequest[];
  close(): Promise<void>;
}>;
