// Which KMS keys a key store asks, and what it makes of their answers.
import { describe, expect, it } from "vitest";
import type { KeyStoreKms } from "../../src/dynamodb/index.ts";
import { hierarchicalKeyring } from "../../src/hierarchy/index.ts";
import { createEncryptionClient } from "../../src/index.ts";
import { createGrant, type KmsClient } from "../../src/kms/index.ts";
import { failure, outcome } from "../support/failure.ts";
import { CONTEXT, ELSEWHERE, REGION, type Setting, setUp } from "./helpers.ts";

/** One client for each Region, and no key is answered for in another one. */
const regional =
  ({ kms }: Setting) =>
  (region: string): KmsClient =>
    kms.clientFor({ region });

/** Which key was asked in which Region. */
const askedFor = ({ kms }: Setting) =>
  kms.events.map(({ awsRegion, resources }) => `${awsRegion} ${resources.map(({ ARN }) => ARN).join()}`);

const unwrap = async (setting: Setting, kms: KeyStoreKms, id: string): Promise<Uint8Array> =>
  (await setting.keyStore({ kms }).active(id)).unwrap();

/** A key under an ordinary KMS key, and one under a multi-Region key of the home Region. */
async function made() {
  const setting = await setUp();
  const client = regional(setting);
  const replicated = setting.kms.createKey({ replicaRegions: [ELSEWHERE] });
  const [home, away] = [REGION, ELSEWHERE].map((region) => setting.kms.arn(replicated.keyId, region)) as [
    string,
    string,
  ];
  const one = await setting.keyStore().createKey({ branchKeyId: "one", encryptionContext: CONTEXT });
  const many = await setting
    .keyStore({ kms: { client, mrkArn: home } })
    .createKey({ branchKeyId: "many", encryptionContext: CONTEXT });
  setting.kms.clearEvents();
  return { setting, client, home, away, one, many };
}

describe("keyArn", () => {
  it("opens what names exactly this key, and asks nobody for anything else", async () => {
    const { setting, client, home, away } = await made();
    expect(await unwrap(setting, { client, keyArn: setting.keyArn }, "one")).toHaveLength(32);
    expect(await unwrap(setting, { client, keyArn: home }, "many")).toHaveLength(32);
    expect(askedFor(setting)).toEqual([`${REGION} ${setting.keyArn}`, `${REGION} ${home}`]);
    setting.kms.clearEvents();
    for (const [keyArn, id] of [
      [home, "one"],
      [setting.keyArn, "many"],
      [away, "many"],
    ] as const) {
      const { message } = await failure(unwrap(setting, { client, keyArn }, id), "ERR_HIERARCHY_UNWRAP");
      expect(message).toContain(`which is not that of this key store (keyArn ${keyArn})`);
      await failure(setting.keyStore({ kms: { client, keyArn } }).versionKey(id), "ERR_HIERARCHY_UNWRAP");
    }
    expect(setting.kms.events).toEqual([]);
  });
});

describe("mrkArn", () => {
  it("opens by its own replica what another Region's wrapped, and versions it there", async () => {
    const { setting, client, home, away, many } = await made();
    expect(await unwrap(setting, { client, mrkArn: away }, "many")).toHaveLength(32);
    expect(askedFor(setting)).toEqual([`${ELSEWHERE} ${away}`]);
    setting.kms.clearEvents();
    const next = await setting.keyStore({ kms: { client, mrkArn: away } }).versionKey("many");
    // The item goes on naming the key it was made under, as with the official clients.
    expect(next).toMatchObject({ branchKeyId: "many", keyArn: many.keyArn });
    expect(many.keyArn).toBe(home);
    expect(new Set(setting.kms.events.map(({ awsRegion }) => awsRegion))).toEqual(new Set([ELSEWHERE]));
    expect(await unwrap(setting, { client, mrkArn: home }, "many")).toHaveLength(32);
  });

  it("makes keys that name it, and takes an ordinary key too, exactly", async () => {
    const { setting, client, away } = await made();
    const store = setting.keyStore({ kms: { client, mrkArn: away } });
    expect((await store.createKey()).keyArn).toBe(away);
    await failure(unwrap(setting, { client, mrkArn: away }, "one"), "ERR_HIERARCHY_UNWRAP");
    expect(await unwrap(setting, { client, mrkArn: setting.keyArn }, "one")).toHaveLength(32);
  });
});

