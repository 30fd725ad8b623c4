/** What keyfold needs of an S3 client: a genuine `S3Client` of the AWS SDK for JavaScript v3 has it. */
export interface S3ClientPort {
  // Method syntax: a genuine client is not assignable to the property form.
  /** Sends a command of `@aws-sdk/client-s3`, and answers its reply. */
  send(command: object, options?: { abortSignal?: AbortSignal }): Promise<object>;
  /** The client's configuration: its Region tells the partition of `bindTo`. */
  readonly config?: {
    /** The client's Region. */
    region?(): Promise<string>;
    /** Whether the client adds checksums of its own accord: they are announced before parts are sent. */
    requestChecksumCalculation?(): Promise<string>;
  };
}

/** Sends a command whose reply is known. An abort comes out as the signal's reason. */
export async function call<Output extends object>(
  client: S3ClientPort,
  command: object & {
    resolveMiddleware?(...args: never[]): (...args: never[]) => Promise<{ output: Output }>;
  },
  signal: AbortSignal | undefined,
): Promise<Output> {
  signal?.throwIfAborted();
  try {
    return (await client.send(command, signal === undefined ? {} : { abortSignal: signal })) as Output;
  } catch (error) {
    // Not the SDK's own word for it.
    signal?.throwIfAborted();
    throw error;
  }
}

/** The HTTP status of the SDK's error; undefined for others. */
export function statusOf(error: unknown): number | undefined {
  const { $metadata } = (error ?? {}) as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
}
