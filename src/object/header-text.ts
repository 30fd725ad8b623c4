import { fromBase64 } from "../bytes/base64.ts";
import { fromUtf8, utf8 } from "../bytes/utf8.ts";

const WORD = /=\?([\w-]+)\?([qb])\?([^?\s]*)\?=/gi;
const WORDS = /^=\?[\w-]+\?[qb]\?[^?\s]*\?=(?:\s+=\?[\w-]+\?[qb]\?[^?\s]*\?=)*$/i;

/**
 * The text that a writer put into a metadata header. S3 takes its UTF-8 bytes for Latin-1, and answers the result as
 * encoded words (RFC 2047); clients that are more direct answer the bytes as Latin-1. ASCII stays as it is.
 */
export function textOfHeader(value: string): string {
  const trimmed = value.trim();
  const text = WORDS.test(trimmed) ? decodeWords(trimmed) : value;
  if (text === null) return value;
  const isLatin1 = ![...text].some((char) => char.codePointAt(0)! > 0xff);
  if (!isLatin1) return text;
  return fromUtf8(Uint8Array.from(text, (char) => char.charCodeAt(0))) ?? text;
}

/** Null: a word is not what it says. */
function decodeWords(text: string): string | null {
  const parts: Uint8Array[] = [];
  for (const [, charset, encoding, content] of text.matchAll(WORD)) {
    if (!/^utf-8$/i.test(charset!)) return null;
    const bytes = encoding!.toLowerCase() === "b" ? fromBase64(content!) : fromQuoted(content!);
    if (bytes === null) return null;
    parts.push(bytes);
  }
  // A character may be split between two words.
  return fromUtf8(Uint8Array.from(parts.flatMap((part) => [...part])));
}

/** RFC 2047, section 4.2. */
function fromQuoted(content: string): Uint8Array | null {
  const out: number[] = [];
  for (let i = 0; i < content.length; i++) {
    if (content[i] !== "=") {
      out.push(...utf8(content[i] === "_" ? " " : content[i]!));
      continue;
    }
    const hex = content.slice(i + 1, i + 3);
    if (!/^[0-9a-f]{2}$/i.test(hex)) return null;
    out.push(Number.parseInt(hex, 16));
    i += 2;
  }
  return Uint8Array.from(out);
}
