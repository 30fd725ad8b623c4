/**
 * Takes the PKCS#1 v1.5 encryption padding off (RFC 8017, section 7.2.2), for a message whose length is known.
 * Bad padding is not reported: `decoy`, of the same length, comes back instead, chosen without a branch, so that
 * a caller cannot be used as a padding oracle.
 */
export function unpadPkcs1(encoded: Uint8Array, decoy: Uint8Array): Uint8Array {
  const start = encoded.length - decoy.length;
  let bad = encoded[0]! | (encoded[1]! ^ 2) | encoded[start - 1]!;
  // At least eight bytes of padding, none of them zero.
  if (start < 11) bad |= 1;
  for (let i = 2; i < start - 1; i++) bad |= ((encoded[i]! - 1) >> 8) & 1;
  const mask = (-bad >> 31) & 0xff;
  const out = new Uint8Array(decoy.length);
  for (let i = 0; i < out.length; i++) out[i] = (encoded[start + i]! & ~mask) | (decoy[i]! & mask);
  return out;
}
