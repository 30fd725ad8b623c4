import { invalidArgument } from "../arguments.ts";
import { utf8Length } from "../bytes/utf8.ts";
import { LimitError } from "../errors.ts";
import type { ObjectMetadata } from "../object/envelope.ts";
import { isEncryptionName } from "../object/names.ts";

/** Bytes of all names and values: what S3 allows an object. */
const MAX_USER_METADATA = 2048;

/** The caller's own metadata, without what belongs to encryption. */
export function ownMetadata(metadata: ObjectMetadata | undefined): Record<string, string> | undefined {
  if (metadata === undefined) return undefined;
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !isEncryptionName(name)));
}

/** The metadata of an object to be written: the caller's, and what encryption adds. */
export function joinedMetadata(
  own: ObjectMetadata | undefined,
  added: ObjectMetadata,
): Record<string, string> {
  for (const name of Object.keys(own ?? {})) {
    if (isEncryptionName(name)) {
      throw invalidArgument(
        `Metadata: the name ${JSON.stringify(name)} belongs to encryption; choose another one.`,
      );
    }
  }
  const metadata = { ...own, ...added };
  let size = 0;
  for (const [name, value] of Object.entries(metadata)) size += utf8Length(name) + utf8Length(String(value));
  if (size > MAX_USER_METADATA) {
    throw new LimitError(
      "MAX_USER_METADATA",
      size,
      MAX_USER_METADATA,
      "Bytes of user metadata, of which S3 takes 2 KiB (instructionFile: { write: true } puts keys and context into a file)",
    );
  }
  return metadata;
}

const PLAINTEXT_CHECKSUM = /^(ContentMD5|Checksum(CRC32|CRC32C|CRC64NVME|SHA1|SHA256|SHA512|MD5|XXHASH\w+))$/;

/** A checksum of plaintext tells what an object holds: S3 stores it, and shows it to whoever may list attributes. */
export function assertNoPlaintextChecksum(operation: string, input: object): void {
  const name = Object.entries(input).find(
    ([name, value]) => PLAINTEXT_CHECKSUM.test(name) && value !== undefined,
  )?.[0];
  if (name === undefined) return;
  throw invalidArgument(
    `${operation}: ${name} would be that of the plaintext, which S3 would store in clear. Leave it out: the SDK adds a checksum of what is sent.`,
  );
}

/** A reply without the checksums of what is stored, which are not those of the plaintext. */
export function withoutChecksums<Reply extends object>(reply: Reply): Reply {
  return Object.fromEntries(Object.entries(reply).filter(([name]) => !name.startsWith("Checksum"))) as Reply;
}
