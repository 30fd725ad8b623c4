// Both libraries behind one face: a matrix crosses a writer with a reader, and does not know which is which.
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { KeyringNode } from "@aws-crypto/client-node";
import {
  createEncryptionClient,
  type Keyring,
  type MessageFacts,
  type MessageSuiteId,
} from "../../src/index.ts";
import type { Context } from "../peers/clients.ts";
import { officialClient, type Policy } from "./official.ts";

/** Bytes in and bytes out, or a stream in and a stream out. */
export type Mode = "buffer" | "stream";
export const MODES: readonly Mode[] = ["buffer", "stream"];

export interface Writer {
  seal(plaintext: Uint8Array, context: Context, mode: Mode): Promise<Uint8Array>;
}

export interface Reader {
  open(ciphertext: Uint8Array, context: Context, mode: Mode): Promise<Opened>;
}

/** What a reader found, in words that both libraries have. */
export interface Opened {
  readonly plaintext: Uint8Array;
  readonly suite: number;
  readonly frameLength: number;
  /** Without the pair that holds the public key of a signed message. */
  readonly encryptionContext: Context;
  readonly providerIds: readonly string[];
}

export interface WriterOptions {
  readonly suite: MessageSuiteId;
  readonly policy: Policy;
  /** Default: the library's own. */
  readonly frameLength?: number;
}

const frames = ({ frameLength }: WriterOptions) => (frameLength === undefined ? {} : { frameLength });

export function keyfoldWriter(keyring: Keyring, options: WriterOptions): Writer {
  const { suite, policy: commitmentPolicy } = options;
  const client = createEncryptionClient({ keyring, suite, commitmentPolicy, ...frames(options) });
  return {
    async seal(plaintext, encryptionContext, mode) {
      if (mode === "stream") return through(pieces(plaintext), client.encryptStream({ encryptionContext }));
      return (await client.encrypt(plaintext, { encryptionContext })).ciphertext;
    },
  };
}

/** It is told the whole context, and has to find it. */
export function keyfoldReader(keyring: Keyring, { policy }: { readonly policy: Policy }): Reader {
  const client = createEncryptionClient({ keyring, commitmentPolicy: policy });
  const opened = (plaintext: Uint8Array, message: MessageFacts): Opened => ({
    plaintext,
    suite: message.suite.id,
    frameLength: message.frameLength,
    encryptionContext: message.encryptionContext,
    providerIds: message.encryptedDataKeys.map(({ providerId }) => providerId),
  });
  return {
    async open(ciphertext, encryptionContext, mode) {
      if (mode === "stream") {
        const stream = client.decryptStream({ encryptionContext });
        return opened(await through(pieces(ciphertext), stream), await stream.message);
      }
      const { plaintext, message } = await client.decrypt(ciphertext, { encryptionContext });
      return opened(plaintext, message);
    },
  };
}

export function officialWriter(keyring: KeyringNode, options: WriterOptions): Writer {
  const { encrypt, encryptStream } = officialClient(options.policy);
  return {
    async seal(plaintext, context, mode) {
      const request = { suiteId: options.suite, encryptionContext: { ...context }, ...frames(options) };
      if (mode === "stream") return through(pieces(plaintext), encryptStream(keyring, request));
      return (await encrypt(keyring, plaintext, request)).result;
    },
  };
}

type OfficialHeader = Awaited<ReturnType<ReturnType<typeof officialClient>["decrypt"]>>["messageHeader"];

export function officialReader(keyring: KeyringNode, { policy }: { readonly policy: Policy }): Reader {
  const { decrypt, decryptStream } = officialClient(policy);
  const opened = (plaintext: Uint8Array, header: OfficialHeader): Opened => {
    const { "aws-crypto-public-key": _, ...encryptionContext } = header.encryptionContext;
    const providerIds = header.encryptedDataKeys.map(({ providerId }) => providerId);
    return {
      plaintext,
      suite: header.suiteId,
      frameLength: header.frameLength,
      encryptionContext,
      providerIds,
    };
  };
  return {
    async open(ciphertext, _, mode) {
      if (mode === "stream") {
        const stream = decryptStream(keyring);
        const header = new Promise<OfficialHeader>((resolve) => stream.once("MessageHeader", resolve));
        return opened(await through(pieces(ciphertext), stream), await header);
      }
      const { plaintext, messageHeader } = await decrypt(keyring, ciphertext);
      return opened(plaintext, messageHeader);
    },
  };
}

/** A stage of Node's `pipeline`: a stream of Node, or a pair of web streams. */
export type Stage = NodeJS.ReadWriteStream | ReadableWritablePair<Uint8Array, Uint8Array>;

/** Node's `pipeline` takes pairs of web streams; its types do not know. */
const pipe = pipeline as unknown as (stages: readonly unknown[]) => Promise<void>;

/** Sends pieces through stages, and collects what comes out. */
export async function through(source: Iterable<Uint8Array>, ...stages: readonly Stage[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const collect = async (output: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of output) chunks.push(chunk);
  };
  await pipe([Readable.from(source), ...stages, collect]);
  return Buffer.concat(chunks);
}

/** The bytes in pieces of these lengths, over and over: no piece ends where a frame does, but by chance. */
export function* pieces(
  bytes: Uint8Array,
  lengths: readonly number[] = [37, 411, 150],
): Generator<Uint8Array> {
  for (let start = 0, i = 0; start < bytes.length; i++) {
    const end = start + lengths[i % lengths.length]!;
    yield bytes.subarray(start, end);
    start = end;
  }
}
