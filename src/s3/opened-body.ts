import type { UnlockedObject } from "../client/unlock-object.ts";
import { openContent } from "../object/content.ts";
import type { ContentOpener } from "../object/pieces.ts";
import type { Plaintext } from "./reply-body.ts";
import { readAll, sourceOf } from "./source.ts";

/** Reads a stored body of at most `limit` bytes and opens it. Null: it has more. */
export async function openWhole(
  { content }: UnlockedObject,
  body: unknown,
  length: number | undefined,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  const stored = await readAll(sourceOf(body, length), limit, signal);
  return stored === null ? null : openContent(content, stored);
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
  const source = sourceOf(body, undefined);
  const cut = () => close(signal!.reason);
  const close = (reason?: unknown) => {
    signal?.removeEventListener("abort", cut);
    unlocked.close();
    source.close(reason);
  };
  signal?.addEventListener("abort", cut, { once: true });
  if (signal?.aborted) cut();
  return {
    bytes: undefined,
    async *chunks() {
      let length = 0;
      try {
        for await (const chunk of source.chunks()) {
          const opened = await opener.update(chunk);
          // The key may have been wiped meanwhile.
          signal?.throwIfAborted();
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
