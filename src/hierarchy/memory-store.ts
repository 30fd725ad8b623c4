import { isInSegment, mailboxHash } from "./mailbox-hash.ts";
import { checkMailboxId } from "./mailbox-id.ts";
import type { MailboxStore } from "./mailbox-store.ts";
import { checkRecords, checkSegment } from "./store-arguments.ts";

/**
 * Keeps the wrapped keys of mailboxes in the memory of this process, for as long as the store lives. For tests, and
 * for what is sealed and opened by one process alone: what was sealed under a mailbox key that is gone stays sealed.
 *
 * @example
 * ```ts
 * import { rawAesKeyring } from "keyfold";
 * import { createMailboxKeys, memoryMailboxStore } from "keyfold/hierarchy";
 *
 * const key = crypto.getRandomValues(new Uint8Array(32));
 * const organization = rawAesKeyring({ namespace: "test", name: "organization", key });
 * const mailboxes = createMailboxKeys({ organization, store: memoryMailboxStore() });
 * await mailboxes.create("alice");
 * ```
 */
export function memoryMailboxStore(): MailboxStore {
  const mailboxes = new Map<string, { readonly id: string; readonly record: string }>();
  return {
    name: "memory",

    async get(id, { signal }) {
      checkMailboxId("MailboxStore", id);
      signal?.throwIfAborted();
      return mailboxes.get(mailboxHash(id))?.record ?? null;
    },

    async replace(id, before, after, { signal }) {
      checkMailboxId("MailboxStore", id);
      checkRecords(before, after);
      signal?.throwIfAborted();
      const hash = mailboxHash(id);
      if ((mailboxes.get(hash)?.record ?? null) !== before) return false;
      if (after === null) mailboxes.delete(hash);
      else mailboxes.set(hash, { id, record: after });
      return true;
    },

    async *list(part, { signal }) {
      checkSegment(part);
      // Of now: what is deleted and created again while this goes on would be met twice.
      for (const [hash, { id }] of [...mailboxes]) {
        signal?.throwIfAborted();
        if (isInSegment(hash, part)) yield id;
      }
    },
  };
}
