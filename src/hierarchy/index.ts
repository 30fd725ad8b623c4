/**
 * Keys between KMS and data keys: a key for each mailbox, as Amazon WorkMail has them, and AWS's branch keys. Needs no AWS
 * package.
 *
 * @module hierarchy
 */

export type { BranchKeyStore, BranchKeyStoreOptions, StoredBranchKey } from "./branch-key-store.ts";
export { type HierarchicalKeyring, hierarchicalKeyring } from "./hierarchical-keyring.ts";
export type { BranchKeyChoice, HierarchicalKeyringOptions } from "./hierarchical-keyring-options.ts";
export type { HierarchyCacheOptions } from "./key-cache-options.ts";
export type { MailboxChoice, MailboxKeyringOptions } from "./mailbox-keyring.ts";
export type { MailboxOptions } from "./mailbox-options.ts";
export type { MailboxKind } from "./mailbox-record.ts";
export type { MailboxSegment, MailboxStore, MailboxStoreOptions } from "./mailbox-store.ts";
export {
  createMailboxKeys,
  type DestroyMailboxOptions,
  type MailboxCallOptions,
  type MailboxFacts,
  type MailboxKeys,
  type MailboxVersion,
  type NewMailboxKeyOptions,
} from "./mailboxes.ts";
export { memoryMailboxStore } from "./memory-store.ts";
export type { RewrapAllOptions, RewrapOptions, RewrapProgress, RewrapSummary } from "./rewrap.ts";
export type { HierarchyCacheStats } from "./versioned-keys.ts";
