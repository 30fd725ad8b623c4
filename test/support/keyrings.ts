import { gcm } from "@noble/ciphers/aes.js";
import { type CommitmentPolicy, type Keyring, type MessageSuiteId, rawAesKeyring } from "../../src/index.ts";
import { suitesOf } from "../../src/suites/table.ts";
import { counting, join, random, u32, utf8 } from "./bytes.ts";
import type { Edk } from "./independent-message.ts";

export const KEY = counting(32, 1);

/** A raw AES keyring of namespace `test`. */
export const aes = (name = "k", key = KEY): Keyring => rawAesKeyring({ namespace: "test", name, key });

/** Unwraps what {@link aes} wrote, by noble. */
export function unwrapAes(key = KEY) {
  return ([edk]: Edk[], context: Uint8Array): Uint8Array =>
    gcm(key, edk!.providerInfo.subarray(-12), context).decrypt(edk!.ciphertext);
}

/** Wraps for {@link aes}, by noble. */
export function wrapAes(dataKey: Uint8Array, context: Uint8Array, key = KEY, name = "k"): Edk {
  const iv = random(12);
  const providerInfo = join(utf8(name), u32(128), u32(12), iv);
  return { providerId: "test", providerInfo, ciphertext: gcm(key, iv, context).encrypt(dataKey) };
}

/** A keyring whose wrapped keys are the data key itself. Tests see through it. */
export function clear(name = "clear", parts: Partial<Keyring> = {}): Keyring {
  return {
    name,
    wrap: (dataKey) => [
      { providerId: name, providerInfo: new Uint8Array(0), ciphertext: new Uint8Array(dataKey) },
    ],
    unwrap(edks, { note }) {
      for (const edk of edks) {
        if (edk.providerId === name) return { dataKey: new Uint8Array(edk.ciphertext), opened: edk };
        note(edk, "skipped", "somebody else's");
      }
      return null;
    },
    isCurrent: (edks) => edks.length === 1 && edks[0]!.providerId === name,
    ...parts,
  };
}

/** The same keyring, telling what was asked of it. */
export function watched(keyring: Keyring): Keyring & { calls: string[]; dataKeys: Uint8Array[] } {
  const calls: string[] = [];
  const dataKeys: Uint8Array[] = [];
  return {
    name: keyring.name,
    ...(keyring.objectWrap !== undefined && { objectWrap: keyring.objectWrap }),
    calls,
    dataKeys,
    wrap(dataKey, request) {
      calls.push("wrap");
      dataKeys.push(dataKey);
      return keyring.wrap!(dataKey, request);
    },
    async unwrap(edks, request) {
      calls.push("unwrap");
      const opened = await keyring.unwrap!(edks, request);
      if (opened !== null) dataKeys.push(opened.dataKey);
      return opened;
    },
    isCurrent(edks, request) {
      calls.push("isCurrent");
      return keyring.isCurrent!(edks, request);
    },
  };
}

export const MESSAGE_SUITES = suitesOf("message").map(({ id, name, signature }) => {
  const committing = id >= 0x0400;
  const commitmentPolicy: CommitmentPolicy = committing
    ? "require-encrypt-require-decrypt"
    : "forbid-encrypt-allow-decrypt";
  return { suite: id as MessageSuiteId, name, signed: signature !== null, commitmentPolicy };
});
