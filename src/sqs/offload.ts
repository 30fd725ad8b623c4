/** Where payloads go that are too long for a queue, such as `s3Offload` of `keyfold/s3`. */
export interface PayloadOffload {
  /**
   * Keeps a payload, which is plaintext: what keeps it must seal it. The answer travels, sealed, in the message, and the
   * payload's SHA-256 with it: another payload in its place does not open.
   */
  put(payload: Uint8Array, options: { readonly signal: AbortSignal | undefined }): Promise<string>;
  /** Fetches what was put under this answer. */
  get(reference: string, options: { readonly signal: AbortSignal | undefined }): Promise<Uint8Array>;
}
