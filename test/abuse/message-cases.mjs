// Hostile messages, made from genuine ones: first every flip, cut and surgery in order, then random ones without end.
import { forgeries } from "./forgeries.mjs";
import { contextBytes, join, SUITES, u16, u32, u64, utf8 } from "./write-message.mjs";

/** @typedef {{ family: string, name: string, base: any, bytes: Uint8Array, wide?: boolean }} MessageCase */

const patched = (bytes, at, ...values) => {
  const out = new Uint8Array(bytes);
  out.set(values.slice(0, Math.max(0, out.length - at)), at);
  return out;
};
const replaced = (bytes, { start, end }, value) => join(bytes.subarray(0, start), value, bytes.subarray(end));
const without = (bytes, start, end) => join(bytes.subarray(0, start), bytes.subarray(end));
const inserted = (bytes, at, more) => join(bytes.subarray(0, at), more, bytes.subarray(at));

const SUITE_IDS = [...SUITES.keys(), 0, 1, 0x0015, 0x0070, 0x0073, 0x0479, 0x6700, 0x8478, 0xffff];
const SIZES = [0, 1, 2, 3, 7, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff];
const LONG = [0, 1, 9, 11, 0xffff, 2 ** 24, 2 ** 24 + 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1];

/**
 * Every bit, every byte, every cut. One bit a byte, unless `all`, of messages that are dear to refuse (signed, RSA)
 * and of those that have no part which the others lack.
 */
function* flips(random, base, all) {
  const { bytes, signed, reader, name } = base;
  const bits = all || (!signed && reader === "aes" && name.endsWith(" framed")) ? 8 : 1;
  const step = bytes.length > 2000 ? 13 : 1;
  for (let at = 0; at < bytes.length; at += step) {
    for (let i = 0; i < bits; i++) {
      const bit = bits === 8 ? i : random.below(8);
      yield ["bit flips", `bit ${bit} of byte ${at}`, patched(bytes, at, bytes[at] ^ (1 << bit))];
    }
    if (bits === 8) {
      for (const value of [0, 0xff, random.below(256)])
        yield ["byte flips", `byte ${at} to ${value}`, patched(bytes, at, value)];
      yield ["insertions", `a byte before ${at}`, inserted(bytes, at, random.bytes(1))];
      yield ["deletions", `byte ${at}`, without(bytes, at, at + 1)];
      yield ["duplications", `byte ${at}`, inserted(bytes, at, bytes.subarray(at, at + 1))];
    }
    yield ["truncations", `cut at ${at}`, bytes.subarray(0, at)];
    if (bits === 8) yield ["truncations", `the first ${at} bytes missing`, bytes.subarray(at)];
  }
}

function* headerSurgery(random, base, others) {
  const { bytes, fields, headerEnd } = base;
  const of = (name) => fields.find((field) => field.name === name);
  const set = (name, value) => replaced(bytes, of(name), value);
  // Every value in one message of each version; in the others those that mean something somewhere.
  const every = ["0178 framed", "0478 framed"].includes(base.name);
  for (const value of every ? Array(256).keys() : [0, 1, 2, 3, 12, 16, 0x80, 0xff]) {
    yield ["version", `version ${value}`, set("version", Uint8Array.of(value))];
    if (of("type")) yield ["type", `type ${value}`, set("type", Uint8Array.of(value))];
    yield ["content type", `content type ${value}`, set("contentType", Uint8Array.of(value))];
    if (of("ivLength")) yield ["IV length", `IV length ${value}`, set("ivLength", Uint8Array.of(value))];
  }
  for (const id of SUITE_IDS) yield ["suite", `suite ${id.toString(16)}`, set("suite", u16(id))];
  for (const size of [...SIZES, random.below(0x10000)]) {
    yield ["lengths", `context of ${size} bytes`, set("contextLength", u16(size))];
    yield ["EDK counts", `${size} EDKs`, set("edkCount", u16(size))];
    for (const { name, start, end } of fields) {
      if (name !== "edk") continue;
      const id = start + 2 + ((bytes[start] << 8) | bytes[start + 1]);
      for (const at of [start, id].filter((place) => place + 2 <= end))
        yield ["lengths", `EDK field at ${at} of ${size} bytes`, patched(bytes, at, ...u16(size))];
    }
    if (of("signatureLength"))
      yield ["footers", `signature of ${size} bytes`, set("signatureLength", u16(size))];
  }
  for (const length of LONG) {
    for (const wide of [false, true]) {
      yield ["frame lengths", `frame length ${length}`, set("frameLength", u32(length)), wide];
      const framed = set("contentType", Uint8Array.of(2));
      yield ["frame lengths", `framed, ${length}`, replaced(framed, of("frameLength"), u32(length)), wide];
    }
  }
  const first = of("edk");
  const edk = bytes.subarray(first.start, first.end);
  for (const count of [2, 5, 15, 16, 17, 100, 1000, 5000]) {
    const flood = join(bytes.subarray(0, of("edkCount").start), u16(count), ...Array(count).fill(edk));
    const wide = count > 16 && base.reader === "aes" && !base.signed && count < 1000;
    yield ["EDK floods", `${count} times the same`, join(flood, bytes.subarray(first.end)), wide];
  }
  for (const other of others) {
    const theirs = (name) => other.fields.find((field) => field.name === name);
    for (const name of ["messageId", "commitment", "headerTag", "edk", "contextBody"]) {
      if (!of(name) || !theirs(name)) continue;
      const value = other.bytes.subarray(theirs(name).start, theirs(name).end);
      yield ["fields of others", `${name} of ${other.name}`, set(name, value)];
    }
    yield [
      "fields of others",
      `header of ${other.name}`,
      join(other.bytes.subarray(0, other.headerEnd), bytes.subarray(headerEnd)),
      false,
      other,
    ];
  }
}

