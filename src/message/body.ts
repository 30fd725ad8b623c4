import { andThen } from "../awaitable.ts";
import { EMPTY, scratch } from "../bytes/arrays.ts";
import { getU32, getU64, setU32, setU64 } from "../bytes/integers.ts";
import { utf8 } from "../bytes/utf8.ts";
import type { AesGcm } from "../crypto/backend.ts";
import { AuthenticationError, LimitError, MessageFormatError } from "../errors.ts";
import type { Awaitable } from "../types.ts";
import type { MessageHeader } from "./header.ts";

/** Bytes around the content of a regular frame: sequence number, IV, tag. */
export const FRAME_OVERHEAD = 4 + 12 + 16;
/** Bytes around the content of the final frame: end marker, sequence number, IV, length, tag. */
export const FINAL_FRAME_OVERHEAD = 4 + 4 + 12 + 4 + 16;

const END_MARKER = 0xffffffff;
const MAX_NON_FRAMED = 2 ** 36 - 32;
const IV_LENGTH = 12;
const TAG_LENGTH = 16;

/** From this length on a frame is worth two chunks of a stream, to spare a copy of it. */
const LONG_FRAME = 64 * 1024;

type Part = "frame" | "final" | "single";
const PART_TEXT: Readonly<Record<Part, Uint8Array>> = {
  frame: utf8("AWSKMSEncryptionClient Frame"),
  final: utf8("AWSKMSEncryptionClient Final Frame"),
  single: utf8("AWSKMSEncryptionClient Single Block"),
};

/** The AAD of every part of one kind (data-format/message-body-aad); number and length are filled in anew. */
function aadOf(messageId: Uint8Array, part: Part): (sequence: number, length: number) => Uint8Array {
  const text = PART_TEXT[part];
  const aad = scratch(messageId.length + text.length + 12);
  aad.set(messageId);
  aad.set(text, messageId.length);
  return (sequence, length) => {
    setU32(aad, aad.length - 12, sequence);
    setU64(aad, aad.length - 8, length);
    return aad;
  };
}

/** Seals plaintext into frames, in order (data-format/message-body). */
export class FrameSealer {
  readonly #gcm: AesGcm;
  readonly #frameLength: number;
  readonly #messageId: Uint8Array;
  readonly #iv = new Uint8Array(IV_LENGTH);
  #frameAad: ReturnType<typeof aadOf> | undefined;
  #sequence = 1;

  constructor(gcm: AesGcm, messageId: Uint8Array, frameLength: number) {
    this.#gcm = gcm;
    this.#messageId = messageId;
    this.#frameLength = frameLength;
  }

