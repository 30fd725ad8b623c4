// A program of a few lines, bundled and minified as applications do it.
import { build } from "esbuild";

/** Ways to open one message under a raw AES key, by the function that a program imports for it. */
const OPENERS = {
  openMessage: "openMessage(ciphertext, { keyring })",
  createEncryptionClient: "createEncryptionClient({ keyring }).decrypt(ciphertext)",
};

/** A program that opens one message, and does nothing else. */
export const openingProgram = (name) => `
import { ${name}, rawAesKeyring } from "keyfold";
export async function open(key, ciphertext) {
  const keyring = rawAesKeyring({ namespace: "n", name: "k", key });
  return (await ${OPENERS[name]}).plaintext;
}`;

/** Bundles `source` as if it stood in the folder `project`. */
export async function bundle(project, platform, source, options = {}) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: project },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    platform,
    logLevel: "error",
    ...options,
  });
  const [{ imports }] = Object.values(metafile.outputs);
  return {
    text: outputFiles[0].text,
    bytes: outputFiles[0].contents.length,
    inputs: Object.keys(metafile.inputs),
    imports: imports.filter(({ external }) => external),
  };
}
