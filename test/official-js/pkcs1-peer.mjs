// The official client in a process of its own, where Node lets it open PKCS#1 v1.5: pkcs1.ts starts it.
import { constants } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { buildClient, CommitmentPolicy, RawRsaKeyringNode } from "@aws-crypto/client-node";

async function open({ namespace, name, privateKey, policy, ciphertext, mode }) {
  const keyring = new RawRsaKeyringNode({
    keyNamespace: namespace,
    keyName: name,
    rsaKey: { privateKey },
    padding: constants.RSA_PKCS1_PADDING,
  });
  const { decrypt, decryptStream } = buildClient(CommitmentPolicy[policy]);
  if (mode === "buffer") {
    const { plaintext, messageHeader } = await decrypt(keyring, ciphertext);
    return facts(plaintext, messageHeader);
  }
  const stream = decryptStream(keyring);
  const header = new Promise((resolve) => stream.once("MessageHeader", resolve));
  const chunks = [];
  await pipeline(Readable.from([ciphertext]), stream, async (output) => {
    for await (const chunk of output) chunks.push(chunk);
  });
  return facts(Buffer.concat(chunks), await header);
}

function facts(plaintext, { suiteId, frameLength, encryptionContext, encryptedDataKeys }) {
  const { "aws-crypto-public-key": _, ...pairs } = encryptionContext;
  const providerIds = encryptedDataKeys.map(({ providerId }) => providerId);
  return { plaintext, suite: suiteId, frameLength, encryptionContext: pairs, providerIds };
}

process.on("message", async ({ id, ...request }) => {
  const reply = await open(request).then(
    (opened) => ({ id, opened }),
    (error) => ({ id, error: String(error) }),
  );
  process.send(reply);
});
process.send("ready");
