import { expect, it } from "vitest";
import { createEncryptionClient, inspectMessage, multiKeyring, openObject, rawAesKeyring, sealObject, requiredContextMaterialsManager } from "../../src/index.ts";
import { suitesOf } from "../../src/suites/table.ts";
const key = new Uint8Array(32).map((_, i) => i + 1);
const keyring = rawAesKeyring({ namespace: "n", name: "k", key });
for (const suite of suitesOf("message"))
  it(`round trip ${suite.name}`, async () => {
    const commitmentPolicy = suite.commitmentLength ? "require-encrypt-require-decrypt" : "forbid-encrypt-allow-decrypt";
    const client = createEncryptionClient({ keyring, suite: suite.id as never, commitmentPolicy, frameLength: 100 });
    for (const n of [0, 1, 99, 100, 101, 200, 1000]) {
      const pt = new Uint8Array(n).map((_, i) => i);
      const { ciphertext, message } = await client.encrypt(pt, { encryptionContext: { a: "b", É: "ü" } });
      const r = await client.decrypt(ciphertext, { encryptionContext: { a: "b" } });
      expect(r.plaintext).toEqual(pt);
      expect(r.encryptionContext).toEqual({ a: "b", É: "ü" });
      if (!suite.signature) { expect(message.ciphertextSize(n)).toBe(ciphertext.length); expect(message.plaintextSize(ciphertext.length)).toBe(n);}
      const t = client.decryptStream();
      const out = await new Response(new Blob([ciphertext as never]).stream().pipeThrough(t as never)).bytes?.() ?? new Uint8Array(await new Response(new Blob([ciphertext as never]).stream().pipeThrough(client.decryptStream() as never)).arrayBuffer());
      expect(out).toEqual(pt);
      const enc = new Uint8Array(await new Response(new Blob([pt as never]).stream().pipeThrough(client.encryptStream() as never)).arrayBuffer());
      expect((await client.decrypt(enc)).plaintext).toEqual(pt);
      expect(inspectMessage(ciphertext).suite.id).toBe(suite.id);
    }
  });
it("object", async () => {
  const o = await sealObject(new Uint8Array(10), { keyring });
  expect((await openObject(o, { keyring })).plaintext).toEqual(new Uint8Array(10));
});
it("required", async () => {
  const client = createEncryptionClient({ materialsManager: requiredContextMaterialsManager({ keyring, requiredKeys: ["t"] }) });
  const { ciphertext } = await client.encrypt(new Uint8Array(3), { encryptionContext: { t: "1", u: "2" } });
  expect(inspectMessage(ciphertext).encryptionContext).toEqual({ u: "2" });
  expect((await client.decrypt(ciphertext, { encryptionContext: { t: "1" } })).encryptionContext).toEqual({ t: "1", u: "2" });
  await expect(client.decrypt(ciphertext, { encryptionContext: { t: "x" } })).rejects.toThrow();
  await expect(client.decrypt(ciphertext)).rejects.toThrow(/must name/);
});
