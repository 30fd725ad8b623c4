import { backend } from "#crypto";
import { concat } from "../bytes/arrays.ts";
import { setU32 } from "../bytes/integers.ts";
import { utf8 } from "../bytes/utf8.ts";
import type { AesGcm } from "../crypto/backend.ts";

/** One backing key of a KMS key. `id` is public, 64 hex digits, like KMS's `KeyMaterialId`. */
export interface BackingKey {
  readonly cipher: AesGcm;
  readonly id: string;
}

/**
 * The backing keys of one KMS key. Rotations are derived from the first material by their number, so that a key
 * created again with the same material opens what any of its rotations sealed.
 */
export interface Material {
  /** How often the key was rotated: the number of the backing key that seals. */
  readonly rotations: number;
  /** The first material: for the file that outlives it, and nothing else. */
  readonly root: Uint8Array;
  rotate(): void;
  backingKey(rotation: number): BackingKey;
  currentId(): string;
}

export function createMaterial(root: Uint8Array, rotated = 0): Material {
  const first = Uint8Array.from(root);
  const known = new Map<number, BackingKey>();
  let rotations = rotated;

  const backingKey = (rotation: number): BackingKey => {
    const kept = known.get(rotation);
    if (kept !== undefined) return kept;
    const bytes = rotation === 0 ? first : derive(first, rotation);
    const made = {
      cipher: backend.aesGcm(bytes),
      id: toHex(backend.hmac("sha256", bytes, utf8("keyfold local KMS: material id"))),
    };
    // A ciphertext can name any number; only those that this key has sealed with are worth keeping.
    if (rotation <= rotations) known.set(rotation, made);
    return made;
  };

  return {
    get rotations() {
      return rotations;
    },
    root: first,
    rotate() {
      rotations += 1;
    },
    backingKey,
    currentId: () => backingKey(rotations).id,
  };
}

function derive(root: Uint8Array, rotation: number): Uint8Array {
  const number = new Uint8Array(4);
  setU32(number, 0, rotation);
  return backend.hmac("sha256", root, concat(utf8("keyfold local KMS: rotation"), number));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