describe("discovery", () => {
  it("opens what any key wrapped, asked for where it is", async () => {
    const { setting, client, home } = await made();
    expect(await unwrap(setting, { client, discovery: true }, "one")).toHaveLength(32);
    expect(await unwrap(setting, { client, discovery: true }, "many")).toHaveLength(32);
    expect(askedFor(setting)).toEqual([`${REGION} ${setting.keyArn}`, `${REGION} ${home}`]);
  });

  it("in one Region asks there for multi-Region keys, and leaves the others where they are", async () => {
    const { setting, client, away } = await made();
    const kms = { client, mrDiscovery: ELSEWHERE };
    expect(await unwrap(setting, kms, "many")).toHaveLength(32);
    expect(await unwrap(setting, kms, "one")).toHaveLength(32);
    expect(askedFor(setting)).toEqual([`${ELSEWHERE} ${away}`, `${REGION} ${setting.keyArn}`]);
  });

  it.each([{ discovery: true }, { mrDiscovery: ELSEWHERE }] as const)(
    "%j neither creates nor versions",
    async (choice) => {
      const { setting, client } = await made();
      const store = setting.keyStore({ kms: { client, ...choice } });
      for (const call of [() => store.createKey(), () => store.versionKey("one")]) {
        const { message } = await failure(call, "ERR_INVALID_ARGUMENT");
        expect(message).toContain("needs a key store with kms.keyArn or kms.mrkArn");
        expect(message).toContain(Object.keys(choice)[0]);
      }
      expect(setting.kms.events).toEqual([]);
    },
  );

  it("never opens by an alias", async () => {
    const { setting, client } = await made();
    await setting.put({
      ...(await setting.item("one", "branch:ACTIVE"))!,
      "kms-arn": { S: setting.keyArn.replace(/key\/.*/, "alias/one") },
    });
    await failure(unwrap(setting, { client, discovery: true }, "one"), "ERR_HIERARCHY_RECORD");
    expect(setting.kms.events).toEqual([]);
  });
});

describe("grant tokens", () => {
  it("go with every call", async () => {
    const { setting, client } = await made();
    const { grantToken: token } = await createGrant({
      client: setting.kms.client,
      keyId: setting.keyArn,
      granteePrincipal: "arn:aws:iam::111122223333:user/local",
      operations: ["Decrypt"],
    });
    const commands: { input: { GrantTokens?: string[] } }[] = [];
    const watching: KmsClient = {
      send(command, options) {
        commands.push(command as (typeof commands)[number]);
        return client(REGION).send(command, options);
      },
    };
    const kms = { client: watching, keyArn: setting.keyArn, grantTokens: [token] };
    const store = setting.keyStore({ kms });
    const { branchKeyId } = await store.createKey();
    await store.versionKey(branchKeyId);
    await unwrap(setting, kms, branchKeyId);
    expect(commands.map(({ input }) => input.GrantTokens)).toEqual(Array(7).fill([token]));
  });
});

