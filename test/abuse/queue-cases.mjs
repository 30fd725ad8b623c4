// Hostile messages in a queue: bodies, markers, messages of other queues, references that point astray. Each lies among
// good ones, and all of them come from SQS by one call.
import { base64, pairsOf, QUEUE, referenceTo, sealQueued, sealReference, TENANT } from "./genuine-queue.mjs";
import { messageCases } from "./message-cases.mjs";
import { contextBytes, join, u16, utf8 } from "./write-message.mjs";

/** @typedef {{ family: string, name: string, base: any, message: any, mayFetch?: boolean }} QueueCase */

const MARKER = { DataType: "String", StringValue: "1" };
const marked = (Body) => ({ Body, MessageAttributes: { keyfold: MARKER } });
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_ \n\u0000é";

function* markers({ body }) {
  const versions = ["2", "0", "", " 1", "1 ", "01", "1.0", "１", "1\u0000", "true", "x".repeat(70_000)];
  for (const StringValue of [...versions, null, undefined, 1, true, 1n, {}, ["1"], Symbol("1")])
    yield [`version ${String(StringValue).slice(0, 20)}`, { keyfold: { DataType: "String", StringValue } }];
  yield ["binary", { keyfold: { DataType: "Binary", BinaryValue: utf8("1") } }];
  yield ["a list", { keyfold: { DataType: "String", StringListValues: ["1"] } }];
  for (const marker of [null, 0, "1", [], () => MARKER])
    yield [`of type ${typeof marker}`, { keyfold: marker }];
  for (const name of ["Keyfold", "KEYFOLD", "keyfold ", "keyfold\u0000", "keyfоld", "x-keyfold", "__proto__"])
    yield [`called ${JSON.stringify(name)}`, Object.fromEntries([[name, MARKER]])];
  yield ["inherited by a map", new Map([["keyfold", MARKER]])];
  for (const none of [undefined, null, 0, "keyfold", [], {}, () => {}, body]) yield ["none", none];
}

/** Every other character; of the messages that have no part which the others lack, some. */
function* texts(random, { body }, step) {
  for (let at = 0; at < body.length; at += step) {
    for (const character of new Set([random.pick(ALPHABET), random.pick(ALPHABET), "=", "\n"]))
      yield ["characters", `${at}`, body.slice(0, at) + character + body.slice(at + 1)];
    yield ["truncations", `at ${at}`, body.slice(0, at)];
    yield ["truncations", `from ${at + 1}`, body.slice(at + 1)];
    yield ["insertions", `at ${at}`, body.slice(0, at) + random.pick(ALPHABET) + body.slice(at)];
  }
  const bytes = Buffer.from(body, "base64");
  for (const coding of ["base64url", "hex", "latin1", "utf8", "utf16le"])
    yield ["codings", coding, bytes.toString(coding)];
  yield ["codings", "twice", base64(utf8(body))];
  yield ["codings", "in quotes", JSON.stringify(body)];
  yield ["codings", "a data URL", `data:;base64,${body}`];
  for (const space of [" ", "\n", "\r\n", "\t", "\ufeff", "\u0000"])
    for (const padded of [space + body, body + space]) yield ["codings", JSON.stringify(space), padded];
  for (const more of ["=", "==", "====", "AAAA", body]) yield ["glued", more.slice(0, 4), body + more];
}

/** What no longer fits a queue, and what is no text at all. */
function* odd({ body }) {
  const MIB = 2 ** 20;
  for (const filler of ["A", "=", "\uD800", "é", " ", "AgR4"]) {
    yield ["giants", JSON.stringify(filler), filler.repeat(Math.floor(MIB / filler.length))];
    yield ["giants", `behind it ${JSON.stringify(filler)}`, body + filler.repeat(MIB)];
  }
  yield ["giants", "again and again", body.repeat(Math.floor(MIB / body.length))];
  yield [
    "giants",
    "a long context",
    base64(join([2, 4, 0x78], new Uint8Array(32), u16(0xffff), new Uint8Array(MIB))),
  ];
  const others = [
    undefined,
    null,
    0,
    1n,
    true,
    {},
    [body],
    utf8(body),
    () => body,
    Symbol("body"),
    "",
    "42 pears",
  ];
  for (const other of others) yield ["no sealed text", typeof other, other];
}

