// Clients by Region, and multi-Region keys.
import type { KMSClient } from "@aws-sdk/client-kms";
import { describe, expect, it, onTestFinished } from "vitest";
import { createEncryptionClient, type Keyring, type NoDataKeyError } from "../../src/index.ts";
import { kmsDiscoveryKeyring, kmsKeyring } from "../../src/kms/index.ts";
import {
  ACCOUNT,
  ALIAS_A,
  ALIAS_ARN_A,
  ARN_A,
  ARN_B,
  arn,
  calls,
  failure,
  genuineClient,
  KEY_A,
  MRK,
  PLAINTEXT,
  startKms,
} from "./helpers.ts";

const HERE = arn(MRK, "us-east-1");
const THERE = arn(MRK, "eu-west-1");
const FILTER = { partition: "aws", accountIds: [ACCOUNT] };

/** A strict local KMS: each Region serves its own keys only. And a function from a Region to a genuine client. */
async function start() {
  const { kms, url } = await startKms({ strictRegions: true });
  const asked: string[] = [];
  const clients: KMSClient[] = [];
  onTestFinished(() => clients.forEach((client) => void client.destroy()));
  const client = (region: string) => {
    asked.push(region);
    const made = genuineClient(url, { region });
    clients.push(made);
    return made;
  };
  return { kms, asked, client, in: (region: string) => client(region) };
}

const seal = async (keyring: Keyring) =>
  (await createEncryptionClient({ keyring }).encrypt(PLAINTEXT)).ciphertext;
const open = async (keyring: Keyring, ciphertext: Uint8Array) =>
  (await createEncryptionClient({ keyring }).decrypt(ciphertext)).plaintext;

describe("a function from a Region to a client", () => {
  it("is called once a Region, when that Region is needed", async () => {
    const { kms, asked, client } = await start();
    const keyring = kmsKeyring({ client, keyId: ARN_A, additionalKeyIds: [ARN_B, THERE] });
    expect(asked).toEqual([]);
    for (let i = 0; i < 3; i++) await open(keyring, await seal(keyring));
    expect(asked).toEqual(["us-east-1", "eu-west-1"]);
    expect(kms.events.slice(0, 3).map(({ awsRegion }) => awsRegion)).toEqual([
      "us-east-1",
      "us-east-1",
      "eu-west-1",
    ]);
  });

  it("serves alias ARNs, which name their Region", async () => {
    const { kms, asked, client } = await start();
    await seal(kmsKeyring({ client, keyId: ALIAS_ARN_A }));
    expect(asked).toEqual(["us-east-1"]);
    expect(calls(kms)).toEqual([`GenerateDataKey ${ALIAS_ARN_A}`]);
  });

  it.each([KEY_A, ALIAS_A, MRK])("is refused together with %s, which names no Region", async (keyId) => {
    const { asked, client } = await start();
    const message = expect.stringContaining("named by ARN");
    for (const options of [{ keyId }, { keyId: ARN_A, additionalKeyIds: [keyId] }]) {
      expect(() => kmsKeyring({ client, ...options })).toThrow(
        expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARGUMENT", message }),
      );
    }
    expect(asked).toEqual([]);
  });

  it("must answer a client", async () => {
    const keyring = kmsKeyring({ client: () => ({}) as KMSClient, keyId: ARN_A });
    expect(await failure(seal(keyring))).toMatchObject({ name: "TypeError", code: "ERR_INVALID_ARGUMENT" });
  });

  it("serves discovery: each key is asked for in its own Region", async () => {
    const { kms, asked, client } = await start();
    const ciphertext = await seal(
      kmsKeyring({ client: kms.clientFor({ region: "eu-west-1" }), keyId: THERE }),
    );
    kms.clearEvents();
    expect(await open(kmsDiscoveryKeyring({ client, filter: FILTER }), ciphertext)).toEqual(PLAINTEXT);
    expect(asked).toEqual(["eu-west-1"]);
    expect(calls(kms)).toEqual([`Decrypt ${THERE}`]);
  });
});

describe("multi-Region keys", () => {
  const sealed = async () => {
    const started = await start();
    const ciphertext = await seal(kmsKeyring({ client: started.in("us-east-1"), keyId: HERE }));
    started.kms.clearEvents();
    return { ...started, ciphertext };
  };

  it("opens by the replica of its own Region with multiRegion", async () => {
    const { kms, ciphertext, in: client } = await sealed();
    const keyring = kmsKeyring({ client: client("eu-west-1"), keyId: THERE, multiRegion: true });
    expect(await open(keyring, ciphertext)).toEqual(PLAINTEXT);
    expect(calls(kms)).toEqual([`Decrypt ${THERE}`]);
  });

  it("does not without it, and asks nobody", async () => {
    const { kms, ciphertext, in: client } = await sealed();
    const keyring = kmsKeyring({ client: client("eu-west-1"), keyId: THERE });
    const error = await failure<NoDataKeyError>(open(keyring, ciphertext));
    expect(error.reasons).toMatchObject([
      { status: "skipped", reason: `wrapped under ${HERE}, which this keyring does not name` },
    ]);
    expect(calls(kms)).toEqual([]);
  });

  it("opens single-Region keys of another Region in no case", async () => {
    const { kms, in: client } = await start();
    const elsewhere = kms.createKey({ id: KEY_A, region: "eu-west-1" });
    const ciphertext = await seal(kmsKeyring({ client: client("us-east-1"), keyId: ARN_A }));
    kms.clearEvents();
    const keyring = kmsKeyring({ client: client("eu-west-1"), keyId: elsewhere.arn, multiRegion: true });
    expect(await failure(open(keyring, ciphertext))).toMatchObject({ code: "ERR_NO_DATA_KEY" });
    expect(calls(kms)).toEqual([]);
  });

  it("counts replicas as current only with multiRegion", async () => {
    const { ciphertext, client } = await sealed();
    const needs = (multiRegion: boolean) =>
      createEncryptionClient({
        keyring: kmsKeyring({ client, keyId: THERE, multiRegion }),
      }).needsReencryption(ciphertext);
    expect(await needs(true)).toBe(false);
    expect(await needs(false)).toBe(true);
  });

  it("discovery in one Region asks its replica there", async () => {
    const { kms, asked, client, ciphertext } = await sealed();
    const before = asked.length;
    const keyring = kmsDiscoveryKeyring({ client, filter: FILTER, region: "eu-west-1" });
    expect(await open(keyring, ciphertext)).toEqual(PLAINTEXT);
    expect(asked.slice(before)).toEqual(["eu-west-1"]);
    expect(calls(kms)).toEqual([`Decrypt ${THERE}`]);
  });

  it("discovery in one Region passes over single-Region keys of others", async () => {
    const { kms, client } = await start();
    const ciphertext = await seal(kmsKeyring({ client, keyId: ARN_A, additionalKeyIds: [HERE] }));
    kms.clearEvents();
    const keyring = kmsDiscoveryKeyring({ client, filter: FILTER, region: "eu-west-1" });
    const { plaintext, opened } = await createEncryptionClient({ keyring }).decrypt(ciphertext);
    expect(plaintext).toEqual(PLAINTEXT);
    expect(new TextDecoder().decode(opened.providerInfo)).toBe(HERE);
    expect(calls(kms)).toEqual([`Decrypt ${THERE}`]);
    const single = await seal(kmsKeyring({ client, keyId: ARN_A }));
    const error = await failure<NoDataKeyError>(open(keyring, single));
    expect(error.reasons).toMatchObject([
      { status: "skipped", reason: `${ARN_A} is in another Region than eu-west-1` },
    ]);
  });
});
