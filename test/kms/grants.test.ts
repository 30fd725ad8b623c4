// createGrant, listGrants, revokeGrant and retireGrant, and keyrings that live by a grant.
import { describe, expect, it } from "vitest";
import {
  type KmsError,
  type NoDataKeyError,
  type Observer,
  openObject,
  sealObject,
} from "../../src/index.ts";
import {
  type CreateGrantOptions,
  createGrant,
  type KmsClient,
  type KmsClientSource,
  kmsDiscoveryKeyring,
  kmsKeyring,
  type ListGrantsOptions,
  listGrants,
  type RetireGrantOptions,
  type RevokeGrantOptions,
  retireGrant,
  revokeGrant,
} from "../../src/kms/index.ts";
import type { LocalKmsOptions } from "../../src/testing/index.ts";
import {
  ACCOUNT,
  ALIAS_A,
  ALIAS_ARN_A,
  ARN_A,
  ARN_B,
  arn,
  calls,
  clientOf,
  failure,
  genuineClient,
  KEY_A,
  kmsCallRecorder,
  open,
  PLAINTEXT,
  seal,
  startKms,
} from "./helpers.ts";

const user = (name: string): string => `arn:aws:iam::${ACCOUNT}:user/${name}`;
const UNKNOWN = "ab".repeat(32);
const MINUTE = 60_000;

/** A key of Alice's, and clients of hers and of Bob's, who needs a grant. */
async function setUp(transport: string, options: LocalKmsOptions = {}) {
  const { kms, url } = await startKms({
    keys: [{ id: KEY_A, aliases: [ALIAS_A], principals: ["alice"] }],
    ...options,
  });
  const as = (name: string): KmsClient =>
    transport === "in process"
      ? kms.clientAs(name)
      : genuineClient(url, { credentials: { accessKeyId: name, secretAccessKey: "unused" } });
  const alice = as("alice");
  const create = (more: Partial<CreateGrantOptions> = {}) =>
    createGrant({
      client: alice,
      keyId: ARN_A,
      granteePrincipal: user("bob"),
      operations: ["GenerateDataKey", "Encrypt", "Decrypt"],
      ...more,
    });
  return { kms, alice, bob: as("bob"), as, create };
}

