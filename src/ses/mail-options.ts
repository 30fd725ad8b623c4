import { invalidArgument } from "../arguments.ts";
import type { KmsClientSource } from "../kms/client.ts";
import { ENCRYPTS } from "../s3/options.ts";
import type { S3Place } from "../s3/place.ts";
import type { S3ClientPort } from "../s3/port.ts";

// What openMail and sealMail check alike. `caller`: the function whose options they are.

/** The client to fetch and put with. */
export function checkedS3(caller: string, s3: S3ClientPort): S3ClientPort {
  if (typeof s3?.send !== "function") throw invalidArgument(`${caller}: s3 must be an S3Client.`);
  if (ENCRYPTS in s3)
    throw invalidArgument(`${caller}: s3 must be the S3Client itself, which sees ciphertext.`);
  return s3;
}

/** The client of KMS, or what finds it. */
export function checkedKms(caller: string, kms: KmsClientSource): KmsClientSource {
  if (typeof kms === "function" || typeof kms?.send === "function") return kms;
  throw invalidArgument(`${caller}: kms must be a KMSClient, or a function from a Region to one.`);
}

/** The object's place. */
export function checkedPlace(caller: string, options: { bucket: string; key: string }): S3Place {
  return { bucket: checkedText(caller, options, "bucket"), key: checkedText(caller, options, "key") };
}

/** An option that must be a non-empty string. */
export function checkedText<Name extends string>(
  caller: string,
  options: { readonly [_ in Name]?: unknown },
  name: Name,
): string {
  const value = options[name];
  if (typeof value === "string" && value !== "") return value;
  throw invalidArgument(`${caller}: ${name} must be a non-empty string.`);
}
