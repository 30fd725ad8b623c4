import { invalidArgument } from "../arguments.ts";
import { toBase64 } from "../bytes/base64.ts";
import { readAll } from "./source.ts";
import { byteStream, webStream } from "./streams.ts";

/** Plaintext for the caller, whole or as it is opened. */
export interface Plaintext {
  /** All of it, where it has been verified. */
  readonly bytes: Uint8Array | undefined;
  /** Once only. */
  chunks(): AsyncGenerator<Uint8Array, void, void>;
  /** Lets go of what lies behind. May come twice. */
  close(reason?: unknown): void;
}

/** The body of a reply, as the SDK's clients answer it: a stream with `transformToByteArray`, `-String`, `-WebStream`. */
export function replyBody(plaintext: Plaintext): never {
  const stream = byteStream(plaintext.chunks(), (reason) => plaintext.close(reason));
  let taken = false;
  const take = () => {
    const isRead =
      "locked" in stream ? stream.locked : stream.readableFlowing !== null || stream.readableDidRead;
    if (taken || isRead) throw invalidArgument("Body: the stream has already been read or transformed.");
    taken = true;
  };
  const transformToByteArray = async (): Promise<Uint8Array> => {
    take();
    if (plaintext.bytes !== undefined) return plaintext.bytes;
    try {
      const source = { ...plaintext, length: undefined };
      return (await readAll(source, Number.POSITIVE_INFINITY))!;
    } finally {
      plaintext.close();
    }
  };
  const mixin = {
    transformToByteArray,
    async transformToString(encoding = "utf-8"): Promise<string> {
      return asText(await transformToByteArray(), encoding);
    },
    transformToWebStream(): ReadableStream {
      take();
      return webStream(plaintext.chunks(), (reason) => plaintext.close(reason));
    },
  };
  // The SDK's type is a union of what all runtimes have.
  return Object.assign(stream, mixin) as never;
}

function asText(bytes: Uint8Array, encoding: string): string {
  if (encoding === "base64") return toBase64(bytes);
  if (encoding === "hex") return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return new TextDecoder(encoding).decode(bytes);
}
