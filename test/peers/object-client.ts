import type { Context, PeerKeyring } from "./clients.ts";
import type { Peer } from "./peer.ts";

export interface ObjectPlace {
  /** Endpoint of S3. */
  readonly s3: string;
  readonly bucket: string;
  readonly key: string;
}

export interface StoredObject {
  readonly metadata: Record<string, string>;
  readonly body: Uint8Array;
}

/** How a client is to write. What is left out is as the client does it by default. */
export interface WriteOptions {
  /** V2 goes with the policy forbid-encrypt-allow-decrypt where the client has policies. */
  readonly format?: "V2" | "V3";
  /** Puts the wrapped data key in a second object. Python reads such objects and cannot write them. */
  readonly instructionFile?: boolean;
  /** User metadata of the caller. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface PutOptions extends WriteOptions {
  /** Java: `enableMultipartPutObject`; Python: `upload_fileobj`; legacy: `uploadObject`. In parts of 5 MiB. */
  readonly highLevelMultipart?: boolean;
}

export type PeerPolicy =
  | "require-encrypt-require-decrypt"
  | "require-encrypt-allow-decrypt"
  | "forbid-encrypt-allow-decrypt";

/** How a client is to read. The defaults of 4.x read format V3 and nothing else. */
export interface GetOptions {
  readonly commitmentPolicy?: PeerPolicy;
  /** kms, AESWrap, RSA-OAEP-SHA256, and what V1 has no name for: AES in ECB mode, RSA PKCS#1 v1.5. */
  readonly legacyWrapping?: boolean;
  /** CBC, and ranges. */
  readonly legacyModes?: boolean;
  readonly delayedAuthentication?: boolean;
  /** As S3 has it, such as `bytes=5-20`. */
  readonly range?: string;
  /** With its dot: `.instruction` by default. */
  readonly instructionFileSuffix?: string;
}

/** Reads all that the client can read. */
export const readsAll = {
  commitmentPolicy: "require-encrypt-allow-decrypt",
  legacyWrapping: true,
  legacyModes: true,
} as const satisfies GetOptions;

/** The same for 3.5.0, which has no commitment policies. */
export const readsAllBeforeV3 = { legacyWrapping: true, legacyModes: true } as const satisfies GetOptions;

/** An official S3 Encryption Client, and a plain S3 client beside it. */
export interface ObjectClient {
  put(
    place: ObjectPlace,
    keyring: PeerKeyring,
    plaintext: Uint8Array,
    context: Context,
    options?: PutOptions,
  ): Promise<void>;
  get(place: ObjectPlace, keyring: PeerKeyring, context: Context, options?: GetOptions): Promise<Buffer>;
  /** A low-level multipart upload: the parts in order, the last one told that it is the last. */
  multipart(
    place: ObjectPlace,
    keyring: PeerKeyring,
    parts: readonly Uint8Array[],
    context: Context,
    options?: WriteOptions,
  ): Promise<void>;
  /** Objects and their instruction files: one key by DeleteObject, several by DeleteObjects. */
  delete(
    place: Omit<ObjectPlace, "key">,
    keys: readonly string[],
    keyring: PeerKeyring,
    options?: { readonly instructionFileSuffix?: string },
  ): Promise<void>;
  createBucket(place: Omit<ObjectPlace, "key">): Promise<void>;
  rawPut(place: ObjectPlace, object: StoredObject): Promise<void>;
  /** What is stored. An instruction file is an object like any other. */
  rawGet(place: ObjectPlace): Promise<StoredObject>;
  /** All keys of the bucket. */
  rawList(place: Omit<ObjectPlace, "key">): Promise<readonly string[]>;
}

export interface ReEncryptOptions
  extends Pick<GetOptions, "commitmentPolicy" | "legacyWrapping" | "legacyModes"> {
  /** The format of the object: the client's suite has to be the same. */
  readonly format?: "V2" | "V3";
  /** Without a dot: the client puts one before it. 3.5.0 and 4.0.1 take it under RSA alone. */
  readonly suffix?: string;
  readonly enforceRotation?: boolean;
}

/** The Java clients wrap the data key of an instruction file anew. */
export interface ReEncryptingClient extends ObjectClient {
  /** Answers the suffix that the client says it wrote. */
  reEncryptInstructionFile(
    place: ObjectPlace,
    keyring: PeerKeyring,
    newKeyring: PeerKeyring,
    options?: ReEncryptOptions,
  ): Promise<string>;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const bytes = (text: string): Buffer => Buffer.from(text, "base64");

/** `more` goes into each request that a client of encryption answers. */
export function objectClient(peer: Peer, more: object = {}): ObjectClient {
  const ask = <T>(op: string, request: object): Promise<T> => peer.request({ op, ...request, ...more });
  return {
    async put(place, keyring, plaintext, encryptionContext, options) {
      await ask("s3.put", { ...place, keyring, plaintext: base64(plaintext), encryptionContext, options });
    },
    async get(place, keyring, encryptionContext, options) {
      const request = { ...place, keyring, encryptionContext, options };
      return bytes((await ask<{ plaintext: string }>("s3.get", request)).plaintext);
    },
    async multipart(place, keyring, parts, encryptionContext, options) {
      const request = { ...place, keyring, parts: parts.map(base64), encryptionContext, options };
      await ask("s3.multipart", request);
    },
    async delete(place, keys, keyring, options) {
      await ask("s3.delete", { ...place, keys, keyring, options });
    },
    async createBucket(place) {
      await ask("s3.createBucket", place);
    },
    async rawPut(place, { metadata, body }) {
      await ask("s3.rawPut", { ...place, metadata, body: base64(body) });
    },
    async rawGet(place) {
      const reply = await ask<{ metadata: Record<string, string>; body: string }>("s3.rawGet", place);
      return { metadata: reply.metadata, body: bytes(reply.body) };
    },
    async rawList(place) {
      return (await ask<{ keys: string[] }>("s3.rawList", place)).keys;
    },
  };
}

export function reEncryptingClient(peer: Peer, more: object = {}): ReEncryptingClient {
  return {
    ...objectClient(peer, more),
    async reEncryptInstructionFile(place, keyring, newKeyring, options) {
      // Both Java clients refuse it unless they may put instruction files.
      const enabled = { ...options, instructionFile: true };
      const request = { op: "s3.reEncrypt", ...place, keyring, newKeyring, options: enabled, ...more };
      return (await peer.request<{ suffix: string }>(request)).suffix;
    },
  };
}