describe("KMS", () => {
  /** A client whose replies are changed, of one operation. */
  const changing = (client: KmsClient, operation: string, change: object): KmsClient => ({
    async send(command, options) {
      const reply = await client.send(command, options);
      return command.constructor.name === `${operation}Command` ? { ...reply, ...change } : reply;
    },
  });

  it.each([
    ["Decrypt", { KeyId: "OTHER" }],
    ["Decrypt", { KeyId: undefined }],
    ["Decrypt", { Plaintext: undefined }],
    ["Decrypt", { Plaintext: new Uint8Array(16).fill(1) }],
    ["Decrypt", { Plaintext: new Uint8Array(32) }],
    ["ReEncrypt", { KeyId: "OTHER" }],
    ["ReEncrypt", { SourceKeyId: "OTHER" }],
    ["ReEncrypt", { CiphertextBlob: undefined }],
    ["GenerateDataKeyWithoutPlaintext", { KeyId: "OTHER" }],
    ["GenerateDataKeyWithoutPlaintext", { CiphertextBlob: new Uint8Array(0) }],
  ])("that answers %s with %o is not believed", async (operation, change) => {
    const { setting, client } = await made();
    const other = setting.kms.createKey().arn;
    const answer = Object.fromEntries(
      Object.entries(change).map(([name, value]) => [name, value === "OTHER" ? other : value]),
    );
    const kms = { client: changing(client(REGION), operation, answer), keyArn: setting.keyArn };
    const store = setting.keyStore({ kms });
    const before = await setting.item("one", "branch:ACTIVE");
    if (operation === "Decrypt") {
      await failure(unwrap(setting, kms, "one"), "ERR_KMS_REPLY");
      const { Plaintext } = answer as { Plaintext?: Uint8Array };
      if (Plaintext !== undefined) expect(Plaintext.every((byte) => byte === 0)).toBe(true);
    } else {
      await failure(store.createKey({ branchKeyId: "new", encryptionContext: CONTEXT }), "ERR_KMS_REPLY");
      await failure(store.versionKey("one"), "ERR_KMS_REPLY");
    }
    expect(await setting.item("new", "branch:ACTIVE")).toBeUndefined();
    expect(await setting.item("one", "branch:ACTIVE")).toEqual(before);
  });

  it("that refuses is told with its remedy, when writing and when reading", async () => {
    const { setting, client } = await made();
    const keyring = () =>
      hierarchicalKeyring({
        keyStore: setting.keyStore({ kms: { client, keyArn: setting.keyArn } }),
        branchKeyId: "one",
      });
    const { ciphertext } = await createEncryptionClient({ keyring: keyring() }).encrypt(new Uint8Array(1));
    setting.kms.faults.add({ operation: "Decrypt", fault: { error: "AccessDeniedException" } });
    const cold = () => createEncryptionClient({ keyring: keyring() });
    const denied = await failure(cold().encrypt(new Uint8Array(1)), "ERR_KMS_ACCESS_DENIED");
    expect(denied).toMatchObject({ operation: "Decrypt", keyId: setting.keyArn });
    const { cause } = await failure(cold().decrypt(ciphertext), "ERR_NO_DATA_KEY");
    expect(cause).toMatchObject({ code: "ERR_KMS_ACCESS_DENIED" });
  });

  it("that is down for the moment is that failure itself, and the next caller asks again", async () => {
    const { setting, client } = await made();
    const keyStore = setting.keyStore({ kms: { client, keyArn: setting.keyArn } });
    const messages = createEncryptionClient({
      keyring: hierarchicalKeyring({ keyStore, branchKeyId: "one" }),
    });
    setting.kms.faults.add({ operation: "Decrypt", times: 1, fault: { error: "ThrottlingException" } });
    const { ciphertext } = await messages
      .encrypt(new Uint8Array(1))
      .catch(() => messages.encrypt(new Uint8Array(1)));
    const cold = createEncryptionClient({ keyring: hierarchicalKeyring({ keyStore, branchKeyId: "one" }) });
    setting.kms.faults.add({ operation: "Decrypt", times: 1, fault: { error: "ThrottlingException" } });
    expect(await outcome(cold.decrypt(ciphertext))).toMatchObject({
      code: "ERR_KMS_THROTTLED",
      transient: true,
    });
    expect((await cold.decrypt(ciphertext)).plaintext).toHaveLength(1);
  });

  it("under a disabled key serves no cold reader", async () => {
    const { setting, client } = await made();
    setting.kms.disableKey(setting.keyArn);
    await failure(unwrap(setting, { client, keyArn: setting.keyArn }, "one"), "ERR_KMS_KEY_DISABLED");
    await failure(setting.keyStore().versionKey("one"), "ERR_KMS_KEY_DISABLED");
  });
});
