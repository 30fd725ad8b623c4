// A keyring over HashiCorp Vault's transit engine (Vault 1.13 or later): the wrapping key never leaves Vault. To copy as it is.
// The token's policy needs `update` on MOUNT/encrypt/KEY and MOUNT/decrypt/KEY, and for `needsReencryption` `read` on
// MOUNT/keys/KEY. Do not give it `create`: Vault would make a new key of a misspelt name.

const PROVIDER = "vault-transit";
const MEANINGS = {
  400: "there is no such key, or this was wrapped under another, for another context, or before min_decryption_version",
  403: "the token has expired, its policy does not allow this, or the key to write with does not exist",
  404: "there is no such key or mount",
  429: "its quota is used up",
  503: "it is sealed or under maintenance",
};

/**
 * @param {object} options
 * @param {string} options.address Such as `"https://vault.example.com:8200"`.
 * @param {string | (() => string | Promise<string>)} options.token A function is asked before each call: tokens expire.
 * @param {string} [options.mount] Default: `"transit"`.
 * @param {string} options.key A key of an AEAD type, such as aes256-gcm96, neither derived nor convergent.
 * @param {typeof globalThis.fetch} [options.fetch] Your own for timeouts, client certificates or X-Vault-Namespace.
 * @returns {import("keyfold").Keyring}
 */
export function vaultTransitKeyring({ address, token, mount = "transit", key, fetch = globalThis.fetch }) {
  const place = `${mount}/${key}`;
  const providerInfo = new TextEncoder().encode(place);
  if (typeof token === "string") checkToken(token);

  /** @type {(operation: string, body?: object, signal?: AbortSignal) => Promise<Record<string, unknown>>} */
  async function ask(operation, body, signal) {
    const url = `${address.replace(/\/$/, "")}/v1/${mount}/${operation}/${encodeURIComponent(key)}`;
    const request = {
      ...(body === undefined ? { method: "GET" } : { method: "POST", body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    };
    let response;
    try {
      const headers = { "X-Vault-Token": checkToken(typeof token === "string" ? token : await token()) };
      // No redirects: the token goes nowhere else.
      response = await fetch(url, { ...request, headers, redirect: "error" });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new Error("Vault could not be asked.", { cause });
    }
    // Nothing of a body goes into an error: it may quote the request, and that holds a data key.
    /** @type {any} */
    const reply = await response.json().catch(() => null);
    signal?.throwIfAborted();
    if (!response.ok) {
      throw new Error(`Vault answered ${response.status}: ${MEANINGS[response.status] ?? "it failed"}.`);
    }
    // Older versions leave out what they do not know, and at most warn.
    if (JSON.stringify(reply?.warnings ?? null).includes("associated_data")) {
      throw new Error("This Vault does not bind the encryption context; 1.13 and later do.");
    }
    return reply?.data ?? {};
  }

  const isMine = (edk) => edk.providerId === PROVIDER && Buffer.compare(edk.providerInfo, providerInfo) === 0;

  return {
    name: `Vault ${place}`,

    // Transit's own `datakey` takes no associated data: the materials manager draws the data key, and this wraps it.
    async wrap(dataKey, { encryptionContext, signal }) {
      const plaintext = Buffer.from(dataKey).toString("base64");
      const body = { plaintext, associated_data: associatedData(encryptionContext) };
      const { ciphertext } = await ask("encrypt", body, signal);
      if (!/^vault:v\d+:./.test(String(ciphertext))) throw new Error("Vault answered no ciphertext.");
      return [
        { providerId: PROVIDER, providerInfo, ciphertext: new TextEncoder().encode(String(ciphertext)) },
      ];
    },

    async unwrap(edks, { encryptionContext, keyLength, signal, note }) {
      for (const edk of edks) {
        if (!isMine(edk)) {
          note(edk, "skipped", `not wrapped by Vault's ${place}`);
          continue;
        }
        try {
          const ciphertext = new TextDecoder().decode(edk.ciphertext);
          const body = { ciphertext, associated_data: associatedData(encryptionContext) };
          const { plaintext } = await ask("decrypt", body, signal);
          const dataKey = Buffer.from(String(plaintext), "base64");
          if (dataKey.length === keyLength) return { dataKey, opened: edk };
          dataKey.fill(0);
          throw new Error(`Vault answered no data key of ${keyLength} bytes.`);
        } catch (cause) {
          signal?.throwIfAborted();
          note(edk, "failed", cause instanceof Error ? cause.message : "it failed", cause);
        }
      }
      return null;
    },

    async isCurrent(edks, { signal }) {
      const [edk] = edks;
      if (edk === undefined || edks.length > 1 || !isMine(edk)) return false;
      const { latest_version: latest } = await ask("keys", undefined, signal);
      if (!Number.isInteger(latest)) throw new Error("Vault did not tell the key's latest version.");
      return new TextDecoder().decode(edk.ciphertext).startsWith(`vault:v${latest}:`);
    },
  };
}

/** The pairs in one order, so that the same context is always the same bytes. In base64, as Vault wants it. */
function associatedData(encryptionContext) {
  const pairs = Object.entries(encryptionContext).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.from(JSON.stringify(pairs)).toString("base64");
}

/** `fetch` would quote a token that is no header: one that was read with its line end, say. */
function checkToken(token) {
  if (typeof token === "string" && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new TypeError("vaultTransitKeyring: the token must be text without blanks and line ends.");
}
