import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEncryptionClient, openPayload, sealPayload } from "../../src/index.ts";
import { utf8 } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { aes } from "../support/keyrings.ts";
import { check, someBytes, someText } from "../support/property.ts";

const client = createEncryptionClient({ keyring: aes() });
const here = { encryptionContext: { topic: "orders" } };

describe("a payload", () => {
  it("of text becomes base64 text, and text again", () =>
    check(someText(200), async (text) => {
      const sealed: string = await sealPayload(client, text, here);
      expect(sealed).toMatch(/^[A-Za-z0-9+/]+=*$/);
      const opened: string = await openPayload(client, sealed, here);
      expect(opened).toBe(text);
    }));

  it("of bytes becomes bytes, and bytes again", () =>
    check(someBytes(200), async (bytes) => {
      const sealed: Uint8Array = await sealPayload(client, bytes, here);
      expect(sealed).toBeInstanceOf(Uint8Array);
      expect(await openPayload(client, sealed, here)).toEqual(bytes);
      expect(await openPayload(client, Buffer.from(sealed), here)).toEqual(bytes);
    }));

  it("opens nowhere else", async () => {
    const sealed = await sealPayload(client, "42 pears", here);
    const there = { encryptionContext: { topic: "returns" } };
    await failure(openPayload(client, sealed, there), "ERR_ENCRYPTION_CONTEXT");
    await failure(
      openPayload(client, sealed, { encryptionContext: { topic: "orders", tenant: "t1" } }),
      "ERR_ENCRYPTION_CONTEXT",
    );
  });

  it("opens under fewer pairs than it was sealed with", async () => {
    const sealed = await sealPayload(client, "42 pears", {
      encryptionContext: { topic: "orders", tenant: "t1" },
    });
    expect(await openPayload(client, sealed, here)).toBe("42 pears");
  });

  it("is bound to something", async () => {
    for (const options of [undefined, {}, { encryptionContext: {} }] as never[]) {
      await failure(sealPayload(client, "42 pears", options), "ERR_INVALID_ARGUMENT");
      await failure(openPayload(client, "AAAA", options), "ERR_INVALID_ARGUMENT");
    }
  });

  it("is text or bytes", () =>
    check(fc.constantFrom(undefined, null, 42, {}, ["a"]), async (payload) => {
      await failure(sealPayload(client, payload as never, here), "ERR_INVALID_ARGUMENT");
      await failure(openPayload(client, payload as never, here), "ERR_INVALID_ARGUMENT");
    }));

  it("is not opened if it was not sealed, or altered", async () => {
    await failure(openPayload(client, "42 pears", here), "ERR_MESSAGE_FORMAT");
    await failure(openPayload(client, utf8("42 pears"), here));
    const sealed = await sealPayload(client, utf8("42 pears"), here);
    sealed[sealed.length - 1]! ^= 1;
    await failure(openPayload(client, sealed, here), "ERR_AUTHENTICATION");
  });

  it("stops when its caller does", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    expect(await outcome(sealPayload(client, "a", { ...here, signal }))).toMatchObject({ message: "enough" });
  });
});
