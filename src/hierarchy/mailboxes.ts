import { backend } from "#crypto";
import { invalidArgument, optionsOf } from "../arguments.ts";
import { asUuid4, formatUuid } from "../bytes/uuid.ts";
import type { Keyring } from "../keyrings/keyring.ts";
import { multiKeyring } from "../keyrings/multi.ts";
import { notify } from "../observer.ts";
import { checkMailboxId } from "./mailbox-id.ts";
import { type MailboxChoice, type MailboxKeyringOptions, mailboxKeyring } from "./mailbox-keyring.ts";
import { type MailboxOptions, mailboxConfig } from "./mailbox-options.ts";
import { newPair, publicKeyFingerprint } from "./mailbox-pair.ts";
import {
  currentVersion,
  type MailboxKind,
  type MailboxRecord,
  type StoredVersion,
} from "./mailbox-record.ts";
import { SECRET_LENGTH, wrapSecret } from "./mailbox-secret.ts";
import { exists, MailboxShelf } from "./mailbox-shelf.ts";
import { type MailboxHead, type MailboxKey, mailboxSource } from "./mailbox-source.ts";
import {
  assertRewrapOptions,
  type RewrapAllOptions,
  type RewrapOptions,
  type RewrapSummary,
  rewrapMailbox,
  rewrapSegment,
} from "./rewrap.ts";
import { type HierarchyCacheStats, VersionedKeys } from "./versioned-keys.ts";

/** A version of a mailbox's key. */
export interface MailboxVersion {
  /** Of the mailbox. */
  readonly mailboxId: string;
  /** A UUID. */
  readonly version: string;
  /** How it wraps. */
  readonly kind: MailboxKind;
  /** By the clock of who made it. */
  readonly createdAt: Date;
  /** SHA-256 of the public key (SPKI), in base64; null if the version is symmetric. */
  readonly publicKeyFingerprint: string | null;
}

/** What is known of a mailbox without asking for its keys. */
export interface MailboxFacts {
  /** Of the mailbox. */
  readonly mailboxId: string;
  /** Writes. */
  readonly current: MailboxVersion;
  /** All that read, the oldest first; the current one is the last. */
  readonly versions: readonly MailboxVersion[];
}

