// One KMS, asked by both libraries through genuine clients: what they ask, whom they may ask, and whose key opens.
import {
  AwsKmsMrkAwareSymmetricDiscoveryKeyringNode,
  AwsKmsMrkAwareSymmetricKeyringNode,
  type KeyringNode,
  KmsKeyringNode,
} from "@aws-crypto/client-node";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Keyring } from "../../src/index.ts";
import { kmsDiscoveryKeyring, kmsKeyring } from "../../src/kms/index.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import { kmsClient } from "../interop/keyrings.ts";
import { cross, row } from "../peers/cells.ts";
import { contexts } from "../peers/contexts.ts";
import { sample } from "../peers/vectors/format.ts";
import { failure } from "../support/failure.ts";
import { officialKms } from "./official.ts";
import { keyfoldReader, keyfoldWriter, officialReader, officialWriter } from "./sides.ts";
import { suites } from "./suites.ts";

const ACCOUNT = "111122223333";
const STRANGER = "444455556666";
const HOME = "us-east-1";
const AWAY = "eu-west-1";

const kms = createLocalKms({ region: HOME, accountId: ACCOUNT });
const first = kms.createKey({ aliases: ["alias/first"] }).arn;
const second = kms.createKey().arn;
const foreign = kms.createKey({ accountId: STRANGER }).arn;
const replicated = kms.createKey({ replicaRegions: [AWAY] });
const [atHome, away] = [HOME, AWAY].map((region) => kms.arn(replicated.keyId, region)) as [string, string];

let url: string;
beforeAll(async () => {
  url = (await kms.listen()).url;
});
beforeEach(() => kms.clearEvents());
afterAll(() => kms.close());

const options = { suite: 0x0578, policy: "require-encrypt-require-decrypt" } as const;
const context = contexts["mixed-case and non-ASCII keys"]!;
const plaintext = sample(300);

/** The same keys, named to both libraries. */
interface Keyrings {
  readonly ours: Keyring;
  readonly theirs: KeyringNode;
}

const strict = (generatorKeyId: string, ...keyIds: string[]): Keyrings => ({
  ours: kmsKeyring({
    client: (region) => kmsClient(url, region),
    keyId: generatorKeyId,
    additionalKeyIds: keyIds,
  }),
  theirs: new KmsKeyringNode({
    clientProvider: (region) => officialKms(url, region),
    generatorKeyId,
    keyIds,
  }),
});

/** A message of each library. */
async function sealBoth({ ours, theirs }: Keyrings): Promise<{ written: Uint8Array; received: Uint8Array }> {
  return {
    written: await keyfoldWriter(ours, options).seal(plaintext, context, "buffer"),
    received: await officialWriter(theirs, options).seal(plaintext, context, "buffer"),
  };
}

/** Each library opens the other's message. */
async function openBoth({ ours, theirs }: Keyrings, messages: Awaited<ReturnType<typeof sealBoth>>) {
  const there = await officialReader(theirs, options).open(messages.written, context, "buffer");
  expect(plaintext.equals(there.plaintext)).toBe(true);
  const here = await keyfoldReader(ours, options).open(messages.received, context, "buffer");
  expect(plaintext.equals(here.plaintext)).toBe(true);
}

const bothWays = async (writers: Keyrings, readers: Keyrings): Promise<void> =>
  openBoth(readers, await sealBoth(writers));

/** Neither opens the other's message, and neither asks KMS to. */
async function neitherWay(writers: Keyrings, { ours, theirs }: Keyrings): Promise<void> {
  const { written, received } = await sealBoth(writers);
  kms.clearEvents();
  await expect(officialReader(theirs, options).open(written, context, "buffer")).rejects.toThrow(
    "unencryptedDataKey has not been set",
  );
  await failure(keyfoldReader(ours, options).open(received, context, "buffer"), "ERR_NO_DATA_KEY");
  expect(kms.events).toEqual([]);
}

/** The audit log without what differs from call to call. The public key of a signed message is a new one each time. */
const asked = () =>
  kms.events.map(({ eventName, requestParameters, errorCode, awsRegion }) => {
    const { encryptionContext, ...parameters } = requestParameters ?? {};
    const { "aws-crypto-public-key": key, ...pairs } = encryptionContext as Record<string, string>;
    return { eventName, errorCode, awsRegion, parameters, pairs, signed: typeof key };
  });

