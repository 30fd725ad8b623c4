// Feeds hostile input to keyfold with the keys that open the genuine messages, and keeps count of what happened.
import { genuine } from "./genuine.mjs";
import { messageCases } from "./message-cases.mjs";
import { objectCases } from "./object-cases.mjs";
import { queueCases } from "./queue-cases.mjs";
import { queueReader } from "./queue-reader.mjs";
import { randomFrom } from "./random.mjs";

/** No case may take longer: the slowest, floods of 65,535 data keys, take a small part of it. */
export const DEADLINE_MS = 20_000;
/** Growth of the process's memory that garbage collection may leave unexplained. */
export const MAX_GROWTH_MIB = 512;
const MIB = 2 ** 20;
const WIDE = {
  maxEncryptedDataKeys: 0xffff,
  maxHeaderBytes: 64 * MIB,
  maxFrameLength: 0xffffffff,
  signedBufferLimit: 2 ** 40,
};

function readersOf(lib, set) {
  const { key, privatePem } = set;
  const aes = lib.rawAesKeyring({ namespace: "test", name: "k", key });
  const rsa = (padding) =>
    lib.rawRsaKeyring({ namespace: "test", name: "r", padding, privateKey: privatePem });
  const reader = (source, limits) =>
    lib.createEncryptionClient({ ...source, ...limits, commitmentPolicy: "require-encrypt-allow-decrypt" });
  const required = { keyring: aes, requiredKeys: ["tenant"] };
  return {
    aes: reader({ keyring: aes }),
    wide: reader({ keyring: aes }, WIDE),
    rsa: reader({ keyring: lib.multiKeyring({ children: [aes, rsa("oaep-sha256")] }) }),
    queue: queueReader(lib, set),
    required: reader({ materialsManager: lib.requiredContextMaterialsManager(required) }),
    objects: {
      aes: { keyring: aes },
      rsa: { keyring: rsa("oaep-sha1") },
      // All doors open that there are.
      older: {
        keyring: aes,
        commitmentPolicy: "require-encrypt-allow-decrypt",
        legacy: { wrappingAlgorithms: true, unauthenticatedModes: true },
      },
    },
  };
}

/** Messages and objects in turn, and what lies in a queue now and then; in the end endlessly more messages than objects. */
function* allCases(random, set, options) {
  const messages = messageCases(random, set, options);
  const objects = objectCases(random, set);
  const queues = queueCases(random, set);
  for (let i = 0; ; i++) {
    if (i % 20 === 0) yield queues.next().value;
    yield (i % 5 === 4 ? objects : messages).next().value;
  }
}

const sameBytes = (a, b) => a.length === b.length && Buffer.compare(a, b) === 0;
const isPrefix = (part, whole) => sameBytes(part, whole.subarray(0, part.length));
const sameMetadata = (a, b) =>
  b !== null && typeof b === "object" && Object.keys(a).every((name) => a[name] === b[name]);
const isGenuine = (set, one) =>
  "message" in one
    ? false
    : "bytes" in one
      ? set.messages.some(({ bytes }) => sameBytes(bytes, one.bytes))
      : sameBytes(one.base.body, one.body) && sameMetadata(one.base.metadata, one.metadata);

/** Streams the bytes through in pieces of random lengths. Answers what was released, and the error. */
async function throughStream(random, client, bytes, options) {
  const { readable, writable } = client.decryptStream(options);
  const writer = writable.getWriter();
  const writing = (async () => {
    const most = random.pick([
      1 + Math.ceil(bytes.length / 20),
      1 + Math.ceil(bytes.length / 3),
      bytes.length + 1,
    ]);
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.slice(at, at + 1 + random.below(most));
      await writer.write(piece);
      at += piece.length;
    }
    await writer.close();
  })().catch(() => {});
  const released = [];
  let error;
  try {
    for await (const piece of readable) released.push(piece.slice());
  } catch (reason) {
    error = reason;
  }
  await writing;
  return { error, released: Buffer.concat(released) };
}

