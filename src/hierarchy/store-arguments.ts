import { invalidArgument } from "../arguments.ts";
import type { MailboxSegment } from "./mailbox-store.ts";

/** DynamoDB's limit, and so that of all stores. */
const MAX_SEGMENTS = 1_000_000;

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
