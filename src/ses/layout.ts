import { S3ObjectError } from "../errors.ts";
import type { ObjectEnvelope, ObjectMetadata } from "../object/envelope.ts";
import { envelopePlace, parseMetadata } from "../object/metadata.ts";
import { INSTRUCTION_FILE_MARKER } from "../object/names.ts";
import { type MailFacts, mailFacts, SES } from "./mail-context.ts";

/** The envelope of a mail, and what it says of the mail. */
export interface MailEnvelope {
  readonly envelope: ObjectEnvelope;
  readonly facts: MailFacts;
}

/**
 * Reads the metadata of a mail as SES stores it, and of nothing else: format V2, the data key wrapped by KMS in the way
 * called `kms`, the content under AES-GCM, and SES's three pairs. That wrap is an old one, which does not bind the
 * content's algorithm: so no other algorithm is opened here, whatever the metadata says.
 */
export function readLayout(metadata: ObjectMetadata): MailEnvelope {
  const place = envelopePlace(metadata);
  if (place === "elsewhere" && !isInstructionFile(metadata)) {
    throw new S3ObjectError(
      "ERR_S3_UNENCRYPTED",
      "The object is not encrypted, as far as its metadata says. Does the receipt rule name a KMS key? Read it with the S3 client itself.",
    );
  }
  if (place !== "here") throw notSes("its data key lies in an instruction file, or it is one");
  const envelope = parseMetadata(metadata);
  const { format, suite, wrap } = envelope;
  if (format !== "V2") throw notSes(`it is of format ${format}`);
  if (wrap !== "kms") throw notSes(`its data key is wrapped as ${wrap}`);
  if (suite.cipher !== "gcm") throw notSes(`its content is under ${suite.name}, which nothing authenticates`);
  const facts = mailFacts(envelope.encryptionContext);
  if (facts === null) {
    throw notSes(`its encryption context lacks one of ${Object.values(SES).join(", ")}`);
  }
  return { envelope, facts };
}

function isInstructionFile(metadata: ObjectMetadata): boolean {
  return Object.keys(metadata).some((name) => name.toLowerCase() === INSTRUCTION_FILE_MARKER);
}

function notSes(why: string): S3ObjectError {
  return new S3ObjectError(
    "ERR_SES_MAIL",
    `The object is encrypted, but not as SES stores mail: ${why}. Read it with createS3EncryptionClient of keyfold/s3.`,
  );
}
