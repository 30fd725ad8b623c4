import { backend } from "#crypto";
import { invalidArgument } from "../arguments.ts";
import { compareBytes } from "../bytes/arrays.ts";
import { utf8 } from "../bytes/utf8.ts";
import { OAEP_PADDINGS, type RsaPadding, type RsaPrivateKey } from "../crypto/backend.ts";
import { type RsaKeyInput, rsaKeyData } from "../crypto/rsa-key.ts";
import { UnsupportedError } from "../errors.ts";
import type { Awaitable, EncryptedDataKey } from "../types.ts";
import type { Keyring, KeyringRequest, UnwrapRequest } from "./keyring.ts";
import { isLegacyRsaEdk, unwrapLegacyRsa } from "./legacy-rsa.ts";
import {
  assertBound,
  formerRequest,
  isObjectEdk,
  objectEdk,
  otherLabel,
  rsaFrame,
  rsaUnframe,
  unboundContext,
} from "./purpose.ts";
import { checkNames, type RawKeyringNames, sameLabel } from "./raw-options.ts";

/** Options of {@link rawRsaKeyring}. One of the two keys is enough. */
export interface RawRsaKeyringOptions extends RawKeyringNames {
  /** How the data key is padded. The MGF1 hash is the OAEP hash. `"pkcs1"` is for old messages only. */
  readonly padding: RsaPadding;
  /** Wraps. PEM text, DER bytes (SPKI or PKCS#1) or a JSON Web Key. Default: none; the keyring only reads. */
  readonly publicKey?: RsaKeyInput;
  /** Unwraps. PEM text, DER bytes (PKCS#8 or PKCS#1) or a JSON Web Key. Default: none; the keyring only writes. */
  readonly privateKey?: RsaKeyInput;
}

const PADDINGS: readonly RsaPadding[] = [...OAEP_PADDINGS, "pkcs1"];
const WRAP = "RSA-OAEP-SHA1";
const NOT_MINE = "wrapped under another namespace, name or algorithm";

/**
 * Wraps data keys with an RSA public key and unwraps them with the private key (framework/raw-rsa-keyring). A
 * keyring with the public key alone only writes, one with the private key alone only reads. RSA does not bind the
 * encryption context; the message does. S3 objects are written with `"oaep-sha1"`, as their format demands.
 *
 * @throws `TypeError` if a key cannot be read, is too short, or a private key stands where the public one is due;
 * `UnsupportedError` for `"pkcs1"` outside of Node. At use: `NoDataKeyError` if nothing opens.
 *
 * @example
 * ```ts
 * import { generateKeyPairSync } from "node:crypto";
 * import { createEncryptionClient, rawRsaKeyring } from "keyfold";
 *
 * const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 3072 });
 * const pem = publicKey.export({ type: "spki", format: "pem" }) as string;
 * const keyring = rawRsaKeyring({ namespace: "backup", name: "2026", padding: "oaep-sha256", publicKey: pem });
 * const sealer = createEncryptionClient({ keyring }); // seals, and cannot read back
 * ```
 */
export function rawRsaKeyring(options: RawRsaKeyringOptions): Keyring {
  checkNames("rawRsaKeyring", options);
  const { namespace, name, padding, materialsDescription } = options;
  if (!PADDINGS.includes(padding)) {
    throw invalidArgument(`rawRsaKeyring: padding must be one of ${PADDINGS.join(", ")}.`);
  }
  if (!backend.rsaPaddings.includes(padding)) {
    throw new UnsupportedError(
      `RSA ${padding}`,
      `This runtime's cryptography has no RSA PKCS#1 v1.5 encryption (padding "${padding}"): use OAEP, or Node.`,
    );
  }
  if (options.publicKey === undefined && options.privateKey === undefined) {
    throw invalidArgument("rawRsaKeyring: publicKey (to wrap) or privateKey (to unwrap) is needed, or both.");
  }
  const info = utf8(name);
  const publicKey = imported(options.publicKey, "public", backend.rsaPublicKey);
  const privateKey = imported(options.privateKey, "private", backend.rsaPrivateKey);

  const isMine = (edk: EncryptedDataKey, { purpose }: KeyringRequest): boolean =>
    purpose.kind === "object"
      ? isObjectEdk(edk, WRAP) || (purpose.legacy !== undefined && isLegacyRsaEdk(edk))
      : edk.providerId === namespace && compareBytes(edk.providerInfo, info) === 0;

  const wrap: Keyring["wrap"] = async (dataKey, request) => {
    assertBound(request);
    const frame = rsaFrame(dataKey, request);
    try {
      const ciphertext = await (await publicKey!).encrypt(padding, frame);
      return [
        request.purpose.kind === "object"
          ? objectEdk(WRAP, ciphertext, materialsDescription)
          : { providerId: namespace, providerInfo: info, ciphertext },
      ];
    } finally {
      frame.fill(0);
    }
  };

  const open = async (key: RsaPrivateKey, edk: EncryptedDataKey, request: UnwrapRequest) => {
    const isObject = request.purpose.kind === "object";
    if (isObject && isLegacyRsaEdk(edk)) return unwrapLegacyRsa(key, edk, request);
    const frame = await key.decrypt(isObject ? "oaep-sha1" : padding, edk.ciphertext, request.keyLength);
    if (frame === null) return null;
    const dataKey =
      rsaUnframe(frame, request, backend.equal) ?? rsaUnframe(frame, formerRequest(request), backend.equal);
    frame.fill(0);
    return dataKey;
  };

  const unwrap: Keyring["unwrap"] = async (edks, request) => {
    for (const edk of edks) {
      const reason = isMine(edk, request)
        ? (unboundContext(request) ?? otherLabel(edk, materialsDescription))
        : NOT_MINE;
      if (reason !== null) {
        request.note(edk, "skipped", reason);
        continue;
      }
      const dataKey = await open(await privateKey!, edk, request);
      if (dataKey !== null) return { dataKey, opened: edk };
      request.note(
        edk,
        "failed",
        "does not open: another key of this name, another padding, or altered bytes",
      );
    }
    return null;
  };

  return {
    name: `raw RSA ${namespace}/${name}`,
    ...(publicKey !== undefined && { wrap }),
    ...(publicKey !== undefined && padding === "oaep-sha1" && { objectWrap: WRAP }),
    ...(privateKey !== undefined && { unwrap }),
    isCurrent: (edks, request) =>
      edks.length === 1 &&
      isMine(edks[0]!, request) &&
      (request.purpose.kind !== "object" || sameLabel(edks[0]!.label, materialsDescription)),
  };
}

/** Imports a key at once where the backend can, so that a bad one is refused here; else its first use reports it. */
function imported<K>(
  input: RsaKeyInput | undefined,
  kind: "public" | "private",
  importKey: (data: ReturnType<typeof rsaKeyData>) => Awaitable<K>,
): Awaitable<K> | undefined {
  if (input === undefined) return undefined;
  const key = importKey(rsaKeyData(input, kind, `rawRsaKeyring: ${kind}Key`));
  if (key instanceof Promise) key.catch(() => {});
  return key;
}