/** The header says something else than what was sealed. */
function* headers({ bytes, fields }) {
  const at = fields.findIndex(({ name }) => name === "contextLength");
  const withPairs = (pairs) => {
    const context = contextBytes(pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    const [{ start }, { end }] = fields.slice(at, at + 2);
    return base64(join(bytes.subarray(0, start), u16(context.length), context, bytes.subarray(end)));
  };
  for (const queue of [undefined, ...STRANGE_QUEUES]) {
    yield ["headers", `queue ${queue?.slice(0, 30)}`, withPairs(pairsOf(queue))];
  }
  for (const value of ["offloaded", "", "x"]) {
    yield ["headers", `payload ${value}`, withPairs(pairsOf(QUEUE, [["keyfold:payload", value]]))];
  }
  yield [
    "headers",
    "another tenant",
    withPairs([
      ["keyfold:queue", QUEUE],
      ["tenant", "t2"],
    ]),
  ];
  yield ["headers", "one pair more", withPairs(pairsOf(QUEUE, [["x", "y"]]))];
}

const STRANGE_QUEUES = [
  ...[
    "111122223333/others",
    "444455556666/orders",
    "111122223333/Orders",
    "111122223333/orders.fifo",
    "orders",
  ],
  ...[
    "",
    "/",
    " 111122223333/orders",
    "111122223333/orders/",
    "111122223333/orders\n",
    "111122223333//orders",
  ],
  ...["\u202e\u0007\u001b[31m", "é七🍐", "x".repeat(40_000), "__proto__"],
];

/** Sealed with the right key, and not for this queue or not for this reader. */
function* elsewhere(random, key) {
  const seal = (name, pairs, text = "42 pears") => [name, sealQueued(random, key, name, text, pairs)];
  for (const queue of [undefined, ...STRANGE_QUEUES]) {
    yield seal(`queue ${queue?.slice(0, 30)}`, pairsOf(queue));
  }
  yield seal("another tenant", [
    ["keyfold:queue", QUEUE],
    ["tenant", "t2"],
  ]);
  yield seal("no tenant", [["keyfold:queue", QUEUE]]);
  yield seal("pairs exchanged", [
    ["keyfold:queue", TENANT.tenant],
    ["tenant", QUEUE],
  ]);
  for (const bytes of [[255], [0xc3, 0x28], [0xed, 0xa0, 0x80]])
    yield seal("no UTF-8", pairsOf(QUEUE), Uint8Array.from(bytes));
}

/** Sealed with the right key as references: to nothing, to what is another payload by now, to what is none. */
function* references({ payload }) {
  const right = referenceTo("s3://bucket/payload", payload);
  const [fingerprint] = right.split(" ");
  const broken = [
    "",
    " ",
    fingerprint,
    `${fingerprint} `,
    ` ${right}`,
    `x${right}`,
    right.slice(1),
    "s3://bucket/payload",
  ];
  for (const text of [
    ...broken,
    right.replace("= ", " "),
    right.replace(" ", "\n"),
    right.replace(/^../, "-_"),
  ])
    yield [`no reference: ${text.slice(0, 10)}`, text, false];
  for (const where of Object.keys(STORE)) yield [`store: ${where}`, referenceTo(where, payload), true];
  yield ["store: nowhere", referenceTo("nowhere", payload), true];
  yield ["store: a long name", referenceTo("x".repeat(20_000), payload), true];
  yield ["no UTF-8", referenceTo("no UTF-8", Uint8Array.of(255)), true];
}

/** What a store may answer in place of the payload, by where it was looked for. */
export const STORE = {
  "another payload": () => utf8("forged"),
  "an empty payload": () => new Uint8Array(0),
  "no UTF-8": () => Uint8Array.of(255),
  undefined: () => undefined,
  null: () => null,
  text: () => "42 plums, which lie elsewhere",
  number: () => 7,
  array: () => [52, 50],
  buffer: () => utf8("42 plums, which lie elsewhere").buffer,
  view: () => new DataView(new ArrayBuffer(8)),
  error: () => Promise.reject(new Error("not there")),
  "no error": () => Promise.reject(undefined),
};

function* systematic(random, { key, queue }) {
  const [first] = queue.messages;
  for (const [name, MessageAttributes] of markers(first))
    yield ["markers", name, first, { Body: first.body, MessageAttributes }];
  for (const base of [...queue.messages, queue.reference]) {
    for (const make of [headers, odd])
      for (const [family, name, Body] of make(base)) yield [family, name, base, marked(Body)];
  }
  for (const [name, base] of elsewhere(random, key)) yield ["other queues", name, base, marked(base.body)];
  for (const [name, text, mayFetch] of references(queue)) {
    const base = sealReference(random, key, name, text);
    yield ["references", name, base, marked(base.body), mayFetch];
  }
  for (const base of [...queue.messages, queue.reference])
    for (const [family, name, Body] of texts(random, base, base === first ? 2 : 23))
      yield [family, name, base, marked(Body)];
}

/** @returns {Generator<QueueCase>} */
export function* queueCases(random, set) {
  const { queue } = set;
  const sealed = [...queue.messages, queue.reference];
  const bodies = new Set(sealed.map(({ body }) => body));
  for (const [family, name, base, message, mayFetch = false] of systematic(random, set)) {
    // Another marker or another place is what makes these hostile, not the body.
    if (bodies.has(message.Body) && family !== "markers") continue;
    yield { family: `queue: ${family}`, name: `${base.name}: ${name}`, base, message, mayFetch };
  }
  const surgery = messageCases(random, { messages: sealed, key: set.key }, { all: true });
  for (;;) {
    const { name, base, bytes } = surgery.next().value;
    const Body = base64(bytes);
    if (!bodies.has(Body))
      yield { family: "queue: surgery", name, base, message: marked(Body), mayFetch: false };
    const victim = random.pick(sealed);
    const other = random.pick(sealed).body;
    const at = random.below(victim.body.length);
    const pasted =
      victim.body.slice(0, at) + other.slice(random.below(other.length)).slice(0, 1 + random.below(40));
    const text = random.pick([pasted, pasted + victim.body.slice(pasted.length)]);
    if (!bodies.has(text))
      yield { family: "queue: random changes", name: victim.name, base: victim, message: marked(text) };
  }
}
