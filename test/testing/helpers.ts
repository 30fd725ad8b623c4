import { KMSClient } from "@aws-sdk/client-kms";
import { onTestFinished } from "vitest";
import type { LocalKms, LocalKmsClient } from "../../src/testing/index.ts";

export const KEY_A = "1234abcd-12ab-34cd-56ef-1234567890ab";
export const KEY_B = "0987dcba-09fe-87dc-65ba-ab0987654321";
export const MRK = "mrk-1234abcd12ab34cd56ef1234567890ab";
export const ARN_A = `arn:aws:kms:us-east-1:111122223333:key/${KEY_A}`;
export const ARN_B = `arn:aws:kms:us-east-1:111122223333:key/${KEY_B}`;

export const bytes = (length: number, fill = 7): Uint8Array => new Uint8Array(length).fill(fill);

export const TRANSPORTS = ["in process", "over HTTP"] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** A client of the local KMS; over HTTP it is a genuine one of the AWS SDK, without retries unless asked for. */
export async function connect(
  kms: LocalKms,
  transport: Transport,
  { region = "us-east-1", principal = "alice", maxAttempts = 1 } = {},
): Promise<LocalKmsClient> {
  if (transport === "in process") return kms.clientFor({ region, principal });
  const { url, close } = await kms.listen();
  const credentials = { accessKeyId: principal, secretAccessKey: "unused" };
  const client = new KMSClient({ endpoint: url, region, credentials, maxAttempts });
  onTestFinished(async () => {
    client.destroy();
    await close();
  });
  return client as unknown as LocalKmsClient;
}

/** What the SDK, or the client in process, throws. */
export interface ServiceError extends Error {
  readonly $fault?: "client" | "server";
  readonly $retryable?: { readonly throttling?: boolean };
  readonly $metadata?: {
    readonly httpStatusCode?: number;
    readonly requestId?: string;
    readonly attempts?: number;
  };
  readonly code?: string;
}

/** The error of a promise that must fail. */
export async function failure(promise: Promise<unknown>): Promise<ServiceError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) throw new Error("the call succeeded");
  return outcome as ServiceError;
}

/** `Name: message` of the error of a promise that must fail. */
export async function complaint(promise: Promise<unknown>): Promise<string> {
  const { name, message } = await failure(promise);
  return `${name}: ${message}`;
}
