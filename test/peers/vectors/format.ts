import { mkdirSync, writeFileSync } from "node:fs";
import type { Context, LegacyClient, PeerKeyring } from "../clients.ts";

/** Who wrote the fixtures of a file, and with what. */
export interface Origin {
  readonly writer: string;
  readonly version: string;
  readonly generator: string;
  readonly note?: string;
}

/** A KMS key as `createLocalKms({ keys })` takes it: `material` is base64. */
export interface KmsKeyFixture {
  readonly id: string;
  readonly arn: string;
  readonly material: string;
}

/** `test/vectors/messages/*.json` */
export interface MessageVectors {
  readonly origin: Origin;
  readonly kms?: readonly KmsKeyFixture[];
  /** Keyrings by name. Raw keys are base64, RSA keys PEM; a KMS keyring's endpoint is left empty. */
  readonly keyrings: Readonly<Record<string, PeerKeyring>>;
  readonly messages: readonly MessageVector[];
}

export interface MessageVector {
  readonly name: string;
  readonly suite: number;
  /** A name in `keyrings`. */
  readonly keyring: string;
  /** 0: a non-framed message. */
  readonly frameLength: number;
  readonly encryptionContext: Context;
  /** Pairs that the header does not hold: the reader has to bring them. */
  readonly requiredKeys?: readonly string[];
  /** `"locale"`: old JavaScript order of the keys in the AAD of the raw AES wrap. */
  readonly contextOrder?: "utf8" | "locale";
  readonly plaintext: string;
  readonly ciphertext: string;
}

/** `test/vectors/objects/*.json` */
export interface ObjectVectors<Vector extends ObjectVector = ObjectVector> {
  readonly origin: Origin;
  readonly kms?: readonly KmsKeyFixture[];
  readonly keyrings: Readonly<Record<string, PeerKeyring>>;
  readonly objects: readonly Vector[];
}

export interface ObjectVector {
  readonly name: string;
  readonly keyring: string;
  /** What a reader has to name. KMS only; empty under the wrap `kms`, whose context is the stored map as it is. */
  readonly encryptionContext: Context;
  /** The label of a raw key. */
  readonly materialsDescription?: Context;
  /** User metadata as stored, without the x-amz-meta- prefix: the writer's, and beside them those of the caller. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly body: string;
  readonly plaintext: string;
}

/** The files of every writer, wrap and storage have these as well. */
export interface WrittenObjectVector extends ObjectVector {
  readonly format: "V1" | "V2" | "V3";
  /** As the object names it: `kms+context`, `02`. V1 names none: `AES` or `RSA`, and `kms` under V2's names. */
  readonly wrap: string;
  /** 112 CBC, 114 GCM, 115 GCM with commitment: 0x0070, 0x0072, 0x0073. */
  readonly suite: 112 | 114 | 115;
  /** Of the AWS SDK for Java 1: which of its clients, and its mode. */
  readonly client?: LegacyClient;
  /** Lengths of the plaintexts of its parts. */
  readonly parts?: readonly number[];
  /** Where the wrapped key is not in the metadata: the object whose key is this one's and the suffix. */
  readonly instructionFile?: InstructionFileVector;
  /** The official clients that opened it, each in its most permissive configuration. */
  readonly openedBy: readonly string[];
}

export interface InstructionFileVector {
  /** With its dot. */
  readonly suffix: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Text: one JSON object. */
  readonly body: string;
}

/** `test/vectors/hierarchy/*.json` */
export interface HierarchyVectors {
  readonly origin: Origin;
  readonly kms: readonly KmsKeyFixture[];
  readonly logicalName: string;
  /** All items of the table, as DynamoDB's JSON has them. */
  readonly items: readonly Readonly<Record<string, Readonly<Record<string, string>>>>[];
  readonly branchKeyId: string;
  /** The pairs that the branch key was made with. */
  readonly branchKeyContext: Context;
  /** From the first to the one that writes. */
  readonly versions: readonly string[];
  readonly messages: readonly HierarchyVector[];
}

export interface HierarchyVector {
  readonly name: string;
  readonly suite: number;
  readonly version: string;
  readonly encryptionContext: Context;
  readonly plaintext: string;
  readonly ciphertext: string;
}

export function writeVectors(
  kind: "messages" | "objects" | "hierarchy",
  name: string,
  vectors: MessageVectors | ObjectVectors | HierarchyVectors,
): void {
  const folder = new URL(`../../vectors/${kind}/`, import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(name, folder), `${JSON.stringify(vectors, null, 2)}\n`);
}

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** Bytes without a short period, so that frames that are swapped or repeated show. */
export function sample(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + 11) & 0xff;
  return bytes;
}
