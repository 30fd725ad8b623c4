// Their raw AES keyring sorts the context by locale unless it is told otherwise. Messages that were written so exist.
import { describe, expect, it } from "vitest";
import { keyringOf } from "../interop/keyrings.ts";
import { localKinds } from "../interop/kinds.ts";
import { cross, row } from "../peers/cells.ts";
import { contexts } from "../peers/contexts.ts";
import { sample } from "../peers/vectors/format.ts";
import { officialKeyring } from "./official.ts";
import { keyfoldReader, keyfoldWriter, MODES, officialReader, officialWriter } from "./sides.ts";
import { suites } from "./suites.ts";

const kinds = Object.entries(localKinds).filter(([name]) => /AES/.test(name));
// The public key of a signed message is a pair too: beside it a single capital is enough.
const orders = { ...contexts, "one capital": { Tenant: "t1" } };
const cells = cross(cross(suites, Object.entries(orders)), MODES);
const label = ([[suite, [context]], mode]: (typeof cells)[number]): string =>
  `${suite.name}, ${context}, ${mode}`;

/** Whether the two orders of these keys differ: then each order opens only what was written in it. */
const ordersDiffer = ({ signed }: { readonly signed: boolean }, context: object): boolean => {
  const keys = [...Object.keys(context), ...(signed ? ["aws-crypto-public-key"] : [])];
  const bytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return [...keys].sort((a, b) => a.localeCompare(b)).join() !== bytes.join();
};

const plaintext = sample(345);
const same = (a: Uint8Array): void => expect(plaintext.equals(a)).toBe(true);
const refused = "unencryptedDataKey has not been set";

it("covers every raw AES key, and contexts of both kinds", () => {
  expect(kinds.map(([name]) => name)).toEqual([
    "raw AES-128",
    "raw AES-192",
    "raw AES-256",
    "multi, opened by its AES child",
  ]);
  const differ = (signed: boolean) =>
    Object.values(orders).map((context) => ordersDiffer({ signed }, context));
  expect(differ(false)).toEqual([false, false, true, false]);
  expect(differ(true)).toEqual([false, false, true, true]);
  expect(cells).toHaveLength(11 * 4 * 2);
});

describe.each(kinds)("%s", (_, pair) => {
  it("keyfold reads official's locale order", (test) =>
    row(test, cells, label, async ([[options, [, context]], mode]) => {
      const writer = officialWriter(officialKeyring(pair.writer), options);
      const ciphertext = await writer.seal(plaintext, context, mode);
      const opened = await keyfoldReader(keyringOf(pair.reader), options).open(ciphertext, context, mode);
      same(opened.plaintext);
      expect(opened.encryptionContext).toEqual(context);

      // It was written in that order: their own keyring of the other order does not open it.
      const utf8 = officialReader(officialKeyring(pair.reader, { utf8Sorting: true }), options);
      const answer = utf8.open(ciphertext, context, mode);
      if (ordersDiffer(options, context)) await expect(answer).rejects.toThrow(refused);
      else same((await answer).plaintext);
    }));

  it("official reads keyfold's in locale order only where it is the order of bytes too", (test) =>
    row(test, cells, label, async ([[options, [, context]], mode]) => {
      const ciphertext = await keyfoldWriter(keyringOf(pair.writer), options).seal(plaintext, context, mode);
      const answer = officialReader(officialKeyring(pair.reader), options).open(ciphertext, context, mode);
      if (ordersDiffer(options, context)) await expect(answer).rejects.toThrow(refused);
      else same((await answer).plaintext);
    }));
});