describe.each(["in process", "over HTTP"])("grants %s", (transport) => {
  it("makes, lists, revokes and retires", async () => {
    const now = Date.UTC(2026, 0, 2, 3, 4, 5);
    const { alice, bob, create } = await setUp(transport, { now: () => now });
    const first = await create({
      name: "mail/1",
      retiringPrincipal: user("bob"),
      encryptionContextSubset: { tenant: "t1" },
    });
    expect(first).toEqual({
      grantId: expect.stringMatching(/^[0-9a-f]{64}$/),
      grantToken: expect.any(String),
    });
    const second = await create({
      keyId: KEY_A,
      operations: ["Decrypt"],
      encryptionContextEquals: { tenant: "t2" },
    });
    const base = {
      keyId: ARN_A,
      granteePrincipal: user("bob"),
      issuingAccount: `arn:aws:iam::${ACCOUNT}:root`,
      creationDate: new Date(now),
    };
    const common = { client: alice, keyId: ARN_A };
    expect(await listGrants(common)).toEqual([
      {
        ...base,
        grantId: first.grantId,
        name: "mail/1",
        retiringPrincipal: user("bob"),
        operations: ["GenerateDataKey", "Encrypt", "Decrypt"],
        encryptionContextSubset: { tenant: "t1" },
        encryptionContextEquals: undefined,
      },
      {
        ...base,
        grantId: second.grantId,
        name: undefined,
        retiringPrincipal: undefined,
        operations: ["Decrypt"],
        encryptionContextSubset: undefined,
        encryptionContextEquals: { tenant: "t2" },
      },
    ]);
    const ids = async (options: Partial<ListGrantsOptions> = {}) =>
      (await listGrants({ ...common, ...options })).map(({ grantId }) => grantId);
    expect(await ids({ grantId: second.grantId })).toEqual([second.grantId]);
    expect(await ids({ granteePrincipal: user("eve") })).toEqual([]);
    await revokeGrant({ ...common, grantId: second.grantId });
    await retireGrant({ client: bob, grantToken: first.grantToken });
    expect(await ids({ keyId: KEY_A })).toEqual([]);
    const third = await create({ retiringPrincipal: user("bob") });
    await retireGrant({ client: bob, keyId: KEY_A, grantId: third.grantId });
    expect(await ids()).toEqual([]);
  });

  it("follows the pages of a list, whatever their number", async () => {
    const { kms, alice, create } = await setUp(transport);
    const made: string[] = [];
    for (let i = 0; i < 201; i++) made.push((await create()).grantId);
    kms.clearEvents();
    const { events, observer } = kmsCallRecorder();
    const grants = await listGrants({ client: alice, keyId: ARN_A, observer });
    expect(grants.map(({ grantId }) => grantId)).toEqual(made);
    expect(kms.events.map(({ requestParameters }) => requestParameters)).toEqual([
      { keyId: ARN_A, limit: 100 },
      { keyId: ARN_A, limit: 100, marker: made[99] },
      { keyId: ARN_A, limit: 100, marker: made[199] },
    ]);
    expect(events).toHaveLength(3);
    await revokeGrant({ client: alice, keyId: ARN_A, grantId: made[0]! });
    expect(await listGrants({ client: alice, keyId: ARN_A })).toHaveLength(200);
    expect(kms.events).toHaveLength(6);
  });

  it("a name makes repeated requests one grant", async () => {
    const { alice, create } = await setUp(transport);
    const [one, two] = [await create({ name: "n" }), await create({ name: "n" })];
    expect(two.grantId).toBe(one.grantId);
    expect(await listGrants({ client: alice, keyId: ARN_A })).toHaveLength(1);
  });

  it("a keyring seals and opens by a grant, at once by its token, later without", async () => {
    let now = Date.UTC(2026, 0, 1);
    const { bob, create } = await setUp(transport, { now: () => now, grantDelayMs: 5 * MINUTE });
    const without = kmsKeyring({ client: bob, keyId: ARN_A });
    expect(await failure(seal(without))).toMatchObject({
      code: "ERR_KMS_ACCESS_DENIED",
      operation: "GenerateDataKey",
    });
    const { grantToken } = await create();
    const denied = await failure<KmsError>(seal(without));
    expect(denied).toMatchObject({ code: "ERR_KMS_ACCESS_DENIED", transient: false });
    expect(denied.remedy).toMatch(/while it is new, pass its token/);
    const keyring = kmsKeyring({ client: bob, keyId: ARN_A, grantTokens: [grantToken] });
    const ciphertext = await seal(keyring);
    expect((await open(keyring, ciphertext)).plaintext).toEqual(PLAINTEXT);
    const filter = { partition: "aws", accountIds: [ACCOUNT] };
    const discovery = (grantTokens: string[]) => kmsDiscoveryKeyring({ client: bob, filter, grantTokens });
    expect((await open(discovery([grantToken]), ciphertext)).plaintext).toEqual(PLAINTEXT);
    expect(await failure(open(discovery([]), ciphertext))).toMatchObject({ code: "ERR_NO_DATA_KEY" });
    now += 5 * MINUTE;
    for (const reader of [without, keyring, discovery([])]) {
      expect((await open(reader, ciphertext)).plaintext).toEqual(PLAINTEXT);
    }
  });

  it("a grant that is revoked or retired closes the mail, and the error says where to look", async () => {
    const { alice, bob, create } = await setUp(transport);
    for (const end of ["revoke", "retire"]) {
      const { grantId, grantToken } = await create({ retiringPrincipal: user("bob") });
      const keyring = kmsKeyring({ client: bob, keyId: ARN_A });
      const ciphertext = await seal(keyring);
      expect((await open(keyring, ciphertext)).plaintext).toEqual(PLAINTEXT);
      if (end === "revoke") await revokeGrant({ client: alice, keyId: ARN_A, grantId });
      else await retireGrant({ client: bob, keyId: ARN_A, grantId });
      const error = await failure<NoDataKeyError>(open(keyring, ciphertext));
      expect(error.cause).toMatchObject({
        code: "ERR_KMS_ACCESS_DENIED",
        operation: "Decrypt",
        keyId: ARN_A,
        awsErrorName: "AccessDeniedException",
        remedy: expect.stringMatching(/listGrants whether it was revoked or retired/),
      });
      expect(error.message).toContain("listGrants");
      const late = await failure<NoDataKeyError>(
        open(kmsKeyring({ client: bob, keyId: ARN_A, grantTokens: [grantToken] }), ciphertext),
      );
      expect(late.cause).toMatchObject({
        code: "ERR_KMS_GRANT_TOKEN",
        remedy: expect.stringMatching(/revoked or retired hold no more/),
      });
      expect(late.message).not.toContain(grantToken);
      expect((await open(kmsKeyring({ client: alice, keyId: ARN_A }), ciphertext)).plaintext).toEqual(
        PLAINTEXT,
      );
    }
  });

  it("the constraint of a grant meets the context of messages and objects", async () => {
    const { bob, create } = await setUp(transport);
    const keyring = kmsKeyring({ client: bob, keyId: ARN_A });
    const sealFor = (tenant: string, suite: 0x0478 | 0x0578 = 0x0478) =>
      clientOf(keyring, { suite }).encrypt(PLAINTEXT, { encryptionContext: { tenant } });
    const refused = { code: "ERR_KMS_ACCESS_DENIED" };
    await create({ encryptionContextSubset: { tenant: "t1" } });
    for (const suite of [0x0478, 0x0578] as const) {
      const { ciphertext } = await sealFor("t1", suite);
      expect((await open(keyring, ciphertext)).plaintext).toEqual(PLAINTEXT);
      expect(await failure(sealFor("t2", suite))).toMatchObject(refused);
    }
    const encryptionContext = { tenant: "t1" };
    const object = await sealObject(PLAINTEXT, { keyring, encryptionContext });
    expect((await openObject(object, { keyring, encryptionContext })).plaintext).toEqual(PLAINTEXT);

    await create({ encryptionContextEquals: { tenant: "t3" } });
    const { ciphertext } = await sealFor("t3");
    expect((await open(keyring, ciphertext)).plaintext).toEqual(PLAINTEXT);
    expect(await failure(sealFor("t3", 0x0578))).toMatchObject(refused);
    const bound = sealObject(PLAINTEXT, { keyring, encryptionContext: { tenant: "t3" } });
    expect(await failure(bound)).toMatchObject(refused);
  });

  it("a grantee with CreateGrant passes its right on, by its token while it is new", async () => {
    const { bob, as, create } = await setUp(transport, { grantDelayMs: MINUTE, now: () => 0 });
    const first = await create({ operations: ["GenerateDataKey", "Decrypt", "CreateGrant"] });
    const pass = (more: Partial<CreateGrantOptions> = {}) =>
      create({ client: bob, granteePrincipal: user("carol"), operations: ["Decrypt"], ...more });
    expect(await failure(pass())).toMatchObject({ code: "ERR_KMS_ACCESS_DENIED", operation: "CreateGrant" });
    const second = await pass({ grantTokens: [first.grantToken] });
    expect(await failure(pass({ grantTokens: [first.grantToken], operations: ["Encrypt"] }))).toMatchObject({
      code: "ERR_KMS_ACCESS_DENIED",
    });
    const ciphertext = await seal(kmsKeyring({ client: bob, keyId: ARN_A, grantTokens: [first.grantToken] }));
    const carol = kmsKeyring({ client: as("carol"), keyId: ARN_A, grantTokens: [second.grantToken] });
    expect((await open(carol, ciphertext)).plaintext).toEqual(PLAINTEXT);
  });

  it("says which grant was not found, whoever asks", async () => {
    const { alice, create } = await setUp(transport);
    const { grantId, grantToken } = await create({ retiringPrincipal: user("alice") });
    await revokeGrant({ client: alice, keyId: ARN_A, grantId });
    const gone = {
      code: "ERR_KMS_GRANT_NOT_FOUND",
      keyId: ARN_A,
      awsErrorName: "NotFoundException",
      transient: false,
    };
    for (const id of [grantId, UNKNOWN]) {
      const revoking = await failure<KmsError>(revokeGrant({ client: alice, keyId: ARN_A, grantId: id }));
      expect(revoking).toMatchObject({ ...gone, operation: "RevokeGrant" });
      expect(revoking.message).toMatch(/revoked or retired already/);
      const retiring = await failure(retireGrant({ client: alice, keyId: ARN_A, grantId: id }));
      expect(retiring).toMatchObject({ ...gone, operation: "RetireGrant" });
    }
    expect(await failure(listGrants({ client: alice, keyId: ARN_A, grantId: "x" }))).toMatchObject({
      code: "ERR_KMS_GRANT_NOT_FOUND",
      awsErrorName: "InvalidGrantIdException",
    });
    const late = await failure<KmsError>(retireGrant({ client: alice, grantToken }));
    expect(late).toMatchObject({ code: "ERR_KMS_GRANT_TOKEN", operation: "RetireGrant", keyId: undefined });
    expect(late.message).not.toContain(grantToken);
    expect(await failure(listGrants({ client: alice, keyId: ARN_B }))).toMatchObject({
      code: "ERR_KMS_KEY_NOT_FOUND",
    });
  });
});

