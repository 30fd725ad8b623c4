import type { UnlockedObject } from "../client/unlock-object.ts";
import { openContent } from "../object/content.ts";
import type { ContentOpener } from "../object/pieces.ts";
import type { Plaintext } from "./reply-body.ts";
import { discard, readAll, sourceOf } from "./source.ts";

/** Reads a stored body of at most `limit` bytes and opens it. Null: it has more. */
export async function openWhole(
  { content }: UnlockedObject,
  body: unknown,
  length: number | undefined,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  const stored = await fetched(body, length, limit, signal);
  return stored === null ? null : openContent(content, stored);
}

/** The bytes of a reply's body. An abort cuts it. */
export async function fetched(
  body: unknown,
  length: number | undefined,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  const cut = () => discard(body, signal!.reason);
  signal?.addEventListener("abort", cut, { once: true });
  try {
    return await readAll(sourceOf(body, length), limit);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", cut);
  }
}

/** Plaintext that is there. */
export function verified(bytes: Uint8Array): Plaintext {
  return {
    bytes,
    async *chunks() {
      if (bytes.length > 0) yield bytes;
    },
    close: () => {},
  };
}

/** Plaintext as it is opened, which nothing has verified. `named` puts the object's name to errors. */
export function unverified(
  unlocked: UnlockedObject,
  opener: ContentOpener,
  body: unknown,
  signal: AbortSignal | undefined,
  named: (error: unknown) => unknown,
  done: (plaintextBytes: number) => void,
): Plaintext {
  const cut = () => discard(body, signal!.reason);
  signal?.addEventListener("abort", cut, { once: true });
  const close = (reason?: unknown) => {
    signal?.removeEventListener("abort", cut);
    unlocked.close();
    discard(body, reason);
  };
  return {
    bytes: undefined,
    async *chunks() {
      let length = 0;
      try {
        for await (const chunk of sourceOf(body, undefined).chunks()) {
          const opened = await opener.update(chunk);
          length += opened.length;
          if (opened.length > 0) yield opened;
        }
        const rest = await opener.final();
        length += rest.length;
        if (rest.length > 0) yield rest;
        done(length);
      } catch (error) {
        signal?.throwIfAborted();
        throw named(error);
      } finally {
        close();
      }
    },
    close,
  };
}
