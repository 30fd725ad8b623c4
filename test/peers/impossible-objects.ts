import type { ImpossibleCell } from "./cells.ts";

/** What the clients have no call, option or keyring for. */
export const absentObjects: readonly ImpossibleCell[] = [
  { cell: "Python S3 client, raw AES or raw RSA", reason: "4.0.0 has a KMS keyring and no other" },
  {
    cell: "Python S3 client writes instruction files",
    reason: "its InstructionFileConfig turns reading and deleting off, and writing on nowhere",
  },
  {
    cell: "Java S3 client 3.5.0 writes V3",
    reason: "its builder takes no algorithm and no commitment policy",
  },
  {
    cell: "CBC written by the Java client 3.x or later, or by the Python client",
    reason: "ALG_AES_256_CBC_IV16_NO_KDF is legacy: it is for decryption alone",
  },
  {
    cell: "a custom instruction-file suffix on an ordinary put",
    reason: "the clients have it on get and on re-encryption alone",
  },
  {
    cell: "re-encryption to KMS",
    reason: "ReEncryptInstructionFileRequest.newKeyring() takes a RawKeyring",
  },
  { cell: "S3 objects under a multi keyring", reason: "the format holds exactly one encrypted data key" },
  { cell: "RSA with another hash in format V3", reason: 'the only RSA wrap of V3 is "22", RSA-OAEP-SHA1' },
];

/** What the clients refuse or get wrong, as they say it. `impossible-objects.interop.test.ts` shows each. */
export const refusedObjects = {
  pythonRange: {
    cell: "Python S3 client, ranged gets",
    reason: '"Ranged gets are currently not supported by the S3 Encryption Client for Python."',
  },
  pythonNonAscii: {
    cell: "Python S3 client with non-ASCII context",
    reason: '"EncryptionContext keys and values must contain only US-ASCII characters."',
  },
  pythonLegacyContext: {
    cell: "Python S3 client with a context for the wrap kms",
    reason: '"Encryption context is not supported with the KmsV1 (kms) wrapping algorithm."',
  },
  pythonEmptyUpload: {
    cell: "Python S3 client, upload_fileobj of an empty file",
    reason: '"Cannot complete multipart upload: the final part has not been uploaded."',
  },
  java3ReadsV3: {
    cell: "Java S3 client 3.5.0 reads V3",
    reason: '"Exception encountered while fetching Instruction File.": it looks for V1 and V2',
  },
  javaOtherRanges: {
    cell: "Java S3 clients with a suffix range (bytes=-n), a reversed one or several",
    reason: "3.5.0 and 4.0.1 take bytes=a-b and bytes=a-, and answer all else with the whole object",
  },
  javaParts: {
    cell: "Java multipart uploads in parts that are not multiples of 16",
    reason: '"part sizes for encrypted multipart uploads must be multiples of the cipher block size (16)"',
  },
  javaDiscoveryWrites: {
    cell: "Java S3 client writes under a discovery keyring",
    reason: '"KmsDiscoveryKeyring does not support EncryptDataKey"',
  },
  javaRawContext: {
    cell: "Java S3 clients, context under raw keys",
    reason: "it is neither stored nor compared: any other is accepted on reading",
  },
  javaFarContext: {
    cell: "Java S3 clients, KMS context above U+00FF in metadata",
    reason: "their HTTP client sends ? for it, so that nobody can name the context again",
  },
  javaFarLabel: {
    cell: "Java S3 clients, materials descriptions of raw keys above U+00FF in metadata",
    reason: "they are sent as ?, too: the object opens, and its label is lost",
  },
  javaFarFile: {
    cell: "Java S3 clients, non-ASCII KMS context in an instruction file",
    reason: '"Provided encryption context does not match": they decode the file as if it were a header of S3',
  },
  reEncryptKms: {
    cell: "re-encryption of an instruction file from KMS",
    reason:
      "the call takes no context, and 4.0.1 asks KMS a second time with none: InvalidCiphertextException",
  },
  reEncryptAesSuffix: {
    cell: "re-encryption for a raw AES key with a custom suffix",
    reason: '"Custom Instruction file suffix is only applicable for RSA keyring!"',
  },
  reEncryptSameDescription: {
    cell: "re-encryption without a new materials description",
    reason: '"New keyring must have new materials description!"',
  },
  reEncryptOtherSuite: {
    cell: "re-encryption by a client of another suite than the object's",
    reason: '"To re-encrypt the data key, configure the client with encryptionAlgorithm ..."',
  },
  sdk1V3AsPlaintext: {
    cell: "AWS SDK for Java 1, V1 client, reads V3",
    reason: "it returns the ciphertext as if it were plaintext, without an error",
  },
  sdk1ReadsV3: {
    cell: "AWS SDK for Java 1, V1 client in strict mode and V2 client, read V3",
    reason: '"Instruction file not found", "Unencrypted object found"',
  },
  sdk1ReadsV3File: {
    cell: "AWS SDK for Java 1 reads V3 with an instruction file",
    reason: '"Content encrypting key not found."',
  },
  sdk1StrictReadsCbc: {
    cell: "AWS SDK for Java 1, strict modes, read CBC",
    reason:
      '"Missing key-wrap", "No key wrap algorithm detected", "not encrypted using authenticated encryption"',
  },
  sdk1StrictV2ReadsLegacyWraps: {
    cell: "AWS SDK for Java 1, V2 client in strict mode, reads AESWrap, RSA-OAEP-SHA256 and kms",
    reason: '"Detected key wrap algorithm used with previous version of client."',
  },
  sdk1V2WritesCbc: {
    cell: "AWS SDK for Java 1, V2 client, writes CBC",
    reason: '"CryptoMode.EncryptionOnly is not allowed in this configuration"',
  },
  sdk1StrictRange: {
    cell: "AWS SDK for Java 1, V1 client in strict mode, ranged gets",
    reason: '"Range get and getting a part are not allowed in strict crypto mode"',
  },
  sdk1DeleteObjects: {
    cell: "AWS SDK for Java 1, instruction files on DeleteObjects",
    reason: "DeleteObject deletes them, DeleteObjects leaves them",
  },
  sdk1Rewrapped: {
    cell: "AWS SDK for Java 1 reads CBC objects that 3.5.0 or 4.0.1 re-encrypted",
    reason:
      '"The content encryption algorithm used at encryption time does not match": the new wrap names AES/GCM',
  },
  bouncyCastleRsa: {
    cell: "RSA-OAEP-SHA256 wraps made through Bouncy Castle, read through the JDK",
    reason: "Bouncy Castle takes SHA-256 for MGF1, the JDK SHA-1: 3.5.0 and 4.0.1 cannot unwrap them",
  },
} as const satisfies Readonly<Record<string, ImpossibleCell>>;

export const impossibleObjects: readonly ImpossibleCell[] = [
  ...absentObjects,
  ...Object.values(refusedObjects),
];
