// Part of `npm run package`: packs keyfold, installs it into empty projects, and uses it there as ESM and CJS on Node
// 20 and 22; type-checks test/types against the packed declarations as strict users do, libraries included.
import assert from "node:assert/strict";
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { installed } from "../test/runtimes/install.mjs";
import { execute, installPacked, lend, pack, ROOT, withTemporaryFolder } from "./packed.mjs";

const SOURCES = {
  "../../src/index.ts": "keyfold",
  "../../src/hierarchy/file.ts": "keyfold/hierarchy/file",
  "../../src/kms/index.ts": "keyfold/kms",
  "../../src/hierarchy/index.ts": "keyfold/hierarchy",
  "../../src/dynamodb/index.ts": "keyfold/dynamodb",
  "../../src/s3/index.ts": "keyfold/s3",
  "../../src/ses/index.ts": "keyfold/ses",
  "../../src/sqs/index.ts": "keyfold/sqs",
  "../../src/policy/index.ts": "keyfold/policy",
  "../../src/testing/index.ts": "keyfold/testing",
};
const ALLOWED = /^(dist\/.+\.(js|cjs|d\.ts|d\.cts)|package\.json|(README|CHANGELOG|SECURITY)\.md|LICENSE)$/;

const BODY = `
const key = crypto.getRandomValues(new Uint8Array(32));
const client = createEncryptionClient({ keyring: rawAesKeyring({ namespace: "n", name: "k", key }) });
const local = createLocalKms();
const underKms = createEncryptionClient({
  keyring: kmsKeyring({ client: local.client, keyId: local.createKey().arn }),
});
const items = new Map();
const table = {
  async send({ input }) {
    for (const { Put } of input.TransactItems ?? []) items.set(Put.Item.type.S, Put.Item);
    return input.Key === undefined ? {} : { Item: items.get(input.Key.type.S) };
  },
};
const keyStore = dynamoDbKeyStore({
  client: table,
  tableName: keyStoreTable("keys").TableName,
  kms: { client: local.client, keyArn: local.createKey().arn },
});
const objects = new Map();
const bucket = {
  config: { region: async () => "us-east-1" },
  async send({ input: { Key, Body, Metadata } }) {
    if (Body !== undefined) objects.set(Key, { Body, Metadata, ContentLength: Body.length });
    return Body === undefined ? { ...objects.get(Key) } : {};
  },
};
const underBranchKey = createEncryptionClient({ keyring: hierarchicalKeyring({ keyStore, branchKeyId: "t1" }) });
(async () => {
  await keyStore.createKey({ branchKeyId: "t1", encryptionContext: { tenant: "t1" } });
  for (const each of [client, underKms, underBranchKey]) {
    const { ciphertext } = await each.encryptText("42 pears", { encryptionContext: { tenant: "t1" } });
    const { plaintext } = await each.decryptText(ciphertext, { encryptionContext: { tenant: "t1" } });
    if (plaintext !== "42 pears") throw new Error("it opened something else");
    const error = await each.decryptText(ciphertext, { encryptionContext: { tenant: "t2" } }).catch((e) => e);
    if (!isKeyfoldError(error, "ERR_ENCRYPTION_CONTEXT")) throw new Error("it opened for another tenant");
  }
  const keyring = kmsKeyring({ client: local.client, keyId: local.createKey().arn });
  const s3 = createS3EncryptionClient({ client: bucket, keyring, bindTo: "object" });
  await s3.send(new PutObjectCommand({ Bucket: "b", Key: "k", Body: "42 pears" }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "b", Key: "k" }));
  if ((await Body.transformToString()) !== "42 pears") throw new Error("S3 gave something else");
  const { arn: keyId, accountId: sourceAccount } = local.createKey();
  const mail = { s3: bucket, kms: local.client, bucket: "b", key: "m", keyId, sourceAccount };
  const mime = new TextEncoder().encode("Subject: pears");
  await sealMail({ ...mail, ruleName: "r", messageId: "1", mime });
  if (String((await openMail(mail)).mime) !== String(mime)) throw new Error("it was another mail");
  const queue = [];
  const queues = {
    async send({ input: { MessageBody: Body, MessageAttributes } }) {
      if (Body !== undefined) queue.push({ Body, MessageAttributes });
      return Body === undefined ? { Messages: queue } : {};
    },
  };
  const sqs = createSqsEncryptionClient({ client: queues, keyring });
  const QueueUrl = "https://sqs.us-east-1.amazonaws.com/111122223333/orders";
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "42 pears" }));
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  if (Messages[0].Body !== "42 pears" || queue[0].Body === "42 pears") throw new Error("SQS gave something else");
  const topic = { encryptionContext: { topic: "orders" } };
  const payload = await openPayload(client, await sealPayload(client, "42 pears", topic), topic);
  if (payload !== "42 pears") throw new Error("it was another payload");
  const month = { billingPeriodSeconds: 31 * 86_400, producers: 1, consumers: 1 };
  if (estimateKmsRequests(month).sqs !== 26_784) throw new Error("it counted otherwise than SQS");
  const files = fileMailboxStore("mailboxes " + crypto.randomUUID());
  await files.replace("alice", null, "record", {});
  if ((await files.get("alice", {})) !== "record") throw new Error("it kept something else");
  console.log("sealed and opened");
})();
`;
const NAMES = {
  keyfold: "{ createEncryptionClient, isKeyfoldError, rawAesKeyring }",
  "keyfold/hierarchy/file": "{ fileMailboxStore }",
  "keyfold/kms": "{ kmsKeyring }",
  "keyfold/hierarchy": "{ hierarchicalKeyring }",
  "keyfold/dynamodb": "{ dynamoDbKeyStore, keyStoreTable }",
  "@aws-sdk/client-s3": "{ GetObjectCommand, PutObjectCommand }",
  "keyfold/s3": "{ createS3EncryptionClient }",
  "keyfold/ses": "{ openMail, sealMail }",
  "@aws-sdk/client-sqs": "{ ReceiveMessageCommand, SendMessageCommand }",
  "keyfold/sqs": "{ createSqsEncryptionClient, openPayload, sealPayload }",
  "keyfold/policy": "{ estimateKmsRequests }",
  "keyfold/testing": "{ createLocalKms }",
};
const importing = Object.entries(NAMES).map(([from, names]) => `import ${names} from "${from}";\n`);
const requiring = Object.entries(NAMES).map(([from, names]) => `const ${names} = require("${from}");\n`);