function* contextGarbage(random, base) {
  const { bytes, fields } = base;
  const at = fields.findIndex(({ name }) => name === "contextLength");
  const place = { start: fields[at].start, end: fields[at + 1].end };
  const garbage = {
    "a key twice": contextBytes([
      ["a", "1"],
      ["a", "2"],
    ]),
    unsorted: contextBytes([
      ["tenant", "x"],
      ["a", "1"],
    ]),
    reserved: contextBytes([["aws-crypto-public-key", "AAAA"]]),
    "reserved prefix": contextBytes([["aws-crypto-x", "1"]]),
    __proto__: contextBytes([
      ["__proto__", "1"],
      ["constructor", "2"],
    ]),
    "empty keys": contextBytes([["", ""]]),
    "count of zero": u16(0),
    "count too high": join(u16(9), contextBytes([["a", "1"]]).subarray(2)),
    "count too low": join(
      u16(1),
      contextBytes([
        ["a", "1"],
        ["b", "2"],
      ]).subarray(2),
    ),
    "bad UTF-8": join(u16(1), u16(2), Uint8Array.of(0xc3, 0x28), u16(0)),
    "a surrogate": join(u16(1), u16(3), Uint8Array.of(0xed, 0xa0, 0x80), u16(0)),
    overlong: join(u16(1), u16(2), Uint8Array.of(0xc0, 0x80), u16(0)),
    "one byte": Uint8Array.of(1),
    huge: contextBytes([["k", "v".repeat(65_520)]]),
    many: contextBytes(Array.from({ length: 5000 }, (_, i) => [`k${i}`, ""])),
    "many empty": join(u16(0xffff), new Uint8Array(65_000)),
    random: random.bytes(60),
  };
  for (const [name, context] of Object.entries(garbage)) {
    yield ["contexts", name, replaced(bytes, place, join(u16(context.length), context))];
  }
}

function* bodySurgery(random, base, others) {
  const { bytes, parts, headerEnd, bodyEnd, fields } = base;
  const head = bytes.subarray(0, headerEnd);
  const footer = bytes.subarray(bodyEnd);
  const pieces = parts.map(([start, end]) => bytes.subarray(start, end));
  const made = (list) => join(head, ...list, footer);
  for (const [i, piece] of pieces.entries()) {
    yield ["frames", `${i} dropped`, made(pieces.toSpliced(i, 1))];
    yield ["frames", `${i} doubled`, made(pieces.toSpliced(i, 0, piece))];
    yield ["frames", `${i} last`, made(pieces.slice(0, i + 1))];
    for (let k = i + 1; k < pieces.length; k++)
      yield ["frames", `${i} and ${k} swapped`, made(pieces.with(i, pieces[k]).with(k, piece))];
    for (const number of [0, i, i + 2, 0x7fffffff, 0xfffffffe, 0xffffffff])
      yield ["frames", `${i} numbered ${number}`, made(pieces.with(i, patched(piece, 0, ...u32(number))))];
    if (i < pieces.length - 1) {
      const length = piece.length - 32;
      const final = join(u32(0xffffffff), piece.subarray(0, 16), u32(length), piece.subarray(16));
      yield ["frames", `${i} as the final one`, made([...pieces.slice(0, i), final])];
    }
    for (const other of others) {
      const theirs = other.parts.map(([start, end]) => other.bytes.subarray(start, end));
      if (theirs[i]) yield ["frames of others", `${i} of ${other.name}`, made(pieces.with(i, theirs[i]))];
    }
  }
  for (const field of fields) {
    const sizes =
      field.name === "length"
        ? LONG.map(u32)
        : field.name === "length64"
          ? [...LONG, 2 ** 36 - 31, 2 ** 53, 2 ** 63].map(u64)
          : [];
    for (const size of sizes) {
      yield [
        "frame lengths",
        `content of ${Buffer.from(size).toString("hex")}`,
        replaced(bytes, field, size),
      ];
      yield [
        "frame lengths",
        `content of ${Buffer.from(size).toString("hex")}`,
        replaced(bytes, field, size),
        true,
      ];
    }
  }
  for (const other of others) {
    yield ["frames of others", `body of ${other.name}`, join(head, other.bytes.subarray(other.headerEnd))];
    yield [
      "footers",
      `footer of ${other.name}`,
      join(bytes.subarray(0, bodyEnd), other.bytes.subarray(other.bodyEnd)),
    ];
    yield ["glued", `before ${other.name}`, join(bytes, other.bytes)];
  }
  yield ["glued", "with itself", join(bytes, bytes)];
  for (const more of [1, 2, 100, 70_000])
    yield ["glued", `${more} random bytes`, join(bytes, random.bytes(more))];
  if (footer.length > 0) yield ["footers", "none", bytes.subarray(0, bodyEnd)];
  else yield ["footers", "of zeros", join(bytes, u16(8), utf8("\x30\x06\x02\x01\x01\x02\x01\x01"))];
}

