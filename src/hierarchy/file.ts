/**
 * A store of mailbox keys in files, for the processes of one machine. Node, Bun and Deno.
 *
 * @module hierarchy/file
 */

import { resolve } from "node:path";
import { invalidArgument } from "../arguments.ts";
import { namesIn } from "./file/disk.ts";
import { MailboxDirectory } from "./file/mailbox-directory.ts";
import { Turns } from "./file/turns.ts";
import { isInSegment, mailboxHash } from "./mailbox-hash.ts";
import { checkMailboxId } from "./mailbox-id.ts";
import type { MailboxStore } from "./mailbox-store.ts";
import { checkRecords, checkSegment } from "./store-arguments.ts";

const HASH = /^[0-9a-f]{64}$/;

/**
 * Keeps the wrapped keys of mailboxes as files of one directory, for any number of processes of one machine at once:
 * no server, no lock that a dead process could leave behind. A process that is killed at any moment leaves a mailbox
 * as it was before, or as it is afterwards. What it left is removed by the next call; what may be another writer's at
 * work, by the next write, or after a minute. When a call ends, what it wrote is on the disk, and no longer in a cache.
 *
 * A mailbox is a directory named by the SHA-256 of its id. When it is deleted, all files that ever held its wrapped
 * keys are removed, and one that says so stays. They are removed, not overwritten: snapshots and backups of the disk
 * may still have them.
 *
 * The directory is made when the first mailbox is (mode 0700; files: 0600). It must be of a local file system with hard
 * links, not of a network. Node, Bun and Deno only.
 *
 * @throws `TypeError` if the directory is no path. At use: `StoreError`, whose `cause` is the file system's error;
 * `ERR_HIERARCHY_RECORD` for a file that is damaged.
 *
 * @example
 * ```ts
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { createMailboxKeys } from "keyfold/hierarchy";
 * import { fileMailboxStore } from "keyfold/hierarchy/file";
 * import { kmsKeyring } from "keyfold/kms";
 *
 * const keyId = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
 * const organization = kmsKeyring({ client: new KMSClient({}), keyId });
 * const mailboxes = createMailboxKeys({ organization, store: fileMailboxStore("mailbox-keys") });
 * await mailboxes.create("alice");
 * ```
 */
export function fileMailboxStore(directory: string): MailboxStore {
  if (typeof directory !== "string" || directory === "" || directory.includes("\0")) {
    throw invalidArgument("fileMailboxStore: directory must be the path of a directory.");
  }
  // Of now: the working directory may change.
  const root = resolve(directory);
  const turns = new Turns();
  return {
    name: `files in ${directory}`,

    async get(id, { signal }) {
      checkMailboxId("MailboxStore", id);
      const mailbox = new MailboxDirectory(root, mailboxHash(id), id);
      return (await mailbox.read(signal))?.record ?? null;
    },

    async replace(id, before, after, { signal }) {
      checkMailboxId("MailboxStore", id);
      checkRecords(before, after);
      const hash = mailboxHash(id);
      const mailbox = new MailboxDirectory(root, hash, id);
      const content = after === null ? null : { id, record: after };
      return turns.take(hash, () => mailbox.replace(before, content, signal));
    },

    async *list(part, { signal }) {
      checkSegment(part);
      signal?.throwIfAborted();
      for (const hash of await namesIn(root)) {
        if (!HASH.test(hash) || !isInSegment(hash, part)) continue;
        const content = await new MailboxDirectory(root, hash).read(signal);
        if (content !== null) yield content.id;
      }
    },
  };
}
