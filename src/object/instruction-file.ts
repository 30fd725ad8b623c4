import { fromUtf8, utf8 } from "../bytes/utf8.ts";
import { ObjectFormatError } from "../errors.ts";
import type { ObjectMetadata } from "./envelope.ts";
import { PLAINTEXT_LENGTH, V2, V3_CONTENT } from "./names.ts";

/** Instruction files of more bytes than this are not read. */
export const MAX_INSTRUCTION_FILE: number = 64 * 1024;

/** Other writers' numbers, where keyfold writes text. */
const NUMBERS: readonly string[] = [V2.tagLength, PLAINTEXT_LENGTH];

/** Parts an object's metadata into what stays on the object and what goes into its instruction file. */
export function splitMetadata(metadata: ObjectMetadata): { object: ObjectMetadata; file: ObjectMetadata } {
  const stays = ([name]: [string, string]) => (V3_CONTENT as readonly string[]).includes(name);
  const entries = Object.entries(metadata);
  return {
    object: Object.fromEntries(entries.filter(stays)),
    file: Object.fromEntries(entries.filter((entry) => !stays(entry))),
  };
}

/** The body of an instruction file. */
export function formatInstructionFile(fields: ObjectMetadata): Uint8Array {
  return utf8(JSON.stringify(fields));
}

/** Reads the body of an instruction file: a JSON object of metadata. */
export function parseInstructionFile(body: Uint8Array): ObjectMetadata {
  const text = fromUtf8(body);
  let value: unknown;
  try {
    value = text === null ? null : JSON.parse(text);
  } catch {
    throw new ObjectFormatError("the instruction file is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ObjectFormatError("the instruction file must be a JSON object of strings");
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      if (typeof item === "string") return [name, item];
      if (Number.isSafeInteger(item) && NUMBERS.includes(name.toLowerCase())) return [name, String(item)];
      throw new ObjectFormatError("the instruction file must be a JSON object of strings");
    }),
  );
}
