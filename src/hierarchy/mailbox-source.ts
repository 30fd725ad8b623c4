import { backend } from "#crypto";
import { Secret } from "../cache/secret.ts";
import type { RsaPrivateKey, RsaPublicKey } from "../crypto/backend.ts";
import { rsaKeyData } from "../crypto/rsa-key.ts";
import { HierarchyError } from "../errors.ts";
import type { Keyring } from "../keyrings/keyring.ts";
import type { Awaitable } from "../types.ts";
import { importPrivateKey, openPair } from "./mailbox-pair.ts";
import { currentVersion, type MailboxRecord, type StoredVersion } from "./mailbox-record.ts";
import { type Binding, unwrapSecret } from "./mailbox-secret.ts";
import type { MailboxShelf } from "./mailbox-shelf.ts";
import type { HierarchyKey, KeySource } from "./versioned-keys.ts";

/** What is stored of a mailbox, and the public key of the version that writes, imported once. */
export interface MailboxHead {
  readonly record: MailboxRecord;
  readonly current: StoredVersion;
  /** Of asymmetric versions. */
  publicKey(): Awaitable<RsaPublicKey>;
}

/** A mailbox key in clear: the AES key itself, or the private key. */
export interface MailboxKey extends HierarchyKey {
  /** Null: the mailbox is symmetric. */
  readonly privateKey: RsaPrivateKey | null;
}

/** Mailbox keys, from the store by way of the organisation. `organization` answers the keyring that opens them. */
export function mailboxSource(
  shelf: MailboxShelf,
  organization: () => Keyring,
  binding: Binding,
): KeySource<MailboxHead, MailboxKey> {
  const unwrap = (id: string, stored: StoredVersion, signal: AbortSignal) =>
    openVersion(organization(), binding, id, stored, signal);

  return {
    readHead: async (id, signal) => headOf(await shelf.get(id, signal)),
    versionOf: ({ current }) => current.version,
    unwrapHead: (id, { current }, signal) => unwrap(id, current, signal),

    async unwrapVersion(id, version, head, signal) {
      const find = ({ versions }: MailboxRecord) => versions.find((stored) => stored.version === version);
      // What was read lately may be older than this version.
      const stored = find((await head()).record) ?? find(await shelf.get(id, signal));
      if (stored !== undefined) return unwrap(id, stored, signal);
      throw new HierarchyError(
        "ERR_HIERARCHY_UNKNOWN",
        { level: "mailbox", keyId: id },
        `it has no key of version ${version}: the mailbox was destroyed and created anew, or its record was restored from a backup that is older than the message.`,
      );
    },
  };
}

function headOf(record: MailboxRecord): MailboxHead {
  const current = currentVersion(record);
  let imported: Awaitable<RsaPublicKey> | undefined;
  return {
    record,
    current,
    publicKey() {
      imported ??= importPublicKey(record.id, current);
      return imported;
    },
  };
}

function importPublicKey(id: string, stored: StoredVersion): Awaitable<RsaPublicKey> {
  const bad = (cause?: unknown) =>
    new HierarchyError(
      "ERR_HIERARCHY_RECORD",
      { level: "mailbox", keyId: id },
      `its public key of version ${stored.version} is damaged: restore its record from a backup.`,
      { cause },
    );
  if (stored.kind === "symmetric") throw bad();
  try {
    return backend.rsaPublicKey(rsaKeyData(stored.publicKey, "public", "publicKey"));
  } catch (error) {
    throw bad(error);
  }
}

async function openVersion(
  organization: Keyring,
  binding: Binding,
  id: string,
  stored: StoredVersion,
  signal: AbortSignal,
): Promise<MailboxKey> {
  const place = { id, version: stored.version };
  const secret = await unwrapSecret(organization, binding, place, stored.wrapped, signal);
  if (stored.kind === "symmetric") return { secret: new Secret(secret), privateKey: null };
  try {
    const pkcs8 = await openPair(place, stored, secret);
    try {
      return { secret: new Secret(pkcs8), privateKey: await importPrivateKey(pkcs8) };
    } catch (error) {
      pkcs8.fill(0);
      throw error;
    }
  } finally {
    secret.fill(0);
  }
}