/** What was fed, for people. */
function inputOf(one) {
  if ("message" in one) return String(one.message.Body).slice(0, 4000);
  const bytes = "bytes" in one ? one.bytes : one.body;
  const metadata = "bytes" in one ? "" : `${JSON.stringify(one.metadata)?.slice(0, 2000)} `;
  return metadata + Buffer.from(bytes.subarray(0, 3000)).toString("base64");
}

/** All text of an error, its causes and its fields: what a log would show. */
function textOf(error, seen = new Set()) {
  if (typeof error !== "object" || error === null) return String(error);
  if (seen.has(error)) return "";
  seen.add(error);
  const names = Object.getOwnPropertyNames(error).filter((name) => name !== "stack");
  return names.map((name) => textOf(error[name], seen)).join("\n");
}

function shows(error, { key }, { base }) {
  if (error.message.length > 8192 && !error.message.startsWith("None of the")) return "a very long message";
  if (/[^\x20-\x7e\n]/.test(error.message)) return "bytes of the input";
  const text = textOf(error);
  for (const secret of [key, base.dataKey, base.plaintext].filter(({ length }) => length >= 8)) {
    for (const form of ["hex", "base64", "base64url", "latin1"]) {
      if (text.includes(Buffer.from(secret).toString(form))) return `a secret in ${form}`;
    }
  }
  return null;
}

/**
 * Runs `count` cases, or this worker's share of them.
 * @param lib keyfold's exports
 * @param {{ seed: number, count: number, all?: boolean, set?: any, share?: [number, number], beat?: (i: number, name: string) => void }} options
 */
export async function abuse(lib, { seed, count, all = false, set = genuine(seed), share = [0, 1], beat }) {
  const random = randomFrom(seed + 1);
  const sampling = randomFrom(seed + 2);
  const readers = readersOf(lib, set);
  const report = {
    ...{ cases: 0, refused: 0, streams: 0, families: {}, codes: {}, growthMiB: 0 },
    ...{ accepted: [], untyped: [], released: [], shown: [], rejections: [], hangs: [], queued: [] },
    slowest: { ms: 0, name: "" },
  };
  let current = { name: "nothing yet", since: performance.now() };
  const onRejection = (reason) => void report.rejections.push(`${current.name}: ${reason}`);
  process.on("unhandledRejection", onRejection);
  let startRss = 0;

  const failed = (list, one, why = "") => {
    if (list.length < 20) list.push(`${one.family}: ${one.name}: ${why} ${inputOf(one)}`);
    else list.push(one.name);
  };
  const judge = (one, error, counted) => {
    if (error === undefined) return failed(report.accepted, one);
    const misuse = error instanceof TypeError && error.code === "ERR_INVALID_ARGUMENT";
    if (!lib.isKeyfoldError(error) && !misuse) return failed(report.untyped, one, String(error));
    if (counted) report.refused++;
    report.codes[error.code] = (report.codes[error.code] ?? 0) + 1;
    // Queues are few, and their errors are the ones that an application logs.
    if (report.cases % 20 !== 0 && !("message" in one)) return;
    const shown = shows(error, set, one);
    if (shown !== null) failed(report.shown, one, shown);
  };
  const attempt = (act) =>
    act().then(
      () => undefined,
      (error) => error ?? new Error("nothing was thrown"),
    );

  const feed = async (one, i) => {
    if ("message" in one) {
      const { error, faults } = await readers.queue.feed(random, one);
      for (const fault of faults) failed(report.queued, one, fault);
      return judge(one, error, true);
    }
    if (!("bytes" in one)) {
      const source = readers.objects[one.base.reader];
      return judge(
        one,
        await attempt(() => lib.openObject({ metadata: one.metadata, body: one.body }, source)),
        true,
      );
    }
    const { base, bytes, wide } = one;
    const client = readers[wide === true ? "wide" : base.reader];
    const options = { encryptionContext: base.expected };
    judge(one, await attempt(() => client.decrypt(bytes, options)), true);
    const streamed = i < 3000 ? i % 3 === 0 : sampling.chance(base.signed ? 40 : 10);
    if (!streamed) return;
    report.streams++;
    const releaseBeforeSignature = base.signed && sampling.chance(2);
    const { error, released } = await throughStream(sampling, client, bytes, {
      ...options,
      releaseBeforeSignature,
    });
    judge(one, error, false);
    const mayRelease = [base, ...set.messages].some(
      (owner) =>
        (!owner.signed || releaseBeforeSignature) &&
        isPrefix(owner.bytes.subarray(0, owner.headerEnd), bytes) &&
        isPrefix(released, owner.plaintext),
    );
    if (released.length > 0 && !mayRelease)
      failed(report.released, one, `released ${released.toString("hex")}`);
  };

  const run = async () => {
    await assertGenuineOpens(lib, readers, set);
    let i = 0;
    for (const one of allCases(random, set, { all })) {
      if (i >= count) return;
      if (isGenuine(set, one)) continue;
      const mine = i % share[1] === share[0];
      i++;
      if (!mine) continue;
      current = { name: `${one.family}: ${one.name}`, since: performance.now() };
      beat?.(i, current.name);
      report.cases++;
      report.families[one.family] = (report.families[one.family] ?? 0) + 1;
      await feed(one, i);
      const ms = performance.now() - current.since;
      if (ms > report.slowest.ms) report.slowest = { ms: Math.round(ms), name: current.name };
      if (report.cases % 500 === 0) {
        const rss = process.memoryUsage.rss() / MIB;
        if (startRss === 0) startRss = rss;
        report.growthMiB = Math.max(report.growthMiB, Math.round(rss - startRss));
        // Lets timers run, and with them the watch over this very loop.
        await new Promise(setImmediate);
      }
    }
  };

  let watch;
  const hang = new Promise((resolve) => {
    watch = setInterval(() => {
      if (performance.now() - current.since < DEADLINE_MS) return;
      report.hangs.push(current.name);
      resolve();
    }, 1000);
  });
  try {
    await Promise.race([run(), hang]);
    await new Promise((resolve) => setTimeout(resolve, 20));
  } finally {
    clearInterval(watch);
    process.off("unhandledRejection", onRejection);
  }
  return report;
}

