import { ListGrantsCommand } from "@aws-sdk/client-kms";
import { optionsOf } from "../arguments.ts";
import type { EncryptionContext } from "../types.ts";
import { badReply, type KmsReply } from "./client.ts";
import {
  checkedGrantKeyId,
  checkedPrincipal,
  checkedText,
  grantCaller,
  type KmsGrantCallOptions,
} from "./grant-call.ts";

/** A grant, as KMS lists it. */
export interface KmsGrant {
  /** For {@link revokeGrant} and {@link retireGrant}. */
  readonly grantId: string;
  /** The key ARN. */
  readonly keyId: string | undefined;
  /** The name that it was given. */
  readonly name: string | undefined;
  /** An ARN; of grants that AWS services make for themselves, also the name of the service. */
  readonly granteePrincipal: string | undefined;
  /** Who may retire it: an ARN, or the name of a service. */
  readonly retiringPrincipal: string | undefined;
  /** The ARN of the account in which it was made. */
  readonly issuingAccount: string | undefined;
  /** Also operations that {@link createGrant} does not know. */
  readonly operations: readonly string[];
  /** Only for requests that have these pairs. */
  readonly encryptionContextSubset: EncryptionContext | undefined;
  /** Only for requests that have exactly these pairs. */
  readonly encryptionContextEquals: EncryptionContext | undefined;
  /** When it was made. */
  readonly creationDate: Date | undefined;
}

/** Options of {@link listGrants}. */
export interface ListGrantsOptions extends KmsGrantCallOptions {
  /** A key ARN or a key id; no alias. */
  readonly keyId: string;
  /** Only those of this grantee, by its ARN. Default: of all. */
  readonly granteePrincipal?: string;
  /** Only this one. Default: all. */
  readonly grantId?: string;
}

/**
 * All grants of a key, page by page, read to the end (KMS API reference, "ListGrants"). New ones may be missing for
 * some minutes.
 *
 * @throws `TypeError` for a malformed option, and for an alias. At use: `KmsError` with a remedy.
 *
 * @example
 * ```ts
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { listGrants } from "keyfold/kms";
 *
 * const keyId = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
 * for (const grant of await listGrants({ client: new KMSClient({}), keyId })) {
 *   console.log(grant.grantId, grant.granteePrincipal, grant.operations);
 * }
 * ```
 */
export async function listGrants(options: ListGrantsOptions): Promise<KmsGrant[]> {
  const caller = "listGrants";
  const { granteePrincipal, grantId } = optionsOf(caller, options);
  const keyId = checkedGrantKeyId(caller, options.keyId);
  const input = {
    KeyId: keyId.text,
    GranteePrincipal:
      granteePrincipal === undefined
        ? undefined
        : checkedPrincipal(caller, "granteePrincipal", granteePrincipal),
    GrantId: grantId === undefined ? undefined : checkedText(caller, "grantId", grantId),
    Limit: PAGE,
  };
  const ask = grantCaller(caller, options, keyId);
  const grants: KmsGrant[] = [];
  const markers = new Set<string | undefined>([undefined]);
  let marker: string | undefined;
  for (;;) {
    const { reply, call } = await ask("ListGrants", new ListGrantsCommand({ ...input, Marker: marker }));
    const { Grants, Truncated, NextMarker }: ListGrantsReply = reply;
    if (!Array.isArray(Grants) || !Grants.every(isEntry))
      throw badReply("the reply holds no grants", reply, call);
    grants.push(...Grants.map(grantOf));
    if (Truncated !== true) return grants;
    marker = NextMarker ?? undefined;
    if (markers.has(marker)) throw badReply("the reply does not say where the list goes on", reply, call);
    markers.add(marker);
  }
}

/** The most that KMS answers at once. */
const PAGE = 100;

interface ListGrantsReply extends KmsReply {
  readonly Grants?: readonly Partial<GrantEntry>[];
  readonly Truncated?: boolean;
  readonly NextMarker?: string;
}

interface GrantEntry {
  readonly GrantId: string;
  readonly KeyId?: string;
  readonly Name?: string;
  readonly GranteePrincipal?: string;
  readonly GranteeServicePrincipal?: string;
  readonly RetiringPrincipal?: string;
  readonly RetiringServicePrincipal?: string;
  readonly IssuingAccount?: string;
  readonly Operations?: readonly string[];
  readonly Constraints?: {
    readonly EncryptionContextSubset?: EncryptionContext;
    readonly EncryptionContextEquals?: EncryptionContext;
  };
  readonly CreationDate?: Date;
}

function isEntry(entry: Partial<GrantEntry> | null): entry is GrantEntry {
  return typeof entry?.GrantId === "string" && entry.GrantId !== "";
}

function grantOf(entry: GrantEntry): KmsGrant {
  return {
    grantId: entry.GrantId,
    keyId: entry.KeyId,
    name: entry.Name || undefined,
    granteePrincipal: entry.GranteePrincipal ?? entry.GranteeServicePrincipal,
    retiringPrincipal: entry.RetiringPrincipal ?? entry.RetiringServicePrincipal,
    issuingAccount: entry.IssuingAccount,
    operations: [...(entry.Operations ?? [])],
    encryptionContextSubset: entry.Constraints?.EncryptionContextSubset,
    encryptionContextEquals: entry.Constraints?.EncryptionContextEquals,
    creationDate: entry.CreationDate,
  };
}
