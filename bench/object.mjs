// One large object in memory: keyfold, one bare cipher over the whole, and the official message client.
import { createCipheriv, createDecipheriv, randomFillSync } from "node:crypto";
import { openObject, sealObject } from "keyfold";
import { interleaved } from "./measure.mjs";
import { key, keyring, official, officialKeyring, UNSIGNED } from "./peers.mjs";
import { effort, headline, mibPerSecond, speed, table, times } from "./report.mjs";

const MIB = 1024 * 1024;
const SIZE = effort({ quick: 32, normal: 256 }) * MIB;
const plaintext = randomFillSync(Buffer.allocUnsafe(SIZE));
const iv = Buffer.alloc(12, 1);
// Buffers of this size: each turn begins without the garbage of the one before.
const options = { rounds: effort({ quick: 1, normal: 5 }), before: globalThis.gc };

const sealing = {
  keyfold: () => sealObject(plaintext, { keyring }),
  bare() {
    const cipher = createCipheriv("aes-256-gcm", key, iv);
    const body = cipher.update(plaintext);
    cipher.final();
    return { body, tag: cipher.getAuthTag() };
  },
  official: () => official.encrypt(officialKeyring, plaintext, { suiteId: UNSIGNED }),
};
const seal = await interleaved(sealing, options);

const object = await sealing.keyfold();
const bare = sealing.bare();
const { result } = await sealing.official();
const open = await interleaved(
  {
    keyfold: () => openObject(object, { keyring }),
    bare() {
      const decipher = createDecipheriv("aes-256-gcm", key, iv);
      decipher.setAuthTag(bare.tag);
      const opened = decipher.update(bare.body);
      decipher.final();
      return opened;
    },
    official: () => official.decrypt(officialKeyring, result),
  },
  options,
);

table(
  `One object of ${SIZE / MIB} MiB in memory (MiB/s; official: a message of suite 0x0478, its default frames)`,
  ["", "keyfold", "bare cipher", "official", "over bare", "over official"],
  Object.entries({ seal, open }).map(([what, us]) => [
    what,
    ...[us.keyfold, us.bare, us.official].map((time) => speed(SIZE, time).toFixed(0)),
    times(us.bare / us.keyfold),
    times(us.official / us.keyfold),
  ]),
);
headline(
  `seal an object of ${SIZE / MIB} MiB`,
  `${times(seal.bare / seal.keyfold)} as fast as one bare cipher over the whole`,
  mibPerSecond(SIZE, seal.keyfold),
  mibPerSecond(SIZE, seal.bare),
);
