import fc from "fast-check";
import { describe, it } from "vitest";
import { hierarchicalKeyring } from "../../src/hierarchy/index.ts";
import { counting } from "../support/bytes.ts";
import { unwrapUnderBranchKey, wrapUnderBranchKey } from "../support/independent-branch-key.ts";
import { check, someBytes, someContext, someText } from "../support/property.ts";
import { memoryKeyStore, messageRequest, unwrapping } from "./branch-keys.ts";

const someId = someText(40).filter((id) => id !== "");
const someSuite = fc.constantFrom(0x0014, 0x0046, 0x0478);

describe("data keys under any branch key", () => {
  it("are read and written as an independent implementation does it", () =>
    check(fc.tuple(someId, someContext(), someSuite), async ([id, context, suite]) => {
      const keyStore = memoryKeyStore();
      const key = keyStore.rotate(id);
      const keyring = hierarchicalKeyring({ keyStore, branchKeyId: id });
      const request = messageRequest(context, suite);
      const dataKey = counting(request.keyLength, 3);
      const [edk] = await keyring.wrap!(dataKey, request);
      const same = (other: Uint8Array | undefined) => Buffer.from(dataKey).equals(other ?? new Uint8Array(0));
      if (!same(unwrapUnderBranchKey(key.key, edk!, context).dataKey))
        throw new Error("not what was written");
      const theirs = wrapUnderBranchKey(key, dataKey, context);
      if (!same((await unwrapping(keyring, [theirs], request)).dataKey)) throw new Error("not read");
    }));

  it("of any bytes are passed over, with a reason for each", () => {
    const keyStore = memoryKeyStore("k");
    const keyring = hierarchicalKeyring({ keyStore, branchKeyId: "k" });
    const someProvider = fc.constantFrom("aws-kms-hierarchy", "aws-kms", "");
    const someInfo = fc.oneof(fc.constant(Uint8Array.of(0x6b)), someBytes(4));
    const someLength = fc.oneof(someBytes(200), someBytes(92, 92));
    const someEdk = fc.record({ providerId: someProvider, providerInfo: someInfo, ciphertext: someLength });
    return check(fc.array(someEdk, { maxLength: 5 }), async (edks) => {
      const { dataKey, notes } = await unwrapping(keyring, edks, messageRequest());
      if (dataKey !== undefined || notes.length !== edks.length) throw new Error(notes.join());
    });
  });
});
