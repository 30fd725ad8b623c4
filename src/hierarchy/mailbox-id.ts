import { invalidArgument } from "../arguments.ts";
import { utf8Length } from "../bytes/utf8.ts";

/** Bytes of UTF-8. */
const MAX_LENGTH = 1024;

/** Checks the id of a mailbox. */
export function checkMailboxId(caller: string, id: string): void {
  if (typeof id === "string" && id !== "" && id.isWellFormed() && utf8Length(id) <= MAX_LENGTH) return;
  throw invalidArgument(
    `${caller}: a mailbox id must be a non-empty string without lone surrogates, of at most ${MAX_LENGTH} bytes.`,
  );
}