it("both ask KMS the same, of every suite and context", async (test) => {
  const cells = cross(suites, Object.entries(contexts));
  const label = ([{ name }, [pairs]]: (typeof cells)[number]): string => `${name}, ${pairs}`;
  const { ours, theirs } = strict(first, second);
  // One cell after the other, since the log belongs to all of them.
  let before: Promise<unknown> = Promise.resolve();
  await row(test, cells, label, ([suite, [, pairs]]) => {
    const cell = before.then(async () => {
      kms.clearEvents();
      const written = await keyfoldWriter(ours, suite).seal(plaintext, pairs, "buffer");
      await keyfoldReader(ours, suite).open(written, pairs, "buffer");
      const keyfold = asked();
      kms.clearEvents();
      const received = await officialWriter(theirs, suite).seal(plaintext, pairs, "buffer");
      await officialReader(theirs, suite).open(received, pairs, "buffer");
      expect(keyfold).toEqual(asked());
      expect(keyfold.map(({ eventName }) => eventName)).toEqual(["GenerateDataKey", "Encrypt", "Decrypt"]);
      expect(keyfold[0]).toMatchObject({ pairs, signed: suite.signed ? "string" : "undefined" });
    });
    before = cell.catch(() => {});
    return cell;
  });
});

describe("keys", () => {
  it("each of several opens alone", async () => {
    const writers = strict(first, second);
    await bothWays(writers, strict(first));
    await bothWays(writers, strict(second));
  });

  it("an alias writes, and its key opens", async () => {
    await bothWays(strict(`arn:aws:kms:${HOME}:${ACCOUNT}:alias/first`), strict(first));
  });

  it("a rotated key opens what it wrapped before", async () => {
    const { arn } = kms.createKey();
    const messages = await sealBoth(strict(arn));
    kms.rotateKey(arn);
    await openBoth(strict(arn), messages);
  });

  it("another key opens nothing, and is not asked", () => neitherWay(strict(first), strict(second)));
});

describe("discovery", () => {
  const discovery = (accountId: string) => ({
    ours: kmsDiscoveryKeyring({
      client: (region) => kmsClient(url, region),
      filter: { partition: "aws", accountIds: [accountId] },
    }),
    theirs: new KmsKeyringNode({
      clientProvider: (region) => officialKms(url, region),
      discovery: true,
      discoveryFilter: { partition: "aws", accountIDs: [accountId] },
    }),
  });

  it("opens what any key of the account wrapped", async () => {
    await bothWays(strict(first), discovery(ACCOUNT));
    await bothWays(strict(second), discovery(ACCOUNT));
    await bothWays(strict(foreign), discovery(STRANGER));
  });

  it("of two keys, asks for the one that the filter lets through", async () => {
    const writers = strict(first, foreign);
    for (const [account, arn] of [
      [ACCOUNT, first],
      [STRANGER, foreign],
    ] as const) {
      kms.clearEvents();
      await bothWays(writers, discovery(account));
      const decrypts = kms.events.filter(({ eventName }) => eventName === "Decrypt");
      expect(decrypts.map(({ resources }) => resources[0]?.ARN)).toEqual([arn, arn]);
    }
  });

  it("asks nobody for a key of another account", () => neitherWay(strict(foreign), discovery(ACCOUNT)));
});

describe("multi-Region keys", () => {
  const replicaOf = (arn: string, region: string) => ({
    ours: kmsKeyring({ client: kmsClient(url, region), keyId: arn, multiRegion: true }),
    theirs: new AwsKmsMrkAwareSymmetricKeyringNode({ client: officialKms(url, region), keyId: arn }),
  });
  const discoveryIn = (region: string) => ({
    ours: kmsDiscoveryKeyring({
      client: kmsClient(url, region),
      region,
      filter: { partition: "aws", accountIds: [ACCOUNT] },
    }),
    theirs: new AwsKmsMrkAwareSymmetricDiscoveryKeyringNode({
      client: officialKms(url, region),
      discoveryFilter: { partition: "aws", accountIDs: [ACCOUNT] },
    }),
  });

  it("open by their replica", async () => {
    await bothWays(replicaOf(atHome, HOME), replicaOf(away, AWAY));
    await bothWays(replicaOf(away, AWAY), replicaOf(atHome, HOME));
    await bothWays(strict(atHome), replicaOf(away, AWAY));
  });

  it("open by discovery in the replica's Region, which is the only one asked", async () => {
    await bothWays(replicaOf(atHome, HOME), discoveryIn(AWAY));
    const decrypts = kms.events.filter(({ eventName }) => eventName === "Decrypt");
    expect(decrypts.map(({ awsRegion }) => awsRegion)).toEqual([AWAY, AWAY]);
  });

  it("do not open by their replica for keyrings that were not told of it", () =>
    neitherWay(strict(atHome), strict(away)));
});