/** Without this every refusal could be for want of a key. */
async function assertGenuineOpens(lib, readers, { messages, objects }) {
  await readers.queue.assertGenuineOpens();
  for (const { name, reader, bytes, expected, plaintext } of messages) {
    const options = { encryptionContext: expected };
    const opened = await readers[reader].decrypt(bytes, options);
    if (!sameBytes(opened.plaintext, plaintext)) throw new Error(`${name}: another plaintext`);
    const streamed = await throughStream(randomFrom(1), readers[reader], bytes, options);
    if (!sameBytes(streamed.released, plaintext)) throw new Error(`${name}: another plaintext by stream`);
  }
  for (const { name, reader, metadata, body, plaintext } of objects) {
    const opened = await lib.openObject({ metadata, body }, readers.objects[reader]);
    if (!sameBytes(opened.plaintext, plaintext)) throw new Error(`${name}: another plaintext`);
  }
}

/** What must be empty or within bounds, in words. */
export function faultsOf({
  accepted,
  untyped,
  released,
  shown,
  rejections,
  hangs,
  queued,
  growthMiB,
  cases,
  refused,
}) {
  const lists = { accepted, untyped, released, shown, rejections, hangs, queued };
  const faults = Object.entries(lists).flatMap(([what, list]) => list.map((one) => `${what}: ${one}`));
  if (growthMiB > MAX_GROWTH_MIB) faults.push(`memory grew by ${growthMiB} MiB`);
  if (refused !== cases && faults.length === 0) faults.push(`${cases - refused} cases were lost`);
  return faults;
}

/** One line for people: `N refused, 0 accepted, ...`. */
export function summaryOf({ refused, accepted, untyped, hangs, released, shown, rejections, queued }) {
  return `${refused} refused, ${accepted.length} accepted, ${untyped.length} untyped, ${hangs.length} hangs, ${released.length} released what was not verified, ${shown.length} showed input or secrets, ${rejections.length} unhandled rejections, ${queued.length} wrongs in queues`;
}
