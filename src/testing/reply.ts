import { toBase64 } from "../bytes/base64.ts";
import type { LocalKmsFault } from "./faults.ts";
import type { Output } from "./operation.ts";

/** How a reply is spoilt below the level of its members. */
export interface WireDamage {
  readonly body?: "json" | "empty" | "not-json-html" | "bad-base64";
  readonly cutAfterBytes?: number;
}

/** A reply's members after the faults that touch them, and the damage that is left for the wire. */
export function applyReplyFaults(
  output: Output,
  faults: readonly LocalKmsFault[],
): { output: Output; damage: WireDamage } {
  let members: Record<string, unknown> = { ...output };
  let damage: WireDamage = {};
  for (const fault of faults) {
    if ("replyKeyId" in fault) members = { ...members, KeyId: fault.replyKeyId };
    else if ("zeroPlaintext" in fault) {
      members = withBlob(members, "Plaintext", (plaintext) => plaintext.fill(0));
    } else if ("cutAfterBytes" in fault) damage = { ...damage, cutAfterBytes: fault.cutAfterBytes };
    else if ("malformed" in fault) {
      switch (fault.malformed) {
        case "json":
        case "empty":
        case "not-json-html":
        case "bad-base64":
          damage = { ...damage, body: fault.malformed };
          break;
        case "missing-plaintext":
          members = without(members, "Plaintext");
          break;
        case "missing-ciphertext":
          members = without(members, "CiphertextBlob");
          break;
        case "missing-keyid":
          members = without(members, "KeyId");
          break;
        case "empty-plaintext":
          members = withBlob(members, "Plaintext", () => new Uint8Array(0));
          break;
        case "empty-ciphertext":
          members = withBlob(members, "CiphertextBlob", () => new Uint8Array(0));
          break;
        case "short-plaintext":
          members = withBlob(members, "Plaintext", (bytes) => bytes.slice(0, -1));
          break;
        case "long-plaintext":
          members = withBlob(members, "Plaintext", (bytes) => Uint8Array.from([...bytes, 1]));
          break;
        case "altered-ciphertext":
          members = withBlob(members, "CiphertextBlob", (bytes) => {
            bytes[bytes.length - 1]! ^= 1;
            return bytes;
          });
          break;
      }
    }
  }
  return { output: members, damage };
}

function without(members: Record<string, unknown>, name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([member]) => member !== name));
}

function withBlob(
  members: Record<string, unknown>,
  name: string,
  change: (bytes: Uint8Array) => Uint8Array,
): Record<string, unknown> {
  const bytes = members[name];
  return bytes instanceof Uint8Array ? { ...members, [name]: change(bytes) } : members;
}

/** The body of a reply as KMS's JSON protocol writes it: blobs in base64, times in seconds. */
export function replyBody(output: Output, damage: WireDamage["body"]): string {
  if (damage === "empty") return "";
  if (damage === "not-json-html") return "<html><body><h1>502 Bad Gateway</h1></body></html>";
  const blob = damage === "bad-base64" ? () => "*** not base64 ***" : toBase64;
  const text = JSON.stringify(wireValue(output, blob));
  return damage === "json" ? text.slice(0, Math.ceil(text.length / 2)) : text;
}

function wireValue(value: unknown, blob: (bytes: Uint8Array) => string): unknown {
  if (value instanceof Uint8Array) return blob(value);
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map((item) => wireValue(item, blob));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, wireValue(member, blob)]));
}
