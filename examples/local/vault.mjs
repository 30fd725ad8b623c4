// The transit engine of HashiCorp Vault on this machine alone and in memory, so that the examples run without a Vault: the
// part of its HTTP API that a keyring asks, with Vault's status codes and errors. Its keys are of type aes256-gcm96, and its
// token may `update` and `read`, but not `create`.
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { json } from "node:stream/consumers";

/** An answer that is an error, as Vault words it. */
class Refusal extends Error {
  constructor(status, ...errors) {
    super(errors.join());
    Object.assign(this, { status, errors });
  }
}

/** What each operation knows: of anything else Vault warns, and leaves it out. */
const PARAMETERS = {
  encrypt: ["plaintext", "associated_data"],
  decrypt: ["ciphertext", "associated_data"],
};

/** Starts it, with one key. `old: true` makes it a Vault before 1.13, which knows no `associated_data`. */
export async function startVault({ mount = "transit", key = "orders", old = false } = {}) {
  const token = `hvs.${randomBytes(18).toString("base64url")}`;
  /** By name: the versions of a key, the first one first. */
  const keys = new Map([[key, { versions: [randomBytes(32)], minimum: 1 }]]);
  const vault = { token, sealed: false, denied: new Set(), requests: [] };

  const operations = { encrypt, decrypt };
  async function answer(request) {
    if (vault.sealed) throw new Refusal(503, "Vault is sealed");
    const [, version, ...path] = request.url.split("/");
    const [operation, name] = path.slice(-2).map(decodeURIComponent);
    vault.requests.push(`${request.method} ${operation}`);
    if (request.headers["x-vault-token"] !== token || vault.denied.has(operation)) {
      throw new Refusal(403, "permission denied");
    }
    if (version !== "v1" || path.slice(0, -2).join("/") !== mount) {
      throw new Refusal(404, `no handler for route "${path.join("/")}". route entry not found.`);
    }
    if (operation === "keys" && request.method === "GET") return { data: describe(name) };
    if (!Object.hasOwn(operations, operation)) throw new Refusal(404, "unsupported path");
    if (request.method !== "POST") throw new Refusal(405, "unsupported operation");
    const body = await json(request).catch(() => {
      throw new Refusal(400, "failed to parse JSON input");
    });
    if (!keys.has(name)) {
      // To encrypt under a key that is not there would be to create it.
      if (operation === "encrypt") throw new Refusal(403, "permission denied");
      throw new Refusal(400, "encryption key not found");
    }
    const known = PARAMETERS[operation].filter((parameter) => !old || parameter !== "associated_data");
    const unknown = Object.keys(body).filter((parameter) => !known.includes(parameter));
    const data = operations[operation](
      keys.get(name),
      Object.fromEntries(known.map((parameter) => [parameter, body[parameter]])),
    );
    if (unknown.length === 0) return { data };
    return { data, warnings: [`Endpoint ignored these unrecognized parameters: [${unknown.join(" ")}]`] };
  }

  function describe(name) {
    if (!keys.has(name)) throw new Refusal(404);
    const { versions, minimum } = keys.get(name);
    return {
      name,
      type: "aes256-gcm96",
      latest_version: versions.length,
      min_decryption_version: minimum,
      min_encryption_version: 0,
      supports_encryption: true,
      supports_decryption: true,
    };
  }

  const server = createServer((request, response) => {
    const send = (status, reply) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(reply));
    };
    const around = { request_id: randomUUID(), lease_id: "", renewable: false, lease_duration: 0 };
    answer(request).then(
      (reply) => send(200, { ...around, warnings: null, wrap_info: null, auth: null, ...reply }),
      (error) =>
        error instanceof Refusal ? send(error.status, { errors: error.errors }) : response.destroy(error),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  return Object.assign(vault, {
    address: `http://127.0.0.1:${server.address().port}`,
    /** As POST keys/NAME/rotate: what is encrypted from now on is of the next version. */
    rotate: (name) => keys.get(name).versions.push(randomBytes(32)),
    /** As POST keys/NAME/config with min_decryption_version: what is older opens no more. */
    retire: (name, minimum) => Object.assign(keys.get(name), { minimum }),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  });
}

function encrypt({ versions }, { plaintext, associated_data }) {
  const version = versions.length;
  const bytes = fromBase64("plaintext", plaintext);
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", versions[version - 1], nonce);
  cipher.setAAD(fromBase64("associated_data", associated_data ?? ""));
  const sealed = Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  return { ciphertext: `vault:v${version}:${sealed.toString("base64")}`, key_version: version };
}

function decrypt({ versions, minimum }, { ciphertext, associated_data }) {
  const [, version, text] = /^vault:v([1-9]\d*):(.+)$/.exec(ciphertext ?? "") ?? [];
  if (version === undefined) throw new Refusal(400, "invalid ciphertext: no prefix");
  if (version > versions.length) throw new Refusal(400, "invalid ciphertext: version is too new");
  if (version < minimum) {
    throw new Refusal(400, "ciphertext or signature version is disallowed by policy (too old)");
  }
  const sealed = fromBase64("ciphertext", text);
  const associated = fromBase64("associated_data", associated_data ?? "");
  try {
    const decipher = createDecipheriv("aes-256-gcm", versions[version - 1], sealed.subarray(0, 12));
    decipher.setAAD(associated).setAuthTag(sealed.subarray(-16));
    const plaintext = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
    return { plaintext: plaintext.toString("base64") };
  } catch {
    throw new Refusal(400, "invalid ciphertext: unable to decrypt");
  }
}

function fromBase64(what, text) {
  const bytes = Buffer.from(String(text), "base64");
  if (bytes.toString("base64") === text) return bytes;
  throw new Refusal(400, `failed to base64-decode ${what}`);
}
