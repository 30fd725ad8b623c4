import { EncryptCommand, GenerateDataKeyCommand } from "@aws-sdk/client-kms";
import { invalidArgument, optionsOf } from "../arguments.ts";
import { KeyringError } from "../errors.ts";
import type { Keyring, KeyringRequest, UnwrapRequest } from "../keyrings/keyring.ts";
import type { Observer } from "../observer.ts";
import type { EncryptedDataKey } from "../types.ts";
import { formatKmsArn, type KmsArn, type KmsKeyId, parseKmsArn, parseKmsKeyId, sameKey } from "./arn.ts";
import {
  badReply,
  callKms,
  clientsOf,
  type KmsCall,
  type KmsClientSource,
  type KmsReply,
  replyCiphertext,
  replyDataKey,
  replyKeyArn,
} from "./client.ts";
import { tryDecrypt } from "./decrypt.ts";
import { kmsEdk, NOT_KMS, OBJECT_WRAP, wrappingKeyOf } from "./edk.ts";
import { grantTokensOf, type KmsGrantTokens } from "./grant-tokens.ts";

/** Options of {@link kmsKeyring}. */
export interface KmsKeyringOptions {
  /** A `KMSClient`, or a function that gives the client of a Region (then keys must be named by ARN). */
  readonly client: KmsClientSource;
  /** Makes the data key. A key ARN; or a key id, alias ARN or alias name. An alias writes, and does not read. */
  readonly keyId: string;
  /** Wrap the same data key, so that each of them can open it. Messages only. Default: none. */
  readonly additionalKeyIds?: readonly string[];
  /**
   * Tokens of grants that may not be known everywhere yet, up to 10; a function is asked before each call. Default:
   * none.
   */
  readonly grantTokens?: KmsGrantTokens;
  /** Also open what another Region's replica of the same multi-Region key wrapped. Default: false. */
  readonly multiRegion?: boolean;
  /** Hears of every KMS call. Default: nobody. */
  readonly observer?: Observer;
}

/**
 * Wraps data keys with AWS KMS (framework/aws-kms/aws-kms-keyring). Strict: it opens only what was wrapped under the
 * keys it names, tells KMS which key to use, and compares the key ARN in the reply. Symmetric keys only. Retries and
 * timeouts are the client's.
 *
 * @throws `TypeError` for a malformed key id. At use: `KmsError` with a remedy; `NoDataKeyError` if nothing opens, with
 * the `KmsError` as its `cause`.
 *
 * @example
 * ```ts
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { createEncryptionClient } from "keyfold";
 * import { kmsKeyring } from "keyfold/kms";
 *
 * const keyId = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
 * const client = createEncryptionClient({ keyring: kmsKeyring({ client: new KMSClient({}), keyId }) });
 * const { ciphertext } = await client.encryptText("42 pears");
 * ```
 */
