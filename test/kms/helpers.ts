import { CreateGrantCommand, KMSClient, type KMSClientConfig } from "@aws-sdk/client-kms";
import { ConfiguredRetryStrategy } from "@smithy/core/retry";
import { onTestFinished } from "vitest";
import {
  createEncryptionClient,
  type KeyfoldEvent,
  type Keyring,
  type KmsCallEvent,
  type MessageSuiteId,
} from "../../src/index.ts";
import { createLocalKms, type LocalKms, type LocalKmsOptions } from "../../src/testing/index.ts";

export const ACCOUNT = "111122223333";
export const OTHER_ACCOUNT = "444455556666";
export const REGION = "us-east-1";
export const KEY_A = "1234abcd-12ab-34cd-56ef-1234567890ab";
export const KEY_B = "0987dcba-09fe-87dc-65ba-ab0987654321";
export const KEY_OTHER_ACCOUNT = "aaaaaaaa-0000-4000-8000-bbbbbbbbbbbb";
export const MRK = "mrk-1234abcd12ab34cd56ef1234567890ab";

export const arn = (id: string, region = REGION, account = ACCOUNT, partition = "aws"): string =>
  `arn:${partition}:kms:${region}:${account}:key/${id}`;
export const ARN_A = arn(KEY_A);
export const ARN_B = arn(KEY_B);
export const ARN_OTHER_ACCOUNT = arn(KEY_OTHER_ACCOUNT, REGION, OTHER_ACCOUNT);
export const ALIAS_A = "alias/orders";
export const ALIAS_ARN_A = `arn:aws:kms:${REGION}:${ACCOUNT}:${ALIAS_A}`;

export const PLAINTEXT: Uint8Array = new TextEncoder().encode("plaintext-marker: to whom it may concern");
export const CONTEXT = { tenant: "t1", purpose: "test" };

/** Two keys of the home account, a multi-Region key with a replica, and a key of another account. */
export const STANDARD_KEYS: NonNullable<LocalKmsOptions["keys"]> = [
  { id: KEY_A, aliases: [ALIAS_A] },
  { id: KEY_B },
  { id: MRK, replicaRegions: ["eu-west-1"] },
  { id: KEY_OTHER_ACCOUNT, accountId: OTHER_ACCOUNT },
];

/** A client's configuration; this many attempts, by the SDK's own retries. */
export type ClientConfig = Omit<KMSClientConfig, "maxAttempts"> & { readonly maxAttempts?: number };

/** A genuine client. Its retries are the SDK's own, with hardly a pause between them. */
export function genuineClient(
  endpoint: string,
  { maxAttempts = 1, ...config }: ClientConfig = {},
): KMSClient {
  return new KMSClient({
    endpoint,
    region: REGION,
    credentials: { accessKeyId: "alice", secretAccessKey: "unused" },
    retryStrategy: new ConfiguredRetryStrategy(maxAttempts, 1),
    ...config,
  });
}

/** A local KMS that listens, and a genuine client of it, for one test. */
export async function startKms(
  options: LocalKmsOptions = {},
  config: ClientConfig = {},
): Promise<{ kms: LocalKms; url: string; client: KMSClient }> {
  const kms = createLocalKms({ keys: STANDARD_KEYS, ...options });
  const { url } = await kms.listen();
  const client = genuineClient(url, config);
  onTestFinished(async () => {
    client.destroy();
    await kms.close();
  });
  return { kms, url, client };
}

/** The error of a promise that must fail. */
export async function failure<E = Error & { readonly code?: string }>(promise: Promise<unknown>): Promise<E> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome === undefined) throw new Error("the call succeeded");
  return outcome as E;
}

/** The token of a grant on a key, for nobody in particular. */
export async function grantToken({ client }: LocalKms, keyId: string): Promise<string> {
  const GranteePrincipal = `arn:aws:iam::${ACCOUNT}:user/nobody`;
  const input = { KeyId: keyId, GranteePrincipal, Operations: ["Decrypt" as const] };
  return (await client.send(new CreateGrantCommand(input))).GrantToken!;
}

/** The audit log in short: who was asked for what. */
export function calls({ events }: LocalKms): string[] {
  return events.map(({ eventName, requestParameters }) => {
    const { keyId }: { keyId?: unknown } = requestParameters ?? {};
    return `${eventName} ${typeof keyId === "string" ? keyId : "-"}`;
  });
}

/** The encryption contexts in the audit log; `{}` where a call brought none. */
export function contexts({ events }: LocalKms): unknown[] {
  return events.map(({ requestParameters }) => {
    const { encryptionContext = {} }: { encryptionContext?: unknown } = requestParameters ?? {};
    return encryptionContext;
  });
}

/** An observer that keeps what it hears of KMS. */
export function kmsCallRecorder(): { events: KmsCallEvent[]; observer: (event: KeyfoldEvent) => void } {
  const events: KmsCallEvent[] = [];
  return { events, observer: (event) => void (event.type === "kmsCall" && events.push(event)) };
}

export const clientOf = (keyring: Keyring, options: { suite?: MessageSuiteId } = {}) =>
  createEncryptionClient({ keyring, ...options });

/** Seals {@link PLAINTEXT} under {@link CONTEXT}. */
export const seal = async (keyring: Keyring) =>
  (await clientOf(keyring).encrypt(PLAINTEXT, { encryptionContext: CONTEXT })).ciphertext;

/** Opens a message, whatever its context. */
export const open = (keyring: Keyring, ciphertext: Uint8Array) => clientOf(keyring).decrypt(ciphertext);
