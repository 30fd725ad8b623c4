// Part of `npm run package`: bundles the packed library as applications do, and checks what is in it by meaning: no
// AWS SDK where none was asked for, no `node:` module on the web, no other subpath's code. Then runs the bundles.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createEncryptionClient, rawAesKeyring } from "keyfold";
import { bundle, openingProgram } from "./bundle.mjs";

/**
 * Programs that only open one message, and the most bytes that they may have. On the web, noble is 21,000 of them. Of S3
 * objects there is what one keyring for both formats brings (its wraps, older ones too), and the tables of their names,
 * which the bundler does not see to be idle: under 1,500 bytes.
 */
const PROGRAMS = [
  {
    name: "openMessage",
    ceiling: { node: 40_000, browser: 59_500 },
  },
  {
    name: "createEncryptionClient",
    ceiling: { node: 48_500, browser: 70_000 },
  },
];

/** Words that only this part of the library says. They survive minification. */
const MARKS = {
  kms: ["kmsKeyring: ", "GenerateDataKeyCommand", "CreateGrantCommand"],
  s3: ["UploadPartCopy: ", "CompleteMultipartUploadCommand"],
  sqs: ["SendMessageCommand"],
  dynamodb: ["TransactWriteItemsCommand", "dynamoDbMailboxStore: "],
  ses: ["aws:ses:message-id", "sealMail"],
  hierarchy: ["createMailboxKeys", "aws-kms-hierarchy"],
  policy: ["estimateKmsRequests"],
  files: ["fileMailboxStore: "],
  testing: ["TrentService", "keyfold-local-kms"],
  sealing: ["createEncryptionClient"],
};

/** Each subpath: the AWS packages it may import, and the parts that it must or may have, and no others. A new one needs a row. */
const SUBPATHS = {
  keyfold: { sdk: [], has: ["sealing"] },
  "keyfold/hierarchy": { sdk: [], has: ["hierarchy"] },
  "keyfold/hierarchy/file": {
    sdk: [],
    has: ["files"],
    // Files are of Node, Bun and Deno: who bundles this for the web is told so by the bundler.
    nodeOnly: ["node:fs/promises", "node:path"],
  },
  "keyfold/dynamodb": { sdk: ["@aws-sdk/client-dynamodb", "@aws-sdk/client-kms"], has: ["dynamodb"] },
  "keyfold/kms": { sdk: ["@aws-sdk/client-kms"], has: ["kms"] },
  "keyfold/s3": { sdk: ["@aws-sdk/client-s3"], has: ["s3"] },
  // It asks KMS by the keyring of keyfold/kms.
  "keyfold/ses": { sdk: ["@aws-sdk/client-kms", "@aws-sdk/client-s3"], has: ["ses"], may: ["kms"] },
  "keyfold/sqs": { sdk: ["@aws-sdk/client-sqs"], has: ["sqs"], may: ["sealing"] },
  // It names the pairs that SES binds.
  "keyfold/policy": { sdk: [], has: ["policy"], may: ["ses"] },
  "keyfold/testing": {
    sdk: [],
    has: ["testing"],
    // It speaks of KMS's commands.
    may: ["kms"],
    // `listen()` and `openLocalKms()` load them when they are called, and only then.
    dynamic: ["node:fs", "node:http", "node:path", "node:process"],
  },
};

/** `project`: a folder with keyfold and the AWS packages. */
export async function checkBundles(project, subpaths) {
  assert.deepEqual(subpaths.toSorted(), Object.keys(SUBPATHS).toSorted(), "each subpath needs a row above");
  for (const subpath of subpaths) {
    for (const platform of ["node", "browser"]) await checkSubpath(project, subpath, platform);
  }
  for (const program of PROGRAMS) {
    for (const platform of ["node", "browser"]) await checkProgram(project, platform, program);
  }
}

async function checkSubpath(project, subpath, platform) {
  const rule = SUBPATHS[subpath];
  const { text, bytes, imports, inputs } = await bundle(project, platform, `export * from "${subpath}";`, {
    // Left as imports, so that one sees who asks for what.
    external: ["@aws-sdk/*", "node:*"],
  });
  const what = `${subpath} for ${platform}`;
  const names = imports.map(({ path }) => path);
  const strangers = names.filter((path) => !isBuiltin(path) && !rule.sdk.includes(path));
  assert.deepEqual(strangers, [], `${what} imports what it may not`);
  if (platform === "browser") {
    const atOnce = imports.filter(({ path, kind }) => isBuiltin(path) && kind !== "dynamic-import");
    assert.deepEqual(
      [...new Set(atOnce.map(({ path }) => path))].toSorted(),
      rule.nodeOnly ?? [],
      `${what} needs a Node module`,
    );
    const later = imports.filter(({ path, kind }) => isBuiltin(path) && kind === "dynamic-import");
    assert.deepEqual(
      [...new Set(later.map(({ path }) => path))].toSorted(),
      rule.dynamic ?? [],
      `${what} loads a Node module`,
    );
  } else {
    assert.ok(
      !inputs.some((path) => path.includes("@noble/")),
      `${what} holds noble, which Node does not need`,
    );
  }
  for (const part of rule.has) {
    for (const mark of MARKS[part]) assert.ok(text.includes(mark), `${what} lacks ${part}: ${mark}`);
  }
  const known = [...rule.has, ...(rule.may ?? [])];
  for (const part of Object.keys(MARKS).filter((part) => !known.includes(part))) {
    for (const mark of MARKS[part]) assert.ok(!text.includes(mark), `${what} holds ${part}: ${mark}`);
  }
  const shown =
    names.length === 0 ? "imports nothing" : `imports ${[...new Set(names)].toSorted().join(", ")}`;
  console.log(`${what.padEnd(30)} ${String(bytes).padStart(7)} bytes minified; ${shown}`);
}

async function checkProgram(project, platform, program) {
  const { text, bytes, inputs, imports } = await bundle(project, platform, openingProgram(program.name));
  const what = `${program.name}, ${platform}`;
  assert.ok(!inputs.some((path) => /@aws-sdk|@smithy/.test(path)), `${what}: the AWS SDK is in it`);
  assert.ok(!/aws-sdk|smithy/i.test(text), `${what}: something of the AWS SDK is in it`);
  if (platform === "browser") assert.deepEqual(imports, [], `${what}: something is left to import`);

  // As it is, in a file: the bundler's output must load unmodified, and open what the library sealed.
  const file = join(project, `${program.name}-${platform}.mjs`);
  await writeFile(file, text);
  const { open } = await import(pathToFileURL(file).href);
  const key = crypto.getRandomValues(new Uint8Array(32));
  const sealer = createEncryptionClient({ keyring: rawAesKeyring({ namespace: "n", name: "k", key }) });
  const { ciphertext } = await sealer.encrypt(new TextEncoder().encode("42 pears"));
  assert.equal(new TextDecoder().decode(await open(key, ciphertext)), "42 pears", what);

  const ceiling = program.ceiling[platform];
  assert.ok(bytes <= ceiling, `${what}: ${bytes} bytes minified, and ${ceiling} are allowed`);
  console.log(`${what.padEnd(30)} ${String(bytes).padStart(7)} bytes minified; ${ceiling} are allowed`);
}
