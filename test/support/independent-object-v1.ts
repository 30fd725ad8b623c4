// A second reader and writer of S3 Encryption Client objects of format V1, written from the format's facts over
// node:crypto alone: CBC content, and a wrap that no name tells.
import { aesDecrypt, aesEncrypt } from "./aes-by-hand.ts";
import { random } from "./bytes.ts";
import type { Metadata, WrittenObject } from "./independent-object.ts";
import { ofLength } from "./independent-object-v2.ts";
import type { KmsByHand } from "./kms-by-hand.ts";
import { pkcs1Decrypt, pkcs1Encrypt, type RsaPair } from "./rsa-by-hand.ts";

/** How a data key is wrapped in V1. */
export interface V1Wrap {
  wrap(dataKey: Uint8Array, stored: Metadata): Promise<Uint8Array>;
  unwrap(edk: Uint8Array, stored: Metadata): Promise<Uint8Array>;
}

/** "AES": ECB with PKCS#5 padding; 48 bytes for a key of 32. */
export function aesV1(key: Uint8Array): V1Wrap {
  return {
    wrap: async (dataKey) => aesEncrypt("ecb", key, dataKey),
    unwrap: async (edk) => aesDecrypt("ecb", key, edk),
  };
}

/** "RSA": PKCS#1 v1.5. */
export function rsaV1(pair: RsaPair): V1Wrap {
  return {
    wrap: async (dataKey) => pkcs1Encrypt(pair, dataKey),
    unwrap: async (edk) => pkcs1Decrypt(pair, edk),
  };
}

/** KMS with the stored map as its context. */
export function kmsV1(kms: KmsByHand): V1Wrap {
  return { wrap: kms.encrypt, unwrap: kms.decrypt };
}

export interface V1Options {
  /** The materials description. Default none. */
  readonly pairs?: Metadata;
  /** Writes `x-amz-unencrypted-content-length`. Default false. */
  readonly unencryptedLength?: boolean;
  /** Default fresh, of 32 bytes. */
  readonly dataKey?: Uint8Array;
  /** Default fresh, of 16 bytes. */
  readonly iv?: Uint8Array;
}

export async function writeObjectV1(
  plaintext: Uint8Array,
  how: V1Wrap,
  { pairs = {}, unencryptedLength = false, dataKey = random(32), iv = random(16) }: V1Options = {},
): Promise<WrittenObject> {
  const metadata: Record<string, string> = {
    "x-amz-key": Buffer.from(await how.wrap(dataKey, pairs)).toString("base64"),
    "x-amz-iv": Buffer.from(iv).toString("base64"),
    "x-amz-matdesc": JSON.stringify(pairs),
  };
  if (unencryptedLength) metadata["x-amz-unencrypted-content-length"] = String(plaintext.length);
  return { metadata, body: aesEncrypt("cbc", dataKey, plaintext, iv) };
}

/** Opens an object. Throws on anything unexpected. */
export async function readObjectV1(metadata: Metadata, body: Uint8Array, how: V1Wrap): Promise<Uint8Array> {
  const bytes = (name: string) => new Uint8Array(Buffer.from(metadata[name]!, "base64"));
  const dataKey = await how.unwrap(bytes("x-amz-key"), JSON.parse(metadata["x-amz-matdesc"]!) as Metadata);
  return ofLength(metadata, aesDecrypt("cbc", dataKey, body, bytes("x-amz-iv")));
}
