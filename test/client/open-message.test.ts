import { describe, expect, it } from "vitest";
import { createEncryptionClient, openMessage } from "../../src/index.ts";
import { utf8 } from "../support/bytes.ts";
import { failure } from "../support/failure.ts";
import { aes, MESSAGE_SUITES } from "../support/keyrings.ts";

const keyring = aes();
const encryptionContext = { tenant: "t1" };
const PLAINTEXT = utf8("the plaintext");

describe("openMessage", () => {
  it.each(MESSAGE_SUITES)("answers as the client does: $name", async ({ suite, commitmentPolicy }) => {
    const client = createEncryptionClient({ keyring, suite, commitmentPolicy });
    const { ciphertext } = await client.encrypt(PLAINTEXT, { encryptionContext });
    const opened = await openMessage(ciphertext, { keyring, commitmentPolicy, encryptionContext });
    expect(opened.plaintext).toEqual(PLAINTEXT);
    expect(opened).toEqual(await client.decrypt(ciphertext, { encryptionContext }));
  });

  it("has the client's policy, limits, expected context and signal", async () => {
    const commitmentPolicy = "forbid-encrypt-allow-decrypt";
    const uncommitted = await createEncryptionClient({ keyring, commitmentPolicy }).encrypt(PLAINTEXT);
    await failure(openMessage(uncommitted.ciphertext, { keyring }), "ERR_COMMITMENT_POLICY");
    const { ciphertext } = await createEncryptionClient({ keyring }).encrypt(PLAINTEXT, {
      encryptionContext,
    });
    await failure(openMessage(ciphertext, { keyring, maxHeaderBytes: 50 }), "ERR_LIMIT");
    const other = { encryptionContext: { tenant: "t2" } };
    await failure(openMessage(ciphertext, { keyring, ...other }), "ERR_ENCRYPTION_CONTEXT");
    const reason = new Error("stopped");
    const signal = AbortSignal.abort(reason);
    await expect(openMessage(ciphertext, { keyring, signal })).rejects.toBe(reason);
  });

  it("names itself where it is misused", async () => {
    const misuses = [
      openMessage("text" as never, { keyring }),
      openMessage(PLAINTEXT, {} as never),
      openMessage(PLAINTEXT, { keyring, maxHeaderBytes: 0 }),
    ];
    for (const misuse of misuses) {
      expect((await failure(misuse, "ERR_INVALID_ARGUMENT")).message).toMatch(/^openMessage: /);
    }
  });
});
