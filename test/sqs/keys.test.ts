import { describe, expect, it } from "vitest";
import { cachingMaterialsManager, type KeyfoldEvent, rawAesKeyring } from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { createSqsEncryptionClient, type SqsEncryptionClientOptions } from "../../src/sqs/index.ts";
import { ARN_A } from "../kms/helpers.ts";
import { failure } from "../support/failure.ts";
import { VirtualClocks } from "../support/virtual.ts";
import { type Options, type Place, receive, receiveOne, send, sendAll, startQueue } from "./helpers.ts";

/** What KMS was asked since the last time. */
function operations({ kms }: Place): string[] {
  const names = kms.events.map(({ eventName }) => eventName);
  kms.clearEvents();
  return names;
}

describe("the data keys", () => {
  it("are verified before their first use, and then reused; a consumer opens each once", async () => {
    const place = await startQueue();
    const [producer, consumer] = [place.client(), place.client()];
    await sendAll(producer, place.url, ["1", "2", "3"]);
    await send(producer, place.url, "4");
    expect(operations(place)).toEqual(["GenerateDataKey", "Decrypt"]);
    await receive(consumer, place.url);
    expect(operations(place)).toEqual(["Decrypt"]);
    await send(producer, place.url);
    await receive(consumer, place.url);
    expect(operations(place)).toEqual([]);
    expect(producer.stats()?.encrypt).toMatchObject({ hits: 2, misses: 1 });
    expect(consumer.stats()?.decrypt).toMatchObject({ misses: 1 });
  });

  it("are not opened by who only writes", async () => {
    const place = await startQueue();
    await send(place.client({ verifyNewKeys: false }), place.url);
    expect(operations(place)).toEqual(["GenerateDataKey"]);
  });

  it("last for the reuse period", async () => {
    const place = await startQueue();
    const clocks = new VirtualClocks();
    const manager = () =>
      cachingMaterialsManager({
        keyring: place.keyring,
        reusePeriodSeconds: 60,
        verifyNewKeys: true,
        clocks,
      });
    const producer = place.client({ materialsManager: manager() });
    const consumer = place.client({ materialsManager: manager() });
    const exchange = async () => {
      await send(producer, place.url);
      expect((await receiveOne(consumer, place.url)).error).toBeUndefined();
      return operations(place);
    };
    expect(await exchange()).toEqual(["GenerateDataKey", "Decrypt", "Decrypt"]);
    clocks.advance(59_999);
    expect(await exchange()).toEqual([]);
    clocks.advance(1);
    expect(await exchange()).toEqual(["GenerateDataKey", "Decrypt", "Decrypt"]);
    expect(producer.stats()).toBeNull();
  });

  it("are each queue's own, and each context's", async () => {
    const place = await startQueue();
    const client = place.client({ verifyNewKeys: false });
    const other = await place.sqs.queue("other");
    await send(client, place.url);
    await send(client, other);
    await send(client, place.url);
    expect(operations(place)).toEqual(["GenerateDataKey", "GenerateDataKey"]);
    const free = place.client({ verifyNewKeys: false, bindToQueue: false });
    await send(free, place.url);
    await send(free, other);
    expect(operations(place)).toEqual(["GenerateDataKey"]);
  });

  it("are never shared by two principals, whose clients share nothing", async () => {
    const place = await startQueue();
    const alice = place.client({
      keyring: kmsKeyring({ client: place.kms.clientAs("alice"), keyId: ARN_A }),
      principal: "alice",
    });
    const bob = place.client({
      keyring: kmsKeyring({ client: place.kms.clientAs("bob"), keyId: ARN_A }),
      principal: "bob",
    });
    for (const client of [alice, bob, alice, bob]) await send(client, place.url);
    const made = place.kms.events
      .filter(({ eventName }) => eventName === "GenerateDataKey")
      .map(({ userIdentity }) => userIdentity.userName);
    expect(made).toEqual(["alice", "bob"]);
  });

  it("are forgotten on disposal", async () => {
    const place = await startQueue();
    const client = place.client();
    await send(client, place.url);
    client.dispose();
    client.dispose();
    await failure(send(client, place.url), "ERR_INVALID_ARGUMENT");
    expect(client.stats()?.encrypt.entries).toBe(0);
  });

  it("are told of to the observer", async () => {
    const place = await startQueue();
    const events: KeyfoldEvent[] = [];
    const client = place.client({ observer: (event) => void events.push(event) });
    await send(client, place.url);
    await receive(client, place.url);
    expect(events.map(({ type }) => type)).toEqual(["cacheMiss", "encrypted", "cacheMiss", "decrypted"]);
  });
});

