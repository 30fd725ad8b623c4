// docs/errors.md against the source: every code and field, what becomes of which error of AWS, and the messages as they are.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { describe, expect, it } from "vitest";
import { createEncryptionClient, type KmsErrorCode, multiKeyring, rawAesKeyring } from "../../src/index.ts";
import { kmsError } from "../../src/kms/errors.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import { Bucket, rig } from "../s3/rig.ts";
import { startQueue } from "../sqs/helpers.ts";
import { failure } from "../support/failure.ts";

const ROOT = join(import.meta.dirname, "../..");
const page = readFileSync(join(ROOT, "docs/errors.md"), "utf8");
const source = readFileSync(join(ROOT, "src/errors.ts"), "utf8");
const kmsSource = readFileSync(join(ROOT, "src/kms/errors.ts"), "utf8");

const matches = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, one]) => one!);
/** The first cell of each row of the page's tables, and the others. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.slice(2, -2).split(" | "));
const kmsRows = rows.filter(([code]) => code!.startsWith("`ERR_KMS_"));
const bare = (cell: string): string => cell.replaceAll("`", "");

describe("codes", () => {
  const codes = matches(source, /^ {2}\| "(ERR_\w+)"/gm);

  it("each has its entry, once", () => {
    const entries = [...matches(page, /^### `(ERR_\w+)`$/gm), ...kmsRows.map(([code]) => bare(code!))];
    expect(codes.length).toBeGreaterThan(40);
    expect(entries.toSorted()).toEqual(codes.toSorted());
  });

  it("the page names no other", () => {
    const named = new Set(matches(page, /\b(ERR_[A-Z0-9_]+)/g));
    expect([...named].filter((code) => !codes.includes(code))).toEqual(["ERR_INVALID_ARGUMENT"]);
  });
});

it("the table of classes has their fields", () => {
  const classes = source.split(/^export class /m).slice(1);
  const fields = new Map(
    classes.map((text) => {
      const body = text.slice(0, text.indexOf("\n}"));
      return [/^\w+/.exec(text)![0], matches(body, /^ {2}readonly (?!code\b)(\w+): /gm)];
    }),
  );
  fields.delete("KeyfoldError");
  const told = rows
    .filter(([name]) => /^`\w+Error`$/.test(name!))
    .map(
      ([name, cell]) =>
        [bare(name!), matches(cell!.replaceAll(/: `[^`]*`|"[^"]*"/g, ""), /`(\w+)`/g)] as const,
    );
  expect(new Map(told)).toEqual(fields);
});

it("the table of limits has all that are thrown", () => {
  const thrown = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .flatMap((path) => matches(readFileSync(join(ROOT, "src", path), "utf8"), /new LimitError\(\s*"(\w+)"/g));
  const section = page.slice(page.indexOf("| `limit` |"), page.indexOf("### `ERR_UNSUPPORTED`"));
  expect(matches(section, /^\| `(\w+)` \| [^d]/gm).toSorted()).toEqual([...new Set(thrown)].toSorted());
});

describe("KMS", () => {
  const codeOf = (error: object, operation = "Decrypt"): KmsErrorCode =>
    kmsError(error, { operation, keyId: undefined }).code;
  /** Names in a cell, some of them of one operation alone. */
  const namesIn = (cell: string) =>
    [...cell.matchAll(/`(\w+)`(?: \((\w+)\))?/g)]
      .map(([, name, operation]) => ({ name: name!, operation }))
      .filter(({ name }) => !/^E[A-Z]+$/.test(name));

  it.each(kmsRows.map(([code, names, transient]) => [bare(code!), names!, transient!] as const))(
    "%s is what becomes of its names",
    (code, names, transient) => {
      for (const { name, operation } of namesIn(names))
        expect([name, codeOf({ name }, operation)]).toEqual([name, code]);
      for (const socket of matches(names, /`(E[A-Z]+)`/g)) {
        expect(codeOf({ name: "Error", code: socket, syscall: "connect" })).toBe(code);
      }
      for (const status of matches(names, /HTTP (\d{3})/g)) {
        expect(codeOf({ $metadata: { httpStatusCode: Number(status) } })).toBe(code);
      }
      const [first] = namesIn(names);
      const error = kmsError(
        { name: first!.name },
        { operation: first!.operation ?? "Decrypt", keyId: undefined },
      );
      expect(error.transient).toBe(transient === "yes");
    },
  );

  it("no name of the source's own tables is missing", () => {
    const known = matches(kmsSource, /^ {2}(\w+): [A-Z_]+,$/gm);
    const ofOperations = [...kmsSource.matchAll(/^ {2}"(\w+) (\w+)": /gm)].map(
      ([, operation, name]) => `${name} ${operation}`,
    );
    expect(known.length).toBeGreaterThan(40);
    expect(ofOperations.length).toBeGreaterThan(0);
    const told = kmsRows.flatMap(([, names]) => namesIn(names!));
    const alone = told.filter(({ operation }) => operation === undefined).map(({ name }) => name);
    expect(known.filter((name) => !alone.includes(name))).toEqual([]);
    const bound = told.filter(({ operation }) => operation !== undefined);
    expect(bound.map(({ name, operation }) => `${name} ${operation}`).toSorted()).toEqual(
      ofOperations.toSorted(),
    );
  });
});

