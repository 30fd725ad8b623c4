// Frames: their lengths, their ends, and chunks that end anywhere but there.
import { describe, expect, it } from "vitest";
import { createEncryptionClient, inspectMessage } from "../../src/index.ts";
import { keyringOf } from "../interop/keyrings.ts";
import { cross, row } from "../peers/cells.ts";
import { aesKeyring } from "../peers/keys.ts";
import { sample } from "../peers/vectors/format.ts";
import { officialClient, officialKeyring } from "./official.ts";
import {
  keyfoldReader,
  keyfoldWriter,
  MODES,
  officialReader,
  officialWriter,
  pieces,
  through,
  type WriterOptions,
} from "./sides.ts";
import { suites } from "./suites.ts";

const spec = aesKeyring(32);
const theirs = officialKeyring(spec, { utf8Sorting: true });
const ours = keyringOf(spec);
const context = { tenant: "t1" };
const DIRECTIONS = ["official reads keyfold's", "keyfold reads official's"] as const;

const sides = (direction: (typeof DIRECTIONS)[number], options: WriterOptions) =>
  direction === "official reads keyfold's"
    ? { writer: keyfoldWriter(ours, options), reader: officialReader(theirs, options) }
    : { writer: officialWriter(theirs, options), reader: keyfoldReader(ours, options) };

const unsigned = { suite: 0x0478, policy: "require-encrypt-require-decrypt" } as const;
const signed = { suite: 0x0578, policy: "require-encrypt-require-decrypt" } as const;
const old = { suite: 0x0178, policy: "forbid-encrypt-allow-decrypt" } as const;

describe.each(DIRECTIONS)("%s", (direction) => {
  const frameLengths = [1, 2, 15, 16, 17, 100, 4096, 65_536, 70_001, 1_048_576];
  const around = frameLengths.flatMap((frame) =>
    [0, 1, frame - 1, frame, frame + 1, 2 * frame, 2 * frame + 1].map((size) => [frame, size] as const),
  );

  it("frames of any length", (test) => {
    const cells = cross([unsigned, signed, old], around);
    const label = ([{ suite }, [frame, size]]: (typeof cells)[number]): string =>
      `0x0${suite.toString(16)}, frames of ${frame}, ${size} bytes`;
    return row(test, cells, label, async ([options, [frameLength, size]]) => {
      const { writer, reader } = sides(direction, { ...options, frameLength });
      const ciphertext = await writer.seal(sample(size), context, "buffer");
      expect(inspectMessage(ciphertext).frameLength).toBe(frameLength);
      const opened = await reader.open(ciphertext, context, "buffer");
      expect(sample(size).equals(opened.plaintext)).toBe(true);
      expect(opened.frameLength).toBe(frameLength);
    });
  });

  it("frames of the writer's default length", (test) => {
    const expected = direction === "official reads keyfold's" ? 65_536 : 4096;
    const sizes = [0, 4096, 65_536, 65_537, 1_000_000];
    const cells = cross(cross([unsigned, signed, old], sizes), MODES);
    const label = ([[{ suite }, size], mode]: (typeof cells)[number]): string =>
      `0x0${suite.toString(16)}, ${size} bytes, ${mode}`;
    return row(test, cells, label, async ([[options, size], mode]) => {
      const { writer, reader } = sides(direction, options);
      const opened = await reader.open(await writer.seal(sample(size), context, mode), context, mode);
      expect(sample(size).equals(opened.plaintext)).toBe(true);
      expect(opened.frameLength).toBe(expected);
    });
  });

  it("what one wrote in one mode, read in the other", (test) => {
    const cells = cross(cross(suites, [0, 1, 100, 400, 1234]), MODES);
    const label = ([[{ name }, size], mode]: (typeof cells)[number]): string =>
      `${name}, ${size} bytes, ${mode}`;
    return row(test, cells, label, async ([[options, size], mode]) => {
      const { writer, reader } = sides(direction, { ...options, frameLength: 100 });
      const other = mode === "buffer" ? "stream" : "buffer";
      const opened = await reader.open(await writer.seal(sample(size), context, mode), context, other);
      expect(sample(size).equals(opened.plaintext)).toBe(true);
    });
  });

  it("one pipeline through both libraries, in chunks of any length", (test) => {
    const chunks = [[1], [2, 3], [16], [99, 1, 101], [10_000]];
    const cells = cross(suites, chunks);
    const label = ([{ name }, lengths]: (typeof cells)[number]): string => `${name}, chunks of ${lengths}`;
    return row(test, cells, label, async ([{ suite, policy }, lengths]) => {
      const plaintext = sample(777);
      const client = createEncryptionClient({
        keyring: ours,
        commitmentPolicy: policy,
        suite,
        frameLength: 100,
      });
      const official = officialClient(policy);
      const [seal, open] =
        direction === "official reads keyfold's"
          ? [() => client.encryptStream(), () => official.decryptStream(theirs)]
          : [
              () => official.encryptStream(theirs, { suiteId: suite, frameLength: 100 }),
              () => client.decryptStream(),
            ];
      const sent = await through(pieces(plaintext, lengths), seal(), open());
      expect(plaintext.equals(sent)).toBe(true);
      const ciphertext = await through(pieces(plaintext, lengths), seal());
      expect(plaintext.equals(await through(pieces(ciphertext, lengths), open()))).toBe(true);
    });
  });
});

/** Sequence end, number, IV, length, tag: what a final frame is made of beside its content. */
const FINAL_FRAME = 4 + 4 + 12 + 4 + 16;
const lastFrame = (ciphertext: Uint8Array, length: number) => {
  const at = Buffer.from(ciphertext.subarray(ciphertext.length - FINAL_FRAME - length));
  return { marker: at.readUInt32BE(0), sequence: at.readUInt32BE(4), length: at.readUInt32BE(20) };
};

describe("a length that is a multiple of the frame's", () => {
  const cells = cross(cross([unsigned, old], [1, 2, 5]), MODES);
  const label = ([[{ suite }, count], mode]: (typeof cells)[number]): string =>
    `0x0${suite.toString(16)}, ${count} frames, ${mode}`;

  it("official ends it with an empty frame, which keyfold reads and reckons with", (test) =>
    row(test, cells, label, async ([[options, count], mode]) => {
      const plaintext = sample(count * 64);
      const writer = officialWriter(theirs, { ...options, frameLength: 64 });
      const ciphertext = await writer.seal(plaintext, context, mode);
      expect(lastFrame(ciphertext, 0)).toEqual({ marker: 0xffffffff, sequence: count + 1, length: 0 });
      expect(inspectMessage(ciphertext).plaintextSize(ciphertext.length)).toBe(plaintext.length);
      const opened = await keyfoldReader(ours, options).open(ciphertext, context, mode);
      expect(plaintext.equals(opened.plaintext)).toBe(true);
    }));

  it("keyfold ends it with a full frame, which official reads", (test) =>
    row(test, cells, label, async ([[options, count], mode]) => {
      const plaintext = sample(count * 64);
      const writer = keyfoldWriter(ours, { ...options, frameLength: 64 });
      const ciphertext = await writer.seal(plaintext, context, mode);
      expect(lastFrame(ciphertext, 64)).toEqual({ marker: 0xffffffff, sequence: count, length: 64 });
      const opened = await officialReader(theirs, options).open(ciphertext, context, mode);
      expect(plaintext.equals(opened.plaintext)).toBe(true);
    }));
});
