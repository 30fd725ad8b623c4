// docs/formats.md against the source's own tables, against what is installed, and against bytes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import {
  type CommitmentPolicy,
  createEncryptionClient,
  inspectMessage,
  type MessageSuiteId,
  rawAesKeyring,
} from "../../src/index.ts";
import { isLegacyWrap, wrapByCode, wrapByName } from "../../src/object/wraps.ts";
import { assertMayDecrypt, assertMayEncrypt } from "../../src/suites/policy.ts";
import { type AlgorithmSuite, formatSuiteId, suitesOf } from "../../src/suites/table.ts";
import { startQueue } from "../sqs/helpers.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const page = read("docs/formats.md");

/** The rows of the table with this header, without their markup. */
function tableOf(header: string): string[][] {
  const lines = page.slice(page.indexOf(`| ${header} |`)).split("\n");
  const end = lines.findIndex((line) => !line.startsWith("|"));
  return lines.slice(2, end).map((line) => line.slice(2, -2).replaceAll("`", "").split(" | "));
}

const hash = (name: string): string => name.toUpperCase().replace("SHA", "SHA-");

it("messages: the suites are those of the source", () => {
  const derived = ({ kdf }: AlgorithmSuite) => (kdf === null ? "the data key" : `HKDF-${kdf.toUpperCase()}`);
  const rows = suitesOf("message").map((suite) => [
    formatSuiteId(suite.id),
    suite.name,
    String(suite.version),
    String(8 * suite.keyLength),
    derived(suite),
    suite.commitmentLength > 0 ? "yes" : "no",
    suite.signature === null ? "no" : `ECDSA ${suite.signature.curve}, ${hash(suite.signature.hash)}`,
  ]);
  expect(tableOf("suite | name | version")).toEqual(rows);
});

describe("policies", () => {
  const suites = suitesOf("message");
  const allowed = (assertMay: (suite: AlgorithmSuite) => void): AlgorithmSuite[] =>
    suites.filter((suite) => {
      try {
        assertMay(suite);
        return true;
      } catch {
        return false;
      }
    });
  const told = (cell: string): AlgorithmSuite[] => {
    if (cell === "all") return [...suites];
    if (cell === "the nine of version 1") return suites.filter(({ version }) => version === 1);
    return suites.filter(({ id }) => cell.includes(formatSuiteId(id)));
  };

  it.each(
    tableOf("`commitmentPolicy` | writes").map(
      ([name, ...cells]) => [name!.replaceAll('"', ""), cells] as const,
    ),
  )("%s", async (name, [writes, byDefault, reads]) => {
    const policy = name as CommitmentPolicy;
    expect(told(writes!)).toEqual(allowed((suite) => assertMayEncrypt(policy, suite)));
    expect(told(reads!)).toEqual(allowed((suite) => assertMayDecrypt(policy, suite)));
    const keyring = rawAesKeyring({ namespace: "n", name: "k", key: new Uint8Array(32).fill(7) });
    const client = createEncryptionClient({ keyring, commitmentPolicy: policy });
    const { message } = await client.encrypt(new Uint8Array(1));
    expect(formatSuiteId(message.suite.id)).toBe(byDefault);
  });
});

