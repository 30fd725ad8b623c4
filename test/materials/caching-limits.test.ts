import { describe, expect, it } from "vitest";
import {
  type CachingOptions,
  cachingMaterialsManager,
  createEncryptionClient,
  type EncryptStreamOptions,
} from "../../src/index.ts";
import { random } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { aes, watched } from "../support/keyrings.ts";
import { collect, feed } from "../support/streams.ts";

/** A client with limits; each act answers how many data keys have been made so far. */
function setUp(options: Partial<CachingOptions>) {
  const keyring = watched(aes());
  const materialsManager = cachingMaterialsManager({ keyring, ...options } as CachingOptions);
  const client = createEncryptionClient({ materialsManager, frameLength: 100 });
  const fresh = createEncryptionClient({ keyring: aes() });
  const keys = () => keyring.calls.length;
  const seal = async (length: number) => {
    await client.encrypt(random(length));
    return keys();
  };
  const stream = async (lengths: number[], more?: EncryptStreamOptions) => {
    const chunks = lengths.map((length) => random(length));
    const ciphertext = await collect(feed(chunks, client.encryptStream(more)));
    expect((await fresh.decrypt(ciphertext)).plaintext.length).toBe(lengths.reduce((a, b) => a + b, 0));
    return keys();
  };
  const inTurn = async (...lengths: number[]) => {
    const counts: number[] = [];
    for (const length of lengths) counts.push(await seal(length));
    return counts;
  };
  return { client, materialsManager, keys, seal, stream, inTurn };
}

describe("maxMessages", () => {
  it.each([
    [1, [1, 2, 3, 4, 5, 6]],
    [2, [1, 1, 2, 2, 3, 3]],
    [5, [1, 1, 1, 1, 1, 2]],
  ])("of %i lets a key seal that many", async (maxMessages, counts) => {
    expect(await setUp({ maxMessages }).inTurn(0, 1, 2, 3, 4, 5)).toEqual(counts);
  });

  it("counts streams and messages alike, and also what fails", async () => {
    const { seal, stream, client } = setUp({ maxMessages: 3 });
    expect(await stream([10])).toBe(1);
    await failure(collect(feed([random(5)], client.encryptStream({ maxPlaintextLength: 4 }))), "ERR_LIMIT");
    expect(await seal(1)).toBe(1);
    expect(await seal(1)).toBe(2);
  });

  it("does not count what is opened", async () => {
    const { client, keys } = setUp({ maxMessages: 2 });
    const { ciphertext } = await client.encrypt(random(1));
    for (let i = 0; i < 5; i++) await client.decrypt(ciphertext);
    expect(keys()).toBe(2);
  });
});

describe("maxBytes", () => {
  it("lets a key seal exactly that many", async () => {
    expect(await setUp({ maxBytes: 10 }).inTurn(4, 6, 0, 1)).toEqual([1, 1, 1, 2]);
    expect(await setUp({ maxBytes: 10 }).inTurn(10, 0, 1)).toEqual([1, 1, 2]);
    expect(await setUp({ maxBytes: 10 }).inTurn(4, 7, 3, 1)).toEqual([1, 2, 2, 3]);
  });

  it("gives a message that is over it alone a key of its own, and leaves the cached one", async () => {
    const { inTurn, materialsManager } = setUp({ maxBytes: 10 });
    expect(await inTurn(4, 11, 6, 11, 0)).toEqual([1, 2, 2, 3, 3]);
    expect(materialsManager.stats().encrypt).toMatchObject({ entries: 1, misses: 1, hits: 2, evictions: 0 });
  });

  it("counts streams of unknown length as they go: once past it, the key serves no other message", async () => {
    const { stream, seal } = setUp({ maxBytes: 300 });
    expect(await stream([100, 50, 0, 50])).toBe(1);
    expect(await seal(100)).toBe(1);
    expect(await seal(1)).toBe(2);
    expect(await stream([200, 200, 200])).toBe(2);
    expect(await seal(1)).toBe(3);
  });

  it("books a declared length at the start, whatever comes of it", async () => {
    const { stream, seal } = setUp({ maxBytes: 300 });
    expect(await stream([10], { maxPlaintextLength: 300 })).toBe(1);
    expect(await seal(1)).toBe(2);
    expect(await stream([10], { maxPlaintextLength: 299 })).toBe(2);
    expect(await stream([], { maxPlaintextLength: 0 })).toBe(2);
    expect(await stream([1], { maxPlaintextLength: 1 })).toBe(3);
    expect(await stream([1], { maxPlaintextLength: 301 })).toBe(4);
    expect(await seal(299)).toBe(4);
  });
});

describe("maxPlaintextLength", () => {
  it.each([0, 1, 100, 250])("of %i lets so many bytes through, and no more", async (maxPlaintextLength) => {
    const { client, stream } = setUp({});
    await stream([maxPlaintextLength], { maxPlaintextLength });
    await stream(
      [...Array(maxPlaintextLength)].map(() => 1),
      { maxPlaintextLength },
    );
    for (const chunks of [[random(maxPlaintextLength + 1)], [random(maxPlaintextLength), random(1)]]) {
      const error = await failure(
        collect(feed(chunks, client.encryptStream({ maxPlaintextLength }))),
        "ERR_LIMIT",
      );
      expect(error).toMatchObject({
        limit: "maxPlaintextLength",
        maximum: maxPlaintextLength,
        actual: maxPlaintextLength + 1,
      });
    }
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "10", null])("cannot be %s", async (wrong) => {
    const { client } = setUp({});
    const make = () => client.encryptStream({ maxPlaintextLength: wrong as never });
    const error = await failure(make, "ERR_INVALID_ARGUMENT");
    expect(error.message).toMatch(/^encryptStream: maxPlaintextLength must be a whole number from 0 to /);
  });

  it("is enforced without a cache too", async () => {
    const client = createEncryptionClient({ keyring: aes() });
    const stream = client.encryptStream({ maxPlaintextLength: 3 });
    await failure(collect(feed([random(4)], stream)), "ERR_LIMIT");
  });
});
