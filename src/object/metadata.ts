import { ObjectFormatError } from "../errors.ts";
import type { ObjectEnvelope, ObjectMetadata } from "./envelope.ts";
import { type Fields, fieldsOf } from "./fields.ts";
import { namesByFormat, V2, V3, V3_CONTENT } from "./names.ts";
import { parseV2 } from "./v2.ts";
import { parseV3 } from "./v3.ts";

/**
 * Where the envelope of an object lies, by the metadata of the object itself. `"split"`: V3's data key lies in an
 * instruction file, the rest here. `"elsewhere"`: all of it lies in an instruction file, or the object is not encrypted.
 *
 * @throws `ObjectFormatError` for metadata of several formats, or of which a part is missing.
 */
export function envelopePlace(metadata: ObjectMetadata): "here" | "split" | "elsewhere" {
  const fields = fieldsOf(metadata);
  const { v3, v2 } = namesByFormat([...fields.keys()]);
  assertOneFormat(fields, v3, v2);
  if ([V3.dataKey, V2.dataKey, V2.dataKeyOfV1].some((name) => fields.has(name))) return "here";
  // A part of the names is not enough: what is missing may have been taken away.
  if (v2.length > 0) throw new ObjectFormatError("stands in the metadata without a data key", v2[0]);
  if (v3.length === 0) return "elsewhere";
  const missing = V3_CONTENT.find((name) => !fields.has(name));
  if (missing === undefined && v3.length === V3_CONTENT.length) return "split";
  throw new ObjectFormatError("format V3 is there in part only", missing ?? V3.dataKey);
}

/** Reads an object's metadata, and its instruction file where it has one. */
export function parseMetadata(metadata: ObjectMetadata, instructionFile?: ObjectMetadata): ObjectEnvelope {
  const place = envelopePlace(metadata);
  const own = fieldsOf(metadata);
  if (place === "here") return own.has(V3.dataKey) ? parseV3(own) : parseV2(own);
  if (instructionFile === undefined) {
    throw new ObjectFormatError(
      place === "split"
        ? "missing: the data key lies in an instruction file"
        : "missing; is this an encrypted object, or does its envelope lie in an instruction file?",
      V3.dataKey,
    );
  }
  const file = fieldsOf(instructionFile);
  const { v3, v2 } = namesByFormat([...file.keys()]);
  assertOneFormat(file, v3, v2);
  // Whoever may write the file, and not the object, must not be able to say what the object is.
  const content = V3_CONTENT.find((name) => file.has(name));
  if (content !== undefined) throw new ObjectFormatError("must not stand in an instruction file", content);
  if (place === "split" && v2.length > 0) {
    throw new ObjectFormatError("the instruction file is of another format than its object", v2[0]);
  }
  if (place === "elsewhere" && v3.length > 0) {
    throw new ObjectFormatError(
      "missing in the metadata of the object, whose data key is of format V3",
      V3.cipher,
    );
  }
  const fields = new Map([...own, ...file]);
  return place === "split" ? parseV3(fields) : parseV2(fields);
}

function assertOneFormat(fields: Fields, v3: readonly string[], v2: readonly string[]): void {
  if ((v3.length > 0 && v2.length > 0) || (fields.has(V2.dataKey) && fields.has(V2.dataKeyOfV1))) {
    throw new ObjectFormatError("metadata of several formats in one object", v2[0]);
  }
}