await withTemporaryFolder(async (folder) => {
  const { tarball, size, files } = await pack(folder);
  const strangers = files.filter((path) => !ALLOWED.test(path));
  assert.deepEqual(strangers, [], "the tarball holds what nobody needs");
  console.log(`${basename(tarball)}: ${files.length} files, ${size} bytes`);

  const project = join(folder, "project");
  await installPacked(project, tarball, {});
  await runs(project);
  await typeChecks(project);
});

async function runs(project) {
  // The root works with no AWS package anywhere; keyfold/kms asks for its peer by name.
  const bare = `import "keyfold"; import("keyfold/kms").then(() => 0, (e) => console.log(e.code, e.message));`;
  await writeFile(join(project, "bare.mjs"), bare);
  const answer = await execute(process.execPath, ["bare.mjs"], { cwd: project });
  assert.match(answer, /ERR_MODULE_NOT_FOUND.*@aws-sdk\/client-kms/);

  await lend(project, "@aws-sdk");
  await writeFile(join(project, "use.mjs"), `${importing.join("")}${BODY}`);
  await writeFile(join(project, "use.cjs"), `${requiring.join("")}${BODY}`);
  const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
  for (const node of [process.execPath, await installed("node22")]) {
    const version = (await execute(node, ["--version"])).trim();
    for (const program of ["use.mjs", "use.cjs"]) {
      const output = await execute(node, [program], { cwd: project, env });
      assert.equal(output, "sealed and opened\n", `${program} on Node ${version}`);
      console.log(`${program} on Node ${version}: ${output.trim()}`);
    }
  }
}

async function typeChecks(project) {
  await copyFile(join(ROOT, "test/types/expect.d.ts"), join(project, "expect.d.ts"));
  // Here the tests import the sources, for `npm run types`; there, the package by its name.
  const tests = (await readdir(join(ROOT, "test/types"))).filter((name) => !name.endsWith(".d.ts"));
  assert.ok(tests.length > 0);
  for (const name of tests) {
    let text = await readFile(join(ROOT, "test/types", name), "utf8");
    for (const [source, specifier] of Object.entries(SOURCES))
      text = text.replaceAll(`"${source}"`, `"${specifier}"`);
    assert.doesNotMatch(text, /from "\.\./, `${name}: a source that is no subpath`);
    // The same text as an ES module and as CommonJS: they read different declarations.
    await writeFile(join(project, name.replace(/ts$/, "mts")), text);
    await writeFile(join(project, name.replace(/ts$/, "cts")), text);
  }
  // What the SDK's own declarations need is not keyfold's business.
  const ofKeyfold = tests.filter((name) => !name.startsWith("sdk"));
  await lend(project, "@types/node", "undici-types");
  const bare = { types: [], lib: ["ES2022", "DOM"], skipLibCheck: false };
  const onNode = { types: ["node"], lib: ["ES2023"], skipLibCheck: false };
  const withSdk = { types: ["node"], lib: ["ES2022", "DOM"], skipLibCheck: true };
  for (const resolution of ["node16", "bundler"]) {
    await typeCheck(project, resolution, "no @types, lib DOM", bare, ofKeyfold);
    await typeCheck(project, resolution, "@types/node, no DOM", onNode, ofKeyfold);
    await typeCheck(project, resolution, "with the AWS SDK", withSdk, tests);
  }
}

async function typeCheck(project, moduleResolution, label, options, tests) {
  const kinds = moduleResolution === "node16" ? ["mts", "cts"] : ["mts"];
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    target: "ES2022",
    module: moduleResolution === "node16" ? "Node16" : "ESNext",
    moduleResolution,
    ...options,
  };
  const files = tests.flatMap((name) => kinds.map((kind) => name.replace(/ts$/, kind)));
  await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  await execute(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "."], {
    cwd: project,
  });
  console.log(`types under ${moduleResolution}, ${label}: ${files.length} files`);
}
