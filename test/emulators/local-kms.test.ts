// keyfold's local KMS seen by clients that nobody here wrote: the aws command line and boto3.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SharedKey } from "../interop/kinds.ts";
import { startSharedKms } from "../interop/shared-kms.ts";
import { startPython } from "../peers/clients.ts";
import { offlineEnvironment, PeerError } from "../peers/peer.ts";
import { installed } from "../peers/places.ts";

let kms: SharedKey & { stop(): Promise<void> };
let python: Awaited<ReturnType<typeof startPython>>;
let folder: string;
beforeAll(async () => {
  [kms, python, folder] = await Promise.all([
    startSharedKms(),
    startPython(),
    mkdtemp(join(tmpdir(), "keyfold-aws-")),
  ]);
});
afterAll(() => Promise.all([kms.stop(), python.stop(), rm(folder, { recursive: true })]));

async function aws<T>(...args: string[]): Promise<T> {
  const all = ["kms", ...args, "--endpoint-url", kms.endpoint, "--region", "us-east-1", "--output", "json"];
  const { stdout } = await promisify(execFile)(installed.aws, all, { env: offlineEnvironment });
  return JSON.parse(stdout) as T;
}

async function file(name: string, bytes: Uint8Array): Promise<string> {
  await writeFile(join(folder, name), bytes);
  return `fileb://${join(folder, name)}`;
}

interface KeyReply {
  readonly KeyMetadata: { readonly Arn: string; readonly KeyState: string; readonly Description: string };
}

it("serves the aws command line", async () => {
  const { KeyMetadata: made } = await aws<KeyReply>("create-key", "--description", "from the command line");
  expect(made.KeyState).toBe("Enabled");
  const { KeyMetadata: described } = await aws<KeyReply>("describe-key", "--key-id", made.Arn);
  expect(described).toMatchObject({ Arn: made.Arn, Description: "from the command line" });

  const context = ["--encryption-context", "tenant=t1"];
  const plaintext = await file("plaintext", Buffer.from("a secret"));
  const sealed = await aws<{ CiphertextBlob: string; KeyId: string }>(
    ...["encrypt", "--key-id", made.Arn, "--plaintext", plaintext, ...context],
  );
  expect(sealed.KeyId).toBe(made.Arn);
  const blob = ["--ciphertext-blob", await file("ciphertext", Buffer.from(sealed.CiphertextBlob, "base64"))];
  const opened = await aws<{ Plaintext: string }>("decrypt", ...blob, ...context);
  expect(Buffer.from(opened.Plaintext, "base64").toString()).toBe("a secret");
  await expect(aws("decrypt", ...blob, "--encryption-context", "tenant=t2")).rejects.toThrow(
    /InvalidCiphertextException/,
  );
});

describe("boto3", () => {
  const call = <T>(name: string, parameters: object, bytes: Record<string, string> = {}): Promise<T> =>
    python.boto<T>({ service: "kms", endpoint: kms.endpoint, call: name, parameters, bytes });
  interface Bytes {
    readonly base64: string;
  }

  it("creates, lists and describes keys", async () => {
    const { KeyMetadata: made } = await call<KeyReply>("create_key", { Description: "from boto3" });
    expect(await call<KeyReply>("describe_key", { KeyId: made.Arn })).toMatchObject({
      KeyMetadata: { Arn: made.Arn },
    });
    const { Keys } = await call<{ Keys: { KeyArn: string }[] }>("list_keys", {});
    expect(Keys.map(({ KeyArn }) => KeyArn)).toContain(made.Arn);
  });

  it("generates a data key and opens it again", async () => {
    const EncryptionContext = { tenant: "t1", é: "ü" };
    const made = await call<{ Plaintext: Bytes; CiphertextBlob: Bytes; KeyId: string }>("generate_data_key", {
      KeyId: kms.arn,
      KeySpec: "AES_256",
      EncryptionContext,
    });
    expect(made.KeyId).toBe(kms.arn);
    const blob = { CiphertextBlob: made.CiphertextBlob.base64 };
    const opened = await call<{ Plaintext: Bytes; KeyId: string }>("decrypt", { EncryptionContext }, blob);
    expect(opened).toMatchObject({ Plaintext: made.Plaintext, KeyId: kms.arn });
    await expect(call("decrypt", {}, blob)).rejects.toThrow(/InvalidCiphertextException/);
  });

  it("encrypts, re-encrypts, decrypts", async () => {
    const plaintext = Buffer.from("a secret").toString("base64");
    const sealed = await call<{ CiphertextBlob: Bytes }>(
      "encrypt",
      { KeyId: kms.arn },
      { Plaintext: plaintext },
    );
    const { KeyMetadata: other } = await call<KeyReply>("create_key", {});
    const moved = await call<{ CiphertextBlob: Bytes; SourceKeyId: string; KeyId: string }>(
      "re_encrypt",
      { DestinationKeyId: other.Arn },
      { CiphertextBlob: sealed.CiphertextBlob.base64 },
    );
    expect(moved).toMatchObject({ SourceKeyId: kms.arn, KeyId: other.Arn });
    const opened = await call(
      "decrypt",
      { KeyId: other.Arn },
      { CiphertextBlob: moved.CiphertextBlob.base64 },
    );
    expect(opened).toMatchObject({ Plaintext: { base64: plaintext } });
  });

  it("creates, lists, revokes and retires grants", async () => {
    const { KeyMetadata: made } = await call<KeyReply>("create_key", {});
    const key = { KeyId: made.Arn };
    const request = {
      ...key,
      GranteePrincipal: "arn:aws:iam::111122223333:role/reader",
      Operations: ["Decrypt"],
      Constraints: { EncryptionContextSubset: { tenant: "t1", é: "ü" } },
    };
    interface Grant {
      readonly GrantId: string;
      readonly GrantToken: string;
    }
    const list = async () => (await call<{ Grants: Grant[] }>("list_grants", key)).Grants;
    const [one, two] = [
      await call<Grant>("create_grant", request),
      await call<Grant>("create_grant", request),
    ];
    expect(await list()).toMatchObject([one, two].map(({ GrantId }) => ({ ...request, GrantId })));
    await call("revoke_grant", { ...key, GrantId: one.GrantId });
    await call("retire_grant", { GrantToken: two.GrantToken });
    expect(await list()).toEqual([]);
    const again = call("retire_grant", { GrantToken: two.GrantToken });
    await expect(again).rejects.toThrow(/InvalidGrantTokenException/);
  });

  it("refuses what KMS refuses, under KMS's names", async () => {
    const missing = kms.arn.replace(/key\/.*/, "key/00000000-0000-4000-8000-000000000000");
    const Plaintext = Buffer.from("x").toString("base64");
    await expect(call("encrypt", { KeyId: missing }, { Plaintext })).rejects.toThrow(/NotFoundException/);
    const { KeyMetadata: made } = await call<KeyReply>("create_key", {});
    await call("disable_key", { KeyId: made.Arn });
    await expect(call("encrypt", { KeyId: made.Arn }, { Plaintext })).rejects.toThrow(/DisabledException/);
    await call("enable_key", { KeyId: made.Arn });
    await call("encrypt", { KeyId: made.Arn }, { Plaintext });
    await expect(
      call("encrypt", { KeyId: made.Arn }, { Plaintext: Buffer.alloc(4097).toString("base64") }),
    ).rejects.toThrow(PeerError);
  });
});
