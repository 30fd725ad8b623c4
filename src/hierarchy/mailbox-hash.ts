import { backend } from "#crypto";
import { fromBase64 } from "../bytes/base64.ts";
import { utf8 } from "../bytes/utf8.ts";
import type { MailboxSegment } from "./mailbox-store.ts";

/** The SHA-256 of a mailbox id, in hex: a name of one length, without a character or a letter case that matters. */
export function mailboxHash(id: string): string {
  const digest = fromBase64(backend.fingerprint(utf8(id)))!;
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether the mailbox of this hash is in this part of a store. */
export function isInSegment(hash: string, { segment, totalSegments }: MailboxSegment): boolean {
  return Number.parseInt(hash.slice(0, 12), 16) % totalSegments === segment;
}