describe("the options", () => {
  const keyring = rawAesKeyring({ namespace: "n", name: "k", key: new Uint8Array(32).fill(1) });
  const materialsManager = cachingMaterialsManager({ keyring });
  const client = { send: () => Promise.resolve({}) };
  const make = (options: object) => createSqsEncryptionClient(options as SqsEncryptionClientOptions);

  it.each<[string, object]>([
    ["no client", { client: undefined }],
    ["a client that sends nothing", { client: {} }],
    ["no keyring", { keyring: undefined }],
    ["what is no keyring", { keyring: {} }],
    ["keyring and manager", { materialsManager }],
    ["what is no manager", { keyring: undefined, materialsManager: {} }],
    ["a period of 59 seconds", { reusePeriodSeconds: 59 }],
    ["a period of a day and a second", { reusePeriodSeconds: 86_401 }],
    ["a manager and a period", { keyring: undefined, materialsManager, reusePeriodSeconds: 300 }],
    ["a manager and a principal", { keyring: undefined, materialsManager, principal: "p" }],
    ["a manager and verification", { keyring: undefined, materialsManager, verifyNewKeys: true }],
    ["a principal that is no text", { principal: 1 }],
    ["a keyring that only writes", { keyring: { name: "w", wrap: keyring.wrap } }],
    ["a binding that is no boolean", { bindToQueue: "no" }],
    ["a queueOf that is no function", { queueOf: "orders" }],
    ["dead letters of a text", { deadLettersOf: "orders" }],
    ["dead letters of nothing", { deadLettersOf: [""] }],
    ["another word for plaintext", { plaintext: "allow" }],
    ["a short deduplication key", { deduplicationKey: new Uint8Array(31) }],
    ["a deduplication key of text", { deduplicationKey: "x".repeat(32) }],
    ["an offload without get", { offload: { put: () => {} } }],
    ["no offload", { offload: null }],
    ["more bytes than SQS takes", { maxMessageBytes: 1_048_577 }],
    ["fewer bytes than queues have", { maxMessageBytes: 1023 }],
  ])("are refused: %s", async (_, options) => {
    const error = await failure(() => make({ client, keyring, ...options }), "ERR_INVALID_ARGUMENT");
    expect(error).toBeInstanceOf(TypeError);
  });

  it("are an object", async () => {
    await failure(() => make(undefined as never), "ERR_INVALID_ARGUMENT");
  });

  it.each<Options>([
    { encryptionContext: { "keyfold:queue": "x" } },
    { encryptionContext: { "keyfold:payload": "offloaded" } },
    { encryptionContext: { "aws-crypto-x": "x" } },
  ])("have no reserved pairs: %j", async (options) => {
    await failure(() => make({ client, keyring, ...options }), "ERR_ENCRYPTION_CONTEXT");
  });

  it("say what to do for a keyring that only writes", async () => {
    const writer = { name: "writer", wrap: keyring.wrap };
    const error = await failure(() => make({ client, keyring: writer }));
    expect(error.message).toContain("Set verifyNewKeys to false");
    expect(() => make({ client, keyring: writer, verifyNewKeys: false })).not.toThrow();
  });
});
