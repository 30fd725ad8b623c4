import { CreateGrantCommand, RetireGrantCommand, RevokeGrantCommand } from "@aws-sdk/client-kms";
import { invalidArgument, optionsOf } from "../arguments.ts";
import type { EncryptionContext } from "../types.ts";
import {
  checkedGrantKeyId,
  checkedPrincipal,
  checkedText,
  grantCaller,
  type KmsGrantCallOptions,
  replyText,
} from "./grant-call.ts";
import { grantTokensOf, type KmsGrantTokens } from "./grant-tokens.ts";

/** What a grant on a symmetric key can allow (KMS Developer Guide, "Grant operations"). */
export type KmsGrantOperation =
  | "Encrypt"
  | "Decrypt"
  | "GenerateDataKey"
  | "GenerateDataKeyWithoutPlaintext"
  | "GenerateDataKeyPair"
  | "GenerateDataKeyPairWithoutPlaintext"
  | "ReEncryptFrom"
  | "ReEncryptTo"
  | "DescribeKey"
  | "CreateGrant"
  | "RetireGrant";

const OPERATIONS: readonly KmsGrantOperation[] = [
  "Encrypt",
  "Decrypt",
  "GenerateDataKey",
  "GenerateDataKeyWithoutPlaintext",
  "GenerateDataKeyPair",
  "GenerateDataKeyPairWithoutPlaintext",
  "ReEncryptFrom",
  "ReEncryptTo",
  "DescribeKey",
  "CreateGrant",
  "RetireGrant",
];

/** Options of {@link createGrant}. */
export interface CreateGrantOptions extends KmsGrantCallOptions {
  /** A key ARN or a key id; no alias. */
  readonly keyId: string;
  /** The ARN of the user, role, session or account that gets the permissions. */
  readonly granteePrincipal: string;
  /** The ARN of who may retire the grant. Default: nobody but the account, and the grantee if `operations` says so. */
  readonly retiringPrincipal?: string;
  /**
   * What it allows, at least one. `kmsKeyring` writes with GenerateDataKey (and Encrypt for `additionalKeyIds`), and
   * reads with Decrypt.
   */
  readonly operations: readonly KmsGrantOperation[];
  /**
   * Only for requests whose encryption context has these pairs. 1 to 8 pairs, values of up to 384 characters. Default:
   * every encryption context.
   */
  readonly encryptionContextSubset?: EncryptionContext;
  /**
   * Only for requests with exactly these pairs. keyfold adds pairs of its own: the public key to messages that are
   * signed, the content cipher to S3 objects. There, take `encryptionContextSubset`. Not both. Default: any pairs.
   */
  readonly encryptionContextEquals?: EncryptionContext;
  /** Makes repeated requests one grant. Letters, digits and `:/_-`, up to 256. Not secret. Default: none. */
  readonly name?: string;
  /** For a caller whose own right to do this is a new grant. Default: none. */
  readonly grantTokens?: KmsGrantTokens;
}

/** A grant that was just made. */
export interface CreatedGrant {
  /** For {@link revokeGrant} and {@link retireGrant}. Not secret. */
  readonly grantId: string;
  /** For `grantTokens` of the grantee's keyring, so that the grant works at once. Not secret. */
  readonly grantToken: string;
}

/**
 * Gives somebody permission to use a key, until it is revoked or retired (KMS API reference, "CreateGrant"). It may
 * take minutes until the grant is known everywhere; until then calls must bring its token.
 *
 * @throws `TypeError` for a malformed option, and for an alias. At use: `KmsError` with a remedy, with
 * `ERR_KMS_GRANT_QUOTA` if the key has too many.
 *
 * @example
 * ```ts
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { createGrant, kmsKeyring } from "keyfold/kms";
 *
 * const keyId = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
 * const client = new KMSClient({});
 * const granteePrincipal = "arn:aws:iam::111122223333:role/reader";
 * const encryptionContextSubset = { tenant: "t1" };
 * const operations = ["Decrypt"] as const;
 * const { grantToken } = await createGrant({ client, keyId, granteePrincipal, operations, encryptionContextSubset });
 * const keyring = kmsKeyring({ client, keyId, grantTokens: [grantToken] }); // in the role's process, its own client
 * ```
 */
export async function createGrant(options: CreateGrantOptions): Promise<CreatedGrant> {
  const caller = "createGrant";
  const { granteePrincipal, retiringPrincipal, name } = optionsOf(caller, options);
  const keyId = checkedGrantKeyId(caller, options.keyId);
  const command = new CreateGrantCommand({
    KeyId: keyId.text,
    GranteePrincipal: checkedPrincipal(caller, "granteePrincipal", granteePrincipal),
    RetiringPrincipal:
      retiringPrincipal === undefined
        ? undefined
        : checkedPrincipal(caller, "retiringPrincipal", retiringPrincipal),
    Operations: checkedOperations(options.operations),
    Constraints: constraintsOf(options),
    Name: name === undefined ? undefined : checkedName(name),
    GrantTokens: grantTokensOf(caller, options.grantTokens)(),
  });
  const answer = await grantCaller(caller, options, keyId)("CreateGrant", command);
  return { grantId: replyText("GrantId", answer), grantToken: replyText("GrantToken", answer) };
}

/** Options of {@link revokeGrant}. */
export interface RevokeGrantOptions extends KmsGrantCallOptions {
  /** A key ARN or a key id; no alias. */
  readonly keyId: string;
  /** As `createGrant` answered it, or `listGrants` does. */
  readonly grantId: string;
}

