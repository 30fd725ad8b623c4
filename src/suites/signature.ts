import type { CurveName } from "../crypto/backend.ts";

const COORDINATE: Readonly<Record<CurveName, number>> = { "P-256": 32, "P-384": 48 };
const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** The DER form (RFC 3279, section 2.2.3) of a raw signature, r and s in full length. */
export function signatureToDer(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  const r = derInteger(raw.subarray(0, half));
  const s = derInteger(raw.subarray(half));
  // At most 104 bytes for P-384: one length byte is enough.
  return Uint8Array.of(SEQUENCE, r.length + s.length, ...r, ...s);
}

/** The raw form of a DER signature, r and s padded to full length; null if it is not canonical DER. */
export function signatureFromDer(der: Uint8Array, curve: CurveName): Uint8Array | null {
  const length = COORDINATE[curve];
  const out = new Uint8Array(2 * length);
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2) return null;
  let offset = 2;
  for (const end of [length, 2 * length]) {
    const size = der[offset + 1];
    if (der[offset] !== INTEGER || size === undefined || offset + 2 + size > der.length) return null;
    const integer = der.subarray(offset + 2, offset + 2 + size);
    const digits = stripSign(integer);
    if (digits === null || digits.length > length) return null;
    out.set(digits, end - digits.length);
    offset += 2 + size;
  }
  return offset === der.length ? out : null;
}

function derInteger(coordinate: Uint8Array): Uint8Array {
  let start = 0;
  while (start < coordinate.length - 1 && coordinate[start] === 0) start++;
  const digits = coordinate.subarray(start);
  const sign = digits[0]! >= 0x80 ? [0] : [];
  return Uint8Array.of(INTEGER, digits.length + sign.length, ...sign, ...digits);
}

/** The digits of a positive DER integer in its shortest form; null for any other. */
function stripSign(integer: Uint8Array): Uint8Array | null {
  const [first, second] = integer;
  if (first === undefined || first >= 0x80) return null;
  if (first !== 0) return integer;
  return second !== undefined && second >= 0x80 ? integer.subarray(1) : null;
}
