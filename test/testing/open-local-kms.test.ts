import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateAliasCommand,
  CreateGrantCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  ListAliasesCommand,
  ListGrantsCommand,
  ReplicateKeyCommand,
  RetireGrantCommand,
  RevokeGrantCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { LocalKms, LocalKmsFileOptions } from "../../src/testing/index.ts";
import { createLocalKms, openLocalKms } from "../../src/testing/index.ts";
import { ARN_A, bytes, complaint, connect, failure, KEY_A, KEY_B, MRK, TRANSPORTS } from "./helpers.ts";

const folder = mkdtempSync(join(tmpdir(), "keyfold-local-kms-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
let file = "";
beforeEach(() => {
  file = join(folder, `keys ${++count}.json`);
});

const DAY = 86_400_000;
const ALICE = "arn:aws:iam::111122223333:user/alice";
const context = { tenant: "t1" };
const open = (options: Partial<LocalKmsFileOptions> = {}) => openLocalKms({ file, ...options });
const contentOf = () => JSON.parse(readFileSync(file, "utf8"));

async function seal(kms: LocalKms, KeyId: string): Promise<Uint8Array> {
  const command = new EncryptCommand({ KeyId, Plaintext: bytes(5), EncryptionContext: context });
  return (await kms.client.send(command)).CiphertextBlob!;
}

const unseal = (kms: LocalKms, CiphertextBlob: Uint8Array, region?: string) =>
  kms
    .clientFor(region === undefined ? {} : { region })
    .send(new DecryptCommand({ CiphertextBlob, EncryptionContext: context }));

/** Opens the file anew, as the next process would. */
async function reopen(kms: LocalKms, options?: Partial<LocalKmsFileOptions>): Promise<LocalKms> {
  await kms.close();
  return open(options);
}

describe("after a restart", () => {
  test("what was sealed opens, also under earlier material and in another Region", async () => {
    const before = await open({ keys: [{ id: KEY_A }, { id: MRK, replicaRegions: ["eu-west-1"] }] });
    const first = await seal(before, KEY_A);
    before.rotateKey(KEY_A);
    const rotated = await seal(before, KEY_A);
    const multiRegion = await seal(before, MRK);

    const after = await reopen(before);
    for (const blob of [first, rotated, multiRegion]) {
      expect((await unseal(after, blob)).Plaintext).toEqual(bytes(5));
    }
    expect((await unseal(after, multiRegion, "eu-west-1")).Plaintext).toEqual(bytes(5));
    expect(after.describeKey(KEY_A).rotations).toBe(1);
    after.rotateKey(MRK);
    expect(after.describeKey(after.arn(MRK, "eu-west-1")).rotations).toBe(1);
    await after.close();
  });

  test("keys have the states, names and principals that they had", async () => {
    let now = Date.UTC(2026, 0, 1);
    const clock = { now: () => now };
    const before = await open(clock);
    const enabled = before.createKey({ aliases: ["alias/a"], description: "orders", principals: ["alice"] });
    const disabled = before.createKey({ id: KEY_B });
    const rsa = before.createKey({ keySpec: "RSA_2048", keyUsage: "SIGN_VERIFY", accountId: "444455556666" });
    const leaving = before.createKey();
    const primary = before.createKey({ replicaRegions: ["eu-west-1", "ap-south-1"] });
    const blobs = [await seal(before, KEY_B), await seal(before, leaving.arn)];
    before.disableKey(KEY_B);
    before.scheduleKeyDeletion(leaving.arn, 7);
    before.scheduleKeyDeletion(primary.arn, 7);
    before.scheduleKeyDeletion(before.arn(primary.keyId, "eu-west-1"), 7);
    const all = [enabled, disabled, rsa, leaving, primary].map(({ arn }) => arn);
    const states = all.map((arn) => before.describeKey(arn));
    const described = await before.client.send(new DescribeKeyCommand({ KeyId: leaving.arn }));

    let after = await reopen(before, clock);
    expect(all.map((arn) => after.describeKey(arn))).toEqual(states);
    expect((await after.client.send(new DescribeKeyCommand({ KeyId: leaving.arn }))).KeyMetadata).toEqual(
      described.KeyMetadata,
    );
    expect((await failure(unseal(after, blobs[0]!))).name).toBe("DisabledException");
    expect((await failure(unseal(after, blobs[1]!))).name).toBe("KMSInvalidStateException");
    const asked = new GenerateDataKeyCommand({ KeyId: "alias/a", KeySpec: "AES_256" });
    expect((await failure(after.clientAs("bob").send(asked))).name).toBe("AccessDeniedException");
    await after.clientAs("alice").send(asked);

    // The waiting periods go on while nobody is there, and the material goes with the key.
    now += 7 * DAY;
    after = await reopen(after, clock);
    expect(() => after.describeKey(leaving.arn)).toThrow("does not exist");
    expect(contentOf().keys.map(({ id }: { id: string }) => id)).not.toContain(leaving.keyId);
    expect(after.describeKey(primary.arn).keyState).toBe("PendingReplicaDeletion");
    await after.close();
  });

  test("grants count as they did, by their tokens too, until they are retired or revoked", async () => {
    const options = { grantDelayMs: Number.POSITIVE_INFINITY };
    const before = await open({ ...options, keys: [{ id: KEY_A, principals: ["owner"] }] });
    const ask = { KeyId: ARN_A, GranteePrincipal: ALICE, Operations: ["Encrypt" as const] };
    const constraints = { EncryptionContextSubset: context };
    const owner = before.clientAs("owner");
    const made = await owner.send(new CreateGrantCommand({ ...ask, Constraints: constraints, Name: "one" }));
    const other = await owner.send(new CreateGrantCommand({ ...ask, RetiringPrincipal: ALICE }));

    let after = await reopen(before, options);
    const encrypt = (EncryptionContext: Record<string, string>, ...GrantTokens: string[]) =>
      after
        .clientAs("alice")
        .send(new EncryptCommand({ KeyId: ARN_A, Plaintext: bytes(1), EncryptionContext, GrantTokens }));
    await encrypt(context, made.GrantToken!);
    expect((await failure(encrypt(context))).name).toBe("AccessDeniedException");
    expect((await failure(encrypt({ tenant: "t2" }, made.GrantToken!))).name).toBe("AccessDeniedException");

    await after.clientAs("alice").send(new RetireGrantCommand({ GrantToken: other.GrantToken }));
    after = await reopen(after, options);
    expect((await failure(encrypt({}, other.GrantToken!))).name).toBe("InvalidGrantTokenException");
    await encrypt(context, made.GrantToken!);
    await after.close();
  });

  test("faults and the audit log are gone", async () => {
    const before = await open({ keys: [{ id: KEY_A }] });
    before.faults.add({ fault: { error: "ThrottlingException" } });
    await failure(seal(before, KEY_A));
    const after = await reopen(before);
    expect([after.events, after.faults.active]).toEqual([[], []]);
    await seal(after, KEY_A);
    await after.close();
  });
});

describe.each(TRANSPORTS)("%s", (transport) => {
  test("a change that was answered is in the file, whoever asks", async () => {
    const kms = await open();
    const client = await connect(kms, transport);
    const { KeyMetadata } = await client.send(new CreateKeyCommand({ MultiRegion: true }));
    const KeyId = KeyMetadata!.KeyId!;
    const regionOf = (i = 0) => contentOf().keys[0].regions[i];
    expect(contentOf().keys).toMatchObject([{ id: KeyId, regions: [{ region: "us-east-1" }] }]);
    await client.send(new CreateAliasCommand({ AliasName: "alias/a", TargetKeyId: KeyId }));
    expect(contentOf().aliases).toMatchObject([{ name: "alias/a", key: KeyMetadata!.Arn }]);
    await client.send(new DeleteAliasCommand({ AliasName: "alias/a" }));
    expect(contentOf().aliases).toEqual([]);
    await client.send(new ReplicateKeyCommand({ KeyId, ReplicaRegion: "eu-west-1" }));
    expect(regionOf(1)).toMatchObject({ region: "eu-west-1" });
    await client.send(new RotateKeyOnDemandCommand({ KeyId }));
    expect(contentOf().keys[0].material).toMatchObject({ rotations: 1 });
    const grant = { KeyId, GranteePrincipal: ALICE, Operations: ["Decrypt" as const] };
    const { GrantId } = await client.send(new CreateGrantCommand(grant));
    expect(regionOf().grants).toMatchObject([{ id: GrantId }]);
    await client.send(new RevokeGrantCommand({ KeyId, GrantId }));
    expect(regionOf().grants).toEqual([]);
    await client.send(new DisableKeyCommand({ KeyId }));
    expect(regionOf()).toMatchObject({ enabled: false });
    await client.send(new ScheduleKeyDeletionCommand({ KeyId }));
    expect(regionOf()).toMatchObject({ deletion: { windowDays: 30, dueAt: null } });
    await kms.close();
  });

  test("a change that cannot be kept fails, and is taken back", async () => {
    const kms = await open({ keys: [{ id: KEY_A }] });
    const client = await connect(kms, transport);
    const text = readFileSync(file, "utf8");
    const foreign = text.replace(/"description": ""/, '"description": "by an editor"');
    expect(foreign).not.toBe(text);
    writeFileSync(file, foreign);
    expect(await complaint(client.send(new DisableKeyCommand({ KeyId: KEY_A })))).toBe(
      `KMSInternalException: local KMS in ${file}: write: something else wrote the file since it was opened; ` +
        "the change was taken back. Close this local KMS, and open the file again.",
    );
    expect(() => kms.createKey({ id: KEY_B })).toThrow("something else wrote the file");
    expect(readFileSync(file, "utf8")).toBe(foreign);
    await seal(kms, KEY_A);
    expect(() => kms.describeKey(KEY_B)).toThrow("does not exist");

    // Put back, it is the file that this local KMS knows.
    writeFileSync(file, text);
    await client.send(new DisableKeyCommand({ KeyId: KEY_A }));
    expect((await failure(seal(kms, KEY_A))).name).toBe("DisabledException");
    await kms.close();
  });
});

test("calls that change nothing write nothing", async () => {
  const kms = await open({ keys: [{ id: KEY_A, aliases: ["alias/a"] }] });
  const inode = statSync(file).ino;
  const blob = await seal(kms, "alias/a");
  await unseal(kms, blob);
  await kms.client.send(new ListAliasesCommand({}));
  await kms.client.send(new ListGrantsCommand({ KeyId: KEY_A }));
  kms.enableKey(KEY_A);
  await failure(kms.client.send(new DisableKeyCommand({ KeyId: KEY_B })));
  expect(statSync(file).ino).toBe(inode);
  kms.disableKey(KEY_A);
  expect(statSync(file).ino).not.toBe(inode);
  await kms.close();
});

describe("keys that the options name", () => {
  test("are made once, and stay as the file has them", async () => {
    const keys = [
      { id: KEY_A, aliases: ["alias/a"] },
      { aliases: ["alias/dev"], material: bytes(32) },
    ];
    const before = await open({ keys });
    before.disableKey("alias/dev");
    const arn = before.arn("alias/dev");
    const after = await reopen(before, { keys: [{ id: KEY_A, aliases: ["alias/a", "alias/b"] }, keys[1]!] });
    expect(contentOf().keys).toHaveLength(2);
    expect(after.describeKey("alias/dev")).toMatchObject({ arn, keyState: "Disabled" });
    expect(after.arn("alias/b")).toBe(ARN_A);
    await after.close();
  });

  test("have something to be known by, and the material that the file has", async () => {
    await expect(open({ keys: [{}] })).rejects.toThrow("needs an id or an alias");
    expect(readdirSync(folder).filter((name) => name.startsWith(`keys ${count}.`))).toEqual([]);
    await (await open({ keys: [{ id: KEY_A }] })).close();
    const other = { id: KEY_A, material: bytes(32) };
    await expect(open({ keys: [other] })).rejects.toMatchObject({
      code: "ERR_INVALID_ARGUMENT",
      message: `${ARN_A} is in the file, with other material than keys names`,
    });
    // A refusal leaves no lock.
    await (await open()).close();
  });
});

describe("the file", () => {
  test("is for its owner alone, warns in words, and has no companion once it is closed", async () => {
    const kms = await open({ keys: [{ id: KEY_A }] });
    if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(contentOf()).toMatchObject({ format: "keyfold local KMS", version: 1 });
    expect(contentOf().warning).toMatch(/^Throw-away keys .* in the clear\./);
    chmodSync(file, 0o644);
    kms.disableKey(KEY_A);
    if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
    const mine = () => readdirSync(folder).filter((name) => name.startsWith(`keys ${count}.`));
    expect(mine()).toHaveLength(2);
    await kms.close();
    expect(mine()).toEqual([`keys ${count}.json`]);
    expect(() => kms.enableKey(KEY_A)).toThrow("it was closed, or another process has it now");
  });

  test("of another kind, of a later version or damaged is refused and left as it is", async () => {
    const kms = await open({ keys: [{ id: KEY_A, aliases: ["alias/a"] }] });
    await kms.client.send(
      new CreateGrantCommand({ KeyId: KEY_A, GranteePrincipal: ALICE, Operations: ["Decrypt"] }),
    );
    await kms.close();
    const good = readFileSync(file, "utf8");
    const material: string = contentOf().keys[0].material.bytes;
    const flipped = `${material[0] === "A" ? "B" : "A"}${material.slice(1)}`;
    const edit = (change: (content: ReturnType<typeof contentOf>) => void) => {
      const content = JSON.parse(good);
      change(content);
      return JSON.stringify(content);
    };
    const cases: [string, string, RegExp][] = [
      ["empty", "", /it is not a file of a local KMS\. Name another file/],
      ["no JSON", "DATABASE_URL=x", /it is not a file of a local KMS/],
      ["other JSON", '{"name":"app","version":1}', /it is not a file of a local KMS/],
      ["an array", "[]", /it is not a file of a local KMS/],
      [
        "later",
        good.replace('"version": 1', '"version": 2'),
        /version 2, and this keyfold reads version 1\. Use the newer/,
      ],
      ["no version", edit((c) => delete c.version), /it is damaged \(version\)\. Bring back an earlier copy/],
      ["cut short", good.slice(0, -20), /it is damaged \(format\)/],
      ["other material", good.replace(material, flipped), /it is damaged \(material\)/],
      [
        "an unknown spec",
        edit((c) => Object.assign(c.keys[0], { spec: "AES_512" })),
        /it is damaged \(spec\)/,
      ],
      ["no state", edit((c) => delete c.keys[0].regions[0].enabled), /it is damaged \(enabled\)/],
      [
        "a bad date",
        edit((c) => Object.assign(c.keys[0].regions[0], { createdAt: "soon" })),
        /it is damaged \(createdAt\)/,
      ],
      ["a key twice", edit((c) => c.keys.push(c.keys[0])), /it is damaged \(keys\)/],
      [
        "an alias of nothing",
        edit((c) => Object.assign(c.aliases[0], { key: `${ARN_A}0` })),
        /it is damaged \(aliases\)/,
      ],
      [
        "a bad grant",
        edit((c) => Object.assign(c.keys[0].regions[0].grants[0], { tokens: "t" })),
        /it is damaged \(tokens\)/,
      ],
    ];
    for (const [what, text, message] of cases) {
      expect(text, what).not.toBe(good);
      writeFileSync(file, text);
      const error = await failure(open({ keys: [{ id: KEY_B }] }));
      expect(error, what).toMatchObject({ code: "ERR_STORE", message: expect.stringMatching(message) });
      expect(error.message, what).not.toContain(material.slice(0, 8));
      expect(readFileSync(file, "utf8"), what).toBe(text);
    }
    writeFileSync(file, good);
    await (await open()).close();
  });

  test("is one under all its names", async () => {
    const kms = await open({ keys: [{ id: KEY_A }] });
    const link = join(folder, `link ${count}.json`);
    symlinkSync(file, link);
    await expect(openLocalKms({ file: link })).rejects.toThrow(`process ${process.pid} has it open`);
    await kms.close();
    const again = await openLocalKms({ file: link });
    again.disableKey(KEY_A);
    expect(contentOf().keys[0].regions[0].enabled).toBe(false);
    await again.close();
  });

  test("is made where a link leads, and not where it lies", async () => {
    const link = join(folder, `link to none ${count}.json`);
    symlinkSync(file, link);
    await (await openLocalKms({ file: link, keys: [{ id: KEY_A }] })).close();
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(contentOf().keys).toHaveLength(1);
  });

  test("never holds what could not be read again", async () => {
    const kms = await open({ keys: [{ id: KEY_A }] });
    const before = readFileSync(file, "utf8");
    for (const change of [
      () => kms.createKey({ id: KEY_B, description: 5 as never }),
      () => kms.createKey({ id: KEY_B, enabled: 1 as never }),
      () => kms.createKey({ id: KEY_B, aliases: ["alias/twice", "alias/twice"] }),
      () => kms.scheduleKeyDeletion(KEY_A, "7" as never),
    ]) {
      expect(change).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARGUMENT" }));
      expect(readFileSync(file, "utf8")).toBe(before);
      expect(() => kms.describeKey(KEY_B)).toThrow();
    }
    await kms.close();
    await (await open()).close();
  });

  test("stays this process's own when the clock is set", async () => {
    const kms = await open({ keys: [{ id: KEY_A }] });
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 60_000);
    try {
      await expect(open()).rejects.toThrow(`process ${process.pid} has it open`);
    } finally {
      vi.restoreAllMocks();
    }
    kms.disableKey(KEY_A);
    await kms.close();
  });

  test("is in a directory that exists", async () => {
    await expect(openLocalKms({ file: join(folder, "none", "keys.json") })).rejects.toMatchObject({
      code: "ERR_STORE",
      message: expect.stringMatching(
        /open: the file system refuses \(ENOENT\)\. It must be in a directory that exists/,
      ),
    });
    for (const bad of ["", "a\0b", 7 as never]) {
      await expect(openLocalKms({ file: bad })).rejects.toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
    }
    await expect(openLocalKms(undefined as never)).rejects.toMatchObject({ code: "ERR_INVALID_ARGUMENT" });
    expect(() => createLocalKms({ file } as object)).toThrow("use await openLocalKms({ file })");
  });
});
