import { onTestFinished } from "vitest";
import { createMailboxKeys, type MailboxKeys, type MailboxStore } from "../../src/hierarchy/index.ts";
import type { MailboxOptions } from "../../src/hierarchy/mailbox-options.ts";
import {
  createEncryptionClient,
  type EncryptionContext,
  type KeyfoldEvent,
  type Keyring,
} from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { createLocalKms, type LocalKms } from "../../src/testing/index.ts";
import { ARN_A, ARN_B, STANDARD_KEYS } from "../kms/helpers.ts";
import { VirtualClocks } from "../support/virtual.ts";

export const ORGANIZATION = {
  "aws:workmail:arn": "arn:aws:workmail:us-east-1:111122223333:organization/m-1234",
};
export const MAIL: Uint8Array = new TextEncoder().encode("Subject: plaintext-marker\r\n\r\nHello.");
export const MINUTE = 60_000;

/** A store in memory that counts its calls, and does as it is told before each. */
export class TestStore implements MailboxStore {
  readonly name = "test store";
  readonly records = new Map<string, string>();
  readonly calls: string[] = [];
  /** Called before each call; what it throws, the store throws. */
  before: (operation: "get" | "replace" | "list", id: string | undefined) => unknown = () => undefined;

  async get(id: string): Promise<string | null> {
    this.calls.push(`get ${id}`);
    await this.before("get", id);
    return this.records.get(id) ?? null;
  }

  async replace(id: string, before: string | null, after: string | null): Promise<boolean> {
    this.calls.push(`replace ${id}`);
    await this.before("replace", id);
    if ((this.records.get(id) ?? null) !== before) return false;
    if (after === null) this.records.delete(id);
    else this.records.set(id, after);
    return true;
  }

  async *list({
    segment,
    totalSegments,
  }: {
    segment: number;
    totalSegments: number;
  }): AsyncGenerator<string, void> {
    await this.before("list", undefined);
    for (const [i, id] of [...this.records.keys()].entries()) if (i % totalSegments === segment) yield id;
  }
}

export interface Organization {
  readonly kms: LocalKms;
  readonly store: TestStore;
  readonly clocks: VirtualClocks;
  readonly events: KeyfoldEvent[];
  readonly mailboxes: MailboxKeys;
  /** The organisation's keyring, and that of another one. */
  readonly organization: Keyring;
  readonly other: Keyring;
  /** Another process: the same store and KMS, a cache of its own. */
  process(options?: Partial<MailboxOptions>): MailboxKeys;
  /** The operations of KMS since the last question. */
  asked(): string[];
}

/** An organisation with a KMS key, a store and clocks that stand still. */
export function organization(options: Partial<MailboxOptions> = {}): Organization {
  const kms = createLocalKms({ keys: STANDARD_KEYS });
  const store = new TestStore();
  const clocks = new VirtualClocks();
  const events: KeyfoldEvent[] = [];
  const own = kmsKeyring({ client: kms.client, keyId: ARN_A });
  const process = (more: Partial<MailboxOptions> = {}) => {
    const made = createMailboxKeys({
      organization: own,
      encryptionContext: ORGANIZATION,
      store,
      clocks,
      observer: (event) => void events.push(event),
      ...options,
      ...more,
    });
    onTestFinished(() => made.dispose());
    return made;
  };
  return {
    kms,
    store,
    clocks,
    events,
    mailboxes: process(),
    organization: own,
    other: kmsKeyring({ client: kms.client, keyId: ARN_B }),
    process,
    asked() {
      const names = kms.events.map(({ eventName }) => eventName);
      kms.clearEvents();
      return names;
    },
  };
}

/** A message in a mailbox. */
export async function seal(
  mailboxes: MailboxKeys,
  id: string,
  encryptionContext: EncryptionContext = {},
): Promise<Uint8Array> {
  const client = createEncryptionClient({ keyring: mailboxes.keyring(id) });
  return (await client.encrypt(MAIL, { encryptionContext })).ciphertext;
}

/** The text of a message of a mailbox. */
export async function open(mailboxes: MailboxKeys, id: string, ciphertext: Uint8Array): Promise<Uint8Array> {
  const client = createEncryptionClient({ keyring: mailboxes.keyring(id) });
  return (await client.decrypt(ciphertext)).plaintext;
}
