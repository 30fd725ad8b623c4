// The ways in which keyfold asks KMS for something: each of them meets every fault.
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import {
  createEncryptionClient,
  type Keyring,
  multiKeyring,
  type Observer,
  openObject,
  rawAesKeyring,
  type SealedObject,
  sealObject,
} from "../../src/index.ts";
import { type KmsClient, kmsDiscoveryKeyring, kmsKeyring } from "../../src/kms/index.ts";
import { createS3EncryptionClient } from "../../src/s3/index.ts";
import type { LocalKms } from "../../src/testing/index.ts";
import { memoryS3 } from "../runtimes/memory-s3.mjs";
import { ACCOUNT, ARN_A, ARN_B, CONTEXT, PLAINTEXT } from "./helpers.ts";

export interface Attempt {
  readonly client: KmsClient;
  readonly observer: Observer;
  readonly signal?: AbortSignal | undefined;
}

export interface Flow {
  readonly name: string;
  /** The operation that the fault strikes. */
  readonly operation: "GenerateDataKey" | "Encrypt" | "Decrypt";
  /** The key that the fault strikes, as the call names it; undefined: the call names none. */
  readonly keyId: string | undefined;
  /**
   * What else could serve the call: nothing; a keyring that needs no KMS; another KMS key, through the same client.
   */
  readonly backup: "none" | "local" | "kms";
  /** An S3 object opened by discovery: any key of the account is welcome, for the object names none. */
  readonly anyKeyOfAccount?: true;
  /** Does it, and answers the plaintext that comes of it: a writer's is read back by another keyring. */
  run(attempt: Attempt): Promise<Uint8Array>;
}

/** What the reading flows read, and the raw key that they may fall back on. */
export interface Sealed {
  readonly message: Uint8Array;
  readonly twoKeys: Uint8Array;
  readonly withBackup: Uint8Array;
  readonly object: SealedObject;
  /** Holds an object that is bound to its place. */
  readonly s3: ReturnType<typeof memoryS3>;
}

export const RAW_KEY: Uint8Array = Uint8Array.from({ length: 32 }, (_, i) => (i * 37 + 11) & 0xff);
const FILTER = { partition: "aws", accountIds: [ACCOUNT] };

const raw = (): Keyring => rawAesKeyring({ namespace: "backup", name: "safe", key: RAW_KEY });
const strict = ({ client, observer }: Attempt, ...additionalKeyIds: string[]): Keyring =>
  kmsKeyring({ client, keyId: ARN_A, additionalKeyIds, observer });
const discovery = ({ client, observer }: Attempt): Keyring =>
  kmsDiscoveryKeyring({ client, filter: FILTER, observer });

const PLACE = { Bucket: "b", Key: "k" };

/** Seals in process, where no fault of the wire is. */
export async function sealAll({ client }: LocalKms): Promise<Sealed> {
  const one = kmsKeyring({ client, keyId: ARN_A });
  const two = kmsKeyring({ client, keyId: ARN_A, additionalKeyIds: [ARN_B] });
  const seal = async (keyring: Keyring) =>
    (await createEncryptionClient({ keyring }).encrypt(PLAINTEXT, { encryptionContext: CONTEXT })).ciphertext;
  const s3 = memoryS3();
  const writer = createS3EncryptionClient({ client: s3, keyring: one, bindTo: "object" });
  await writer.send(new PutObjectCommand({ ...PLACE, Body: PLAINTEXT }), { encryptionContext: CONTEXT });
  return {
    s3,
    message: await seal(one),
    twoKeys: await seal(two),
    withBackup: await seal(multiKeyring({ generator: one, children: [raw()] })),
    object: await sealObject(PLAINTEXT, { keyring: one, encryptionContext: CONTEXT }),
  };
}

/** How long the replies of the operations are, byte for byte as they come over HTTP. */
export async function measureReplies(url: string): Promise<Record<Flow["operation"], number>> {
  const ask = async (operation: Flow["operation"], input: object) => {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "x-amz-target": `TrentService.${operation}`,
        authorization: "AWS4-HMAC-SHA256 Credential=measure/20260101/us-east-1/kms/aws4_request",
      },
      body: JSON.stringify({ KeyId: ARN_A, ...input }),
    });
    const text = await response.text();
    return { length: text.length, reply: JSON.parse(text) as { CiphertextBlob: string; Plaintext: string } };
  };
  const made = await ask("GenerateDataKey", { NumberOfBytes: 32 });
  const { CiphertextBlob, Plaintext } = made.reply;
  return {
    GenerateDataKey: made.length,
    Encrypt: (await ask("Encrypt", { Plaintext })).length,
    Decrypt: (await ask("Decrypt", { CiphertextBlob })).length,
  };
}

