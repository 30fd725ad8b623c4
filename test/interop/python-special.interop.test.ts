// What the matrix of python-messages leaves out: required context, streams, non-framed bodies, frame lengths, refusals.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createEncryptionClient,
  isKeyfoldError,
  type Keyring,
  requiredContextMaterialsManager,
} from "../../src/index.ts";
import { cross, row } from "../peers/cells.ts";
import { startPython } from "../peers/clients.ts";
import { contexts } from "../peers/contexts.ts";
import { aesKeyring } from "../peers/keys.ts";
import { PeerError } from "../peers/peer.ts";
import { type MessageSuiteId, messageSuites, policyFor, suiteLabel } from "../peers/suites.ts";
import { sample } from "../peers/vectors/format.ts";
import { keyringOf } from "./keyrings.ts";

let python: Awaited<ReturnType<typeof startPython>>;
beforeAll(async () => {
  python = await startPython();
});
afterAll(() => python.stop());

const spec = aesKeyring(32);
const keyring: Keyring = keyringOf(spec);
const encryptionContext = contexts["mixed-case and non-ASCII keys"]!;
const suiteIds = messageSuites.map(({ id }) => id);
const suiteName = (id: number): string => suiteLabel(messageSuites.find((suite) => suite.id === id)!);
const same = (a: Uint8Array, b: Uint8Array): void => expect(Buffer.from(a).equals(b)).toBe(true);

describe("required context", () => {
  const choices = [["apple"], ["Zebra", "𐍈gothic"], Object.keys(encryptionContext)];
  const cells = cross(suiteIds, choices);
  const label = ([suite, keys]: (typeof cells)[number]): string => `${suiteName(suite)}, ${keys.join(" ")}`;
  const clientOf = (suite: MessageSuiteId, requiredKeys: readonly string[]) =>
    createEncryptionClient({
      materialsManager: requiredContextMaterialsManager({ keyring, requiredKeys }),
      suite: suite,
      commitmentPolicy: policyFor(suite),
    });
  const pairsOf = (keys: readonly string[]) =>
    Object.fromEntries(Object.entries(encryptionContext).filter(([key]) => keys.includes(key)));
  const plaintext = sample(500);

  it("Python reads keyfold's, and only with the pairs", (context) =>
    row(context, cells, label, async ([suite, requiredKeys]) => {
      const { ciphertext } = await clientOf(suite, requiredKeys).encrypt(plaintext, { encryptionContext });
      const request = { keyring: spec, commitmentPolicy: policyFor(suite), requiredKeys };
      const opened = await python.decrypt(ciphertext, {
        ...request,
        encryptionContext: pairsOf(requiredKeys),
      });
      same(opened.plaintext, plaintext);
      await expect(python.decrypt(ciphertext, { ...request, encryptionContext: {} })).rejects.toThrow(
        PeerError,
      );
    }));

  it("keyfold reads Python's, and only with the pairs", (context) =>
    row(context, cells, label, async ([suite, requiredKeys]) => {
      const request = { keyring: spec, commitmentPolicy: policyFor(suite), requiredKeys, encryptionContext };
      const ciphertext = await python.encrypt(plaintext, { ...request, suite, frameLength: 128 });
      const client = clientOf(suite, requiredKeys);
      const opened = await client.decrypt(ciphertext, { encryptionContext: pairsOf(requiredKeys) });
      same(opened.plaintext, plaintext);
      await expect(client.decrypt(ciphertext)).rejects.toMatchObject({ code: "ERR_ENCRYPTION_CONTEXT" });
      const wrong = { ...pairsOf(requiredKeys), [requiredKeys[0]!]: "another value" };
      await expect(client.decrypt(ciphertext, { encryptionContext: wrong })).rejects.toSatisfy((error) =>
        isKeyfoldError(error),
      );
    }));
});

