// What `browser.mjs` has the page do. Bare WebCrypto seals the same pieces, one after another, and keeps the results.
import { createEncryptionClient, rawAesKeyring } from "keyfold";
import { interleaved } from "./measure.mjs";

const PIECE = 1024 * 1024;

globalThis.compare = async (size, rounds) => {
  const client = createEncryptionClient({
    keyring: rawAesKeyring({
      namespace: "bench",
      name: "key",
      key: crypto.getRandomValues(new Uint8Array(32)),
    }),
    frameLength: PIECE,
  });
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
  const iv = new Uint8Array(12);
  // The zeros of a new array may not be in memory yet.
  const plaintext = new Uint8Array(size).fill(7);

  const inPieces = async (bytes, length, use) => {
    const results = [];
    for (let start = 0; start < bytes.length; start += length)
      results.push(await use(bytes.subarray(start, start + length)));
    return results;
  };
  const sealPieces = () =>
    inPieces(plaintext, PIECE, (piece) => crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, piece));
  const seal = await interleaved({ keyfold: () => client.encrypt(plaintext), bare: sealPieces }, { rounds });

  const { ciphertext } = await client.encrypt(plaintext);
  const sealed = new Uint8Array(await new Blob(await sealPieces()).arrayBuffer());
  const open = await interleaved(
    {
      keyfold: () => client.decrypt(ciphertext),
      bare: () =>
        inPieces(sealed, PIECE + 16, (piece) => crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, piece)),
    },
    { rounds },
  );
  return { seal, open };
};
