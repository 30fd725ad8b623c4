import { invalidArgument, optionsOf } from "../arguments.ts";
import { formatKmsArn, isMultiRegionKey, type KmsArn, parseKmsArn, sameKey } from "../kms/arn.ts";
import { clientsOf, type KmsClient, type KmsClientSource } from "../kms/client.ts";
import { grantTokensOf, type KmsGrantTokens } from "../kms/grant-tokens.ts";

/**
 * Which KMS keys a key store uses (framework/branch-key-store, "AWS KMS Configuration"): one of the four.
 *
 * - `keyArn`: this key alone.
 * - `mrkArn`: this key, and what its replicas of other Regions wrapped. New keys name this replica.
 * - `discovery`: whatever key an item names. It only reads.
 * - `mrDiscovery`: the same, but multi-Region keys are asked for in this Region. It only reads.
 */
export type KmsKeyChoice =
  | {
      /** The ARN of a key; no alias. */
      readonly keyArn: string;
      /** Not beside `keyArn`. */
      readonly mrkArn?: never;
      /** Not beside `keyArn`. */
      readonly discovery?: never;
      /** Not beside `keyArn`. */
      readonly mrDiscovery?: never;
    }
  | {
      /** The ARN of a multi-Region key. */
      readonly mrkArn: string;
      /** Not beside `mrkArn`. */
      readonly keyArn?: never;
      /** Not beside `mrkArn`. */
      readonly discovery?: never;
      /** Not beside `mrkArn`. */
      readonly mrDiscovery?: never;
    }
  | {
      /** Whatever key an item names. */
      readonly discovery: true;
      /** Not beside `discovery`. */
      readonly keyArn?: never;
      /** Not beside `discovery`. */
      readonly mrkArn?: never;
      /** Not beside `discovery`. */
      readonly mrDiscovery?: never;
    }
  | {
      /** A Region, such as `"eu-west-1"`. */
      readonly mrDiscovery: string;
      /** Not beside `mrDiscovery`. */
      readonly keyArn?: never;
      /** Not beside `mrDiscovery`. */
      readonly mrkArn?: never;
      /** Not beside `mrDiscovery`. */
      readonly discovery?: never;
    };

/** How a key store asks KMS: which keys, and by which client. */
export type KeyStoreKms = KmsKeyChoice & {
  /** A `KMSClient`, or a function that gives the client of a Region. */
  readonly client: KmsClientSource;
  /**
   * Tokens of grants that may not be known everywhere yet, up to 10; a function is asked before each call. Default:
   * none.
   */
  readonly grantTokens?: KmsGrantTokens;
};

/** The same, checked. */
export interface KmsConfiguration {
  grantTokens(): string[] | undefined;
  clientOf(keyArn: string): KmsClient;
  /** The key to ask where an item names this one; null: it is not of this configuration. */
  keyFor(itemArn: string): string | null;
  /** The key that wraps new branch keys; null: this configuration only reads. */
  readonly writer: string | null;
  /** As the option that chose it, for errors. */
  readonly choice: string;
}

const CALLER = "dynamoDbKeyStore";

/** Checks the options. */
export function kmsConfiguration(options: KeyStoreKms): KmsConfiguration {
  const { keyArn, mrkArn, discovery, mrDiscovery } = optionsOf(`${CALLER}: kms`, options);
  const choices = Object.entries({ keyArn, mrkArn, discovery, mrDiscovery }).filter(
    ([, value]) => value !== undefined,
  );
  if (choices.length !== 1) {
    throw invalidArgument(`${CALLER}: kms needs one of keyArn, mrkArn, discovery and mrDiscovery.`);
  }
  const clientFor = clientsOf(`${CALLER}: kms`, options.client);
  const [[name, value]] = choices as [[string, unknown]];
  return {
    grantTokens: grantTokensOf(CALLER, options.grantTokens),
    clientOf: (arn) => clientFor(parseKmsArn(arn)?.region),
    ...rulesOf(name, value),
    choice: `${name} ${String(value)}`,
  };
}

function rulesOf(name: string, value: unknown): Pick<KmsConfiguration, "keyFor" | "writer"> {
  if (name === "discovery") {
    if (value === true) return { keyFor: (arn) => arn, writer: null };
    throw invalidArgument(`${CALLER}: kms.discovery can only be true.`);
  }
  if (name === "mrDiscovery") {
    if (typeof value !== "string" || !/^[a-z]{2,}(-[a-z0-9]+)+$/.test(value)) {
      throw invalidArgument(`${CALLER}: kms.mrDiscovery must be the name of an AWS Region.`);
    }
    const inRegion = (arn: KmsArn) => (isMultiRegionKey(arn) ? { ...arn, region: value } : arn);
    return { keyFor: (arn) => formatKmsArn(inRegion(parseKmsArn(arn)!)), writer: null };
  }
  const own = typeof value === "string" ? parseKmsArn(value) : null;
  if (own?.type !== "key")
    throw invalidArgument(`${CALLER}: kms.${name} must be the ARN of a KMS key, no alias.`);
  const writer = formatKmsArn(own);
  return { keyFor: (arn) => (sameKey(own, parseKmsArn(arn)!, name === "mrkArn") ? writer : null), writer };
}
