import { fromBase64, toBase64 } from "../bytes/base64.ts";
import { parseUuid } from "../bytes/uuid.ts";
import { HierarchyError } from "../errors.ts";
import type { EncryptedDataKey } from "../types.ts";

/** How a mailbox wraps: by an AES-256 key, or by an RSA key pair whose public half asks for no KMS call. */
export type MailboxKind = "symmetric" | "asymmetric";

/** One version of a mailbox's key, as it is stored. */
export type StoredVersion = {
  /** A UUID. */
  readonly version: string;
  readonly createdAt: Date;
  /** The mailbox secret (32 bytes), wrapped by the organisation. */
  readonly wrapped: readonly EncryptedDataKey[];
} & (
  | { readonly kind: "symmetric" }
  | {
      readonly kind: "asymmetric";
      /** SPKI. */
      readonly publicKey: Uint8Array;
      /** PKCS#8, sealed under the mailbox secret. */
      readonly sealedPrivateKey: Uint8Array;
    }
);

/** What a store holds of a mailbox. */
export interface MailboxRecord {
  readonly id: string;
  /** The oldest first; the last one writes. Never empty. */
  readonly versions: readonly StoredVersion[];
}

const FORMAT = 1;

/** The version that writes. */
export function currentVersion({ versions }: MailboxRecord): StoredVersion {
  return versions[versions.length - 1]!;
}

/** The record as text. */
export function formatRecord({ id, versions }: MailboxRecord): string {
  return JSON.stringify({
    format: FORMAT,
    id,
    versions: versions.map(({ version, kind, createdAt, wrapped, ...pair }) => ({
      version,
      kind,
      createdAt: createdAt.toISOString(),
      wrapped: wrapped.map(({ providerId, providerInfo, ciphertext }) => ({
        providerId,
        providerInfo: toBase64(providerInfo),
        ciphertext: toBase64(ciphertext),
      })),
      ...("publicKey" in pair && {
        publicKey: toBase64(pair.publicKey),
        sealedPrivateKey: toBase64(pair.sealedPrivateKey),
      }),
    })),
  });
}

/** Reads the record of this mailbox. */
export function parseRecord(id: string, text: string): MailboxRecord {
  const fields = new Fields(id);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw fields.bad("is not JSON");
  }
  const { format, id: written, versions: list } = fields.object(json, "the record");
  if (format !== FORMAT) throw fields.bad(`has a format other than ${FORMAT}`);
  if (written !== id) throw fields.bad("is that of another mailbox");
  const versions = fields.list(list, "versions").map((version) => versionOf(fields, version));
  if (versions.length === 0) throw fields.bad("has no version");
  if (new Set(versions.map(({ version }) => version)).size < versions.length) {
    throw fields.bad("has a version twice");
  }
  return { id, versions };
}

function versionOf(fields: Fields, json: unknown): StoredVersion {
  const { version, kind, createdAt, wrapped, publicKey, sealedPrivateKey } = fields.object(json, "a version");
  const shared = {
    version: fields.uuid(version),
    createdAt: fields.date(createdAt),
    wrapped: fields.list(wrapped, "wrapped").map((edk) => edkOf(fields, edk)),
  };
  if (shared.wrapped.length === 0) throw fields.bad("has a version without a wrapped key");
  if (kind === "symmetric") return { ...shared, kind };
  if (kind !== "asymmetric") throw fields.bad("has a version of unknown kind");
  return {
    ...shared,
    kind,
    publicKey: fields.bytes(publicKey, "publicKey"),
    sealedPrivateKey: fields.bytes(sealedPrivateKey, "sealedPrivateKey"),
  };
}

function edkOf(fields: Fields, json: unknown): EncryptedDataKey {
  const { providerId, providerInfo, ciphertext } = fields.object(json, "a wrapped key");
  return {
    providerId: fields.text(providerId, "providerId"),
    providerInfo: fields.bytes(providerInfo, "providerInfo"),
    ciphertext: fields.bytes(ciphertext, "ciphertext"),
  };
}

/** Fields of a record that anybody may have written. */
class Fields {
  readonly #id: string;

  constructor(id: string) {
    this.#id = id;
  }

  bad(what: string): HierarchyError {
    return new HierarchyError(
      "ERR_HIERARCHY_RECORD",
      { level: "mailbox", keyId: this.#id },
      `what the store holds ${what}. It was damaged, or written by another program: restore it from a backup.`,
    );
  }

  object(value: unknown, name: string): Readonly<Record<string, unknown>> {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw this.bad(`has no object as ${name}`);
    return value as Readonly<Record<string, unknown>>;
  }

  list(value: unknown, name: string): readonly unknown[] {
    if (!Array.isArray(value)) throw this.bad(`has no list as ${name}`);
    return value;
  }

  text(value: unknown, name: string): string {
    if (typeof value !== "string") throw this.bad(`has no text as ${name}`);
    return value;
  }

  bytes(value: unknown, name: string): Uint8Array {
    const bytes = fromBase64(this.text(value, name));
    if (bytes === null) throw this.bad(`has no base64 as ${name}`);
    return bytes;
  }

  uuid(value: unknown): string {
    const text = this.text(value, "version");
    if (parseUuid(text) === null) throw this.bad("has a version that is no UUID");
    return text;
  }

  date(value: unknown): Date {
    const date = new Date(this.text(value, "createdAt"));
    if (Number.isNaN(date.getTime())) throw this.bad("has no date as createdAt");
    return date;
  }
}
