// One message after another, under raw AES: keyfold, the official client, jose and the floor, each in a process of its own.
import { apart } from "./apart.mjs";
import { effort, headline, perSecond, table, times } from "./report.mjs";

const KIB = 1024;
const ALL = ["keyfold", "official", "jose", "floor"];
const unsigned = (size) => ({ kind: "unsigned", size, contestants: ALL });
const signed = (size) => ({ kind: "signed", size, contestants: ["keyfold", "official"] });
const TABLES = {
  fresh: {
    "256 B": unsigned(256),
    "1 KiB": unsigned(KIB),
    "1 KiB signed": signed(KIB),
    "16 KiB": unsigned(16 * KIB),
    "64 KiB": unsigned(64 * KIB),
    "256 KiB": unsigned(256 * KIB),
  },
  reused: {
    "256 B": unsigned(256),
    "1 KiB": unsigned(KIB),
    "1 KiB signed": signed(KIB),
    "16 KiB": unsigned(16 * KIB),
  },
};
const options = {
  rounds: effort({ quick: 3, normal: 11 }),
  turn: effort({ quick: 20, normal: 50 }),
  // The official client needs a second until it is warm; measured before, it would look twice as slow as it is.
  warmUp: effort({ quick: 60, normal: 1000 }),
};
const program = new URL("message-contestant.mjs", import.meta.url);

for (const [dataKey, sizes] of Object.entries(TABLES)) {
  const rows = [];
  for (const [label, { kind, size, contestants }] of Object.entries(sizes)) {
    for (const what of ["seal", "open"]) {
      const args = contestants.map((name) => [name, [dataKey, kind, size, what, name]]);
      const us = await apart(program, Object.fromEntries(args), options);
      const cell = (value, text) => (value === undefined ? "" : text(value));
      rows.push([
        `${what} ${label}`,
        ...ALL.map((name) => cell(us[name], (time) => time.toFixed(1))),
        times(us.official / us.keyfold),
        cell(us.jose, (time) => times(time / us.keyfold)),
        cell(us.floor, (time) => (time / us.keyfold).toFixed(2)),
      ]);
      tell(`${what} ${label}, ${dataKey} data key`, us);
    }
  }
  table(
    `Messages of suite 0x0478 (signed: 0x0578), ${dataKey} data key, raw AES (microseconds; jose: A256GCM)`,
    ["", ...ALL, "over official", "over jose", "of the floor"],
    rows,
  );
}

function tell(row, { keyfold, ...others }) {
  const say = (peer, name) =>
    headline(
      row,
      `${times(others[peer] / keyfold)} as fast as ${name}`,
      perSecond(keyfold),
      perSecond(others[peer]),
    );
  if (/ 1 KiB(,| signed, reused)/.test(row)) say("official", "the official client");
  if (/ 1 KiB,/.test(row)) say("floor", "the least work by hand");
  if (/seal 1 KiB, fresh/.test(row)) say("jose", "jose");
}
