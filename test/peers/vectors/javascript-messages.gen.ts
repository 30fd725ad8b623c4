// Writes test/vectors/messages/javascript.json with the official AWS Encryption SDK for JavaScript.
import {
  buildClient,
  CommitmentPolicy,
  type KeyringNode,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
  RawRsaKeyringNode,
} from "@aws-crypto/client-node";
import { expect, it } from "vitest";
import type { PeerKeyring, RsaPadding } from "../clients.ts";
import { contexts } from "../contexts.ts";
import { messageSuites, policyFor } from "../suites.ts";
import { base64, type MessageVector, sample, writeVectors } from "./format.ts";
import { framedPlans, type MessagePlan, vectorKeyrings } from "./message-plan.ts";

const wrappingSuite = {
  16: RawAesWrappingSuiteIdentifier.AES128_GCM_IV12_TAG16_NO_PADDING,
  24: RawAesWrappingSuiteIdentifier.AES192_GCM_IV12_TAG16_NO_PADDING,
  32: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
} as const;

function officialKeyring(spec: PeerKeyring, utf8Sorting: boolean): KeyringNode {
  if (spec.type === "raw-aes") {
    // It zeroes the array that it is given, and wants one that is not a slice of a pool.
    const unencryptedMasterKey = Uint8Array.from(Buffer.from(spec.key, "base64"));
    return new RawAesKeyringNode({
      keyNamespace: spec.namespace,
      keyName: spec.name,
      unencryptedMasterKey,
      wrappingSuite: wrappingSuite[unencryptedMasterKey.length as 16 | 24 | 32],
      utf8Sorting,
    });
  }
  if (spec.type !== "raw-rsa") throw new Error(`not for these fixtures: ${spec.type}`);
  const { publicKey, privateKey } = spec;
  return new RawRsaKeyringNode({
    keyNamespace: spec.namespace,
    keyName: spec.name,
    rsaKey: { publicKey: publicKey!, privateKey: privateKey! },
    oaepHash: oaepHash(spec.padding),
  });
}

function oaepHash(padding: RsaPadding): "sha1" | "sha256" | "sha384" | "sha512" {
  if (padding === "pkcs1") throw new Error("PKCS#1 v1.5 is not written by these fixtures");
  return padding.slice("oaep-".length) as "sha1" | "sha256" | "sha384" | "sha512";
}

/** Frames that Python does not write. */
const smallFrames: readonly MessagePlan[] = [1, 15, 16, 100].map((frameLength) => ({
  name: `frames of ${frameLength}`,
  suite: 0x0578,
  keyring: "aes-256",
  frameLength,
  encryptionContext: {},
  size: 33,
}));

/** Keys that locale order and byte order arrange differently, with each kind of suite. */
function orderPlans(): MessagePlan[] {
  const chosen = ["AES-256-GCM", "AES-256-GCM HKDF-SHA256", "AES-256-GCM HKDF-SHA512 committing ECDSA-P384"];
  const cases = {
    "apple and Banana": { apple: "1", Banana: "2" },
    "mixed-case and non-ASCII keys": contexts["mixed-case and non-ASCII keys"]!,
  };
  return messageSuites
    .filter(({ name }) => chosen.includes(name))
    .flatMap(({ id, name }) =>
      Object.entries(cases).map(([keys, encryptionContext]) => ({
        name: `${keys}, ${name}`,
        suite: id,
        keyring: "aes-256",
        frameLength: 128,
        encryptionContext,
        size: 300,
      })),
    );
}

async function write(
  plan: MessagePlan,
  keyrings: Record<string, PeerKeyring>,
  order: "utf8" | "locale",
): Promise<MessageVector> {
  const { size, ...facts } = plan;
  const policy =
    policyFor(plan.suite) === "forbid-encrypt-allow-decrypt"
      ? CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
      : CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT;
  const { encrypt, decrypt } = buildClient(policy);
  const keyring = officialKeyring(keyrings[plan.keyring]!, order === "utf8");
  const plaintext = sample(size);
  const { result } = await encrypt(keyring, plaintext, {
    suiteId: plan.suite,
    frameLength: plan.frameLength,
    encryptionContext: { ...plan.encryptionContext },
  });
  expect((await decrypt(keyring, result)).plaintext.equals(plaintext)).toBe(true);
  return { ...facts, contextOrder: order, plaintext: base64(plaintext), ciphertext: base64(result) };
}

it("writes messages/javascript.json", async () => {
  const { "rsa-pkcs1": _, ...keyrings } = vectorKeyrings();
  const messages: MessageVector[] = [];
  for (const plan of [...framedPlans(Object.keys(keyrings)), ...smallFrames])
    messages.push(await write(plan, keyrings, "utf8"));
  for (const plan of orderPlans()) {
    for (const order of ["utf8", "locale"] as const) {
      messages.push({ ...(await write(plan, keyrings, order)), name: `${plan.name}, ${order} order` });
    }
  }
  writeVectors("messages", "javascript.json", {
    origin: {
      writer: "AWS Encryption SDK for JavaScript (@aws-crypto/client-node)",
      version: "5.0.2",
      generator: "test/peers/vectors/javascript-messages.gen.ts",
    },
    keyrings,
    messages,
  });
});
