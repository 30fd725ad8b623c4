import { invalidArgument, optionsOf } from "../arguments.ts";
import { utf8 } from "../bytes/utf8.ts";

/** What raw AES and raw RSA keyrings share: how their key is named. */
export interface RawKeyringNames {
  /** The key provider id in messages. Does not begin with `aws-kms`. */
  readonly namespace: string;
  /** The name of the key in its namespace. Stored in clear with each message. */
  readonly name: string;
  /** S3 objects: a label that tells wrapping keys apart when an object is read. Not authenticated. Default: none. */
  readonly materialsDescription?: Readonly<Record<string, string>>;
}

/** Names longer than this leave no room for what follows them in their two-byte field. */
const MAX_NAME = 0xffff - 64;

export function checkNames(factory: string, options: RawKeyringNames): void {
  const { namespace, name, materialsDescription } = optionsOf(factory, options);
  for (const [option, value] of Object.entries({ namespace, name })) {
    if (typeof value !== "string" || value === "" || !value.isWellFormed() || utf8(value).length > MAX_NAME) {
      throw invalidArgument(`${factory}: ${option} must be a non-empty string of at most ${MAX_NAME} bytes.`);
    }
  }
  if (namespace.startsWith("aws-kms")) {
    throw invalidArgument(`${factory}: namespaces that begin with "aws-kms" belong to AWS KMS keyrings.`);
  }
  if (materialsDescription === undefined) return;
  const values = Object.values(materialsDescription ?? { missing: undefined });
  if (typeof materialsDescription !== "object" || values.some((value) => typeof value !== "string")) {
    throw invalidArgument(`${factory}: materialsDescription must be an object of strings.`);
  }
}

/** Whether two labels hold the same pairs. */
export function sameLabel(
  a: Readonly<Record<string, string>> = {},
  b: Readonly<Record<string, string>> = {},
): boolean {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key])
  );
}
