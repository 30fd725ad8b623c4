// Policies and limits: what one library refuses of the other's messages, and that the other refuses it too.
import { buildClient, CommitmentPolicy } from "@aws-crypto/client-node";
import { expect, it } from "vitest";
import { createEncryptionClient } from "../../src/index.ts";
import { keyringOf } from "../interop/keyrings.ts";
import { localKinds } from "../interop/kinds.ts";
import { cross, row } from "../peers/cells.ts";
import { aesKeyring } from "../peers/keys.ts";
import { sample } from "../peers/vectors/format.ts";
import { failure } from "../support/failure.ts";
import { watched } from "../support/keyrings.ts";
import { officialClient, officialKeyring, type Policy } from "./official.ts";
import { keyfoldReader, keyfoldWriter, MODES, officialReader, officialWriter, through } from "./sides.ts";
import { policies, suites } from "./suites.ts";

const spec = aesKeyring(32);
const theirs = officialKeyring(spec, { utf8Sorting: true });
const plaintext = sample(300);
const context = { tenant: "t1" };

const mayWrite = (policy: Policy, committing: boolean): boolean =>
  committing !== (policy === "forbid-encrypt-allow-decrypt");
const mayRead = (policy: Policy, committing: boolean): boolean =>
  committing || policy !== "require-encrypt-require-decrypt";

const cells = cross(cross(suites, policies), MODES);
const label = ([[suite, policy], mode]: (typeof cells)[number]): string =>
  `${suite.name}, ${policy}, ${mode}`;

it("keyfold reads official's only under policies that allow the suite, and asks no key under others", (test) =>
  row(test, cells, label, async ([[options, policy], mode]) => {
    const ciphertext = await officialWriter(theirs, options).seal(plaintext, context, mode);
    const keyring = watched(keyringOf(spec));
    const answer = keyfoldReader(keyring, { policy }).open(ciphertext, context, mode);
    if (mayRead(policy, options.committing)) {
      expect(plaintext.equals((await answer).plaintext)).toBe(true);
      expect(keyring.calls).toEqual(["unwrap"]);
    } else {
      const error = await failure(answer, "ERR_COMMITMENT_POLICY");
      expect(error).toMatchObject({ policy, suiteId: options.suite });
      expect(keyring.calls).toEqual([]);
    }
  }));

it("official reads keyfold's under the same policies", (test) =>
  row(test, cells, label, async ([[options, policy], mode]) => {
    const ciphertext = await keyfoldWriter(keyringOf(spec), options).seal(plaintext, context, mode);
    const answer = officialReader(theirs, { policy }).open(ciphertext, context, mode);
    if (mayRead(policy, options.committing)) expect(plaintext.equals((await answer).plaintext)).toBe(true);
    else await expect(answer).rejects.toThrow("Configuration conflict");
  }));

it("both write a suite under the same policies", (test) =>
  row(test, cells, label, async ([[{ suite, committing }, policy], mode]) => {
    const options = { suite, policy };
    const their = officialWriter(theirs, options);
    if (mayWrite(policy, committing)) {
      await their.seal(plaintext, context, mode);
      await keyfoldWriter(keyringOf(spec), options).seal(plaintext, context, mode);
    } else {
      await expect(async () => their.seal(plaintext, context, mode)).rejects.toThrow(
        "Configuration conflict",
      );
      await failure(() => keyfoldWriter(keyringOf(spec), options), "ERR_COMMITMENT_POLICY");
    }
  }));

it("both choose suites that the other reads, where none is named", (test) =>
  row(
    test,
    policies,
    (policy) => policy,
    async (policy) => {
      const reader = createEncryptionClient({ keyring: keyringOf(spec), commitmentPolicy: policy });
      const { result } = await officialClient(policy).encrypt(theirs, plaintext);
      const { message } = await reader.decrypt(result);
      expect(message.suite.id).toBe(policy === "forbid-encrypt-allow-decrypt" ? 0x0378 : 0x0578);

      const { ciphertext } = await reader.encrypt(plaintext);
      const { messageHeader } = await officialClient(policy).decrypt(theirs, ciphertext);
      expect(messageHeader.suiteId).toBe(policy === "forbid-encrypt-allow-decrypt" ? 0x0178 : 0x0478);
    },
  ));

it("official's stream for unsigned messages takes keyfold's unsigned ones, and refuses the signed", (test) =>
  row(
    test,
    suites,
    ({ name }) => name,
    async (options) => {
      const ciphertext = await keyfoldWriter(keyringOf(spec), options).seal(plaintext, context, "stream");
      const stream = officialClient(options.policy).decryptUnsignedMessageStream(theirs);
      const answer = through([ciphertext], stream);
      if (options.signed) await expect(answer).rejects.toThrow("Configuration conflict");
      else expect(plaintext.equals(await answer)).toBe(true);
    },
  ));

it("both count the encrypted data keys of a message, and stop at their limit", async () => {
  const { writer } = localKinds["multi, opened by all"]!;
  const [ours, official] = [keyringOf(writer), officialKeyring(writer, { utf8Sorting: true })];
  const written = (await createEncryptionClient({ keyring: ours }).encrypt(plaintext)).ciphertext;
  const received = (await officialClient(policies[0]!).encrypt(official, plaintext)).result;

  for (const maxEncryptedDataKeys of [2, 3]) {
    const commitmentPolicy = CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT;
    const { decrypt } = buildClient({ commitmentPolicy, maxEncryptedDataKeys });
    const reader = createEncryptionClient({ keyring: ours, maxEncryptedDataKeys });
    if (maxEncryptedDataKeys === 2) {
      await expect(decrypt(official, written)).rejects.toThrow("maxEncryptedDataKeys exceeded");
      await failure(reader.decrypt(received), "ERR_LIMIT");
    } else {
      expect(plaintext.equals((await decrypt(official, written)).plaintext)).toBe(true);
      expect(plaintext.equals((await reader.decrypt(received)).plaintext)).toBe(true);
    }
  }
});