export function kmsKeyring(options: KmsKeyringOptions): Keyring {
  const { keyId, additionalKeyIds = [], multiRegion = false } = optionsOf("kmsKeyring", options);
  const { observer } = options;
  const clientFor = clientsOf("kmsKeyring", options.client);
  const ids = [keyId, ...additionalKeyIds].map(checkedKeyId);
  const [generatorId, ...otherIds] = ids as [KmsKeyId, ...KmsKeyId[]];
  if (typeof options.client === "function" && ids.some((id) => id.arn === null)) {
    throw invalidArgument("kmsKeyring: where client is a function of the Region, keys must be named by ARN.");
  }
  const grantTokens = grantTokensOf("kmsKeyring", options.grantTokens);
  const name = `KMS ${ids.map((id) => id.text).join(", ")}`;
  const readers = ids.filter((id) => !isAlias(id));

  const inputOf = (id: KmsKeyId, { encryptionContext }: KeyringRequest) => ({
    KeyId: id.text,
    EncryptionContext: encryptionContext,
    GrantTokens: grantTokens(),
  });

  const callOf = (id: KmsKeyId, operation: string, command: object, { signal }: KeyringRequest): KmsCall => {
    const client = clientFor(id.arn?.region);
    return { client, command, operation, keyId: id.text, keyring: name, observer, signal };
  };

  const wrapUnder = async (id: KmsKeyId, dataKey: Uint8Array, request: KeyringRequest) => {
    const command = new EncryptCommand({ ...inputOf(id, request), Plaintext: dataKey });
    const call = callOf(id, "Encrypt", command, request);
    return edkOf(id, await callKms(call), call, request);
  };

  const wrapAll = async (toWrap: readonly KmsKeyId[], dataKey: Uint8Array, request: KeyringRequest) => {
    const edks: EncryptedDataKey[] = [];
    for (const id of toWrap) edks.push(await wrapUnder(id, dataKey, request));
    return edks;
  };

  const open = async (edk: EncryptedDataKey, request: UnwrapRequest): Promise<Uint8Array | null> => {
    const wrappedUnder = wrappingKeyOf(request.purpose, edk);
    if (wrappedUnder === null) {
      request.note(edk, "skipped", NOT_KMS);
      return null;
    }
    // What an alias wrote a moment ago may be proved to open, by the key ARN of that write's reply.
    const candidates = (request.verifying ? ids : readers).filter(
      (id) =>
        wrappedUnder === "unnamed" ||
        names(id, wrappedUnder, multiRegion) ||
        (isAlias(id) && matchesReply(id, formatKmsArn(wrappedUnder))),
    );
    if (candidates.length === 0) request.note(edk, "skipped", notNamed(wrappedUnder, readers));
    for (const id of candidates) {
      const attempt = {
        edk,
        client: clientFor(id.arn?.region),
        keyId: isAlias(id) && wrappedUnder !== "unnamed" ? formatKmsArn(wrappedUnder) : id.text,
        grantTokens,
        keyring: name,
        observer,
        accepts: (arn: string) =>
          matchesReply(id, arn) &&
          (id.kind === "key-arn" || wrappedUnder === "unnamed" || arn === formatKmsArn(wrappedUnder)),
      };
      const dataKey = await tryDecrypt(attempt, request);
      if (dataKey !== null) return dataKey;
    }
    return null;
  };

  return {
    name,
    ...(otherIds.length === 0 && { objectWrap: OBJECT_WRAP }),
    ...(isAlias(generatorId) && { alias: generatorId.text }),

    async generate(request) {
      const input = { ...inputOf(generatorId, request), NumberOfBytes: request.keyLength };
      const call = callOf(generatorId, "GenerateDataKey", new GenerateDataKeyCommand(input), request);
      const reply = await callKms(call);
      const dataKey = replyDataKey(reply, request.keyLength, call);
      try {
        const first = edkOf(generatorId, reply, call, request);
        return { dataKey, encryptedDataKeys: [first, ...(await wrapAll(otherIds, dataKey, request))] };
      } catch (error) {
        dataKey.fill(0);
        throw error;
      }
    },

    wrap: (dataKey, request) => wrapAll(ids, dataKey, request),

    async unwrap(edks, request) {
      for (const edk of edks) {
        const dataKey = await open(edk, request);
        if (dataKey !== null) return { dataKey, opened: edk };
      }
      return null;
    },

    isCurrent(edks, { purpose }) {
      if (readers.length < ids.length || purpose.kind === "object") {
        throw new KeyringError(
          name,
          purpose.kind === "object"
            ? "S3 objects do not tell which KMS key wrapped them."
            : "an alias can point to another key tomorrow: name key ARNs to compare.",
        );
      }
      return (
        edks.length === ids.length &&
        edks.every((edk, i) => {
          const arn = wrappingKeyOf(purpose, edk);
          return arn !== null && arn !== "unnamed" && names(ids[i]!, arn, multiRegion);
        })
      );
    },
  };
}

/** The wrapped key of a reply, once the reply's key is the one that was asked for. */
function edkOf(id: KmsKeyId, reply: KmsReply, call: KmsCall, { purpose }: KeyringRequest): EncryptedDataKey {
  const ciphertext = replyCiphertext(reply, call);
  const arn = replyKeyArn(reply, call);
  if (!matchesReply(id, arn)) {
    throw badReply("the reply names another key than the one that was asked for", reply, call);
  }
  return kmsEdk(purpose, arn, ciphertext);
}

function isAlias({ kind }: KmsKeyId): boolean {
  return kind === "alias-arn" || kind === "alias-name";
}

/** Whether a key id of the configuration names this key. */
function names(id: KmsKeyId, arn: KmsArn, multiRegion: boolean): boolean {
  return id.kind === "key-arn" ? sameKey(id.arn, arn, multiRegion) : id.text === arn.id;
}

/** Whether KMS may answer with this key ARN when it was asked for that key id. */
function matchesReply(id: KmsKeyId, replyArn: string): boolean {
  const arn = parseKmsArn(replyArn)!;
  if (id.kind === "key-arn") return sameKey(id.arn, arn, false);
  if (id.kind === "key-id") return id.text === arn.id;
  const { arn: alias } = id;
  return (
    alias === null ||
    (alias.partition === arn.partition && alias.region === arn.region && alias.accountId === arn.accountId)
  );
}

function notNamed(arn: KmsArn | "unnamed", readers: readonly KmsKeyId[]): string {
  if (readers.length === 0) return "this keyring names aliases only, which write; name the key ARN to read";
  return `wrapped under ${arn === "unnamed" ? "a KMS key" : formatKmsArn(arn)}, which this keyring does not name`;
}

function checkedKeyId(keyId: string): KmsKeyId {
  const id = typeof keyId === "string" ? parseKmsKeyId(keyId) : null;
  if (id === null) {
    throw invalidArgument(
      'kmsKeyring: keyId must be a key ARN, a key id, an alias ARN or an alias name ("alias/..."), and so each of additionalKeyIds.',
    );
  }
  return id;
}
