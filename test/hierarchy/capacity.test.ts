import { describe, expect, it } from "vitest";
import { isAllZero } from "../../src/bytes/arrays.ts";
import { createEncryptionClient, type Keyring } from "../../src/index.ts";
import { MAIL, MINUTE, organization } from "./helpers.ts";

describe("10,000 mailboxes with room for 1,000", () => {
  it("hold no more than 1,000 keys, and none after the period", async () => {
    const { organization: own, process, clocks } = organization();
    const given: Uint8Array[] = [];
    const watched: Keyring = {
      ...own,
      async unwrap(edks, request) {
        const unwrapped = await own.unwrap!(edks, request);
        if (unwrapped !== null) given.push(unwrapped.dataKey);
        return unwrapped;
      },
    };
    const inMemory = () => given.filter((key) => !isAllZero(key)).length;
    const { create, keyring, stats } = process({ organization: watched });
    for (let i = 0; i < 10_000; i++) {
      await create(`m${i}`);
      await createEncryptionClient({ keyring: keyring(`m${i}`) }).encrypt(MAIL);
      if (i % 500 === 0) expect(inMemory()).toBe(Math.min(i + 1, 1000));
    }
    expect(inMemory()).toBe(1000);
    expect(stats()).toMatchObject({ entries: 1000, evictions: 9000 });
    clocks.advance(MINUTE);
    expect(stats()).toMatchObject({ entries: 0, oldestAgeSeconds: null });
    expect([given.length, inMemory()]).toEqual([10_000, 0]);
  });
});
