// Where an object's metadata lies when it has an instruction file.
import { utf8 } from "./bytes.ts";
import type { Metadata, WrittenObject } from "./independent-object.ts";

/** What format V3 keeps on the object, and never in the file. */
const ON_THE_OBJECT = ["x-amz-c", "x-amz-d", "x-amz-i"];
const IN_THE_FILE = [
  ...["x-amz-3", "x-amz-w", "x-amz-m", "x-amz-t"],
  ...["x-amz-key", "x-amz-key-v2", "x-amz-iv", "x-amz-cek-alg", "x-amz-wrap-alg", "x-amz-matdesc"],
  ...["x-amz-tag-len", "x-amz-unencrypted-content-length"],
];
const MARKER = "x-amz-crypto-instr-file";

export interface SplitObject extends WrittenObject {
  /** The object at `<key>.instruction`. */
  instruction: WrittenObject;
}

/** Moves to an instruction file what the object's format puts there. `marker: false`: as some clients write it. */
export function splitObject({ metadata, body }: WrittenObject, { marker = true } = {}): SplitObject {
  const entries = Object.entries(metadata);
  const file = Object.fromEntries(entries.filter(([name]) => IN_THE_FILE.includes(name)));
  return {
    metadata: Object.fromEntries(entries.filter(([name]) => !IN_THE_FILE.includes(name))),
    body,
    instruction: { metadata: marker ? { [MARKER]: "" } : {}, body: utf8(JSON.stringify(file)) },
  };
}

/** The metadata of an object and its instruction file together. Throws if a part lies in the wrong place. */
export function joinedMetadata(metadata: Metadata, instruction: Uint8Array): Metadata {
  const file = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(instruction)) as Metadata;
  const astray = [
    ...Object.keys(file).filter((name) => !IN_THE_FILE.includes(name)),
    ...Object.keys(metadata).filter((name) => IN_THE_FILE.includes(name)),
  ];
  if (astray.length > 0) throw new Error(`in the wrong place: ${astray.join(", ")}`);
  const isV3 = file["x-amz-3"] !== undefined;
  if (ON_THE_OBJECT.some((name) => (metadata[name] !== undefined) !== isV3)) {
    throw new Error("the object has not the metadata of the file's format");
  }
  return { ...metadata, ...file };
}