export function flowsOf(kms: LocalKms, sealed: () => Sealed): readonly Flow[] {
  const callOf = (signal: AbortSignal | undefined) => ({
    encryptionContext: CONTEXT,
    ...(signal && { signal }),
  });

  /** Writes with one keyring, and reads with that one key which the fault concerned. */
  const write = async (keyring: Keyring, only: Keyring, { signal }: Attempt) => {
    const { ciphertext } = await createEncryptionClient({ keyring }).encrypt(PLAINTEXT, callOf(signal));
    return (await createEncryptionClient({ keyring: only }).decrypt(ciphertext)).plaintext;
  };
  const read = async (ciphertext: Uint8Array, keyring: Keyring, { signal }: Attempt) =>
    (await createEncryptionClient({ keyring }).decrypt(ciphertext, callOf(signal))).plaintext;
  const open = async (keyring: Keyring, { signal }: Attempt) =>
    (await openObject(sealed().object, { keyring, ...callOf(signal) })).plaintext;
  const bound = (client: ReturnType<typeof memoryS3>, keyring: Keyring) =>
    createS3EncryptionClient({ client, keyring, bindTo: "object" });
  const s3CallOf = ({ signal }: { signal?: AbortSignal | undefined } = {}) => ({
    encryptionContext: CONTEXT,
    ...(signal && { abortSignal: signal }),
  });
  const readerOf = (keyId: string) => kmsKeyring({ client: kms.client, keyId });

  return [
    {
      name: "message, new data key",
      operation: "GenerateDataKey",
      keyId: ARN_A,
      backup: "none",
      run: (attempt) => write(strict(attempt), readerOf(ARN_A), attempt),
    },
    {
      name: "message, wrapped under a second key",
      operation: "Encrypt",
      keyId: ARN_B,
      backup: "none",
      run: (attempt) => write(strict(attempt, ARN_B), readerOf(ARN_B), attempt),
    },
    {
      name: "message, new data key, with a raw key beside it",
      operation: "GenerateDataKey",
      keyId: ARN_A,
      backup: "none",
      run: (attempt) =>
        write(multiKeyring({ generator: strict(attempt), children: [raw()] }), readerOf(ARN_A), attempt),
    },
    {
      name: "message, raw data key wrapped by KMS",
      operation: "Encrypt",
      keyId: ARN_A,
      backup: "none",
      run: (attempt) =>
        write(multiKeyring({ generator: raw(), children: [strict(attempt)] }), readerOf(ARN_A), attempt),
    },
    {
      name: "object, new data key",
      operation: "GenerateDataKey",
      keyId: ARN_A,
      backup: "none",
      run: async (attempt) => {
        const options = callOf(attempt.signal);
        const object = await sealObject(PLAINTEXT, { keyring: strict(attempt), ...options });
        return (await openObject(object, { keyring: readerOf(ARN_A), encryptionContext: CONTEXT })).plaintext;
      },
    },
    {
      name: "S3, put and bound",
      operation: "GenerateDataKey",
      keyId: ARN_A,
      backup: "none",
      run: async (attempt) => {
        const client = memoryS3();
        const put = new PutObjectCommand({ ...PLACE, Body: PLAINTEXT });
        await bound(client, strict(attempt)).send(put, s3CallOf(attempt));
        const { Body } = await bound(client, readerOf(ARN_A)).send(new GetObjectCommand(PLACE), s3CallOf());
        return Body!.transformToByteArray();
      },
    },
    {
      name: "S3, get",
      operation: "Decrypt",
      keyId: ARN_A,
      backup: "none",
      run: async (attempt) => {
        const client = bound(sealed().s3, strict(attempt));
        const { Body } = await client.send(new GetObjectCommand(PLACE), s3CallOf(attempt));
        return Body!.transformToByteArray();
      },
    },
    {
      name: "message, strict",
      operation: "Decrypt",
      keyId: ARN_A,
      backup: "none",
      run: (attempt) => read(sealed().message, strict(attempt), attempt),
    },
    {
      name: "message, discovery",
      operation: "Decrypt",
      keyId: ARN_A,
      backup: "none",
      run: (attempt) => read(sealed().message, discovery(attempt), attempt),
    },
    {
      name: "message, strict, second key at hand",
      operation: "Decrypt",
      keyId: ARN_A,
      backup: "kms",
      run: (attempt) => read(sealed().twoKeys, strict(attempt, ARN_B), attempt),
    },
    {
      name: "message, multi, raw backup behind",
      operation: "Decrypt",
      keyId: ARN_A,
      backup: "local",
      run: (attempt) =>
        read(sealed().withBackup, multiKeyring({ generator: strict(attempt), children: [raw()] }), attempt),
    },
    {
      name: "object, strict",
      operation: "Decrypt",
      keyId: ARN_A,
      backup: "none",
      run: (attempt) => open(strict(attempt), attempt),
    },
    {
      name: "object, discovery",
      operation: "Decrypt",
      keyId: undefined,
      backup: "none",
      anyKeyOfAccount: true,
      run: (attempt) => open(discovery(attempt), attempt),
    },
  ];
}
