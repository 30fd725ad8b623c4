const BLOCK = 16;

/**
 * Takes the padding off whole blocks (RFC 5652, section 6.3): a view of them, or null. All of the padding is looked
 * at, whatever it is.
 */
export function withoutPadding(padded: Uint8Array): Uint8Array | null {
  const length = padded.at(-1) ?? 0;
  // All ones where the sign is negative: no branch tells how long the padding is.
  let bad = ((length - 1) >> 31) | ((BLOCK - length) >> 31);
  for (let i = 1; i <= BLOCK; i++) {
    const isPadding = ~((length - i) >> 31);
    bad |= isPadding & (padded[padded.length - i]! ^ length);
  }
  return bad === 0 ? padded.subarray(0, padded.length - length) : null;
}
