import { invalidArgument, optionsOf } from "../arguments.ts";
import type { Keyring } from "../keyrings/keyring.ts";
import { checkedContext } from "../message/context.ts";
import type { EncryptionContext } from "../types.ts";
import {
  type HierarchyCacheConfig,
  type HierarchyCacheOptions,
  hierarchyCacheConfig,
} from "./key-cache-options.ts";
import { type Binding, ID_PAIR, VERSION_PAIR } from "./mailbox-secret.ts";
import type { MailboxStore } from "./mailbox-store.ts";

/** Options of {@link createMailboxKeys}. */
export interface MailboxOptions extends HierarchyCacheOptions {
  /** Wraps mailbox keys (for KMS by kms:Encrypt) and unwraps them (kms:Decrypt). */
  readonly organization: Keyring;
  /**
   * Also unwrap: the organisation to which `rewrap` is moving the mailboxes, or the one from which. Give it to every
   * process before the move begins, so that none meets a mailbox that it cannot open. Default: none.
   */
  readonly otherOrganizations?: readonly Keyring[];
  /** The organisation's pairs, bound to every mailbox key and shown in KMS's audit log. Not secret. Default: none. */
  readonly encryptionContext?: EncryptionContext;
  /** Where wrapped mailbox keys are kept. */
  readonly store: MailboxStore;
  /**
   * Adds mailbox id and version to the pairs, so that one mailbox's wrapped key does not open in another one's record.
   * False: the caller's pairs alone, as WorkMail has it. Default: true.
   */
  readonly bindMailbox?: boolean;
}

/** The same, checked and complete. */
export interface MailboxConfig {
  readonly organization: Keyring;
  readonly otherOrganizations: readonly Keyring[];
  readonly binding: Binding;
  readonly store: MailboxStore;
  readonly cache: HierarchyCacheConfig;
}

const CALLER = "createMailboxKeys";

/** Checks the options and fills in the defaults. */
export function mailboxConfig(options: MailboxOptions): MailboxConfig {
  const { organization, otherOrganizations = [], store, bindMailbox = true } = optionsOf(CALLER, options);
  assertOpens(`${CALLER}: organization`, organization);
  if (!Array.isArray(otherOrganizations)) {
    throw invalidArgument(`${CALLER}: otherOrganizations must be an array of keyrings.`);
  }
  for (const other of otherOrganizations) assertOpens(`${CALLER}: each of otherOrganizations`, other);
  if (!isStore(store)) {
    throw invalidArgument(`${CALLER}: store must be a MailboxStore, with name, get, replace and list.`);
  }
  if (typeof bindMailbox !== "boolean")
    throw invalidArgument(`${CALLER}: bindMailbox must be true or false.`);
  return {
    organization,
    otherOrganizations: [...otherOrganizations],
    binding: { encryptionContext: contextOf(options), bindMailbox },
    store,
    cache: hierarchyCacheConfig(CALLER, options),
  };
}

/** Checks that this is a keyring that unwraps: what no one could open again is not wrapped either. */
export function assertOpens(what: string, keyring: Keyring): void {
  if (typeof keyring?.name === "string" && typeof keyring.unwrap === "function") return;
  throw invalidArgument(`${what} must be a keyring that unwraps.`);
}

function contextOf({ encryptionContext }: MailboxOptions): EncryptionContext {
  const context = checkedContext(encryptionContext);
  for (const key of [ID_PAIR, VERSION_PAIR]) {
    if (!Object.hasOwn(context, key)) continue;
    throw invalidArgument(`${CALLER}: encryptionContext must not hold "${key}", which keyfold adds.`);
  }
  return context;
}

function isStore(store: MailboxStore): boolean {
  const methods = ["get", "replace", "list"] as const;
  return typeof store?.name === "string" && methods.every((name) => typeof store[name] === "function");
}
