import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decryptId, encryptId } from "../../src/materials/cache-id.ts";
import { suiteById } from "../../src/suites/table.ts";
import { check, someText } from "../support/property.ts";

const commitmentPolicy = "require-encrypt-require-decrypt";
const suite = suiteById(0x0478, "message");
const toSeal = (encryptionContext: Record<string, string>) =>
  ({ suite, commitmentPolicy, encryptionContext }) as const;
const someContext = fc.dictionary(someText(5), someText(5), { maxKeys: 3 });
const sorted = (context: Record<string, string>) => JSON.stringify(Object.entries(context).sort());

describe("the id of a cached key", () => {
  it("is the same for equal contexts, in whatever order, and for no others", () =>
    check(
      fc.tuple(someContext, someContext),
      ([a, b]) => {
        const equal = sorted(a) === sorted(b);
        expect(encryptId("", toSeal(a)) === encryptId("", toSeal(b))).toBe(equal);
        const turned = Object.fromEntries(Object.entries(a).reverse());
        expect(encryptId("", toSeal(turned))).toBe(encryptId("", toSeal(a)));
      },
      500,
    ));

  it("tells partition and context apart, wherever one ends and the other begins", () =>
    check(
      fc.tuple(someText(3), someContext, someText(3), someContext),
      ([p, a, q, b]) => {
        const equal = p === q && sorted(a) === sorted(b);
        expect(encryptId(p, toSeal(a)) === encryptId(q, toSeal(b))).toBe(equal);
      },
      500,
    ));

  it("is bounded: what is long is hashed, and still told apart", () => {
    const long = (last: string) => encryptId("", toSeal({ key: "x".repeat(50_000) + last }));
    expect(long("a").length).toBeLessThan(100);
    expect(long("a")).not.toBe(long("b"));
  });

  it("holds the labels of objects' data keys, each in its place", () => {
    const edk = { providerId: "S3Keyring", providerInfo: new Uint8Array(3), ciphertext: new Uint8Array(60) };
    const idOf = (...labels: (Record<string, string> | undefined)[]) => {
      const encryptedDataKeys = labels.map((label) => (label === undefined ? edk : { ...edk, label }));
      const request = { ...toSeal({}), suite: suiteById(0x0073, "object"), encryptedDataKeys };
      return decryptId("", { ...request, expectedContext: {} }, {});
    };
    const ids = [
      idOf(undefined, {}),
      idOf({}, undefined),
      idOf({ a: "b" }, {}),
      idOf({}, { a: "b" }),
      idOf({}, {}),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
});
