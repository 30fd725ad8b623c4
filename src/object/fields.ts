import { fromBase64 } from "../bytes/base64.ts";
import { LimitError, ObjectFormatError } from "../errors.ts";
import type { ObjectMetadata } from "./envelope.ts";

/** Metadata of more bytes than this is not looked at; S3 itself allows 2 KiB. */
const MAX_METADATA = 64 * 1024;

/** Metadata by its bare names in lower case; those without a value are absent. */
export type Fields = ReadonlyMap<string, string>;

/** Names compare without case. An empty value counts as absent: some writers leave unused names empty. */
export function fieldsOf(metadata: ObjectMetadata): Fields {
  const fields = new Map<string, string>();
  let size = 0;
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== "string") throw new ObjectFormatError("metadata values must be strings");
    size += name.length + value.length;
    if (size > MAX_METADATA) throw new LimitError("MAX_METADATA", size, MAX_METADATA, "Object metadata");
    const key = name.toLowerCase().replace(/^x-amz-meta-/, "");
    if (!key.startsWith("x-amz-") || value === "") continue;
    if (fields.has(key)) throw new ObjectFormatError("a name stands in the metadata twice, but for its case");
    fields.set(key, value);
  }
  return fields;
}

/** The value of a field that must be there. */
export function required(fields: Fields, name: string): string {
  const value = fields.get(name);
  if (value === undefined)
    throw new ObjectFormatError("missing in the metadata of an encrypted object", name);
  return value;
}

/** The bytes of a field that must be there. */
export function requiredBytes(fields: Fields, name: string, length?: number): Uint8Array {
  const value = fromBase64(required(fields, name));
  if (value === null) throw new ObjectFormatError("not base64 with padding", name);
  if (length !== undefined && value.length !== length) {
    throw new ObjectFormatError(`must hold ${length} bytes, not ${value.length}`, name);
  }
  return value;
}