/**
 * Takes the permissions of a grant away (KMS API reference, "RevokeGrant"): the way of those who administer the key.
 * KMS may take minutes to know of it everywhere.
 *
 * @throws `TypeError` for a malformed option, and for an alias. At use: `KmsError`, with `ERR_KMS_GRANT_NOT_FOUND` if
 * there is no such grant.
 *
 * @example
 * ```ts
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { listGrants, revokeGrant } from "keyfold/kms";
 *
 * const keyId = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
 * const client = new KMSClient({});
 * const granteePrincipal = "arn:aws:iam::111122223333:role/reader";
 * for (const { grantId } of await listGrants({ client, keyId, granteePrincipal })) {
 *   await revokeGrant({ client, keyId, grantId });
 * }
 * ```
 */
export async function revokeGrant(options: RevokeGrantOptions): Promise<void> {
  const caller = "revokeGrant";
  const { grantId } = optionsOf(caller, options);
  const keyId = checkedGrantKeyId(caller, options.keyId);
  const command = new RevokeGrantCommand({
    KeyId: keyId.text,
    GrantId: checkedText(caller, "grantId", grantId),
  });
  await grantCaller(caller, options, keyId)("RevokeGrant", command);
}

/** Which grant to retire: by its token, or by its id and its key. */
export type GrantChoice =
  | {
      /** As {@link createGrant} answered it. */
      readonly grantToken: string;
      /** Not beside `grantToken`. */
      readonly keyId?: undefined;
      /** Not beside `grantToken`. */
      readonly grantId?: undefined;
    }
  | {
      /** Not beside `grantId`. */
      readonly grantToken?: undefined;
      /** A key ARN or a key id; no alias. */
      readonly keyId: string;
      /** As {@link createGrant} answered it. */
      readonly grantId: string;
    };

/** Options of {@link retireGrant}. */
export type RetireGrantOptions = KmsGrantCallOptions & GrantChoice;

/**
 * Gives the permissions of a grant back once they are no longer needed (KMS API reference, "RetireGrant"): the way of
 * its retiring principal, and of a grantee whose grant says so. A new grant may be known by its token only.
 *
 * @throws `TypeError` for a malformed option, for an alias, and for a token together with an id. At use: `KmsError`,
 * with `ERR_KMS_GRANT_NOT_FOUND` if there is no such grant.
 *
 * @example
 * ```ts
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { createGrant, retireGrant } from "keyfold/kms";
 *
 * const keyId = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
 * const client = new KMSClient({});
 * const granteePrincipal = "arn:aws:iam::111122223333:role/reader";
 * const { grantToken } = await createGrant({ client, keyId, granteePrincipal, operations: ["Decrypt", "RetireGrant"] });
 * await retireGrant({ client, grantToken });
 * ```
 */
export async function retireGrant(options: RetireGrantOptions): Promise<void> {
  const caller = "retireGrant";
  const { grantToken, keyId, grantId } = optionsOf(caller, options);
  if ((grantToken === undefined) === (keyId === undefined && grantId === undefined)) {
    throw invalidArgument("retireGrant: take either grantToken, or keyId and grantId.");
  }
  if (grantToken !== undefined) {
    const command = new RetireGrantCommand({ GrantToken: checkedText(caller, "grantToken", grantToken) });
    await grantCaller(caller, options, undefined)("RetireGrant", command);
    return;
  }
  const key = checkedGrantKeyId(caller, keyId);
  const input = { KeyId: key.text, GrantId: checkedText(caller, "grantId", grantId) };
  await grantCaller(caller, options, key)("RetireGrant", new RetireGrantCommand(input));
}

function checkedOperations(operations: readonly KmsGrantOperation[]): KmsGrantOperation[] {
  if (
    Array.isArray(operations) &&
    operations.length > 0 &&
    operations.every((operation) => OPERATIONS.includes(operation))
  ) {
    return [...new Set(operations)];
  }
  throw invalidArgument(
    `createGrant: operations must be an array of at least one of ${OPERATIONS.join(", ")}.`,
  );
}

function checkedName(name: string): string {
  if (typeof name === "string" && /^[a-zA-Z0-9:/_-]{1,256}$/.test(name)) return name;
  throw invalidArgument("createGrant: name must be 1 to 256 letters, digits and :/_- alone.");
}

function constraintsOf({
  encryptionContextSubset: subset,
  encryptionContextEquals: equals,
}: CreateGrantOptions) {
  if (subset !== undefined && equals !== undefined) {
    throw invalidArgument(
      "createGrant: take encryptionContextSubset or encryptionContextEquals, and not both.",
    );
  }
  if (subset !== undefined) {
    return { EncryptionContextSubset: checkedPairs("encryptionContextSubset", subset) };
  }
  if (equals !== undefined) {
    return { EncryptionContextEquals: checkedPairs("encryptionContextEquals", equals) };
  }
  return undefined;
}

function checkedPairs(name: string, context: EncryptionContext): Record<string, string> {
  const pairs = typeof context === "object" && context !== null ? Object.entries(context) : [];
  if (
    pairs.length >= 1 &&
    pairs.length <= 8 &&
    pairs.every(([key, value]) => key !== "" && typeof value === "string" && value.length <= 384)
  ) {
    return Object.fromEntries(pairs);
  }
  throw invalidArgument(
    `createGrant: ${name} must have 1 to 8 pairs of non-empty keys and texts of up to 384 characters; leave it out to allow every encryption context.`,
  );
}