/** The largest floods that the count can name: once a run, under limits that let them in. */
function* floods(base) {
  const { bytes, fields } = base;
  const count = fields.find(({ name }) => name === "edkCount");
  const last = fields.findLast(({ name }) => name === "edk");
  const flood = (n, edk) =>
    join(bytes.subarray(0, count.start), u16(n), ...Array(n).fill(edk), bytes.subarray(last.end));
  const empty = new Uint8Array(6);
  const huge = join(
    u16(1),
    utf8("x"),
    u16(65_535),
    new Uint8Array(65_535),
    u16(65_535),
    new Uint8Array(65_535),
  );
  const foreign = join(u16(5), utf8("other"), u16(0), u16(0));
  for (const wide of [false, true]) {
    yield ["EDK floods", "65,535 empty", flood(65_535, empty)];
    yield ["EDK floods", "8,000 empty", flood(65_535, empty), wide];
    yield ["EDK floods", "65,535 of others", flood(65_535, foreign)];
    yield ["EDK floods", "8,000 of others", flood(65_535, foreign), wide];
    yield ["EDK floods", "16 huge", flood(16, huge), wide];
    yield ["EDK floods", "100 huge", flood(100, huge), wide];
  }
}

/** One to four random changes. */
function mutate(random, { bytes }, bases) {
  let out = bytes;
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(out.length + 1);
    const length = 1 + random.below(random.chance(8) ? 300 : 12);
    switch (random.below(8)) {
      case 0:
      case 1:
        if (at < out.length) out = patched(out, at, out[at] ^ (1 << random.below(8)));
        break;
      case 2:
        out = patched(out, at, ...random.bytes(length));
        break;
      case 3:
        out = without(out, at, at + length);
        break;
      case 4:
        out = inserted(out, at, random.bytes(length));
        break;
      case 5:
        out = inserted(out, at, out.subarray(at, at + length));
        break;
      case 6:
        out = patched(out, at, ...random.pick([u16, u32])(random.pick(LONG)));
        break;
      default: {
        const other = random.pick(bases).bytes;
        const from = random.below(other.length);
        out = join(out.subarray(0, at), other.subarray(from, from + length), out.subarray(at + length));
      }
    }
  }
  return out;
}

function garbage(random) {
  const body = random.bytes(random.below(400));
  const version1 = [1, 0x80, ...u16(random.pick(SUITE_IDS))];
  return random.pick([
    body,
    join(version1, body),
    join([2], u16(random.pick(SUITE_IDS)), body),
    join([2, 4, 0x78], body),
  ]);
}

/** @param {{ all?: boolean }} options @returns {Generator<MessageCase>} */
export function* messageCases(random, { messages, key }, { all = false } = {}) {
  const named = (base, cases) =>
    cases.map(([family, name, bytes, wide = false, owner = base]) => ({
      family,
      name: `${base.name}: ${name}`,
      base: owner,
      bytes,
      wide,
    }));
  const cheap = messages.filter(({ signed, reader }) => !signed && reader === "aes");
  for (const base of messages) {
    const sample = base.signed || base.reader === "rsa" ? [] : messages;
    const others = base.signed ? messages.filter((other) => other.signed) : sample;
    for (const make of [contextGarbage, bodySurgery, headerSurgery])
      for (const one of make(
        random,
        base,
        others.filter((other) => other !== base),
      ))
        yield* named(base, [one]);
  }
  yield* forgeries(random, messages, key);
  yield* named(cheap.at(-1), [...floods(cheap.at(-1))]);
  for (const base of messages) for (const one of flips(random, base, all)) yield* named(base, [one]);
  for (;;) {
    const base = random.pick(random.chance(25) ? messages : cheap);
    if (random.chance(20)) yield { family: "garbage", name: "random", base, bytes: garbage(random) };
    else yield { family: "random changes", name: base.name, base, bytes: mutate(random, base, messages) };
  }
}
