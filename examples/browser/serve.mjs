// node browser/serve.mjs: seals a letter, bundles the page's module, and serves both on this machine alone.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { createEncryptionClient, rawAesKeyring } from "keyfold";

export const LETTER = "Dear Grace,\nthe ships are in the harbour.\nYours, Ada";

export async function serve() {
  const key = randomBytes(32);
  const client = createEncryptionClient({
    keyring: rawAesKeyring({ namespace: "letters", name: "shared", key }),
  });
  const { ciphertext } = await client.encrypt(new TextEncoder().encode(LETTER), {
    encryptionContext: { recipient: "Grace" },
  });
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("open.js", import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
  });
  const files = {
    "/": ["text/html", await readFile(new URL("index.html", import.meta.url))],
    "/bundle.js": ["text/javascript", outputFiles[0].contents],
    "/message.bin": ["application/octet-stream", ciphertext],
  };
  const server = createServer((request, response) => {
    const [type, body] = files[request.url] ?? [];
    response.writeHead(type ? 200 : 404, { "content-type": type ?? "text/plain" }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    key: key.toString("base64"),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url, key } = await serve();
  console.log(`Open ${url} and type the key ${key}`);
}
