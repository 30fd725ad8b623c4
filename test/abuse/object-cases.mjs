// Hostile objects of formats V3 and V2. What the format does not authenticate (the case of names, other metadata, the label of
// raw keys) is left as it is: altering it alters nothing that is promised.

/** @typedef {{ family: string, name: string, base: any, metadata: any, body: Uint8Array }} ObjectCase */

const V3 = {
  names: ["x-amz-3", "x-amz-w", "x-amz-c", "x-amz-d", "x-amz-i"],
  encoded: ["x-amz-3", "x-amz-d", "x-amz-i"],
  label: "x-amz-m",
  kms: { wrap: ["x-amz-w", "12"], context: "x-amz-t" },
  strange: ["x-amz-key", "x-amz-key-v2", "x-amz-iv", "x-amz-cek-alg"],
};
const V2 = {
  names: ["x-amz-key-v2", "x-amz-iv", "x-amz-wrap-alg", "x-amz-cek-alg"],
  encoded: ["x-amz-key-v2", "x-amz-iv"],
  label: "x-amz-matdesc",
  kms: { wrap: ["x-amz-wrap-alg", "kms+context"], context: "x-amz-matdesc" },
  strange: ["x-amz-key", ...V3.names, "x-amz-m", "x-amz-t"],
};
const formatOf = ({ metadata }) => ("x-amz-3" in metadata ? V3 : V2);
const latin1 = (text) => Buffer.from(text, "latin1");
const flip = (bytes, at, bit) => {
  const out = Uint8Array.from(bytes);
  out[at] ^= 1 << bit;
  return out;
};

const VALUES = [
  "",
  " ",
  "0",
  "1",
  "02",
  "12",
  "22",
  "115",
  "0115",
  "116",
  "AES/CBC/PKCS5Padding",
  "AES/CTR/NoPadding",
  "AESWrap",
  "AES",
  "RSA",
  "kms",
  "kms+context",
  "112",
  "1e2",
  "0x73",
  "-1",
  "99999",
  "AAAA",
  "====",
  "A",
  "A===",
  "A".repeat(38),
  `${"A".repeat(37)}=`,
  "\u0000",
  "é",
  "\ud800",
  "A\n",
  "null",
  "x".repeat(70_000),
];
const JSONS = [
  "",
  "{",
  "}",
  "[]",
  "[[]]",
  "null",
  "true",
  "1",
  '"a"',
  '{"a":1}',
  '{"a":null}',
  '{"a":{}}',
  '{"a":"b",}',
  '{"a":"b"}x',
  "{'a':'b'}",
  "\ufeff{}",
  '{"__proto__":{"x":"y"}}',
  '{"a":["b"]}',
  "[".repeat(60_000),
  '{"a":'.repeat(12_000),
  `{"a":"${"x".repeat(66_000)}"}`,
  "NaN",
  "1e999",
];
const ODD = [null, undefined, 0, 115, 1n, true, {}, [], new Uint8Array(4), () => "115", Symbol("x")];
const NO_METADATA = [
  null,
  undefined,
  0,
  "",
  "x-amz-3",
  [],
  [["x-amz-3", "AAAA"]],
  new Map(),
  new Uint8Array(9),
  () => {},
  {},
  Object.create(null),
];

