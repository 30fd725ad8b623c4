// What a grant allows on a key that is closed to others, until when, and to whom.
import {
  CreateAliasCommand,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  type GrantOperation,
  ListGrantsCommand,
  ReEncryptCommand,
  ReplicateKeyCommand,
  RetireGrantCommand,
  RevokeGrantCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
} from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import { createLocalKms, type LocalKmsClient, type LocalKmsOptions } from "../../src/testing/index.ts";
import { aliceAndBob, decrypt, denied, encrypt, type GrantInput, grant, user } from "./grant-helpers.ts";
import {
  ARN_A,
  ARN_B,
  bytes,
  complaint,
  connect,
  failure,
  KEY_A,
  KEY_B,
  MRK,
  TRANSPORTS,
} from "./helpers.ts";

/** Alice's key, and one that is open to everybody. */
const setUp = (options: LocalKmsOptions = {}) =>
  createLocalKms({
    keys: [{ id: KEY_A, aliases: ["alias/a"], principals: ["alice"] }, { id: KEY_B }],
    ...options,
  });

const UNNAMED =
  "AccessDeniedException: The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.";
const CONTEXT = { tenant: "t1", mailbox: "m1" };

describe.each(TRANSPORTS)("access %s", (transport) => {
  test("a closed key serves its principals, and nobody else", async () => {
    const kms = setUp();
    const { alice, bob } = await aliceAndBob(kms, transport);
    const { CiphertextBlob } = await encrypt(alice);
    expect(await complaint(encrypt(bob))).toBe(denied("Encrypt", "bob", ARN_A));
    expect(kms.events.at(-1)).toMatchObject({ errorCode: "AccessDenied", resources: [{ ARN: ARN_A }] });
    expect(await complaint(encrypt(bob, { KeyId: "alias/a" }))).toBe(denied("Encrypt", "bob", ARN_A));
    expect(await complaint(decrypt(bob, CiphertextBlob))).toBe(denied("Decrypt", "bob", ARN_A));
    expect(await complaint(decrypt(bob, CiphertextBlob, { KeyId: undefined }))).toBe(UNNAMED);
    expect(kms.events.at(-1)).toMatchObject({ errorCode: "AccessDenied", resources: [] });
    await encrypt(bob, { KeyId: KEY_B });
    kms.restrictKey(KEY_A, ["bob"]);
    expect((await failure(encrypt(alice))).name).toBe("AccessDeniedException");
    await decrypt(bob, CiphertextBlob);
    kms.restrictKey(KEY_A);
    await encrypt(alice);
  });

  const CALLS: readonly [GrantOperation, (client: LocalKmsClient, blob: Uint8Array) => Promise<unknown>][] = [
    ["Encrypt", (client) => encrypt(client)],
    ["Decrypt", decrypt],
    [
      "GenerateDataKey",
      (client) => client.send(new GenerateDataKeyCommand({ KeyId: KEY_A, KeySpec: "AES_256" })),
    ],
    [
      "GenerateDataKeyWithoutPlaintext",
      (client) =>
        client.send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId: KEY_A, NumberOfBytes: 32 })),
    ],
    ["DescribeKey", (client) => client.send(new DescribeKeyCommand({ KeyId: KEY_A }))],
    [
      "ReEncryptFrom",
      (client, CiphertextBlob) =>
        client.send(new ReEncryptCommand({ CiphertextBlob, SourceKeyId: KEY_A, DestinationKeyId: KEY_B })),
    ],
    [
      "ReEncryptTo",
      async (client) => {
        const { CiphertextBlob } = await encrypt(client, { KeyId: KEY_B });
        await client.send(new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: KEY_A }));
      },
    ],
    [
      "CreateGrant",
      (client) => grant(client, { Operations: ["CreateGrant"], GranteePrincipal: user("carol") }),
    ],
  ];

  test.each(CALLS)("a grant for %s allows that and nothing else", async (operation, call) => {
    const { alice, bob } = await aliceAndBob(setUp(), transport);
    const { CiphertextBlob: blob } = await encrypt(alice);
    for (const [, other] of CALLS)
      expect((await failure(other(bob, blob!))).name).toBe("AccessDeniedException");
    const { GrantId } = await grant(alice, { Operations: [operation] });
    await call(bob, blob!);
    for (const [name, other] of CALLS) {
      if (name !== operation) expect(await complaint(other(bob, blob!))).toBe(denied(name, "bob", ARN_A));
    }
    await alice.send(new RevokeGrantCommand({ KeyId: KEY_A, GrantId }));
    expect(await complaint(call(bob, blob!))).toBe(denied(operation, "bob", ARN_A));
  });

  test("a subset constraint demands its pairs, an equal one all of them and no others", async () => {
    const { alice, bob } = await aliceAndBob(setUp(), transport);
    const contexts: readonly [object | undefined, string][] = [
      [undefined, "none"],
      [{}, "none"],
      [{ tenant: "t2", mailbox: "m1" }, "none"],
      [{ Tenant: "t1" }, "none"],
      [{ mailbox: "m1" }, "none"],
      [{ tenant: "t1" }, "both"],
      [CONTEXT, "subset"],
    ];
    const allowed = async (constraint: string) => {
      const { GrantId } = await grant(alice, { Constraints: { [constraint]: { tenant: "t1" } } });
      const names: string[] = [];
      for (const [EncryptionContext] of contexts) {
        const context = EncryptionContext as Record<string, string>;
        const { CiphertextBlob } = await encrypt(alice, { EncryptionContext: context });
        const input = { EncryptionContext: context };
        const outcomes = await Promise.all(
          [
            encrypt(bob, input),
            decrypt(bob, CiphertextBlob, input),
            bob.send(new DecryptCommand({ CiphertextBlob, ...input })),
          ].map((call) =>
            call.then(
              () => "ok",
              (error: Error) => error.name,
            ),
          ),
        );
        expect(new Set(outcomes).size).toBe(1);
        names.push(outcomes[0]!);
      }
      await alice.send(new RevokeGrantCommand({ KeyId: KEY_A, GrantId }));
      return names;
    };
    const expected = (kind: string) =>
      contexts.map(([, who]) => (who === "both" || who === kind ? "ok" : "AccessDeniedException"));
    expect(await allowed("EncryptionContextSubset")).toEqual(expected("subset"));
    expect(await allowed("EncryptionContextEquals")).toEqual(expected("equals"));
  });

  test("constraints concern data keys and both sides of ReEncrypt, and not DescribeKey", async () => {
    const { alice, bob } = await aliceAndBob(setUp(), transport);
    await grant(alice, {
      Operations: [
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom",
        "ReEncryptTo",
        "DescribeKey",
      ],
      Constraints: { EncryptionContextEquals: CONTEXT },
    });
    await bob.send(new DescribeKeyCommand({ KeyId: KEY_A }));
    for (const Command of [GenerateDataKeyCommand, GenerateDataKeyWithoutPlaintextCommand]) {
      await bob.send(new Command({ KeyId: KEY_A, KeySpec: "AES_256", EncryptionContext: CONTEXT }));
      const wrong = bob.send(new Command({ KeyId: KEY_A, KeySpec: "AES_256" }));
      expect((await failure(wrong)).name).toBe("AccessDeniedException");
    }
    const move = async (
      SourceEncryptionContext: Record<string, string>,
      DestinationEncryptionContext: Record<string, string>,
    ) => {
      const { CiphertextBlob } = await encrypt(alice, { EncryptionContext: SourceEncryptionContext });
      const contexts = { SourceEncryptionContext, DestinationEncryptionContext };
      return bob.send(new ReEncryptCommand({ CiphertextBlob, DestinationKeyId: KEY_A, ...contexts }));
    };
    await move(CONTEXT, CONTEXT);
    expect(await complaint(move({}, CONTEXT))).toBe(UNNAMED);
    expect(await complaint(move(CONTEXT, {}))).toBe(denied("ReEncryptTo", "bob", ARN_A));
  });

  test("of several grants one is enough", async () => {
    const { alice, bob } = await aliceAndBob(setUp(), transport);
    for (const tenant of ["t1", "t2"])
      await grant(alice, { Constraints: { EncryptionContextSubset: { tenant } } });
    await encrypt(bob, { EncryptionContext: { tenant: "t1" } });
    await encrypt(bob, { EncryptionContext: { tenant: "t2" } });
    const third = encrypt(bob, { EncryptionContext: { tenant: "t3" } });
    expect((await failure(third)).name).toBe("AccessDeniedException");
  });

  // KMS Developer Guide, "Using a grant token": a grant that is too new fails with AccessDeniedException without it.
  test("a new grant is known by its token first, and by itself after the delay", async () => {
    let now = Date.UTC(2026, 0, 1);
    const kms = setUp({ now: () => now, grantDelayMs: 300_000 });
    const { alice, bob } = await aliceAndBob(kms, transport);
    const { GrantId, GrantToken } = await grant(alice);
    const { CiphertextBlob } = await encrypt(bob, { GrantTokens: [GrantToken] });
    expect((await failure(encrypt(bob))).name).toBe("AccessDeniedException");
    await decrypt(bob, CiphertextBlob, { GrantTokens: [GrantToken] });
    await bob.send(new DecryptCommand({ CiphertextBlob, GrantTokens: [GrantToken] }));
    const list = async () => (await alice.send(new ListGrantsCommand({ KeyId: KEY_A }))).Grants!;
    const retire = () => kms.client.send(new RetireGrantCommand({ KeyId: KEY_A, GrantId }));
    expect(await list()).toEqual([]);
    expect((await failure(retire())).name).toBe("NotFoundException");
    now += 299_999;
    expect((await failure(decrypt(bob, CiphertextBlob))).name).toBe("AccessDeniedException");
    now += 1;
    await decrypt(bob, CiphertextBlob);
    await decrypt(bob, CiphertextBlob, { GrantTokens: [GrantToken] });
    expect((await list()).map((entry) => entry.GrantId)).toEqual([GrantId]);
  });

  test("a token is worth what its grant is: for its grantee, operations, context and key", async () => {
    const kms = setUp({ grantDelayMs: 300_000 });
    kms.restrictKey(KEY_B, ["alice"]);
    const { alice, bob } = await aliceAndBob(kms, transport);
    const eve = await connect(kms, transport, { principal: "eve" });
    const Constraints = { EncryptionContextSubset: { tenant: "t1" } };
    const { GrantToken } = await grant(alice, { Operations: ["Encrypt"], Constraints });
    const input = { GrantTokens: [GrantToken], EncryptionContext: { tenant: "t1" } };
    const { CiphertextBlob } = await encrypt(bob, input);
    for (const call of [
      () => encrypt(eve, input),
      () => encrypt(bob, { ...input, EncryptionContext: {} }),
      () => encrypt(bob, { ...input, KeyId: KEY_B }),
      () => decrypt(bob, CiphertextBlob, input),
    ]) {
      expect((await failure(call())).name).toBe("AccessDeniedException");
    }
  });

  // The API reference says of InvalidGrantTokenException only that "the specified grant token is not valid"; that the
  // token of a grant that is gone is such a token is the strict reading.
  test("revoked and retired: without the token no access, with it no call at all", async () => {
    const { alice, bob } = await aliceAndBob(setUp(), transport);
    for (const end of ["revoke", "retire"] as const) {
      const { GrantId, GrantToken } = await grant(alice, { RetiringPrincipal: user("bob") });
      const { CiphertextBlob } = await encrypt(bob);
      await decrypt(bob, CiphertextBlob);
      if (end === "revoke") await alice.send(new RevokeGrantCommand({ KeyId: KEY_A, GrantId }));
      else await bob.send(new RetireGrantCommand({ GrantToken }));
      expect(await complaint(decrypt(bob, CiphertextBlob))).toBe(denied("Decrypt", "bob", ARN_A));
      const late = decrypt(bob, CiphertextBlob, { GrantTokens: [GrantToken] });
      expect(await complaint(late)).toBe("InvalidGrantTokenException: Invalid grant token");
      await decrypt(alice, CiphertextBlob);
    }
  });

  // KMS Developer Guide, "Retiring and revoking grants".
  test("who may retire: the retiring principal, a grantee with RetireGrant, the account", async () => {
    const kms = setUp();
    const as = (principal: string) => connect(kms, transport, { principal });
    const [alice, bob, carol] = [await as("alice"), await as("bob"), await as("carol")];
    const retire = (client: LocalKmsClient, GrantToken: string) =>
      client.send(new RetireGrantCommand({ GrantToken }));
    const one = await grant(alice, { RetiringPrincipal: user("carol") });
    for (const name of ["alice", "bob"]) {
      expect(await complaint(retire(await as(name), one.GrantToken))).toBe(
        denied("RetireGrant", name, ARN_A),
      );
    }
    await retire(carol, one.GrantToken);
    const two = await grant(alice, { Operations: ["Decrypt", "RetireGrant"] });
    expect((await failure(retire(carol, two.GrantToken))).name).toBe("AccessDeniedException");
    await retire(bob, two.GrantToken);
    const three = await grant(alice);
    await retire(kms.clientAs("arn:aws:iam::111122223333:root"), three.GrantToken);
    const four = await grant(alice);
    const stranger = kms.clientAs("arn:aws:iam::444455556666:root");
    expect((await failure(retire(stranger, four.GrantToken))).name).toBe("AccessDeniedException");
  });

  test("who may revoke, list and administer: the principals of the key, and no grantee", async () => {
    const kms = createLocalKms({
      keys: [{ id: MRK, aliases: ["alias/m"], principals: ["alice"] }, { id: KEY_B }],
    });
    const { alice, bob } = await aliceAndBob(kms, transport);
    const KeyId = MRK;
    const Operations: GrantInput["Operations"] = [
      "Encrypt",
      "Decrypt",
      "DescribeKey",
      "CreateGrant",
      "RetireGrant",
    ];
    const { GrantId } = await grant(alice, { KeyId, Operations });
    const calls: readonly [string, (client: LocalKmsClient) => Promise<unknown>][] = [
      ["ListGrants", (client) => client.send(new ListGrantsCommand({ KeyId }))],
      ["DisableKey", (client) => client.send(new DisableKeyCommand({ KeyId }))],
      ["EnableKey", (client) => client.send(new EnableKeyCommand({ KeyId }))],
      ["RotateKeyOnDemand", (client) => client.send(new RotateKeyOnDemandCommand({ KeyId }))],
      [
        "ReplicateKey",
        (client) => client.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: "eu-west-1" })),
      ],
      [
        "CreateAlias",
        (client) => client.send(new CreateAliasCommand({ AliasName: "alias/n", TargetKeyId: KeyId })),
      ],
      [
        "UpdateAlias",
        (client) => client.send(new UpdateAliasCommand({ AliasName: "alias/m", TargetKeyId: KEY_B })),
      ],
      ["DeleteAlias", (client) => client.send(new DeleteAliasCommand({ AliasName: "alias/n" }))],
      ["RevokeGrant", (client) => client.send(new RevokeGrantCommand({ KeyId, GrantId }))],
      ["ScheduleKeyDeletion", (client) => client.send(new ScheduleKeyDeletionCommand({ KeyId }))],
    ];
    for (const [operation, call] of calls) {
      if (operation !== "DeleteAlias") {
        expect(await complaint(call(bob))).toBe(denied(operation, "bob", kms.arn(MRK)));
      }
      await call(alice);
    }
  });

  // KMS Developer Guide, "Grants for CreateGrant": no more than the parent allows, as strictly or more so.
  test("a grantee with CreateGrant passes on no more than it has", async () => {
    const kms = setUp();
    const { alice, bob } = await aliceAndBob(kms, transport);
    const carol = await connect(kms, transport, { principal: "carol" });
    const GranteePrincipal = user("carol");
    const EncryptionContextSubset = { tenant: "t1" };
    const parent = await grant(alice, {
      Operations: ["Encrypt", "CreateGrant"],
      Constraints: { EncryptionContextSubset },
    });
    const pass = (input: GrantInput) => grant(bob, { GranteePrincipal, ...input });
    const Operations: GrantInput["Operations"] = ["Encrypt"];
    for (const wrong of [
      { Operations },
      { Operations, Constraints: {} },
      { Operations, Constraints: { EncryptionContextSubset: { mailbox: "m1" } } },
      { Operations, Constraints: { EncryptionContextEquals: { tenant: "t2" } } },
      { Operations: ["Encrypt", "Decrypt"], Constraints: { EncryptionContextSubset } },
    ] satisfies GrantInput[]) {
      expect(await complaint(pass(wrong))).toBe(denied("CreateGrant", "bob", ARN_A));
    }
    await pass({ Operations, Constraints: { EncryptionContextSubset } });
    await pass({ Operations, Constraints: { EncryptionContextSubset: CONTEXT } });
    await pass({ Operations, Constraints: { EncryptionContextEquals: CONTEXT } });
    await encrypt(carol, { EncryptionContext: { tenant: "t1" } });
    await alice.send(new RevokeGrantCommand({ KeyId: KEY_A, GrantId: parent.GrantId }));
    expect((await failure(pass({ Operations, Constraints: { EncryptionContextSubset } }))).name).toBe(
      "AccessDeniedException",
    );
    await encrypt(carol, { EncryptionContext: { tenant: "t1" } });

    await grant(alice, {
      Operations: ["Encrypt", "CreateGrant"],
      Constraints: { EncryptionContextEquals: CONTEXT },
    });
    const subset = pass({ Operations, Constraints: { EncryptionContextSubset: CONTEXT } });
    expect((await failure(subset)).name).toBe("AccessDeniedException");
    await pass({ Operations, Constraints: { EncryptionContextEquals: CONTEXT } });
  });

  test("a new right to create grants needs its token too", async () => {
    const { alice, bob } = await aliceAndBob(setUp({ grantDelayMs: 1000, now: () => 0 }), transport);
    const { GrantToken } = await grant(alice, { Operations: ["Encrypt", "CreateGrant"] });
    expect((await failure(grant(bob, { Operations: ["Encrypt"] }))).name).toBe("AccessDeniedException");
    await grant(bob, { Operations: ["Encrypt"], GrantTokens: [GrantToken] });
  });

  test("the state of the key comes after the permission", async () => {
    const kms = setUp();
    const { alice, bob } = await aliceAndBob(kms, transport);
    kms.disableKey(KEY_A);
    expect((await failure(encrypt(bob))).name).toBe("AccessDeniedException");
    expect((await failure(encrypt(alice))).name).toBe("DisabledException");
  });
});