describe("messages", () => {
  const KEY = { id: "1234abcd-12ab-34cd-56ef-1234567890ab" };
  const REQUEST = "168d1a41-49c1-4017-87f2-33113920e2fd";
  const plaintext = new Uint8Array(8);
  const kms = createLocalKms({ keys: [{ ...KEY, principals: ["alice"] }] });
  const arn = kms.arn(KEY.id);
  const alice = kmsKeyring({ client: kms.clientAs("alice"), keyId: arn });
  const raw = (name: string) => rawAesKeyring({ namespace: "orders", name, key: new Uint8Array(32).fill(7) });
  const both = createEncryptionClient({
    keyring: multiKeyring({ generator: alice, children: [raw("2026-01")] }),
  });

  const oneLine = (text: string): string =>
    text
      .trim()
      .replaceAll(/\s+/g, " ")
      .replaceAll(/\(request [-\w]+\)/g, `(request ${REQUEST})`);
  const shown = [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, language]) => language === "")
    .map(([, , text]) => oneLine(text!));

  const cases: Readonly<Record<string, () => Promise<Error>>> = {
    "no data key": async () => {
      const { ciphertext } = await both.encrypt(plaintext);
      kms.disableKey(KEY.id);
      const keyring = multiKeyring({ children: [alice, raw("2025-12")] });
      const error = await failure(createEncryptionClient({ keyring }).decrypt(ciphertext), "ERR_NO_DATA_KEY");
      kms.enableKey(KEY.id);
      return error;
    },
    "another context": async () => {
      const { ciphertext } = await both.encrypt(plaintext, { encryptionContext: { tenant: "t1" } });
      return failure(
        both.decrypt(ciphertext, { encryptionContext: { tenant: "t2" } }),
        "ERR_ENCRYPTION_CONTEXT",
      );
    },
    "not sealed": async () => {
      const { sqs, url, client } = await startQueue();
      await sqs.client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: "42 pears" }));
      const { Messages = [] } = await client().send(new ReceiveMessageCommand({ QueueUrl: url }));
      return Messages[0]!.error!;
    },
    "commitment policy": async () => {
      const keyring = raw("2026-01");
      const older = createEncryptionClient({ keyring, commitmentPolicy: "forbid-encrypt-allow-decrypt" });
      const { ciphertext } = await older.encrypt(plaintext);
      return failure(createEncryptionClient({ keyring }).decrypt(ciphertext), "ERR_COMMITMENT_POLICY");
    },
    "too many data keys": async () => {
      const { ciphertext } = await both.encrypt(plaintext);
      const strict = createEncryptionClient({ keyring: raw("2026-01"), maxEncryptedDataKeys: 1 });
      return failure(strict.decrypt(ciphertext), "ERR_LIMIT");
    },
    "too long for SQS": async () => {
      const { url, client } = await startQueue();
      const message = new SendMessageCommand({ QueueUrl: url, MessageBody: "x".repeat(1_000_000) });
      return failure(client().send(message), "ERR_LIMIT");
    },
    "access denied": async () => {
      const keyring = kmsKeyring({ client: kms.clientAs("bob"), keyId: arn });
      return failure(createEncryptionClient({ keyring }).encrypt(plaintext), "ERR_KMS_ACCESS_DENIED");
    },
    "not encrypted": async () => {
      const { s3, client } = await rig();
      await s3.client.send(new PutObjectCommand({ Bucket, Key: "fruit.txt", Body: "42 pears" }));
      const error = await failure(
        client.send(new GetObjectCommand({ Bucket, Key: "fruit.txt" })),
        "ERR_S3_UNENCRYPTED",
      );
      return new Error(error.message.replace(`s3://${Bucket}/`, "s3://orders/"));
    },
  };

  it.each(Object.entries(cases))("%s", async (_, provoke) => {
    expect(shown).toContain(oneLine((await provoke()).message));
  });

  it("the page shows no others", () => {
    expect(shown).toHaveLength(Object.keys(cases).length);
  });
});
