// One contestant of messages.mjs, in a process of its own, as it is in an application: what others leave to the compiler
// and the garbage collector does not weigh on it. It calls when it is told to, for as long as it is told.
import { randomBytes } from "node:crypto";
import { CompactEncrypt, compactDecrypt } from "jose";
import { cachingMaterialsManager, createEncryptionClient, inspectMessage } from "keyfold";
import { open, seal } from "./floor.mjs";
import { timed } from "./measure.mjs";
import { key, keyring, official, officialCache, officialKeyring, SIGNED, UNSIGNED } from "./peers.mjs";

const encryptionContext = { tenant: "t1" };
// As it stands in the header and in the wrapping's AAD: count, then length and text of key and value.
const context = Buffer.from("\0\x01\0\x06tenant\0\x02t1", "latin1");
const jweKey = new Uint8Array(key);
const jwe = (plaintext, alg) =>
  new CompactEncrypt(plaintext).setProtectedHeader({ alg, enc: "A256GCM" }).encrypt(jweKey);

/** A fresh data key for each message. */
const fresh = () => ({ materials: { keyring }, officialKeys: officialKeyring, alg: "A256GCMKW" });

/** One data key for all of them: by each client's cache; jose and the floor are handed it. */
function reused() {
  const kept = {};
  const watched = {
    ...keyring,
    wrap(dataKey, request) {
      kept.dataKey = Buffer.from(dataKey);
      return keyring.wrap(dataKey, request);
    },
  };
  return {
    materials: { materialsManager: cachingMaterialsManager({ keyring: watched }) },
    officialKeys: officialCache(officialKeyring),
    alg: "dir",
    kept,
  };
}

// Every client with its own frame length; the floor has keyfold's.
async function unsigned({ materials, officialKeys, alg, kept }, size) {
  const client = createEncryptionClient(materials);
  const plaintext = randomBytes(size);
  const { ciphertext } = await client.encrypt(plaintext, { encryptionContext });
  const token = await jwe(plaintext, alg);
  // The floor writes the same header but for its variable parts.
  const fixedLength = inspectMessage(ciphertext).headerLength - 3 - 32 - 32 - 16;
  const fixed = Buffer.from(ciphertext.subarray(35, 35 + fixedLength));
  const keys = kept === undefined ? { wrappingKey: key, context } : { ...kept, context };
  const message = Buffer.from(ciphertext);
  const own = await client.decrypt(seal(plaintext, fixed, keys));
  for (const opened of [open(message, fixedLength, keys), own.plaintext])
    if (!plaintext.equals(opened)) throw new Error("the floor is wrong");
  return {
    seal: {
      keyfold: () => client.encrypt(plaintext, { encryptionContext }),
      official: () => official.encrypt(officialKeys, plaintext, { encryptionContext, suiteId: UNSIGNED }),
      jose: () => jwe(plaintext, alg),
      floor: () => seal(plaintext, fixed, keys),
    },
    open: {
      keyfold: () => client.decrypt(ciphertext, { encryptionContext }),
      official: () => official.decrypt(officialKeys, ciphertext),
      jose: () => compactDecrypt(token, jweKey),
      floor: () => open(message, fixedLength, keys),
    },
  };
}

async function signed({ materials, officialKeys }, size) {
  const plaintext = randomBytes(size);
  const client = createEncryptionClient({ ...materials, suite: 0x0578 });
  const { ciphertext } = await client.encrypt(plaintext, { encryptionContext });
  return {
    seal: {
      keyfold: () => client.encrypt(plaintext, { encryptionContext }),
      official: () => official.encrypt(officialKeys, plaintext, { encryptionContext, suiteId: SIGNED }),
    },
    open: {
      keyfold: () => client.decrypt(ciphertext, { encryptionContext }),
      official: () => official.decrypt(officialKeys, ciphertext),
    },
  };
}

const [, , dataKey, kind, size, what, name] = process.argv;
const make = kind === "signed" ? signed : unsigned;
const contestants = await make(dataKey === "fresh" ? fresh() : reused(), Number(size));
const call = contestants[what][name];
process.on("message", async (milliseconds) => process.send(await timed(call, milliseconds)));
process.send("ready");
