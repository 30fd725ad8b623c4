import { backend } from "#crypto";
import { compareBytes, concat } from "../bytes/arrays.ts";
import { getU32, setU32 } from "../bytes/integers.ts";
import { utf8 } from "../bytes/utf8.ts";
import type { EncryptionContext } from "../types.ts";
import { KmsFailure } from "./errors.ts";
import { isMultiRegionId, keyIdFromBytes, keyIdToBytes } from "./key-id.ts";
import type { BackingKey, Material } from "./material.ts";

// A ciphertext blob: magic and version (4) | kind of key id (1) | key id (16) | rotation (4) | check of all that (8)
// | IV (12) | AES-256-GCM ciphertext and tag. The header and the encryption context are the additional data.
const MAGIC = Uint8Array.of(0x4b, 0x4c, 0x4b, 0x01);
const CHECKED = 25;
const HEADER = 33;
const IV = 12;
const TAG = 16;
const CHECK_LABEL = utf8("keyfold local KMS: ciphertext header");

/** What a ciphertext blob says of itself, before anything of it is opened. */
export interface BlobHeader {
  readonly keyId: string;
  readonly rotation: number;
}

export async function sealBlob(
  keyId: string,
  material: Material,
  plaintext: Uint8Array,
  context: EncryptionContext,
): Promise<Uint8Array> {
  const out = new Uint8Array(HEADER + IV + plaintext.length + TAG);
  out.set(MAGIC);
  out[4] = isMultiRegionId(keyId) ? 1 : 0;
  out.set(keyIdToBytes(keyId), 5);
  setU32(out, 21, material.rotations);
  out.set(headerCheck(out), CHECKED);
  const iv = backend.randomBytes(IV);
  out.set(iv, HEADER);
  const aad = concat(out.subarray(0, HEADER), contextBytes(context));
  await material.backingKey(material.rotations).cipher.seal(iv, plaintext, aad, out, HEADER + IV);
  return out;
}

/** Null: these bytes were not made by a local KMS, or their header was altered. */
export function readBlobHeader(blob: Uint8Array): BlobHeader | null {
  if (blob.length <= HEADER + IV + TAG || compareBytes(blob.subarray(0, 4), MAGIC) !== 0) return null;
  if (blob[4]! > 1 || !backend.equal(blob.subarray(CHECKED, HEADER), headerCheck(blob))) return null;
  return { keyId: keyIdFromBytes(blob.subarray(5, 21), blob[4] === 1), rotation: getU32(blob, 21) };
}

/** Null: altered, sealed under other material, or with another encryption context. */
export async function openBlob(
  blob: Uint8Array,
  key: BackingKey,
  context: EncryptionContext,
): Promise<Uint8Array | null> {
  const aad = concat(blob.subarray(0, HEADER), contextBytes(context));
  return key.cipher.open(blob.subarray(HEADER, HEADER + IV), blob.subarray(HEADER + IV), aad);
}

/** The pairs in UTF-8 order of their keys, every text behind its length: no two contexts have the same bytes. */
export function contextBytes(context: EncryptionContext): Uint8Array {
  const pairs = Object.entries(context).map(([key, value]) => {
    if (LONE_SURROGATE.test(key) || LONE_SURROGATE.test(value)) {
      throw new KmsFailure("ValidationException", "The encryption context is not well-formed Unicode");
    }
    return [utf8(key), utf8(value)] as const;
  });
  pairs.sort(([a], [b]) => compareBytes(a, b));
  return concat(u32(pairs.length), ...pairs.flatMap(([k, v]) => [u32(k.length), k, u32(v.length), v]));
}

const LONE_SURROGATE = /\p{Surrogate}/u;

function u32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  setU32(out, 0, value);
  return out;
}

// Not a secret: it makes an altered header an invalid ciphertext rather than one of an unknown key.
function headerCheck(blob: Uint8Array): Uint8Array {
  return backend.hmac("sha256", CHECK_LABEL, blob.subarray(0, CHECKED)).subarray(0, HEADER - CHECKED);
}
