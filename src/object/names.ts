// S3 Encryption Client specification, data-format/content-metadata. Stored as user metadata, each behind `x-amz-meta-`.

/** Format V3. */
export const V3 = {
  dataKey: "x-amz-3",
  wrap: "x-amz-w",
  cipher: "x-amz-c",
  commitment: "x-amz-d",
  messageId: "x-amz-i",
  context: "x-amz-t",
  label: "x-amz-m",
} as const;

/** Formats V1 and V2, which differ in the name of the data key. */
export const V2 = {
  dataKey: "x-amz-key-v2",
  dataKeyOfV1: "x-amz-key",
  iv: "x-amz-iv",
  wrap: "x-amz-wrap-alg",
  cipher: "x-amz-cek-alg",
  pairs: "x-amz-matdesc",
  tagLength: "x-amz-tag-len",
} as const;

/** Noted by older writers, also beside an instruction file. */
export const PLAINTEXT_LENGTH = "x-amz-unencrypted-content-length";

/** On an instruction file itself. Some readers demand it; some writers leave it out. */
export const INSTRUCTION_FILE_MARKER = "x-amz-crypto-instr-file";

/** What stays on the object when the rest of V3 lies in an instruction file. */
export const V3_CONTENT = [V3.cipher, V3.commitment, V3.messageId] as const;

const V3_NAMES: readonly string[] = /* @__PURE__ */ Object.values(V3);
const V2_NAMES: readonly string[] = /* @__PURE__ */ Object.values(V2);

/** Of these names, those of format V3; and those of V1 and V2. */
export function namesByFormat(names: readonly string[]): { v3: string[]; v2: string[] } {
  return {
    v3: names.filter((name) => V3_NAMES.includes(name)),
    v2: names.filter((name) => V2_NAMES.includes(name)),
  };
}

/** Whether the encryption client owns this name: callers' metadata must not use it. Any case. */
export function isEncryptionName(name: string): boolean {
  const lower = name.toLowerCase().replace(/^x-amz-meta-/, "");
  return (
    V3_NAMES.includes(lower) ||
    V2_NAMES.includes(lower) ||
    lower === PLAINTEXT_LENGTH ||
    lower === INSTRUCTION_FILE_MARKER
  );
}
