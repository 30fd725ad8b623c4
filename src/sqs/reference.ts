import { backend } from "#crypto";
import { invalidArgument } from "../arguments.ts";
import { utf8 } from "../bytes/utf8.ts";
import { AuthenticationError, MessageFormatError } from "../errors.ts";

/** What a message holds in place of an offloaded payload, sealed: where that is, and its SHA-256. */
export interface Reference {
  readonly where: string;
  /** Throws unless this is the payload that was put there: the store may have another one by now. */
  assertHolds(payload: Uint8Array): void;
}

export function writeReference(where: string, payload: Uint8Array): string {
  if (typeof where !== "string" || where === "" || !where.isWellFormed()) {
    throw invalidArgument("offload.put must answer where the payload is: a string that is not empty.");
  }
  return `${backend.fingerprint(payload)} ${where}`;
}

export function readReference(text: string): Reference {
  const [, fingerprint, where] = /^([\w+/]{43}=) (.+)$/s.exec(text) ?? [];
  if (fingerprint === undefined || where === undefined) {
    throw new MessageFormatError("The message does not say where its payload is as keyfold does");
  }
  return {
    where,
    assertHolds(payload) {
      if (!backend.equal(utf8(backend.fingerprint(payload)), utf8(fingerprint))) {
        throw new AuthenticationError();
      }
    },
  };
}
