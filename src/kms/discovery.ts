import { invalidArgument, optionsOf } from "../arguments.ts";
import type { Keyring, UnwrapRequest } from "../keyrings/keyring.ts";
import type { Observer } from "../observer.ts";
import type { EncryptedDataKey } from "../types.ts";
import { formatKmsArn, isMultiRegionKey, type KmsArn, parseKmsArn } from "./arn.ts";
import { clientsOf, type KmsClientSource } from "./client.ts";
import { tryDecrypt } from "./decrypt.ts";
import { NOT_KMS, wrappingKeyOf } from "./edk.ts";
import { grantTokensOf, type KmsGrantTokens } from "./grant-tokens.ts";

/** Which KMS keys a message may make us ask. */
export interface KmsDiscoveryFilter {
  /** `"aws"`, `"aws-cn"`, `"aws-us-gov"`, ... */
  readonly partition: string;
  /** 12-digit account ids; at least one. */
  readonly accountIds: readonly string[];
}

/** Options of {@link kmsDiscoveryKeyring}. */
export interface KmsDiscoveryKeyringOptions {
  /** A `KMSClient`, or a function that gives the client of a Region. */
  readonly client: KmsClientSource;
  /** Which keys are asked for. */
  readonly filter: KmsDiscoveryFilter;
  /**
   * The only Region that is asked. Multi-Region keys of other Regions open by their replica here; other keys of other
   * Regions are passed over. Default: each key's own Region.
   */
  readonly region?: string;
  /**
   * Tokens of grants that may not be known everywhere yet, up to 10; a function is asked before each call. Default:
   * none.
   */
  readonly grantTokens?: KmsGrantTokens;
  /** Hears of every KMS call. Default: nobody. */
  readonly observer?: Observer;
}

/**
 * Opens what any KMS key of these accounts wrapped (framework/aws-kms/aws-kms-discovery-keyring); it never writes.
 * The filter is mandatory, since a message may name any key, and is compared again with the key ARN in KMS's reply.
 * For S3 objects, which name no key, the reply alone decides.
 *
 * @throws `TypeError` without a filter, or with a malformed one. At use: `NoDataKeyError` if nothing opens, with a
 * `KmsError` as its `cause` if KMS refused.
 *
 * @example
 * ```ts
 * import { KMSClient } from "@aws-sdk/client-kms";
 * import { createEncryptionClient } from "keyfold";
 * import { kmsDiscoveryKeyring } from "keyfold/kms";
 *
 * const filter = { partition: "aws", accountIds: ["111122223333"] };
 * const keyring = kmsDiscoveryKeyring({ client: (region) => new KMSClient({ region }), filter });
 * const reader = createEncryptionClient({ keyring });
 * ```
 */
export function kmsDiscoveryKeyring(options: KmsDiscoveryKeyringOptions): Keyring {
  const { region, observer } = optionsOf("kmsDiscoveryKeyring", options);
  const grantTokens = grantTokensOf("kmsDiscoveryKeyring", options.grantTokens);
  const clientFor = clientsOf("kmsDiscoveryKeyring", options.client);
  const { partition, accountIds } = checkedFilter(options.filter);
  const name = `KMS discovery in ${partition} ${accountIds.join(", ")}`;
  const allowed = (arn: KmsArn) => arn.partition === partition && accountIds.includes(arn.accountId);

  /** The key to ask for, or the reason to ask for none. */
  const target = (edk: EncryptedDataKey, request: UnwrapRequest): KmsArn | "unnamed" | { reason: string } => {
    const arn = wrappingKeyOf(request.purpose, edk);
    if (arn === null) return { reason: NOT_KMS };
    if (arn === "unnamed") return arn;
    if (!allowed(arn)) return { reason: `${formatKmsArn(arn)} is outside the filter` };
    if (region === undefined || arn.region === region) return arn;
    if (isMultiRegionKey(arn)) return { ...arn, region };
    return { reason: `${formatKmsArn(arn)} is in another Region than ${region}` };
  };

  return {
    name,

    async unwrap(edks, request) {
      for (const edk of edks) {
        const key = target(edk, request);
        if (typeof key === "object" && "reason" in key) {
          request.note(edk, "skipped", key.reason);
          continue;
        }
        const keyId = key === "unnamed" ? undefined : formatKmsArn(key);
        const dataKey = await tryDecrypt(
          {
            edk,
            client: clientFor(key === "unnamed" ? region : key.region),
            keyId,
            grantTokens,
            keyring: name,
            observer,
            accepts: (arn) => (keyId === undefined || arn === keyId) && allowed(parseKmsArn(arn)!),
          },
          request,
        );
        if (dataKey !== null) return { dataKey, opened: edk };
      }
      return null;
    },
  };
}

function checkedFilter(filter: KmsDiscoveryFilter | undefined): KmsDiscoveryFilter {
  const { partition, accountIds } = filter ?? ({} as Partial<KmsDiscoveryFilter>);
  const accounts = Array.isArray(accountIds) && accountIds.length > 0 ? [...accountIds] : null;
  if (
    typeof partition !== "string" ||
    !/^aws[a-z-]*$/.test(partition) ||
    accounts === null ||
    !accounts.every((id) => typeof id === "string" && /^\d{12}$/.test(id))
  ) {
    throw invalidArgument(
      'kmsDiscoveryKeyring: filter must name a partition ("aws") and at least one 12-digit account id.',
    );
  }
  return { partition, accountIds: accounts };
}
