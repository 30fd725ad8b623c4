import { invalidArgument } from "../arguments.ts";
import { copy, isAllZero } from "../bytes/arrays.ts";
import type { KmsError } from "../errors.ts";
import { notify, type Observer } from "../observer.ts";
import { parseKmsArn } from "./arn.ts";
import { kmsError, kmsReplyError } from "./errors.ts";

/**
 * What keyfold needs of a KMS client: a genuine `KMSClient` of the AWS SDK for JavaScript v3 has it, of any version,
 * and so has the local KMS of `keyfold/testing`.
 */
export interface KmsClient {
  // Method syntax: a genuine client is not assignable to the property form.
  /** Sends a command of `@aws-sdk/client-kms`, and answers its reply. */
  send(command: object, options?: { abortSignal?: AbortSignal }): Promise<object>;
}

/**
 * One client, or a function that gives the client of a Region, such as `(region) => new KMSClient({ region })`. It is
 * asked once for each Region.
 */
export type KmsClientSource = KmsClient | ((region: string) => KmsClient);

/** The fields of KMS's replies that are read here. */
export interface KmsReply {
  readonly KeyId?: string;
  readonly SourceKeyId?: string;
  readonly Plaintext?: Uint8Array;
  readonly CiphertextBlob?: Uint8Array;
  readonly GrantId?: string;
  readonly GrantToken?: string;
  readonly $metadata?: { readonly requestId?: string };
}

/** One call, and what is known of it for errors and events. */
export interface KmsCall {
  readonly client: KmsClient;
  readonly command: object;
  readonly operation: string;
  readonly keyId: string | undefined;
  readonly keyring: string | undefined;
  readonly observer: Observer | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Sends a command. Failures come out typed; an abort comes out as the signal's own reason. */
export async function callKms(call: KmsCall): Promise<KmsReply> {
  const { client, command, operation, keyId, keyring, observer, signal } = call;
  const start = performance.now();
  const tell = (requestId: string | undefined, error?: KmsError["code"] | "ABORTED") =>
    notify(observer, {
      type: "kmsCall",
      keyring,
      operation,
      keyId,
      durationMs: performance.now() - start,
      requestId,
      error,
    });
  signal?.throwIfAborted();
  try {
    const options = signal === undefined ? {} : { abortSignal: signal };
    const reply: KmsReply = (await client.send(command, options)) ?? {};
    tell(reply.$metadata?.requestId);
    return reply;
  } catch (error) {
    if (signal?.aborted) {
      tell(undefined, "ABORTED");
      throw signal.reason;
    }
    const typed = kmsError(error, { operation, keyId });
    tell(typed.requestId, typed.code);
    throw typed;
  }
}

/** The key ARN of a reply. */
export function replyKeyArn(reply: KmsReply, call: KmsCall): string {
  const arn = typeof reply.KeyId === "string" ? parseKmsArn(reply.KeyId) : null;
  if (arn?.type !== "key") throw badReply("the reply names no key ARN", reply, call);
  return reply.KeyId!;
}

/** The plaintext data key of a reply: a copy, and the reply's own bytes are wiped. */
export function replyDataKey(reply: KmsReply, length: number, call: KmsCall): Uint8Array {
  const { Plaintext: plaintext } = reply;
  if (!(plaintext instanceof Uint8Array)) throw badReply("the reply holds no plaintext", reply, call);
  const dataKey = copy(plaintext);
  plaintext.fill(0);
  if (dataKey.length !== length) {
    const got = dataKey.length;
    dataKey.fill(0);
    throw badReply(`the reply holds a data key of ${got} bytes, not of ${length}`, reply, call);
  }
  if (isAllZero(dataKey)) throw badReply("the reply holds a data key of zeros", reply, call);
  return dataKey;
}

/** The wrapped data key of a reply. */
export function replyCiphertext(reply: KmsReply, call: KmsCall): Uint8Array {
  const { CiphertextBlob: blob } = reply;
  if (!(blob instanceof Uint8Array) || blob.length === 0) {
    throw badReply("the reply holds no ciphertext", reply, call);
  }
  return copy(blob);
}

/** The error for a reply that is not what was asked for. */
export function badReply(what: string, reply: KmsReply, { operation, keyId }: KmsCall): KmsError {
  return kmsReplyError(what, { operation, keyId }, reply.$metadata?.requestId);
}

/** Clients by Region: the one that was handed in, or the function's answer, asked for once a Region. */
export function clientsOf(
  caller: string,
  source: KmsClientSource,
): (region: string | undefined) => KmsClient {
  if (typeof source === "object" && source !== null && typeof source.send === "function") return () => source;
  if (typeof source !== "function") {
    throw invalidArgument(`${caller}: client must be a KMSClient, or a function from a Region to one.`);
  }
  const clients = new Map<string, KmsClient>();
  return (region) => {
    if (region === undefined) {
      throw invalidArgument(
        `${caller}: where client is a function of the Region, keys must be named by ARN.`,
      );
    }
    let client = clients.get(region);
    if (client === undefined) {
      client = source(region);
      if (typeof client?.send !== "function") {
        throw invalidArgument(`${caller}: client(${JSON.stringify(region)}) did not answer a KMSClient.`);
      }
      clients.set(region, client);
    }
    return client;
  };
}
