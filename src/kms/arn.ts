/** The parts of a KMS key or alias ARN. */
export interface KmsArn {
  /** `"aws"`, `"aws-cn"`, `"aws-us-gov"`, ... */
  readonly partition: string;
  /** Such as `"eu-west-1"`. */
  readonly region: string;
  /** 12 digits. */
  readonly accountId: string;
  /** What it names. */
  readonly type: "key" | "alias";
  /** The key id or the alias name, without `key/` or `alias/`. */
  readonly id: string;
}

const ARN = /^arn:(aws[a-z-]*):kms:([a-z]{2,}(?:-[a-z0-9]+)+):(\d{12}):(key|alias)\/([A-Za-z0-9/_-]{1,256})$/;

/**
 * Takes a KMS key or alias ARN apart; null if it is none.
 *
 * @example
 * ```ts
 * import { parseKmsArn } from "keyfold/kms";
 *
 * parseKmsArn("arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")?.region; // "us-east-1"
 * parseKmsArn("1234abcd-12ab-34cd-56ef-1234567890ab"); // null
 * ```
 */
export function parseKmsArn(arn: string): KmsArn | null {
  const match = ARN.exec(arn);
  if (match === null) return null;
  const [, partition, region, accountId, type, id] = match as unknown as [
    string,
    string,
    string,
    string,
    KmsArn["type"],
    string,
  ];
  return { partition, region, accountId, type, id };
}

/** A KMS key id as a caller names it. */
export type KmsKeyId =
  | {
      /** What it is. */
      readonly kind: "key-arn" | "alias-arn";
      /** The id itself. */
      readonly text: string;
      /** Its parts. */
      readonly arn: KmsArn;
    }
  | {
      /** What it is. */
      readonly kind: "key-id" | "alias-name";
      /** The id itself. */
      readonly text: string;
      /** It is none. */
      readonly arn: null;
    };

const KEY_ID = /^(?:[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|mrk-[0-9a-f]{32})$/;
const ALIAS_NAME = /^alias\/[A-Za-z0-9/_-]{1,250}$/;

/**
 * Recognises a key ARN, alias ARN, key id or alias name (KMS Developer Guide, "Key identifiers"); null for anything else.
 *
 * @example
 * ```ts
 * import { parseKmsKeyId } from "keyfold/kms";
 *
 * parseKmsKeyId("alias/orders")?.kind; // "alias-name"
 * parseKmsKeyId("orders"); // null
 * ```
 */
export function parseKmsKeyId(text: string): KmsKeyId | null {
  const arn = parseKmsArn(text);
  if (arn !== null) return { kind: arn.type === "key" ? "key-arn" : "alias-arn", text, arn };
  if (KEY_ID.test(text)) return { kind: "key-id", text, arn: null };
  if (ALIAS_NAME.test(text)) return { kind: "alias-name", text, arn: null };
  return null;
}

/** Whether this is the id of a multi-Region key. */
export function isMultiRegionKey({ type, id }: KmsArn): boolean {
  return type === "key" && id.startsWith("mrk-");
}

/** Whether two key ARNs name the same key; with `multiRegion`, also replicas of one multi-Region key. */
export function sameKey(a: KmsArn, b: KmsArn, multiRegion: boolean): boolean {
  return (
    a.partition === b.partition &&
    a.accountId === b.accountId &&
    a.type === b.type &&
    a.id === b.id &&
    (a.region === b.region || (multiRegion && isMultiRegionKey(a)))
  );
}

/** The ARN as text. */
export function formatKmsArn({ partition, region, accountId, type, id }: KmsArn): string {
  return `arn:${partition}:kms:${region}:${accountId}:${type}/${id}`;
}
