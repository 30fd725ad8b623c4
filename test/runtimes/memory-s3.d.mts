import type { S3ClientPort } from "../../src/s3/index.ts";

export interface MemoryS3 extends S3ClientPort {
  readonly objects: Map<string, { body: Uint8Array; metadata: Record<string, string> }>;
  readonly config: { region(): Promise<string> };
}

export function memoryS3(): MemoryS3;
export function inPieces(bytes: Uint8Array, length: number): ReadableStream<Uint8Array>;
