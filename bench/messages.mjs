// One message after another, under raw AES: keyfold, the official client, jose and the floor.
import { randomBytes } from "node:crypto";
import { CompactEncrypt, compactDecrypt } from "jose";
import { cachingMaterialsManager, createEncryptionClient, inspectMessage } from "keyfold";
import { open, seal } from "./floor.mjs";
import { interleaved } from "./measure.mjs";
import { key, keyring, official, officialCache, officialKeyring, SIGNED, UNSIGNED } from "./peers.mjs";
import { effort, headline, perSecond, table, times } from "./report.mjs";

const encryptionContext = { tenant: "t1" };
// As it stands in the header and in the wrapping's AAD: count, then length and text of key and value.
const context = Buffer.from("\0\x01\0\x06tenant\0\x02t1", "latin1");
const jweKey = new Uint8Array(key);
const jwe = (plaintext, alg) =>
  new CompactEncrypt(plaintext).setProtectedHeader({ alg, enc: "A256GCM" }).encrypt(jweKey);

/** A fresh data key for each message. */
const FRESH = { materials: { keyring }, officialKeys: officialKeyring, alg: "A256GCMKW" };

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
async function unsigned(size, { materials, officialKeys, alg, kept }) {
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

async function signed(size, { materials, officialKeys }) {
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

const KIB = 1024;
const TABLES = {
  fresh: {
    "256 B": () => unsigned(256, FRESH),
    "1 KiB": () => unsigned(KIB, FRESH),
    "1 KiB signed": () => signed(KIB, FRESH),
    "16 KiB": () => unsigned(16 * KIB, FRESH),
    "64 KiB": () => unsigned(64 * KIB, FRESH),
    "256 KiB": () => unsigned(256 * KIB, FRESH),
  },
  reused: {
    "256 B": () => unsigned(256, reused()),
    "1 KiB": () => unsigned(KIB, reused()),
    "1 KiB signed": () => signed(KIB, reused()),
    "16 KiB": () => unsigned(16 * KIB, reused()),
  },
};
const options = {
  rounds: effort({ quick: 3, normal: 11 }),
  turn: effort({ quick: 20, normal: 50 }),
  warmUp: effort({ quick: 60, normal: 300 }),
};

// The official client needs a second until it is warm; measured before, it would look twice as slow as it is.
for (const contestants of Object.values(await unsigned(KIB, FRESH)))
  await interleaved(contestants, { rounds: 1, warmUp: effort({ quick: 60, normal: 2000 }) });

for (const [dataKey, sizes] of Object.entries(TABLES)) {
  const rows = [];
  for (const [size, make] of Object.entries(sizes)) {
    for (const [what, contestants] of Object.entries(await make())) {
      const { floor, ...peers } = contestants;
      const us = await interleaved(peers, options);
      // Apart: what the peers leave to the garbage collector would weigh on whoever comes next.
      const beside = floor && (await interleaved({ keyfold: contestants.keyfold, floor }, options));
      const cell = (value, text) => (value === undefined ? "" : text(value));
      rows.push([
        `${what} ${size}`,
        ...["keyfold", "official", "jose"].map((name) => cell(us[name], (time) => time.toFixed(1))),
        times(us.official / us.keyfold),
        cell(us.jose, (time) => times(time / us.keyfold)),
        ...["keyfold", "floor"].map((name) => cell(beside?.[name], (time) => time.toFixed(1))),
        cell(beside, ({ floor, keyfold }) => (floor / keyfold).toFixed(2)),
      ]);
      tell(`${what} ${size}, ${dataKey} data key`, us, beside);
    }
  }
  table(
    `Messages of suite 0x0478 (signed: 0x0578), ${dataKey} data key, raw AES (microseconds; jose: A256GCM)`,
    ["", "keyfold", "official", "jose", "over official", "over jose", "keyfold", "floor", "of the floor"],
    rows,
  );
}

function tell(row, us, floor) {
  const say = ({ keyfold, ...other }, peer, name) =>
    headline(
      row,
      `${times(other[peer] / keyfold)} as fast as ${name}`,
      perSecond(keyfold),
      perSecond(other[peer]),
    );
  if (/ 1 KiB(,| signed, reused)/.test(row)) say(us, "official", "the official client");
  if (/ 1 KiB,/.test(row)) say(floor, "floor", "the least work by hand");
  if (/seal 1 KiB, fresh/.test(row)) say(us, "jose", "jose");
}
