// What `browser.mjs` has the page do. Bare WebCrypto seals the same pieces, one after another, and leaves them apart;
// gathered, it copies them into one array, as whoever makes one message must.
import { createEncryptionClient, rawAesKeyring } from "keyfold";
import { interleaved } from "./measure.mjs";

const PIECE = 1024 * 1024;
const TAG = 16;

async function apart(bytes, length, use) {
  const results = [];
  for (let start = 0; start < bytes.length; start += length)
    results.push(await use(bytes.subarray(start, start + length)));
  return results;
}

async function gathered(bytes, length, outLength, use) {
  const out = new Uint8Array((bytes.length / length) * outLength);
  let at = 0;
  for (let start = 0; start < bytes.length; start += length, at += outLength)
    out.set(new Uint8Array(await use(bytes.subarray(start, start + length))), at);
  return out;
}

async function through(bytes, transform) {
  let start = 0;
  const source = new ReadableStream(
    {
      pull(controller) {
        if (start >= bytes.length) return controller.close();
        controller.enqueue(bytes.subarray(start, start + PIECE));
        start += PIECE;
      },
    },
    { highWaterMark: 0 },
  );
  const reader = source.pipeThrough(transform).getReader();
  while (!(await reader.read()).done);
}

globalThis.compare = async (size, rounds) => {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const keyring = rawAesKeyring({ namespace: "bench", name: "key", key: raw });
  const client = createEncryptionClient({ keyring, frameLength: PIECE });
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  const parameters = { name: "AES-GCM", iv: new Uint8Array(12) };
  const encrypt = (piece) => crypto.subtle.encrypt(parameters, key, piece);
  const decrypt = (piece) => crypto.subtle.decrypt(parameters, key, piece);

  // Filled: the zeros of a new array may not be in memory yet.
  const plaintext = new Uint8Array(size).fill(7);
  const sealed = await gathered(plaintext, PIECE, PIECE + TAG, encrypt);
  const { ciphertext } = await client.encrypt(plaintext);
  return {
    seal: await interleaved(
      {
        keyfold: () => client.encrypt(plaintext),
        streamed: () => through(plaintext, client.encryptStream()),
        bare: () => apart(plaintext, PIECE, encrypt),
        gathered: () => gathered(plaintext, PIECE, PIECE + TAG, encrypt),
      },
      { rounds },
    ),
    open: await interleaved(
      {
        keyfold: () => client.decrypt(ciphertext),
        streamed: () => through(ciphertext, client.decryptStream()),
        bare: () => apart(sealed, PIECE + TAG, decrypt),
        gathered: () => gathered(sealed, PIECE + TAG, PIECE, decrypt),
      },
      { rounds },
    ),
  };
};
