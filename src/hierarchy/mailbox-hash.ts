import { backend } from "#crypto";
import { invalidArgument } from "../arguments.ts";
import { fromBase64 } from "../bytes/base64.ts";
import { utf8, utf8Length } from "../bytes/utf8.ts";
import type { MailboxSegment } from "./mailbox-store.ts";

const MAX_ID_BYTES = 1024;
/** DynamoDB's limit, and so that of all stores. */
const MAX_SEGMENTS = 1_000_000;

/** The SHA-256 of a mailbox id, in hex: a name of one length, without a character or a letter case that matters. */
export function mailboxHash(id: string): string {
  const digest = fromBase64(backend.fingerprint(utf8(id)))!;
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether the mailbox of this hash is in this part of a store. */
export function isInSegment(hash: string, { segment, totalSegments }: MailboxSegment): boolean {
  return Number.parseInt(hash.slice(0, 12), 16) % totalSegments === segment;
}

/** Checks the id of a mailbox. */
export function checkMailboxId(id: string): void {
  if (typeof id === "string" && id !== "" && id.isWellFormed() && utf8Length(id) <= MAX_ID_BYTES) return;
  throw invalidArgument(`A mailbox id must be well-formed text of 1 to ${MAX_ID_BYTES} bytes.`);
}

/** Checks the records of a conditional write. Null: none. */
export function checkRecords(...records: readonly (string | null)[]): void {
  for (const record of records) {
    if (record === null || (typeof record === "string" && record.isWellFormed())) continue;
    throw invalidArgument("The record of a mailbox must be well-formed text, or null for none.");
  }
}

/** Checks which part of a store is asked for. */
export function checkSegment({ segment, totalSegments }: MailboxSegment): void {
  const ofAll = Number.isSafeInteger(totalSegments) && totalSegments >= 1 && totalSegments <= MAX_SEGMENTS;
  if (!ofAll || !Number.isSafeInteger(segment) || segment < 0 || segment >= totalSegments) {
    throw invalidArgument(
      `totalSegments must be a whole number from 1 to ${MAX_SEGMENTS}, and segment one from 0 to below it.`,
    );
  }
}
