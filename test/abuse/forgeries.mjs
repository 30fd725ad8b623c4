// Messages that a holder of the wrapping key made wrong on purpose: every tag and signature holds, a rule is broken.
import { aesEdk, contextBytes, join, SUITES, u16, u32, writeMessage } from "./write-message.mjs";

const edit = (value) => () => value;
const one = [["a", "1"]];

/** What is broken, and in which suites: `v1`, `v2`, `signed`, `unsigned`, or all. */
const FORGERIES = [
  ["a context key twice", { context: edit(contextBytes([...one, ["a", "2"]])) }],
  ["a context key twice, alike", { context: edit(contextBytes([...one, ...one])) }],
  ["a pair count of zero", { context: edit(u16(0)) }],
  ["a pair count too low", { context: (bytes) => join(u16(0), bytes.subarray(2), u16(0), u16(0)) }],
  ["a context of invalid UTF-8", { context: edit(join(u16(1), u16(1), [0xff], u16(0))) }],
  ["an EDK count of zero", { edkCount: edit(u16(0)), edk: edit(new Uint8Array(0)) }],
  ["an EDK count too low", { edkCount: edit(u16(0)) }],
  [
    "a provider id of invalid UTF-8",
    { edkCount: edit(u16(2)), edk: (edk) => join(u16(1), [0xff], u16(0), u16(0), edk) },
  ],
  ["content type 0", { contentType: edit(Uint8Array.of(0)) }],
  ["content type 3", { contentType: edit(Uint8Array.of(3)) }],
  ["non-framed, with a frame length", { contentType: edit(Uint8Array.of(1)) }],
  ["framed, with frame length 0", { frameLength: edit(u32(0)) }],
  ["a frame length over the limit", { frameLength: edit(u32(2 ** 24 + 1)) }],
  ["reserved bytes", { reserved: edit(u32(1)) }, "v1"],
  ["IV length 16", { ivLength: edit(Uint8Array.of(16)) }, "v1"],
  ["type 0", { type: edit(Uint8Array.of(0)) }, "v1"],
  ["another commitment", { commitment: (bytes) => bytes.map((byte) => byte ^ 1) }, "v2"],
  ["a commitment of zeros", { commitment: (bytes) => bytes.map(() => 0) }, "v2"],
  [
    "a signature of length 0",
    { signatureLength: edit(u16(0)), signature: edit(new Uint8Array(0)) },
    "signed",
  ],
  ["a signature of no DER", { signature: (der) => der.with(0, 0x31) }, "signed"],
  [
    "a signature with bytes behind it",
    { signatureLength: ([, n]) => u16(n + 1), signature: (der) => join(der, [0]) },
    "signed",
  ],
  [
    "a longer integer in the signature",
    { signatureLength: ([, n]) => u16(n + 1), signature: longer },
    "signed",
  ],
];

/** The same by other options of the writer. */
const SHAPES = [
  ["sequence numbers from 0", { numbers: (sequence, length) => [sequence - 1, length] }],
  ["sequence numbers with a gap", { numbers: (sequence, length) => [sequence * 2 - 1, length] }],
  ["all frames numbered 1", { numbers: (_, length) => [1, length] }],
  ["no final frame", { kind: () => "Frame", sizes: [10, 10, 10] }],
  ["only final frames", { kind: () => "Final Frame" }],
  ["a final frame longer than a frame", { sizes: [10, 11] }],
  ["no frame", { sizes: [] }],
  ["no public key", { noPublicKey: true }, "signed"],
  ["another signer", { otherSigner: true }, "signed"],
  ["no footer", { noFooter: true }, "signed"],
  ["a public key of no use", { pairs: [["aws-crypto-public-key", "AAAA"]] }, "unsigned"],
  [
    "a public key that is no point",
    { noPublicKey: true, pairs: [["aws-crypto-public-key", "Av//"]] },
    "signed",
  ],
  ["a data key of zeros", { zeros: true }],
  ["a data key of another length", { long: true }],
];

export function* forgeries(random, messages, key) {
  for (const base of messages.filter(
    ({ name }) => name.endsWith(" framed") && !name.endsWith("not framed"),
  )) {
    const { keyLength, signature } = SUITES.get(base.suite);
    const kinds = [base.suite >= 0x0400 ? "v2" : "v1", signature ? "signed" : "unsigned", undefined];
    const all = [...FORGERIES.map(([name, tamper, kind]) => [name, { tamper }, kind]), ...SHAPES];
    for (const [name, what, kind] of all) {
      if (!kinds.includes(kind)) continue;
      const dataKey = what.zeros ? new Uint8Array(keyLength) : random.bytes(keyLength);
      const pieces = (what.sizes ?? [10, 10, 4]).map((size) => random.bytes(size));
      const edks = (own, context) => [aesEdk(random, key, what.long ? join(own, [1]) : own, context)];
      const message = writeMessage(random, {
        suite: base.suite,
        pairs: one,
        ...what,
        dataKey,
        edks,
        pieces,
        frameLength: 10,
      });
      yield {
        family: "forgeries by a key holder",
        name: `${base.name}: ${name}`,
        base: { ...base, ...message, dataKey },
        bytes: message.bytes,
      };
    }
  }
}

/** A leading zero that r does not need: BER, not DER. */
function longer(der) {
  const r = der[3];
  const out = join(der.subarray(0, 3), [r + 1, 0], der.subarray(4));
  out[1] += 1;
  return out;
}
