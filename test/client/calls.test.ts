import { describe, expect, it } from "vitest";
import { createEncryptionClient, type KeyfoldEvent, rawAesKeyring } from "../../src/index.ts";
import { counting, toHex, utf8 } from "../support/bytes.ts";
import { failure, outcome } from "../support/failure.ts";
import { aes, clear, KEY, MESSAGE_SUITES, watched } from "../support/keyrings.ts";
import { collect, feed } from "../support/streams.ts";

const PLAINTEXT = utf8("the plaintext");
const PAIRS = { tenant: "t1", region: "eu" };
const { ciphertext } = await createEncryptionClient({ keyring: aes() }).encrypt(PLAINTEXT, {
  encryptionContext: PAIRS,
});

describe("the expected context", () => {
  it.each<[string, Record<string, string>]>([
    ["none", {}],
    ["one pair", { tenant: "t1" }],
    ["all", PAIRS],
  ])("%s opens, and all pairs come back", async (_, encryptionContext) => {
    const client = createEncryptionClient({ keyring: aes() });
    const opened = await client.decrypt(ciphertext, { encryptionContext });
    expect(opened.encryptionContext).toEqual(PAIRS);
  });

  it.each<[string, Record<string, string>]>([
    ["tenant", { tenant: "t2" }],
    ["tenant", { tenant: "" }],
    ["Tenant", { Tenant: "t1" }],
    ["more", { ...PAIRS, more: "" }],
    ["__proto__", JSON.parse('{"__proto__":"x"}')],
    ["toString", { toString: "x" } as unknown as Record<string, string>],
  ])("another %s is refused before the keyring is asked", async (key, encryptionContext) => {
    const keyring = watched(aes());
    const client = createEncryptionClient({ keyring });
    const stream = collect(feed([ciphertext], client.decryptStream({ encryptionContext })));
    for (const act of [client.decrypt(ciphertext, { encryptionContext }), stream]) {
      const error = await failure(act, "ERR_ENCRYPTION_CONTEXT");
      expect(error).toMatchObject({ key });
      expect(error.message).not.toContain("t1");
      expect(error.message).not.toContain("t2");
    }
    expect(keyring.calls).toEqual([]);
  });
});

describe("the observer", () => {
  it.each(MESSAGE_SUITES)(
    "hears numbers of $name, from bytes and streams",
    async ({ suite, commitmentPolicy }) => {
      const events: KeyfoldEvent[] = [];
      const observer = (event: KeyfoldEvent) => {
        events.push(event);
        throw new Error("harmless");
      };
      const client = createEncryptionClient({ keyring: aes(), suite, commitmentPolicy, observer });
      const options = { encryptionContext: { secret: "pair" } };
      const sealed = (await client.encrypt(PLAINTEXT, options)).ciphertext;
      await client.decrypt(sealed, options);
      const streamed = await collect(feed([PLAINTEXT], client.encryptStream(options)));
      await collect(feed([streamed], client.decryptStream(options)));
      const event = (type: string, bytes: Uint8Array) => ({
        type,
        format: "message",
        suiteId: suite,
        plaintextBytes: PLAINTEXT.length,
        ciphertextBytes: bytes.length,
      });
      expect(events).toEqual([
        event("encrypted", sealed),
        event("decrypted", sealed),
        event("encrypted", streamed),
        event("decrypted", streamed),
      ]);
    },
  );

  it("hears nothing of what failed", async () => {
    const events: KeyfoldEvent[] = [];
    const client = createEncryptionClient({ keyring: aes(), observer: (event) => events.push(event) });
    await failure(client.decrypt(ciphertext.subarray(0, -1)));
    await failure(collect(feed([ciphertext.subarray(0, -1)], client.decryptStream())));
    await failure(client.encrypt(PLAINTEXT, { encryptionContext: { "aws-crypto-x": "" } }));
    expect(events).toEqual([]);
  });
});

