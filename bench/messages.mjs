// One message after another: a fresh data key each, under raw AES. keyfold, the official client, jose and the floor.
import { randomBytes } from "node:crypto";
import { CompactEncrypt, compactDecrypt } from "jose";
import { createEncryptionClient, inspectMessage } from "keyfold";
import { open, seal } from "./floor.mjs";
import { interleaved } from "./measure.mjs";
import { key, keyring, official, officialKeyring, SIGNED, UNSIGNED } from "./peers.mjs";
import { effort, headline, perSecond, table, times } from "./report.mjs";

const encryptionContext = { tenant: "t1" };
// As it stands in the header and in the wrapping's AAD: count, then length and text of key and value.
const context = Buffer.from("\0\x01\0\x06tenant\0\x02t1", "latin1");
// Every client with its own frame length; the floor has keyfold's.
const client = createEncryptionClient({ keyring });
const jweKey = new Uint8Array(key);
const jwe = (plaintext) =>
  new CompactEncrypt(plaintext).setProtectedHeader({ alg: "A256GCMKW", enc: "A256GCM" }).encrypt(jweKey);

async function unsigned(size) {
  const plaintext = randomBytes(size);
  const { ciphertext } = await client.encrypt(plaintext, { encryptionContext });
  const token = await jwe(plaintext);
  // The floor writes the same header but for its variable parts.
  const fixedLength = inspectMessage(ciphertext).headerLength - 3 - 32 - 32 - 16;
  const fixed = Buffer.from(ciphertext.subarray(35, 35 + fixedLength));
  const wrapped = { wrappingKey: key, context };
  const message = Buffer.from(ciphertext);
  const own = await client.decrypt(seal(plaintext, fixed, wrapped));
  for (const opened of [open(message, fixedLength, wrapped), own.plaintext])
    if (!plaintext.equals(opened)) throw new Error("the floor is wrong");
  return {
    seal: {
      keyfold: () => client.encrypt(plaintext, { encryptionContext }),
      official: () => official.encrypt(officialKeyring, plaintext, { encryptionContext, suiteId: UNSIGNED }),
      jose: () => jwe(plaintext),
      floor: () => seal(plaintext, fixed, wrapped),
    },
    open: {
      keyfold: () => client.decrypt(ciphertext, { encryptionContext }),
      official: () => official.decrypt(officialKeyring, ciphertext),
      jose: () => compactDecrypt(token, jweKey),
      floor: () => open(message, fixedLength, wrapped),
    },
  };
}

async function signed(size) {
  const plaintext = randomBytes(size);
  const signing = createEncryptionClient({ keyring, suite: 0x0578 });
  const { ciphertext } = await signing.encrypt(plaintext, { encryptionContext });
  return {
    seal: {
      keyfold: () => signing.encrypt(plaintext, { encryptionContext }),
      official: () => official.encrypt(officialKeyring, plaintext, { encryptionContext, suiteId: SIGNED }),
    },
    open: {
      keyfold: () => signing.decrypt(ciphertext, { encryptionContext }),
      official: () => official.decrypt(officialKeyring, ciphertext),
    },
  };
}

const SIZES = {
  "256 B": () => unsigned(256),
  "1 KiB": () => unsigned(1024),
  "1 KiB signed": () => signed(1024),
  "16 KiB": () => unsigned(16 * 1024),
  "64 KiB": () => unsigned(64 * 1024),
  "256 KiB": () => unsigned(256 * 1024),
};
const options = {
  rounds: effort({ quick: 3, normal: 15 }),
  turn: effort({ quick: 20, normal: 50 }),
  warmUp: effort({ quick: 60, normal: 300 }),
};

// The official client needs a second until it is warm; measured before, it would look twice as slow as it is.
for (const contestants of Object.values(await unsigned(1024)))
  await interleaved(contestants, { rounds: 1, warmUp: effort({ quick: 60, normal: 2000 }) });

const rows = [];
for (const [size, make] of Object.entries(SIZES)) {
  for (const [what, contestants] of Object.entries(await make())) {
    const us = await interleaved(contestants, options);
    const cell = (value, text) => (value === undefined ? "" : text(value));
    rows.push([
      `${what} ${size}`,
      ...["keyfold", "official", "jose", "floor"].map((name) => cell(us[name], (time) => time.toFixed(1))),
      times(us.official / us.keyfold),
      cell(us.jose, (time) => times(time / us.keyfold)),
      cell(us.floor, (time) => (time / us.keyfold).toFixed(2)),
    ]);
    tell(what, size, us);
  }
}
table(
  "Messages of suite 0x0478 (signed: 0x0578), fresh data key under raw AES (microseconds; jose: A256GCMKW, A256GCM)",
  ["", "keyfold", "official", "jose", "floor", "over official", "over jose", "of the floor"],
  rows,
);

function tell(what, size, us) {
  const row = `${what} a message of ${size}`;
  const beside = (peer) => [perSecond(us.keyfold), perSecond(us[peer])];
  if (size === "1 KiB" || (size === "1 KiB signed" && what === "seal"))
    headline(row, `${times(us.official / us.keyfold)} as fast as the official client`, ...beside("official"));
  if (size !== "1 KiB" || what !== "seal") return;
  headline(row, `${times(us.jose / us.keyfold)} as fast as jose`, ...beside("jose"));
  headline(row, `${times(us.floor / us.keyfold)} as fast as the least work by hand`, ...beside("floor"));
}
