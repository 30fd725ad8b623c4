/** What a call to a mailbox store may be given. */
export interface MailboxStoreOptions {
  /** Aborts the call, with the signal's own reason. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** One of `totalSegments` parts of a store, from 0: each mailbox is in exactly one, so that workers can share them. */
export interface MailboxSegment {
  /** Which part, from 0. */
  readonly segment: number;
  /** How many parts there are. */
  readonly totalSegments: number;
}

/**
 * Where the wrapped keys of mailboxes are kept. Bring your own (a table, a bucket with conditional writes) by writing
 * an object with these methods. A record is text, opaque to the store; nothing in it is secret, but whoever can change
 * it can make a mailbox unreadable, and whoever can swap the public key of an asymmetric one can read what is sealed
 * for it from then on, unless its fingerprint is pinned.
 *
 * Ids are well-formed text of 1 to 1,024 bytes, with any characters in it. What a method throws comes out as the cause
 * of a `StoreError`.
 */
export interface MailboxStore {
  /** For errors and events. */
  readonly name: string;
  /** The record, as it was last written by whomever; or null. */
  get(id: string, options: MailboxStoreOptions): Promise<string | null>;
  /**
   * Writes `after` in the place of `before`, in one step; null: no record. Answers false, and writes nothing, if the
   * record is not `before` (any more): so no writer ever loses what another one wrote.
   */
  replace(
    id: string,
    before: string | null,
    after: string | null,
    options: MailboxStoreOptions,
  ): Promise<boolean>;
  /** The ids of one part. Mailboxes that come or go meanwhile may be in it or not. */
  list(part: MailboxSegment, options: MailboxStoreOptions): AsyncIterable<string>;
}
