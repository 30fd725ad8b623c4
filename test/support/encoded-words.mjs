// RFC 2047 encoded words as S3 answers metadata outside ASCII: it takes the bytes of a header for Latin-1, and
// encodes those characters as UTF-8. What a client sent as UTF-8 is then encoded twice.

// An encoded word has 75 characters at most (RFC 2047, section 2), of which `=?UTF-8?Q?` and `?=` take 12.
const ROOM = 63;

const quoted = (character) =>
  /[A-Za-z0-9]/.test(character)
    ? character
    : character === " "
      ? "_"
      : [...Buffer.from(character)]
          .map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`)
          .join("");

/** `value` has one character for every byte of the header. */
export function encodedWords(value, encoding) {
  if (/^[\x20-\x7e]*$/.test(value)) return value;
  const encode =
    encoding === "B"
      ? (text) => Buffer.from(text).toString("base64")
      : (text) => [...text].map(quoted).join("");
  const words = [""];
  for (const character of value) {
    if (encode(words.at(-1) + character).length > ROOM) words.push("");
    words[words.length - 1] += character;
  }
  return words.map((word) => `=?UTF-8?${encoding}?${encode(word)}?=`).join(" ");
}
