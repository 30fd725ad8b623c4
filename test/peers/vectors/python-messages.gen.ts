// Writes test/vectors/messages/python.json with the official AWS Encryption SDK for Python.
import { afterAll, beforeAll, expect, it } from "vitest";
import { startPython } from "../clients.ts";
import { policyFor } from "../suites.ts";
import { base64, type MessageVector, sample, writeVectors } from "./format.ts";
import { framedPlans, nonFramedPlans, requiredContextPlans, vectorKeyrings } from "./message-plan.ts";

let python: Awaited<ReturnType<typeof startPython>>;
beforeAll(async () => {
  python = await startPython();
});
afterAll(() => python.stop());

it("writes messages/python.json", async () => {
  const keyrings = vectorKeyrings();
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
    keyrings,
    messages,
  });
});
