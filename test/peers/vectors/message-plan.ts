import type { Context, PeerKeyring } from "../clients.ts";
import { contexts } from "../contexts.ts";
import { aesKeyring, oaepPaddings, rsaKeyring } from "../keys.ts";
import { messageSuites } from "../suites.ts";

/** Python writes multiples of 128 only: it takes the cipher's block size in bits for bytes. */
const FRAME = 128;

/** A message that a generator is to write. */
export interface MessagePlan {
  readonly name: string;
  readonly suite: number;
  readonly keyring: string;
  readonly frameLength: number;
  readonly encryptionContext: Context;
  readonly size: number;
  readonly requiredKeys?: readonly string[];
}

export function vectorKeyrings(): Record<string, PeerKeyring> {
  const rsa = Object.fromEntries(oaepPaddings.map((padding) => [`rsa-${padding}`, rsaKeyring(padding)]));
  return {
    "aes-128": aesKeyring(16),
    "aes-192": aesKeyring(24),
    "aes-256": aesKeyring(32),
    ...rsa,
    "rsa-pkcs1": rsaKeyring("pkcs1"),
  };
}

const twoPairs = contexts["two pairs"]!;
const allKeys = contexts["mixed-case and non-ASCII keys"]!;

/** What every writer can write: suites, wrapping keys, sizes around the frame length. */
export function framedPlans(keyrings: readonly string[]): MessagePlan[] {
  const base = {
    suite: 0x0578,
    keyring: "aes-256",
    frameLength: FRAME,
    encryptionContext: twoPairs,
    size: 300,
  };
  const hex = (suite: number): string => suite.toString(16).padStart(4, "0");
  return [
    ...messageSuites.map(({ id }) => ({ ...base, name: `suite ${hex(id)}`, suite: id })),
    ...messageSuites.map(({ id }) => ({
      ...base,
      name: `suite ${hex(id)}, no context`,
      suite: id,
      encryptionContext: {},
    })),
    ...keyrings.map((keyring) => ({ ...base, name: `wrapped by ${keyring}`, suite: 0x0478, keyring })),
    ...keyrings.map((keyring) => ({
      ...base,
      name: `128-bit data key wrapped by ${keyring}`,
      suite: 0x0114,
      keyring,
    })),
    ...[0, 1, 127, 128, 129, 256, 384, 1000].flatMap((size) => [
      { ...base, name: `${size} bytes in frames of 128, v2`, suite: 0x0478, size },
      { ...base, name: `${size} bytes in frames of 128, v1`, suite: 0x0178, size },
    ]),
    { ...base, name: "one frame of 4096", suite: 0x0478, frameLength: 4096, size: 4000 },
    { ...base, name: "mixed-case and non-ASCII keys, v2", suite: 0x0478, encryptionContext: allKeys },
    { ...base, name: "mixed-case and non-ASCII keys, v1 signed", suite: 0x0378, encryptionContext: allKeys },
  ];
}

/** Non-framed bodies, which keyfold reads and never writes. */
export function nonFramedPlans(): MessagePlan[] {
  return messageSuites.flatMap(({ id, name }) =>
    [0, 1, 1000].map((size) => ({
      name: `non-framed, ${name}, ${size} bytes`,
      suite: id,
      keyring: "aes-256",
      frameLength: 0,
      encryptionContext: size === 1 ? {} : twoPairs,
      size,
    })),
  );
}

/** Pairs that the message does not carry. */
export function requiredContextPlans(): MessagePlan[] {
  const required = { suite: 0x0578, keyring: "aes-256", frameLength: FRAME, size: 300 };
  return [
    {
      ...required,
      name: "required context, one of two pairs",
      encryptionContext: twoPairs,
      requiredKeys: ["tenant"],
    },
    {
      ...required,
      name: "required context, all pairs",
      encryptionContext: twoPairs,
      requiredKeys: ["purpose", "tenant"],
    },
    {
      ...required,
      name: "required context, non-ASCII keys, unsigned",
      suite: 0x0478,
      encryptionContext: allKeys,
      requiredKeys: ["Zebra", "𐍈gothic"],
    },
    {
      ...required,
      name: "required context, v1",
      suite: 0x0178,
      encryptionContext: twoPairs,
      requiredKeys: ["tenant"],
    },
  ];
}