describe("principals", () => {
  const ROLE = "arn:aws:iam::444455556666:role/team/app";
  const SESSION = "arn:aws:sts::444455556666:assumed-role/app/s1";

  test.each([
    ["a user by name", "bob", "bob", true],
    ["a user by ARN", user("bob"), "bob", true],
    ["another user", "bob", "bobby", false],
    ["the user of that name in another account", "bob", "arn:aws:iam::444455556666:user/bob", false],
    [
      "a user of another account",
      "arn:aws:iam::444455556666:user/bob",
      "arn:aws:iam::444455556666:user/bob",
      true,
    ],
    ["a role, for its sessions", ROLE, SESSION, true],
    ["a role of another name", "arn:aws:iam::444455556666:role/ap", SESSION, false],
    ["a role of another account", "arn:aws:iam::111122223333:role/app", SESSION, false],
    ["a session, for itself", SESSION, SESSION, true],
    ["a session, for another", SESSION, `${SESSION}2`, false],
    ["the account, for its users", "arn:aws:iam::111122223333:root", "bob", true],
    ["the account, for others", "arn:aws:iam::111122223333:root", SESSION, false],
    ["the account, for services", "arn:aws:iam::111122223333:root", "workmail.amazonaws.com", false],
    ["a service", "workmail.amazonaws.com", "workmail.amazonaws.com", true],
    ["another service", "workmail.amazonaws.com", "ses.amazonaws.com", false],
  ])("%s", async (_, named, caller, may) => {
    const kms = setUp();
    const call = () =>
      encrypt(kms.clientAs(caller), { KeyId: ARN_A }).then(
        () => true,
        () => false,
      );
    kms.restrictKey(KEY_A, [named]);
    expect(await call()).toBe(may);
    kms.restrictKey(KEY_A, ["alice"]);
    expect(await call()).toBe(false);
    await grant(kms.clientAs("alice"), { GranteePrincipal: named === "bob" ? user("bob") : named });
    expect(await call()).toBe(may);
  });

  test("a replica begins with the principals of its primary, and without its grants", async () => {
    const kms = createLocalKms({ keys: [{ id: MRK, principals: ["alice"] }] });
    await grant(kms.clientAs("alice"), { KeyId: MRK });
    const { arn } = kms.replicateKey(MRK, "eu-west-1");
    await encrypt(kms.clientAs("bob"), { KeyId: kms.arn(MRK) });
    expect((await failure(encrypt(kms.clientAs("bob"), { KeyId: arn }))).name).toBe("AccessDeniedException");
    await encrypt(kms.clientAs("alice"), { KeyId: arn });
    kms.restrictKey(arn);
    await encrypt(kms.clientAs("bob"), { KeyId: arn });
    expect((await failure(encrypt(kms.clientAs("eve"), { KeyId: kms.arn(MRK) }))).name).toBe(
      "AccessDeniedException",
    );
  });

  test("a key may have no principals at all: then only grants open it", async () => {
    const kms = setUp();
    const { GrantId } = await grant(kms.clientAs("alice"));
    kms.restrictKey(KEY_A, []);
    expect((await failure(encrypt(kms.clientAs("alice")))).name).toBe("AccessDeniedException");
    await encrypt(kms.clientAs("bob"));
    expect(GrantId).toMatch(/^[0-9a-f]{64}$/);
  });

  test("an open key needs no grants", async () => {
    const kms = setUp();
    const { GrantToken } = await grant(kms.client, { KeyId: KEY_B, Operations: ["DescribeKey"] });
    await encrypt(kms.clientAs("bob"), { KeyId: ARN_B });
    await kms.clientAs("eve").send(new RetireGrantCommand({ GrantToken }));
    const sealed = await kms
      .clientAs("eve")
      .send(new GenerateDataKeyCommand({ KeyId: KEY_B, NumberOfBytes: 8 }));
    expect(sealed.Plaintext).not.toEqual(bytes(8, 0));
  });

  test.each([
    ["principals that are no array", { principals: "alice" }],
    ["an empty name", { principals: [""] }],
    ["a name that is none", { principals: [5] }],
  ])("refuses %s", (_, options) => {
    const kms = setUp();
    expect(() => kms.createKey(options as object)).toThrow(TypeError);
    expect(() => kms.restrictKey(KEY_A, options.principals as string[])).toThrow("principals must be");
  });

  test.each([-1, Number.NaN])("refuses a delay of %s", (grantDelayMs) => {
    expect(() => createLocalKms({ grantDelayMs })).toThrow("grantDelayMs");
  });
});
