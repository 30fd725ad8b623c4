// Writes test/vectors/messages/python.json with the official AWS Encryption SDK for Python.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type PeerKeyring, startPython } from "../clients.ts";
import { policyFor } from "../suites.ts";
import { base64, type MessageVector, sample, writeVectors } from "./format.ts";
import { kmsKeyFixture, listenWithFixtureKey, withoutEndpoints } from "./kms-key.ts";
import { framedPlans, nonFramedPlans, requiredContextPlans, vectorKeyrings } from "./message-plan.ts";

let kms: Awaited<ReturnType<typeof listenWithFixtureKey>>;
let python: Awaited<ReturnType<typeof startPython>>;
beforeAll(async () => {
  [python, kms] = await Promise.all([startPython(), listenWithFixtureKey()]);
});
afterAll(() => Promise.all([python.stop(), kms.stop()]));

it("writes messages/python.json", async () => {
  const keyrings: Record<string, PeerKeyring> = {
    ...vectorKeyrings(),
    kms: { type: "kms", endpoint: kms.endpoint, keyId: kmsKeyFixture.arn },
  };
  const plans = [...framedPlans(Object.keys(keyrings)), ...nonFramedPlans(), ...requiredContextPlans()];
  const messages: MessageVector[] = [];
  for (const { size, ...plan } of plans) {
    const plaintext = sample(size);
    const request = { ...plan, keyring: keyrings[plan.keyring]!, commitmentPolicy: policyFor(plan.suite) };
    const ciphertext = await python.encrypt(plaintext, request);
    expect((await python.decrypt(ciphertext, request)).plaintext.equals(plaintext)).toBe(true);
    messages.push({ ...plan, plaintext: base64(plaintext), ciphertext: base64(ciphertext) });
  }
  writeVectors("messages", "python.json", {
    origin: {
      writer:
        "AWS Encryption SDK for Python (aws-encryption-sdk), aws-cryptographic-material-providers 1.11.3",
      version: "4.0.7",
      generator: "test/peers/vectors/python-messages.gen.ts",
    },
    kms: [kmsKeyFixture],
    keyrings: withoutEndpoints(keyrings),
    messages,
  });
});
