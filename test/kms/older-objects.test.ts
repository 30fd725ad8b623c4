// S3 objects of format V2 under KMS, as older writers (Amazon SES among them) and as keyfold write them.
import type { KMSClient } from "@aws-sdk/client-kms";
import { describe, expect, it } from "vitest";
import { inspectObject, multiKeyring, type ObjectOptions, openObject, sealObject } from "../../src/index.ts";
import { kmsDiscoveryKeyring, kmsKeyring } from "../../src/kms/index.ts";
import { organization } from "../hierarchy/helpers.ts";
import { failure } from "../support/failure.ts";
import { aesGcmV2, kmsContextV2, kmsV2, writeObjectV2 } from "../support/independent-object-v2.ts";
import { kmsByHand } from "../support/kms-by-hand.ts";
import { ACCOUNT, ARN_A, ARN_B, CONTEXT, calls, contexts, PLAINTEXT, startKms } from "./helpers.ts";

const SES = { "aws:ses:message-id": "m1", "aws:ses:source-account": ACCOUNT, kms_cmk_id: ARN_A };
const OPTIONS = {
  commitmentPolicy: "require-encrypt-allow-decrypt",
  legacy: { wrappingAlgorithms: true },
} as const;

/** An object whose key KMS wrapped under these pairs. */
const written = (client: KMSClient, wrap: typeof kmsV2, pairs: Record<string, string>) =>
  writeObjectV2(PLAINTEXT, wrap(kmsByHand(client, ARN_A)), { pairs });

describe("an object that an older writer wrapped by KMS", () => {
  it.each(["strict", "discovery"])("opens, all stored pairs being its context (%s)", async (kind) => {
    const { kms, client } = await startKms();
    const object = await written(client, kmsV2, SES);
    const keyring =
      kind === "strict"
        ? kmsKeyring({ client, keyId: ARN_A })
        : kmsDiscoveryKeyring({ client, filter: { partition: "aws", accountIds: [ACCOUNT] } });
    kms.clearEvents();
    const opened = await openObject(object, { keyring, ...OPTIONS });
    const { kms_cmk_id: _, ...pairs } = SES;
    expect(opened).toEqual({ plaintext: PLAINTEXT, encryptionContext: pairs });
    expect(contexts(kms)).toEqual([SES]);
  });

  it("costs no call where options forbid it", async () => {
    const { kms, client } = await startKms();
    const object = await written(client, kmsV2, SES);
    const keyring = kmsKeyring({ client, keyId: ARN_A });
    kms.clearEvents();
    await failure(openObject(object, { keyring }), "ERR_COMMITMENT_POLICY");
    const { commitmentPolicy } = OPTIONS;
    await failure(openObject(object, { keyring, commitmentPolicy }), "ERR_S3_LEGACY");
    const encryptionContext = { "aws:ses:message-id": "m2" };
    await failure(openObject(object, { keyring, encryptionContext, ...OPTIONS }), "ERR_ENCRYPTION_CONTEXT");
    expect(calls(kms)).toEqual([]);
  });

  it("does not open with other pairs in its metadata, or under another key", async () => {
    const { client } = await startKms();
    const { metadata, body } = await written(client, kmsV2, SES);
    const keyring = kmsKeyring({ client, keyId: ARN_A });
    for (const pairs of [{}, { ...SES, more: "" }, { ...SES, kms_cmk_id: ARN_B }]) {
      const altered = { ...metadata, "x-amz-matdesc": JSON.stringify(pairs) };
      await failure(openObject({ metadata: altered, body }, { keyring, ...OPTIONS }), "ERR_NO_DATA_KEY");
    }
    const other = kmsKeyring({ client, keyId: ARN_B });
    await failure(openObject({ metadata, body }, { keyring: other, ...OPTIONS }), "ERR_NO_DATA_KEY");
  });
});

describe("format V2 under kms+context", () => {
  const commitmentPolicy = "forbid-encrypt-allow-decrypt";

  it("is written and read, bound to its pairs and its content algorithm", async () => {
    const { kms, client } = await startKms();
    const options = {
      keyring: kmsKeyring({ client, keyId: ARN_A }),
      encryptionContext: CONTEXT,
      commitmentPolicy,
    };
    const object = await sealObject(PLAINTEXT, options as ObjectOptions);
    expect(inspectObject(object.metadata)).toMatchObject({ format: "V2", encryptionContext: CONTEXT });
    const opened = await openObject(object, options as ObjectOptions);
    expect(opened).toEqual({ plaintext: PLAINTEXT, encryptionContext: CONTEXT });
    const bound = { ...CONTEXT, "aws:x-amz-cek-alg": "AES/GCM/NoPadding" };
    expect(contexts(kms)).toEqual([bound, bound]);
  });

  it("needs no option for older wraps", async () => {
    const { client } = await startKms();
    const object = await written(client, kmsContextV2, CONTEXT);
    const keyring = kmsKeyring({ client, keyId: ARN_A });
    const options = { keyring, encryptionContext: CONTEXT, commitmentPolicy } as const;
    expect((await openObject(object, options)).plaintext).toEqual(PLAINTEXT);
    // The older name does not free it of the pairs that are named.
    const renamed = { ...object, metadata: { ...object.metadata, "x-amz-wrap-alg": "kms" } };
    await failure(openObject(renamed, options), "ERR_S3_LEGACY");
  });
});

it("KMS and a mailbox as one keyring open what each of them wrote, and nothing of a raw key", async () => {
  const { client } = await startKms();
  const { mailboxes } = organization();
  await mailboxes.create("alice");
  const members = [kmsKeyring({ client, keyId: ARN_A }), mailboxes.keyring("alice")];
  const both = multiKeyring({ children: members });
  for (const keyring of members) {
    const object = await sealObject(PLAINTEXT, { keyring, encryptionContext: CONTEXT });
    const opened = await openObject(object, { keyring: both, encryptionContext: CONTEXT });
    expect(opened).toEqual({ plaintext: PLAINTEXT, encryptionContext: CONTEXT });
    const other = { ...CONTEXT, tenant: "t2" };
    await failure(openObject(object, { keyring: both, encryptionContext: other }));
  }
  const raw = await writeObjectV2(PLAINTEXT, aesGcmV2(new Uint8Array(32).fill(1)));
  const error = await failure(openObject(raw, { keyring: both, ...OPTIONS }), "ERR_NO_DATA_KEY");
  expect(error.message).toMatch(/skipped: not wrapped by KMS/);
  expect(error.message).toMatch(/skipped: its label names no mailbox, version and salt/);
});
