/** A mailbox as a file has it; null: there is none (any more). */
export type MailboxContent = { readonly id: string; readonly record: string } | null;

// Says so in words: a file that a failing disk emptied must not read as a deletion. Whose mailbox it was stays out.
const DELETED = JSON.stringify({ deleted: true });

export function writeContent(content: MailboxContent): string {
  return content === null ? DELETED : JSON.stringify({ id: content.id, record: content.record });
}

/** Undefined: no store wrote this. */
export function readContent(text: string): MailboxContent | undefined {
  if (text === DELETED) return null;
  try {
    const { id, record } = JSON.parse(text);
    if (typeof id === "string" && typeof record === "string") return { id, record };
  } catch {
    // Not JSON, or not an object.
  }
  return undefined;
}
