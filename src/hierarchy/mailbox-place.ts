import { concat } from "../bytes/arrays.ts";
import { setField } from "../bytes/fields.ts";
import { utf8 } from "../bytes/utf8.ts";
import { parseUuid } from "../bytes/uuid.ts";

/** A mailbox, and a version of its key. */
export interface MailboxPlace {
  readonly id: string;
  /** A UUID. */
  readonly version: string;
}

/** What binds to a place: label, id behind its length, the 16 bytes of the version. */
export function placeBytes(label: Uint8Array, { id, version }: MailboxPlace): Uint8Array {
  const idBytes = utf8(id);
  const field = new Uint8Array(2 + idBytes.length);
  setField(field, 0, idBytes);
  return concat(label, field, parseUuid(version)!);
}

/** How encrypted data keys name a place: `mailbox/version`. */
export function placeName({ id, version }: MailboxPlace): string {
  return `${id}/${version}`;
}

const UUID_LENGTH = 36;

/** The place that an encrypted data key names; null if it names none. */
export function parsePlaceName(name: string): MailboxPlace | null {
  const slash = name.length - UUID_LENGTH - 1;
  const version = name.slice(slash + 1);
  if (slash < 1 || name[slash] !== "/" || parseUuid(version) === null) return null;
  return { id: name.slice(0, slash), version };
}