interface Case {
  readonly operation: "CreateGrant" | "ListGrants" | "RevokeGrant" | "RetireGrant";
  run(options: {
    readonly client: KmsClientSource;
    readonly signal?: AbortSignal;
    readonly observer?: Observer;
  }): Promise<unknown>;
}
const CREATE: Omit<CreateGrantOptions, "client"> = {
  keyId: ARN_A,
  granteePrincipal: user("bob"),
  operations: ["Decrypt"],
};
const CASES: readonly Case[] = [
  { operation: "CreateGrant", run: (options) => createGrant({ ...CREATE, ...options }) },
  { operation: "ListGrants", run: (options) => listGrants({ keyId: ARN_A, ...options }) },
  { operation: "RevokeGrant", run: (options) => revokeGrant({ keyId: ARN_A, grantId: UNKNOWN, ...options }) },
  { operation: "RetireGrant", run: (options) => retireGrant({ keyId: ARN_A, grantId: UNKNOWN, ...options }) },
];

describe.each(CASES)("$operation", ({ operation, run }) => {
  it.each([
    ["AccessDeniedException", "ERR_KMS_ACCESS_DENIED"],
    ["DisabledException", "ERR_KMS_KEY_DISABLED"],
    ["ThrottlingException", "ERR_KMS_THROTTLED"],
    ["LimitExceededException", operation === "CreateGrant" ? "ERR_KMS_GRANT_QUOTA" : "ERR_KMS_THROTTLED"],
    ["KMSInternalException", "ERR_KMS_INTERNAL"],
    ["DependencyTimeoutException", "ERR_KMS_TIMEOUT"],
    ["ValidationException", "ERR_KMS_REQUEST"],
  ] as const)("answers %s with %s and a remedy", async (error, code) => {
    const { kms, client } = await startKms();
    kms.faults.add({ operation, times: 1, fault: { error } });
    const { events, observer } = kmsCallRecorder();
    const typed = await failure<KmsError>(run({ client, observer }));
    expect(typed).toMatchObject({ name: "KmsError", code, operation, keyId: ARN_A, awsErrorName: error });
    expect(typed.remedy.length).toBeGreaterThan(20);
    expect(events).toEqual([
      {
        type: "kmsCall",
        keyring: undefined,
        operation,
        keyId: ARN_A,
        durationMs: expect.any(Number),
        requestId: kms.events[0]!.requestID,
        error: code,
      },
    ]);
  });

  it.each([
    ["a connection that breaks", { reset: true }, "ERR_KMS_NETWORK"],
    ["a page of a proxy", { malformed: "not-json-html" }, "ERR_KMS_REPLY"],
    ["half a reply", { malformed: "json" }, "ERR_KMS_REPLY"],
  ] as const)("%s is %o, as %s", async (_what, fault, code) => {
    const { kms, client } = await startKms();
    // So that there is a reply to spoil.
    const { grantId } = await createGrant({ ...CREATE, client: kms.client });
    kms.faults.add({ operation, fault });
    const byId = (options: object) =>
      operation === "RevokeGrant"
        ? revokeGrant({ client, keyId: ARN_A, grantId, ...options })
        : retireGrant({ client, keyId: ARN_A, grantId, ...options });
    const call = operation === "RevokeGrant" || operation === "RetireGrant" ? byId({}) : run({ client });
    expect(await failure(call)).toMatchObject({ code, operation });
  });

  it("ends with the signal's reason, before and during the call", async () => {
    const { kms, client } = await startKms();
    const reason = new Error("enough");
    expect(await failure(run({ client, signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(kms.events).toEqual([]);
    kms.faults.add({ operation, fault: { delayMs: 5000 } });
    const controller = new AbortController();
    const running = failure(run({ client, signal: controller.signal }));
    setTimeout(() => controller.abort(reason), 20);
    expect(await running).toBe(reason);
  });

  it("takes the client of the key's Region", async () => {
    const { kms } = await startKms({ keys: [] });
    const regions: string[] = [];
    const client = (region: string) => {
      regions.push(region);
      return kms.clientFor({ region });
    };
    const error = await run({ client }).then(
      () => undefined,
      (failed: KmsError) => failed,
    );
    expect(regions).toEqual(["us-east-1"]);
    expect(kms.events[0]).toMatchObject({ eventName: operation, awsRegion: "us-east-1" });
    expect(error).toMatchObject({ name: "KmsError" });
  });
});

describe("replies that are none", () => {
  const answering = (...replies: object[]): KmsClient => ({ send: async () => replies.shift() ?? {} });
  const grant = { GrantId: UNKNOWN };

  it.each([
    ["nothing", {}],
    ["no token", { GrantId: UNKNOWN }],
    ["no id", { GrantToken: "t" }],
    ["an empty token", { GrantId: UNKNOWN, GrantToken: "" }],
    ["a number", { GrantId: 5, GrantToken: "t" }],
  ])("createGrant refuses %s", async (_what, reply) => {
    expect(await failure(createGrant({ ...CREATE, client: answering(reply) }))).toMatchObject({
      code: "ERR_KMS_REPLY",
      operation: "CreateGrant",
    });
  });

  it.each([
    ["nothing", [{}]],
    ["grants that are no list", [{ Grants: "none" }]],
    ["a grant without an id", [{ Grants: [grant, {}] }]],
    ["a grant that is null", [{ Grants: [null] }]],
    ["more, and no marker", [{ Grants: [grant], Truncated: true }]],
    ["more, and a marker that is null", [{ Grants: [], Truncated: true, NextMarker: null }]],
    [
      "pages in a circle",
      ["a", "b", "a"].map((NextMarker) => ({ Grants: [grant], Truncated: true, NextMarker })),
    ],
  ])("listGrants refuses %s", async (_what, replies) => {
    expect(await failure(listGrants({ client: answering(...replies), keyId: ARN_A }))).toMatchObject({
      code: "ERR_KMS_REPLY",
      operation: "ListGrants",
    });
  });

  it("listGrants takes what a KMS leaves out, and what AWS services are told", async () => {
    const service = "workmail.amazonaws.com";
    const entry = { ...grant, Name: "", GranteeServicePrincipal: service, RetiringServicePrincipal: service };
    const client = answering({ Grants: [entry], Truncated: false, NextMarker: "left" });
    expect(await listGrants({ client, keyId: ARN_A })).toEqual([
      {
        grantId: UNKNOWN,
        keyId: undefined,
        name: undefined,
        granteePrincipal: service,
        retiringPrincipal: service,
        issuingAccount: undefined,
        operations: [],
        encryptionContextSubset: undefined,
        encryptionContextEquals: undefined,
        creationDate: undefined,
      },
    ]);
  });
});

describe("misuse", () => {
  const client: KmsClient = {
    send: () => {
      throw new Error("KMS was asked");
    },
  };
  const nine = Object.fromEntries([..."abcdefghi"].map((key) => [key, key]));
  const refused = async (call: Promise<unknown>, message: RegExp) => {
    const error = await failure(call);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
    expect(error.message).toMatch(message);
  };

  it.each<[string, object, RegExp]>([
    ["no client", { client: undefined }, /createGrant: client/],
    ["a client that is none", { client: {} }, /createGrant: client/],
    ["no key id", { keyId: undefined }, /createGrant: keyId must be a key ARN or a key id\./],
    ["an alias", { keyId: ALIAS_A }, /KMS takes no alias where grants are concerned/],
    ["an alias ARN", { keyId: ALIAS_ARN_A }, /KMS takes no alias where grants are concerned/],
    ["another ARN", { keyId: user("bob") }, /keyId must be/],
    ["a function of the Region and a key id", { client: () => client, keyId: KEY_A }, /named by ARN/],
    ["no grantee", { granteePrincipal: undefined }, /granteePrincipal must be the ARN/],
    ["a bare name", { granteePrincipal: "bob" }, /granteePrincipal must be the ARN/],
    ["a grantee of odd characters", { granteePrincipal: user("b b") }, /granteePrincipal must be the ARN/],
    ["a grantee too long", { granteePrincipal: user("b".repeat(300)) }, /granteePrincipal must be the ARN/],
    ["a retiring principal that is none", { retiringPrincipal: "" }, /retiringPrincipal must be the ARN/],
    ["no operations", { operations: undefined }, /operations must be an array/],
    ["no operation", { operations: [] }, /operations must be an array of at least one/],
    ["a text for operations", { operations: "Decrypt" }, /operations must be an array/],
    ["an operation that no grant has", { operations: ["Decrypt", "DisableKey"] }, /operations must be/],
    ["an operation of other keys", { operations: ["Sign"] }, /operations must be/],
    [
      "both constraints",
      { encryptionContextSubset: { a: "b" }, encryptionContextEquals: { a: "b" } },
      /encryptionContextSubset or encryptionContextEquals, and not both/,
    ],
    [
      "a subset of no pairs",
      { encryptionContextSubset: {} },
      /encryptionContextSubset must have 1 to 8 pairs/,
    ],
    [
      "an equal context of no pairs",
      { encryptionContextEquals: {} },
      /encryptionContextEquals must have 1 to 8/,
    ],
    ["nine pairs", { encryptionContextSubset: nine }, /1 to 8 pairs/],
    ["a value that is no text", { encryptionContextEquals: { a: 1 } }, /1 to 8 pairs/],
    ["a value too long", { encryptionContextEquals: { a: "v".repeat(385) } }, /384 characters/],
    ["an empty key", { encryptionContextSubset: { "": "v" } }, /non-empty keys/],
    ["a context that is null", { encryptionContextSubset: null }, /1 to 8 pairs/],
    ["an empty name", { name: "" }, /name must be 1 to 256/],
    ["a name of odd characters", { name: "a b" }, /name must be 1 to 256/],
    ["a name too long", { name: "n".repeat(257) }, /name must be 1 to 256/],
    ["a token that is none", { grantTokens: [""] }, /grantTokens must be/],
    ["an observer that is none", { observer: {} }, /observer must be a function/],
  ])("createGrant refuses %s", (_what, wrong, message) =>
    refused(createGrant({ ...CREATE, client, ...wrong } as CreateGrantOptions), message),
  );

  it.each<[string, object, RegExp]>([
    ["an alias", { keyId: ALIAS_A }, /listGrants: keyId .*no alias/],
    ["a bare name", { granteePrincipal: "bob" }, /granteePrincipal must be the ARN/],
    ["an empty grant id", { grantId: "" }, /grantId must be a non-empty string/],
    ["no client", { client: null }, /listGrants: client/],
    ["an observer that is none", { observer: "o" }, /observer must be a function/],
  ])("listGrants refuses %s", (_what, wrong, message) =>
    refused(listGrants({ keyId: ARN_A, client, ...wrong } as ListGrantsOptions), message),
  );

  it.each<[string, object, RegExp]>([
    ["an alias", { keyId: ALIAS_ARN_A }, /revokeGrant: keyId .*no alias/],
    ["no grant id", { grantId: undefined }, /grantId must be a non-empty string/],
    ["a grant id that is no text", { grantId: 5 }, /grantId must be a non-empty string/],
    ["no client", { client: "kms" }, /revokeGrant: client/],
  ])("revokeGrant refuses %s", (_what, wrong, message) =>
    refused(revokeGrant({ keyId: ARN_A, grantId: UNKNOWN, client, ...wrong } as RevokeGrantOptions), message),
  );

  it.each<[string, object, RegExp]>([
    ["nothing", {}, /either grantToken, or keyId and grantId/],
    ["a token and a key", { grantToken: "t", keyId: ARN_A }, /either grantToken, or keyId and grantId/],
    ["a token and an id", { grantToken: "t", grantId: UNKNOWN }, /either grantToken, or keyId and grantId/],
    ["an empty token", { grantToken: "" }, /grantToken must be a non-empty string/],
    ["a key alone", { keyId: ARN_A }, /grantId must be a non-empty string/],
    ["an id alone", { grantId: UNKNOWN }, /keyId must be a key ARN or a key id/],
    ["an alias", { keyId: ALIAS_A, grantId: UNKNOWN }, /no alias/],
    ["a token, and a function of the Region", { grantToken: "t", client: () => client }, /named by ARN/],
  ])("retireGrant refuses %s", (_what, wrong, message) =>
    refused(retireGrant({ client, ...wrong } as RetireGrantOptions), message),
  );

  it.each([createGrant, listGrants, revokeGrant, retireGrant])("%o needs options", (call) =>
    refused(
      (call as (options: never) => Promise<unknown>)(undefined as never),
      /an options object is needed/,
    ),
  );
});

describe("grant tokens of a keyring", () => {
  it("come from a function, which is asked before each call", async () => {
    const { kms, bob, create } = await setUp("in process", { grantDelayMs: MINUTE, now: () => 0 });
    let grantTokens: readonly string[] = [];
    let asked = 0;
    const keyring = kmsKeyring({
      client: bob,
      keyId: ARN_A,
      grantTokens: () => {
        asked += 1;
        return grantTokens;
      },
    });
    expect(asked).toBe(0);
    expect(await failure(seal(keyring))).toMatchObject({ code: "ERR_KMS_ACCESS_DENIED" });
    grantTokens = [(await create()).grantToken];
    const ciphertext = await seal(keyring);
    expect((await open(keyring, ciphertext)).plaintext).toEqual(PLAINTEXT);
    expect(asked).toBe(3);
    expect(calls(kms).slice(-2)).toEqual([`GenerateDataKey ${ARN_A}`, `Decrypt ${ARN_A}`]);
    const filter = { partition: "aws", accountIds: [ACCOUNT] };
    const discovery = kmsDiscoveryKeyring({ client: bob, filter, grantTokens: () => grantTokens });
    expect((await open(discovery, ciphertext)).plaintext).toEqual(PLAINTEXT);
    grantTokens = [];
    expect(await failure(open(discovery, ciphertext))).toMatchObject({
      cause: { code: "ERR_KMS_ACCESS_DENIED" },
    });
  });

  const eleven = Array.from({ length: 11 }, (_, i) => `token ${i}`);
  it.each([
    ["eleven", eleven],
    ["an empty one", [""]],
    ["a text", "token"],
    ["one that is no text", [5]],
  ])("refuses %s, at once or when the function answers it", async (_what, wrong) => {
    const { client } = await startKms();
    const make = (grantTokens: unknown) =>
      kmsKeyring({ client, keyId: ARN_A, grantTokens: grantTokens as string[] });
    const message = "kmsKeyring: grantTokens must be an array of at most 10 non-empty strings";
    expect(() => make(wrong)).toThrow(message);
    const ciphertext = await seal(make(undefined));
    const keyring = make(() => wrong);
    for (const call of [() => seal(keyring), () => open(keyring, ciphertext)]) {
      const error = await failure(call());
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain(message);
    }
  });

  it("are copied: who changes the array later changes nothing", async () => {
    const { bob, create } = await setUp("in process", { grantDelayMs: MINUTE, now: () => 0 });
    const grantTokens = [(await create()).grantToken];
    const keyring = kmsKeyring({ client: bob, keyId: arn(KEY_A), grantTokens });
    grantTokens[0] = "another";
    expect((await open(keyring, await seal(keyring))).plaintext).toEqual(PLAINTEXT);
  });
});
