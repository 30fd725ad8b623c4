import { type ObjectFacts, objectFacts } from "../client/object.ts";
import { plaintextLengthOf } from "../object/content.ts";
import type { ObjectEnvelope } from "../object/envelope.ts";

/** How an object is encrypted: beside the reply of GetObject and HeadObject. */
export interface ObjectEncryption extends ObjectFacts {
  /** Bytes. Undefined where the padding alone tells, and it has not been seen (AES-CBC). */
  readonly plaintextLength: number | undefined;
  /** Bytes, as S3 counts them. */
  readonly storedLength: number;
  /** Whether the plaintext in this reply has been verified. */
  readonly verified: boolean;
  /** Whether the envelope lies in an instruction file. */
  readonly instructionFile: boolean;
}

export function objectEncryption(
  envelope: ObjectEnvelope,
  facts: Omit<ObjectEncryption, keyof ObjectFacts>,
): ObjectEncryption {
  const { storedLength } = facts;
  const { plaintextLength = plaintextLengthOf(envelope.suite, storedLength) } = facts;
  return { ...objectFacts(envelope), ...facts, plaintextLength };
}