function* systematic(random, base, objects) {
  const { metadata, body } = base;
  const { names, encoded, label, kms, strange } = formatOf(base);
  const without = (name) => Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== name));
  const set = (name, value) => ({ ...metadata, [name]: value });
  const bits = base.reader === "rsa" ? 1 : 8;
  for (let at = 0; at < body.length; at++) {
    for (let i = 0; i < bits; i++)
      yield ["body flips", `byte ${at}`, metadata, flip(body, at, bits === 8 ? i : random.below(8))];
    yield ["body cuts", `at ${at}`, metadata, body.subarray(0, at)];
    yield ["body cuts", `from ${at + 1}`, metadata, body.subarray(at + 1)];
    yield [
      "body insertions",
      `at ${at}`,
      metadata,
      Buffer.concat([body.subarray(0, at), random.bytes(1), body.subarray(at)]),
    ];
  }
  for (const name of names) {
    yield ["metadata missing", name, without(name), body];
    yield ["metadata doubled by case", name, set(name.toUpperCase(), metadata[name]), body];
    yield ["metadata doubled by prefix", name, set(`x-amz-meta-${name}`, metadata[name]), body];
    for (const value of VALUES)
      if (value !== metadata[name])
        yield ["metadata values", `${name} ${value.slice(0, 20)}`, set(name, value), body];
    for (const value of ODD)
      yield ["metadata of other types", `${name} ${typeof value}`, set(name, value), body];
    const text = latin1(metadata[name]);
    for (let at = 0; at < text.length; at++) {
      for (let i = 0; i < bits; i++) {
        const altered = Buffer.from(flip(text, at, bits === 8 ? i : random.below(8))).toString("latin1");
        yield ["metadata flips", `${name} at ${at}`, set(name, altered), body];
      }
      yield ["metadata cuts", `${name} at ${at}`, set(name, metadata[name].slice(0, at)), body];
    }
    for (let at = 0; at < name.length; at++) {
      const altered = Buffer.from(flip(latin1(name), at, random.pick([0, 1, 2, 3, 4]))).toString("latin1");
      yield [
        "metadata names",
        `${name} as ${altered}`,
        { ...without(name), [altered]: metadata[name] },
        body,
      ];
    }
    for (const other of objects) {
      if (other.metadata[name] !== metadata[name])
        yield ["metadata of others", `${name} of ${other.name}`, set(name, other.metadata[name]), body];
      if (other !== base) yield ["metadata of others", `body of ${other.name}`, metadata, other.body];
    }
  }
  for (const name of encoded) {
    const bytes = Buffer.from(metadata[name], "base64");
    for (let at = 0; at < bytes.length; at++) {
      const altered = Buffer.from(flip(bytes, at, random.below(8))).toString("base64");
      yield ["encoded flips", `${name} at ${at}`, set(name, altered), body];
    }
    yield ["base64", `${name} as base64url`, set(name, `-_${metadata[name].slice(2)}`), body];
    yield [
      "base64",
      `${name} with a line break`,
      set(name, `${metadata[name].slice(0, 8)}\n${metadata[name].slice(8)}`),
      body,
    ];
    yield ["base64", `${name} in hex`, set(name, bytes.toString("hex")), body];
  }
  for (const json of JSONS) {
    if (!["", "\ufeff{}"].includes(json)) yield ["JSON", json.slice(0, 20), set(label, json), body];
    yield [
      "JSON",
      `as context: ${json.slice(0, 20)}`,
      { ...metadata, [kms.wrap[0]]: kms.wrap[1], [kms.context]: json },
      body,
    ];
  }
  for (const name of strange) yield ["other formats", name, set(name, "AAAA"), body];
  for (const none of NO_METADATA) yield ["no metadata", String(typeof none), none, body];
  yield [
    "metadata too long",
    "a thousand names",
    { ...metadata, ...Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`n${i}`, "v".repeat(20)])) },
    body,
  ];
}

/** @returns {Generator<ObjectCase>} */
export function* objectCases(random, { objects }) {
  for (const base of objects) {
    for (const [family, name, metadata, body] of systematic(random, base, objects)) {
      yield {
        family: `object: ${family}`,
        name: `${base.name}: ${name}`,
        base,
        metadata,
        body: Uint8Array.from(body),
      };
    }
  }
  const cheap = objects.filter(({ reader }) => reader !== "rsa");
  for (;;) {
    const base = random.pick(random.chance(50) ? objects : cheap);
    let { metadata, body } = base;
    if (random.chance(3)) {
      body = Uint8Array.from(body);
      for (let i = 0; i <= random.below(3); i++) body[random.below(body.length)] ^= 1 + random.below(255);
    } else {
      const name = random.pick(formatOf(base).names);
      const text = latin1(metadata[name]);
      for (let i = 0; i <= random.below(3); i++) text[random.below(text.length)] = 33 + random.below(94);
      metadata = { ...metadata, [name]: text.toString("latin1") };
    }
    yield { family: "object: random changes", name: base.name, base, metadata, body };
  }
}