describe("streams", () => {
  const cells = cross(suiteIds, [0, 1, 128, 384, 1000, 70_000]);
  const label = ([suite, size]: (typeof cells)[number]): string => `${suiteName(suite)}, ${size} bytes`;
  const through = async (
    bytes: Uint8Array,
    stream: ReadableWritablePair<Uint8Array, Uint8Array>,
  ): Promise<Buffer> => {
    const source = new Blob([new Uint8Array(bytes)]).stream() as ReadableStream<Uint8Array>;
    const chunks: Uint8Array[] = [];
    for await (const chunk of source.pipeThrough(stream)) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  it("Python's stream reads keyfold's stream", (context) =>
    row(context, cells, label, async ([suite, size]) => {
      const policy = { commitmentPolicy: policyFor(suite) };
      const client = createEncryptionClient({ keyring, suite, frameLength: 128, ...policy });
      const ciphertext = await through(sample(size), client.encryptStream({ encryptionContext }));
      const request = { keyring: spec, encryptionContext, stream: true, ...policy };
      same((await python.decrypt(ciphertext, request)).plaintext, sample(size));
    }));

  it("keyfold's stream reads Python's stream", (context) =>
    row(context, cells, label, async ([suite, size]) => {
      const policy = { commitmentPolicy: policyFor(suite) };
      const request = { keyring: spec, suite, frameLength: 128, encryptionContext, stream: true, ...policy };
      const ciphertext = await python.encrypt(sample(size), request);
      const client = createEncryptionClient({ keyring, ...policy });
      same(await through(ciphertext, client.decryptStream({ encryptionContext })), sample(size));
    }));
});

describe("bodies", () => {
  it("keyfold reads Python's non-framed messages", (context) => {
    const cells = cross(suiteIds, [0, 1, 128, 70_000]);
    const label = ([suite, size]: (typeof cells)[number]): string => `${suiteName(suite)}, ${size} bytes`;
    return row(context, cells, label, async ([suite, size]) => {
      const policy = { commitmentPolicy: policyFor(suite) };
      const request = { keyring: spec, suite, frameLength: 0, encryptionContext, ...policy };
      const client = createEncryptionClient({ keyring, ...policy });
      same((await client.decrypt(await python.encrypt(sample(size), request))).plaintext, sample(size));
    });
  });

  describe("frames long and short", () => {
    // The web backend leaves frames of more than 1 KiB to WebCrypto, and does shorter ones by noble: both in one message.
    const frameLength = 4096;
    const cells = cross(suiteIds, [2 * frameLength, 2 * frameLength + 8, 10_000]);
    const label = ([suite, size]: (typeof cells)[number]): string => `${suiteName(suite)}, ${size} bytes`;

    it("Python reads keyfold's", (context) =>
      row(context, cells, label, async ([suite, size]) => {
        const policy = { commitmentPolicy: policyFor(suite) };
        const client = createEncryptionClient({ keyring, suite, frameLength, ...policy });
        const { ciphertext } = await client.encrypt(sample(size), { encryptionContext });
        const request = { keyring: spec, encryptionContext, ...policy };
        same((await python.decrypt(ciphertext, request)).plaintext, sample(size));
      }));
    it("keyfold reads Python's", (context) =>
      row(context, cells, label, async ([suite, size]) => {
        const policy = { commitmentPolicy: policyFor(suite) };
        const request = { keyring: spec, suite, frameLength, encryptionContext, ...policy };
        const client = createEncryptionClient({ keyring, ...policy });
        same((await client.decrypt(await python.encrypt(sample(size), request))).plaintext, sample(size));
      }));
  });

  it("Python reads every frame length of keyfold", (context) => {
    const cells = cross([1, 2, 15, 16, 17, 100, 4096, 65_536], [0, 1, 33, 1000]);
    const label = ([frame, size]: (typeof cells)[number]): string => `frames of ${frame}, ${size} bytes`;
    return row(context, cells, label, async ([frameLength, size]) => {
      const client = createEncryptionClient({ keyring, frameLength });
      const { ciphertext } = await client.encrypt(sample(size));
      const request = { keyring: spec, encryptionContext: {}, commitmentPolicy: policyFor(0x0578) };
      same((await python.decrypt(ciphertext, request)).plaintext, sample(size));
    });
  });
});

describe("refusals", () => {
  it("Python refuses a message of keyfold with one bit changed, at any place", async (context) => {
    const client = createEncryptionClient({ keyring, suite: 0x0578, frameLength: 128 });
    const { ciphertext } = await client.encrypt(sample(300), { encryptionContext: { tenant: "t1" } });
    const request = { keyring: spec, encryptionContext: {}, commitmentPolicy: policyFor(0x0578) };
    same((await python.decrypt(ciphertext, request)).plaintext, sample(300));
    const places = Array.from({ length: Math.ceil(ciphertext.length / 7) }, (_, i) => i * 7);
    return row(
      context,
      places,
      (place) => `byte ${place} of ${ciphertext.length}`,
      async (place) => {
        const altered = Buffer.from(ciphertext);
        altered[place]! ^= 0x10;
        await expect(python.decrypt(altered, request)).rejects.toThrow(PeerError);
        await expect(client.decrypt(altered)).rejects.toSatisfy((error) => isKeyfoldError(error));
      },
    );
  });

  it("both refuse the wrong expected context", (context) =>
    row(context, suiteIds, suiteName, async (suite) => {
      const policy = { commitmentPolicy: policyFor(suite) };
      const client = createEncryptionClient({ keyring, suite: suite, ...policy });
      const { ciphertext } = await client.encrypt(sample(10), { encryptionContext: { tenant: "t1" } });
      const wrong = { encryptionContext: { tenant: "t2" } };
      await expect(python.decrypt(ciphertext, { keyring: spec, ...wrong, ...policy })).rejects.toThrow(
        PeerError,
      );
      await expect(client.decrypt(ciphertext, wrong)).rejects.toMatchObject({
        code: "ERR_ENCRYPTION_CONTEXT",
      });
    }));

  it("neither opens a non-committing message under a policy that requires commitment", (context) => {
    const cells = suiteIds.filter((suite) => policyFor(suite) === "forbid-encrypt-allow-decrypt");
    return row(context, cells, suiteName, async (suite) => {
      const commitmentPolicy = policyFor(suite);
      const writer = createEncryptionClient({ keyring, suite: suite, commitmentPolicy });
      const { ciphertext } = await writer.encrypt(sample(10));
      const strict = { commitmentPolicy: "require-encrypt-require-decrypt" } as const;
      const request = { keyring: spec, encryptionContext: {} };
      await expect(python.decrypt(ciphertext, { ...request, ...strict })).rejects.toThrow(PeerError);
      await expect(createEncryptionClient({ keyring, ...strict }).decrypt(ciphertext)).rejects.toMatchObject({
        code: "ERR_COMMITMENT_POLICY",
      });
    });
  });
});