describe("a signal", () => {
  const reason = new Error("the reason");
  const own = (listens: boolean, controller: AbortController) => {
    const base = clear("slow");
    const slow = async <T>(signal: AbortSignal | undefined, answer: () => T | Promise<T>): Promise<T> => {
      await new Promise<void>((resolve, reject) => {
        setTimeout(resolve, 20);
        if (listens) signal!.addEventListener("abort", () => reject(signal!.reason));
        setTimeout(() => controller.abort(reason), 1);
      });
      return answer();
    };
    const keyring = clear("slow", {
      wrap: (dataKey, request) => slow(request.signal, () => base.wrap!(dataKey, request)),
      unwrap: (edks, request) => slow(request.signal, () => base.unwrap!(edks, request)),
    });
    return createEncryptionClient({ keyring });
  };

  it.each([true, false])("aborted during a call of a keyring that listens (%s)", async (listens) => {
    const sealed = (await createEncryptionClient({ keyring: clear("slow") }).encrypt(PLAINTEXT)).ciphertext;
    for (const act of ["encrypt", "decrypt"] as const) {
      const controller = new AbortController();
      const call = own(listens, controller)[act](sealed, { signal: controller.signal });
      expect(await outcome(call)).toBe(reason);
    }
  });

  it("aborted beforehand is answered with its reason, whatever it is, and no keyring is asked", async () => {
    const keyring = watched(aes());
    const client = createEncryptionClient({ keyring });
    for (const why of [reason, "text", null, 0]) {
      const signal = AbortSignal.abort(why);
      for (const act of [
        client.encrypt(PLAINTEXT, { signal }),
        client.decrypt(ciphertext, { signal }),
        client.encryptText("x", { signal }),
        client.reencrypt(ciphertext, { signal }),
      ]) {
        expect(await outcome(act)).toBe(why);
      }
    }
    expect(keyring.calls).toEqual([]);
    const timeout = await outcome(client.encrypt(PLAINTEXT, { signal: AbortSignal.abort() }));
    expect(timeout).toMatchObject({ name: "AbortError" });
  });
});

describe("Buffers", () => {
  it("go in, plain arrays of their own come out", async () => {
    const key = Buffer.from(KEY);
    const keyring = rawAesKeyring({ namespace: "test", name: "k", key });
    key.fill(0);
    const client = createEncryptionClient({ keyring });
    // From the middle of a pool: an offset that is not zero.
    const plaintext = Buffer.concat([Buffer.from("xx"), PLAINTEXT]).subarray(2);
    const sealed = await client.encrypt(plaintext);
    const bytes = Buffer.from(sealed.ciphertext);
    const opened = await client.decrypt(bytes);
    const { messageId } = opened.message;
    const before = [opened.plaintext, messageId, opened.opened.ciphertext].map(toHex);
    plaintext.fill(0xff);
    bytes.fill(0xff);
    expect([opened.plaintext, messageId, opened.opened.ciphertext].map(toHex)).toEqual(before);
    expect(opened.plaintext).toEqual(PLAINTEXT);
    for (const out of [sealed.ciphertext, opened.plaintext, messageId, opened.opened.providerInfo]) {
      expect(Object.getPrototypeOf(out)).toBe(Uint8Array.prototype);
    }
    expect((await createEncryptionClient({ keyring: aes() }).decrypt(sealed.ciphertext)).plaintext).toEqual(
      PLAINTEXT,
    );
  });

  it("and nothing else than bytes", async () => {
    const client = createEncryptionClient({ keyring: aes() });
    for (const value of [undefined, null, 5, [1], {}, new ArrayBuffer(4), new Uint16Array(4), new Blob()]) {
      for (const act of [client.encrypt, client.decrypt, client.needsReencryption, client.reencrypt]) {
        await failure(act(value as never), "ERR_INVALID_ARGUMENT");
      }
    }
    expect((await client.encrypt(counting(0))).ciphertext.length).toBeGreaterThan(0);
  });
});