  /** Seals all the plaintext of a message: regular frames, and the final one. Answers where they end in `out`. */
  sealAll(plaintext: Uint8Array, out: Uint8Array, offset: number): Awaitable<number> {
    const regular = Math.max(0, Math.ceil(plaintext.length / this.#frameLength) - 1) * this.#frameLength;
    if (regular === 0) return this.sealFinal(plaintext, out, offset);
    const frames = this.sealFrames(plaintext.subarray(0, regular), out, offset);
    return frames.then((end) => this.sealFinal(plaintext.subarray(regular), out, end));
  }

  /** Seals a whole number of regular frames. Answers where they end in `out`. */
  async sealFrames(plaintext: Uint8Array, out: Uint8Array, offset: number): Promise<number> {
    let at = offset;
    for (let start = 0; start < plaintext.length; start += this.#frameLength) {
      const sequence = this.#next();
      setU32(out, at, sequence);
      out.set(this.#iv, at + 4);
      const content = plaintext.subarray(start, start + this.#frameLength);
      const aad = this.#aadOfFrame(sequence, content.length);
      const sealed = this.#gcm.seal(this.#iv, content, aad, out, at + 16);
      if (sealed !== undefined) await sealed;
      at += content.length + FRAME_OVERHEAD;
    }
    return at;
  }

  /** Seals whole numbers of regular frames, as chunks that follow one another. */
  async *sealChunks(plaintexts: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, void> {
    const { sealApart } = this.#gcm;
    if (sealApart === undefined || this.#frameLength < LONG_FRAME) {
      const length = plaintexts.reduce((sum, plaintext) => sum + plaintext.length, 0);
      const out = new Uint8Array((length / this.#frameLength) * (this.#frameLength + FRAME_OVERHEAD));
      let at = 0;
      for (const plaintext of plaintexts) at = await this.sealFrames(plaintext, out, at);
      yield out;
      return;
    }
    for (const plaintext of plaintexts) {
      for (let start = 0; start < plaintext.length; start += this.#frameLength) {
        const prefix = new Uint8Array(4 + IV_LENGTH);
        const sequence = this.#next();
        setU32(prefix, 0, sequence);
        prefix.set(this.#iv, 4);
        yield prefix;
        const content = plaintext.subarray(start, start + this.#frameLength);
        yield await sealApart(this.#iv, content, this.#aadOfFrame(sequence, content.length));
      }
    }
  }

  /** Seals the final frame: at most one frame's length, possibly nothing. Answers where it ends in `out`. */
  sealFinal(plaintext: Uint8Array, out: Uint8Array, offset: number): Awaitable<number> {
    const sequence = this.#next();
    setU32(out, offset, END_MARKER);
    setU32(out, offset + 4, sequence);
    out.set(this.#iv, offset + 8);
    setU32(out, offset + 20, plaintext.length);
    const aad = aadOf(this.#messageId, "final")(sequence, plaintext.length);
    const end = offset + plaintext.length + FINAL_FRAME_OVERHEAD;
    return andThen(this.#gcm.seal(this.#iv, plaintext, aad, out, offset + 24), () => end);
  }

  #aadOfFrame(sequence: number, length: number): Uint8Array {
    this.#frameAad ??= aadOf(this.#messageId, "frame");
    return this.#frameAad(sequence, length);
  }

  #next(): number {
    const sequence = this.#sequence++;
    if (sequence >= END_MARKER) {
      throw new LimitError(
        "frameLength",
        sequence,
        END_MARKER - 1,
        "Frames (a larger frameLength makes fewer)",
      );
    }
    setU32(this.#iv, 8, sequence);
    return sequence;
  }
}

/** One part of a body, by its place in the bytes that hold it. */
interface Located {
  readonly part: Part;
  readonly sequence: number;
  /** Where the IV, the sealed content (with its tag) and the next part begin. */
  readonly iv: number;
  readonly content: number;
  readonly end: number;
}

/** The parts of a body that are there whole. */
export interface Measured {
  /** Where they end. */
  readonly end: number;
  /** How much plaintext they hold. */
  readonly plaintext: number;
  /** Whether the last part of the body is among them. */
  readonly final: boolean;
  /** If it is not: how many bytes the next step needs, from where the measuring began. */
  readonly needed: number;
}

/** Finds and opens the parts of a body, in order: frames, or the single block of a non-framed message. */
export class BodyOpener {
  readonly #header: MessageHeader;
  readonly #gcm: AesGcm;
  readonly #maxSingle: number;
  readonly #aads: Partial<Record<Part, ReturnType<typeof aadOf>>> = {};
  #sequence = 1;
  #done = false;

  /** `maxSingle`: the most bytes that a non-framed body may have, being held in memory whole. */
  constructor(header: MessageHeader, gcm: AesGcm, maxSingle: number) {
    this.#header = header;
    this.#gcm = gcm;
    this.#maxSingle = maxSingle;
  }

  /** The last part has been opened. */
  get done(): boolean {
    return this.#done;
  }

  /** Measures the whole parts in `bytes` from `offset`. */
  measure(bytes: Uint8Array, offset: number): Measured {
    let at = offset;
    let plaintext = 0;
    for (let sequence = this.#sequence; ; sequence++) {
      const located = this.#locate(bytes, at, sequence);
      if (typeof located === "number") return { end: at, plaintext, final: false, needed: located - offset };
      plaintext += located.end - located.content - TAG_LENGTH;
      at = located.end;
      if (located.part !== "frame") return { end: at, plaintext, final: true, needed: 0 };
    }
  }

  /** Opens the parts that `measure` has found. Throws at the first whose tag does not match. */
  open(bytes: Uint8Array, offset: number, { end, plaintext: length }: Measured): Awaitable<Uint8Array> {
    if (offset === end) return EMPTY;
    const first = this.#locate(bytes, offset, this.#sequence) as Located;
    return first.end === end ? this.#openPart(bytes, first) : this.#openParts(bytes, offset, end, length);
  }

  /** Opens parts one by one, and joins their plaintexts. */
  async #openParts(bytes: Uint8Array, offset: number, end: number, length: number): Promise<Uint8Array> {
    const out = new Uint8Array(length);
    let written = 0;
    try {
      for (let at = offset; at < end; ) {
        const located = this.#locate(bytes, at, this.#sequence) as Located;
        const opened = await this.#openPart(bytes, located);
        out.set(opened, written);
        written += opened.length;
        at = located.end;
      }
      return out;
    } catch (error) {
      out.fill(0);
      throw error;
    }
  }

  #openPart(bytes: Uint8Array, { part, sequence, iv, content, end }: Located): Awaitable<Uint8Array> {
    this.#aads[part] ??= aadOf(this.#header.messageId, part);
    const aad = this.#aads[part](sequence, end - content - TAG_LENGTH);
    const answer = this.#gcm.open(bytes.subarray(iv, iv + IV_LENGTH), bytes.subarray(content, end), aad);
    return andThen(answer, (opened) => {
      if (opened === null) throw new AuthenticationError();
      this.#sequence++;
      this.#done = part !== "frame";
      return opened;
    });
  }

  /** The part at `at`; or where the bytes must reach for it to be found. */
  #locate(bytes: Uint8Array, at: number, sequence: number): Located | number {
    const { frameLength } = this.#header;
    if (frameLength === 0) return this.#locateSingle(bytes, at);
    if (bytes.length < at + 4) return at + 4;
    const first = getU32(bytes, at);
    if (first !== END_MARKER) {
      if (first !== sequence) throw outOfOrder(sequence);
      const end = at + FRAME_OVERHEAD + frameLength;
      return bytes.length < end ? end : { part: "frame", sequence, iv: at + 4, content: at + 16, end };
    }
    if (bytes.length < at + 24) return at + 24;
    if (getU32(bytes, at + 4) !== sequence) throw outOfOrder(sequence);
    const length = getU32(bytes, at + 20);
    if (length > frameLength) {
      throw new MessageFormatError("The final frame is longer than the frame length");
    }
    const end = at + FINAL_FRAME_OVERHEAD + length;
    return bytes.length < end ? end : { part: "final", sequence, iv: at + 8, content: at + 24, end };
  }

  #locateSingle(bytes: Uint8Array, at: number): Located | number {
    if (bytes.length < at + 20) return at + 20;
    const length = getU64(bytes, at + 12);
    if (length > MAX_NON_FRAMED)
      throw new MessageFormatError("A non-framed body holds at most 2^36 - 32 bytes");
    if (length > this.#maxSingle) {
      throw new LimitError("signedBufferLimit", length, this.#maxSingle, "A non-framed body, held in memory");
    }
    const end = at + 20 + length + TAG_LENGTH;
    return bytes.length < end ? end : { part: "single", sequence: 1, iv: at, content: at + 20, end };
  }
}

function outOfOrder(sequence: number): MessageFormatError {
  return new MessageFormatError(`Frame ${sequence} is due; another one stands in its place`);
}
