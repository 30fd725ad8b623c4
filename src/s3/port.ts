/** What keyfold needs of an S3 client: a genuine `S3Client` of the AWS SDK for JavaScript v3 has it. */
export interface S3ClientPort {
  // Method syntax: a genuine client is not assignable to the property form.
  send(command: object, options?: { abortSignal?: AbortSignal }): Promise<object>;
  readonly config?: { region?(): Promise<string>; requestChecksumCalculation?(): Promise<string> };
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