it("messages: lengths are as the page reckons them", async () => {
  const context = { tenant: "t1", ünit: "é" };
  const bytes = (text: string): number => Buffer.byteLength(text);
  for (const { id, version, signature, commitmentLength } of suitesOf("message")) {
    const keyring = rawAesKeyring({ namespace: "orders", name: "2026-01", key: new Uint8Array(32).fill(7) });
    const client = createEncryptionClient({
      keyring,
      suite: id as MessageSuiteId,
      frameLength: 100,
      commitmentPolicy:
        commitmentLength > 0 ? "require-encrypt-require-decrypt" : "forbid-encrypt-allow-decrypt",
    });
    const { ciphertext } = await client.encrypt(new Uint8Array(250), { encryptionContext: context });
    const { encryptedDataKeys } = inspectMessage(ciphertext);
    const publicKey =
      signature === null
        ? []
        : [["aws-crypto-public-key", "x".repeat(signature.curve === "P-384" ? 68 : 44)]];
    const pairs = [...Object.entries(context), ...publicKey].map(
      ([key, value]) => 4 + bytes(key!) + bytes(value!),
    );
    const fields = encryptedDataKeys.map(
      (edk) => 6 + bytes(edk.providerId) + edk.providerInfo.length + edk.ciphertext.length,
    );
    const sum = [version === 2 ? 92 : 62, 2, ...pairs, ...fields, 250, 2 * 32, 40].reduce((a, b) => a + b);
    if (signature === null) expect(ciphertext.length).toBe(sum);
    else {
      expect(ciphertext.length).toBeGreaterThan(sum + 60);
      expect(ciphertext.length).toBeLessThanOrEqual(sum + 106);
    }
  }
});

it("objects: the suites and wraps are those of the source", () => {
  const told = tableOf("suite | name | format").map(([id, name, format]) => [
    id!.slice(0, 6),
    name,
    format!.slice(0, format!.indexOf("V") + 2),
  ]);
  const rows = suitesOf("object").map(({ id, name, version, cipher }) => [
    formatSuiteId(id),
    name,
    cipher === "cbc" ? "V1" : `${cipher === "ctr" ? "ranges of " : ""}V${version}`,
  ]);
  expect(told.toSorted()).toEqual(rows.toSorted());

  for (const [name, code, , written] of tableOf("wrap | in V3")) {
    const wrap = wrapByName(name!);
    expect(wrap, name).not.toBeNull();
    expect(isLegacyWrap(wrap!)).toBe(written === "no");
    if (code === "none") continue;
    expect(wrapByCode(code!)).toBe(wrap);
  }
});

it("SQS: the longest plaintext is as long as the page says", async () => {
  const { url, client } = await startQueue();
  const longest = Number(/([\d,]+) bytes of plaintext fit/.exec(page)![1]!.replaceAll(",", ""));
  const send = (length: number) =>
    client().send(new SendMessageCommand({ QueueUrl: url, MessageBody: "x".repeat(length) }));
  await expect(send(longest)).resolves.toHaveProperty("MessageId");
  await expect(send(longest + 1)).rejects.toMatchObject({ code: "ERR_LIMIT", limit: "maxMessageBytes" });
});

it("the clients are those that the tests install", () => {
  const python = read("test/peers/python/requirements.txt");
  const pinned = (name: string): string => new RegExp(`^${name}==(.+)$`, "m").exec(python)![1]!;
  const maven = (folder: string, artifact: string): string =>
    new RegExp(`<artifactId>${artifact}</artifactId>\\s*<version>(.+?)</version>`).exec(
      read(`test/peers/${folder}/pom.xml`),
    )![1]!;
  const names = [
    `@aws-crypto/client-node ${JSON.parse(read("package.json")).devDependencies["@aws-crypto/client-node"]}`,
    `aws-encryption-sdk ${pinned("aws-encryption-sdk")} with aws-cryptographic-material-providers ${pinned("aws-cryptographic-material-providers")}`,
    `S3 Encryption Client for Python ${pinned("amazon-s3-encryption-client-python")}`,
    `S3 Encryption Client for Java ${maven("java", "amazon-s3-encryption-client-java")}`,
    `S3 Encryption Client for Java ${maven("java-3", "amazon-s3-encryption-client-java")}`,
    `AWS SDK for Java ${maven("java-legacy", "aws-java-sdk-s3")}`,
  ];
  const clients = tableOf("client | reads what keyfold writes").map(([client]) => client!);
  for (const name of names)
    expect(
      clients.some((client) => client.includes(name.replaceAll("`", ""))),
      name,
    ).toBe(true);
  expect(JSON.parse(read("examples/package.json")).dependencies["@aws-crypto/client-node"]).toBe(
    JSON.parse(read("package.json")).devDependencies["@aws-crypto/client-node"],
  );
});