/** Options of a call about one mailbox. */
export interface MailboxCallOptions {
  /** Aborts the call, with the signal's own reason. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `create` and `rotate`. */
export interface NewMailboxKeyOptions extends MailboxCallOptions {
  /** How the new key wraps. Default: `"symmetric"` for a new mailbox, that of the version before for a rotation. */
  readonly kind?: MailboxKind;
}

/** Options of `destroy`. */
export interface DestroyMailboxOptions extends MailboxCallOptions {
  /** The mailbox's id once more. */
  readonly confirmId: string;
}

/**
 * The mailboxes of an organisation. Made by {@link createMailboxKeys}. Ids are well-formed text of 1 to 1,024 bytes. Calls
 * reject with `ERR_STORE` where the store failed, with `ERR_HIERARCHY_UNKNOWN` where there is no such mailbox,
 * `ERR_HIERARCHY_RECORD` where what is stored is damaged, `ERR_HIERARCHY_CONFLICT` where another writer came first,
 * `ERR_HIERARCHY_UNWRAP` where the organisation does not open a key, and with what the organisation's keyring throws.
 */
export interface MailboxKeys {
  /**
   * Makes a mailbox and its first key, which the organisation wraps. Nothing is kept in memory.
   * @throws `HierarchyError` `ERR_HIERARCHY_EXISTS` if there is one of this id.
   */
  create(id: string, options?: NewMailboxKeyOptions): Promise<MailboxVersion>;
  /** A keyring that seals and opens for this mailbox, or for the one that a function finds in the encryption context. */
  keyring(mailbox: MailboxChoice, options?: MailboxKeyringOptions): Keyring;
  /** What a mailbox has, from the store; null if there is no such mailbox. */
  inspect(id: string, options?: MailboxCallOptions): Promise<MailboxFacts | null>;
  /**
   * Gives a mailbox a new key to write with; all older ones go on reading. Here it writes at once, in other processes
   * within their reuse period. Default kind: that of the version before.
   */
  rotate(id: string, options?: NewMailboxKeyOptions): Promise<MailboxVersion>;
  /**
   * Wraps all keys of a mailbox anew, under another organisation, in one step; each is opened once before the old one
   * goes. No message changes. Answers false if all were wrapped so already.
   */
  rewrap(id: string, options: RewrapOptions): Promise<boolean>;
  /**
   * Does so for every mailbox of the store, or of one segment of it. Stopped half-way, it goes on from where it was when
   * it is called again.
   */
  rewrapAll(options: RewrapAllOptions): Promise<RewrapSummary>;
  /**
   * Destroys a mailbox's keys: what was sealed in it is unreadable for good, here at once, in other processes within
   * their reuse period. Backups of the store keep it readable. Asks for the id twice.
   */
  destroy(id: string, options: DestroyMailboxOptions): Promise<void>;
  /** Figures of the keys in memory. */
  stats(): HierarchyCacheStats;
  /** Forgets the keys in memory, or those of one mailbox, and wipes each as soon as nothing uses it. */
  clear(id?: string): void;
  /** Forgets all keys in memory and refuses to serve from now on. */
  dispose(): void;
}

/**
 * A key for each mailbox (tenant, customer, ...) of an organisation, as Amazon WorkMail has them: the organisation's
 * keyring wraps mailbox keys, mailbox keys wrap data keys. KMS is asked once in a reuse period for each mailbox in use,
 * not once a message, and for a new asymmetric message not at all. A mailbox is bound to what it wraps: a data key does
 * not open in another mailbox, nor a mailbox key in another mailbox's record.
 *
 * @throws `TypeError` for misuse. At use: `HierarchyError`, which names the mailbox; `StoreError`; `KmsError`.
 *
 * @example
 * ```ts
 * import { createEncryptionClient, rawAesKeyring } from "keyfold";
 * import { createMailboxKeys, memoryMailboxStore } from "keyfold/hierarchy";
 *
 * const key = crypto.getRandomValues(new Uint8Array(32)); // in earnest a kmsKeyring, and a store that lasts
 * const organization = rawAesKeyring({ namespace: "app", name: "organization", key });
 * const mailboxes = createMailboxKeys({ organization, store: memoryMailboxStore() });
 * await mailboxes.create("alice");
 * const client = createEncryptionClient({ keyring: mailboxes.keyring("alice") });
 * const { ciphertext } = await client.encryptText("Hello, Alice");
 * ```
 */
export function createMailboxKeys(options: MailboxOptions): MailboxKeys {
  const { organization, otherOrganizations, binding, store, cache } = mailboxConfig(options);
  const { observer, clocks } = cache;
  const shelf = new MailboxShelf(store, observer);
  // Where mailboxes were moved to from here: by name, so that a new object for the same keys is no further reader.
  const movedTo = new Map<string, Keyring>();
  const reader = () => {
    const others = [...otherOrganizations, ...movedTo.values()];
    return others.length === 0 ? organization : multiKeyring({ children: [organization, ...others] });
  };
  const keys = new VersionedKeys<MailboxHead, MailboxKey>(
    "The cache of mailbox keys",
    "mailbox key",
    cache,
    mailboxSource(shelf, reader, binding),
  );

  const newVersion = async (id: string, kind: MailboxKind, signal: AbortSignal | undefined) => {
    const version = formatUuid(asUuid4(backend.randomBytes(16)));
    const secret = backend.randomBytes(SECRET_LENGTH);
    try {
      const wrapped = await wrapSecret(organization, binding, { id, version }, secret, signal);
      const shared = { version, createdAt: new Date(clocks.wall()), wrapped };
      return kind === "symmetric"
        ? { ...shared, kind }
        : { ...shared, kind, ...(await newPair({ id, version }, secret)) };
    } finally {
      secret.fill(0);
    }
  };

  const rewrap = async (id: string, { to, signal }: RewrapOptions): Promise<boolean> => {
    movedTo.set(to.name, to);
    const changed = await rewrapMailbox({ shelf, binding, organization: reader }, id, { to, signal });
    if (changed) {
      keys.reread(id);
      notify(observer, { type: "mailboxRewrapped", mailboxId: id });
    }
    return changed;
  };

  return {
    async create(id, { kind = "symmetric", signal } = {}) {
      checkMailboxId("create", id);
      checkKind("create", kind);
      if ((await shelf.find(id, signal)) !== null) throw exists(id);
      const version = await newVersion(id, kind, signal);
      await shelf.create({ id, versions: [version] }, signal);
      keys.clear(id);
      notify(observer, { type: "mailboxCreated", mailboxId: id });
      return factsOfVersion(id, version);
    },

    keyring: (mailbox, options = {}) => mailboxKeyring(keys, mailbox, options),

    async inspect(id, { signal } = {}) {
      checkMailboxId("inspect", id);
      const record = await shelf.find(id, signal);
      return record === null ? null : factsOf(record);
    },

    async rotate(id, { kind, signal } = {}) {
      checkMailboxId("rotate", id);
      if (kind !== undefined) checkKind("rotate", kind);
      let version: StoredVersion | undefined;
      await shelf.change(id, signal, async (record) => {
        version ??= await newVersion(id, kind ?? currentVersion(record).kind, signal);
        return { id, versions: [...record.versions, version] };
      });
      keys.reread(id);
      notify(observer, { type: "mailboxRotated", mailboxId: id });
      return factsOfVersion(id, version!);
    },

    async rewrap(id, options) {
      checkMailboxId("rewrap", id);
      assertRewrapOptions("rewrap", options);
      return rewrap(id, options);
    },

    async rewrapAll(options) {
      assertRewrapOptions("rewrapAll", options);
      return rewrapSegment(shelf, (id) => rewrap(id, options), options);
    },

    async destroy(id, options) {
      checkMailboxId("destroy", id);
      const { confirmId, signal } = optionsOf("destroy", options);
      if (confirmId !== id) {
        throw invalidArgument(
          "destroy: what is sealed in a mailbox is unreadable for good once its keys are destroyed. Say which one a second time: destroy(id, { confirmId: id }).",
        );
      }
      await shelf.remove(id, signal);
      keys.clear(id);
      notify(observer, { type: "mailboxDestroyed", mailboxId: id });
    },

    stats: () => keys.stats,
    clear: (id) => keys.clear(id),
    dispose: () => keys.dispose(),
  };
}

const KINDS: readonly MailboxKind[] = ["symmetric", "asymmetric"];

function checkKind(caller: string, kind: MailboxKind): void {
  if (!KINDS.includes(kind)) {
    throw invalidArgument(`${caller}: kind must be ${KINDS.map((known) => `"${known}"`).join(" or ")}.`);
  }
}

function factsOf(record: MailboxRecord): MailboxFacts {
  const versions = record.versions.map((version) => factsOfVersion(record.id, version));
  return { mailboxId: record.id, current: versions[versions.length - 1]!, versions };
}

function factsOfVersion(mailboxId: string, stored: StoredVersion): MailboxVersion {
  const { version, kind, createdAt } = stored;
  const fingerprint = stored.kind === "symmetric" ? null : publicKeyFingerprint(stored.publicKey);
  return { mailboxId, version, kind, createdAt, publicKeyFingerprint: fingerprint };
}
