import { copy } from "../bytes/arrays.ts";
import type { CurveName } from "./backend.ts";

/** The compressed form of an uncompressed curve point (SEC 1, section 2.3.3). */
export function compressPoint(uncompressed: Uint8Array): Uint8Array {
  const length = (uncompressed.length - 1) / 2;
  const out = copy(uncompressed, 0, 1 + length);
  out[0] = 2 | (uncompressed[2 * length]! & 1);
  return out;
}

interface Curve {
  readonly bytes: number;
  readonly p: bigint;
  readonly b: bigint;
}

// y^2 = x^3 - 3x + b modulo p (SP 800-186, section 3.2.1).
const CURVES: Readonly<Record<CurveName, Curve>> = {
  "P-256": {
    bytes: 32,
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  "P-384": {
    bytes: 48,
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
};

/** The uncompressed form of a compressed point; null if it is none of this curve. Public points only: not constant-time. */
export function decompressPoint(name: CurveName, compressed: Uint8Array): Uint8Array | null {
  const { bytes, p, b } = CURVES[name];
  const sign = compressed[0];
  if (compressed.length !== 1 + bytes || (sign !== 2 && sign !== 3)) return null;
  const x = toBigInt(compressed.subarray(1));
  if (x >= p) return null;
  const square = (x * x * x - 3n * x + b) % p;
  // Both primes are 3 modulo 4: a square's root is its power of (p + 1) / 4.
  const root = power(((square % p) + p) % p, (p + 1n) / 4n, p);
  if ((root * root - square) % p !== 0n) return null;
  const y = Number(root & 1n) === (sign & 1) ? root : p - root;
  const out = new Uint8Array(1 + 2 * bytes);
  out[0] = 4;
  out.set(compressed.subarray(1), 1);
  const digits = y.toString(16).padStart(2 * bytes, "0");
  for (let i = 0; i < bytes; i++) out[1 + bytes + i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  return out;
}

function toBigInt(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
