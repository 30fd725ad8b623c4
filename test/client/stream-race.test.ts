import { expect, it } from "vitest";
import { createEncryptionClient } from "../../src/index.ts";
import { aes } from "../support/keyrings.ts";

// A reader waits for a chunk; the chunk is offered, and the stream is aborted before the reader has it in hand. For
// each number of turns in between, the write must settle.
it.each(["encryptStream", "decryptStream"] as const)(
  "%s settles a write that an abort overtakes",
  async (name) => {
    // To the reader of messages a first byte of 2 is a beginning: it asks for more.
    const reason = new Error("never mind");
    for (let turns = 0; turns < 30; turns++) {
      const abort = new AbortController();
      const { readable, writable } = createEncryptionClient({ keyring: aes() })[name]({
        signal: abort.signal,
      });
      const reader = readable.getReader();
      if (name === "encryptStream") await reader.read(); // the header
      const pending = reader.read().catch((error: unknown) => error);
      const writer = writable.getWriter();
      await writer.ready;
      await new Promise((resolve) => setTimeout(resolve, 1));
      const write = writer.write(Uint8Array.of(2)).catch((error: unknown) => error);
      const closed = writer.closed.catch((error: unknown) => error);
      for (let turn = 0; turn < turns; turn++) await undefined;
      abort.abort(reason);
      const late = new Promise((resolve) => setTimeout(resolve, 1000, `hangs after ${turns} turns`));
      // A write whose chunk was taken and done with before the abort has succeeded.
      expect([undefined, reason]).toContain(await Promise.race([write, late]));
      expect(await Promise.race([closed, late])).toBe(reason);
      expect(await pending).toBe(reason);
    }
  },
);
