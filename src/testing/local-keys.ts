import { invalidArgument } from "../arguments.ts";
import { principalArn } from "./caller.ts";
import type { KeySpec, KeyState, KeyUsage, KmsKey } from "./key.ts";
import { KEY_SPECS, scheduleDeletion, stateOf, usagesOf } from "./key.ts";
import { formatArn, isKeyId, isMultiRegionId } from "./key-id.ts";
import type { KeyStore, Scope } from "./key-store.ts";
import { makeKey, replicate } from "./make-key.ts";
import { newAlias } from "./operations/aliases.ts";

/** A key to be made. */
export interface LocalKmsKeyOptions {
  /** A UUID in lower case; or `mrk-` and 32 hex digits, which makes it a multi-Region key. Default: random. */
  readonly id?: string;
  /** 32 bytes, copied, so that kept ciphertexts open again. Symmetric keys only. Default: random. */
  readonly material?: Uint8Array;
  /**
   * Names with their prefix, such as `"alias/orders"`, in the Region of the key and not of its replicas. Default: none.
   */
  readonly aliases?: readonly string[];
  /** What DescribeKey says of it. Default: nothing. */
  readonly description?: string;
  /**
   * Who may do everything with it: users' names, ARNs or services, as for `clientAs`. Others need a grant. It stands
   * for the key policy. Default: everybody.
   */
  readonly principals?: readonly string[];
  /** Whether it works from the start. Default: true. */
  readonly enabled?: boolean;
  /** What kind of key. Others are metadata only: they answer with KMS's errors. Default: `"SYMMETRIC_DEFAULT"`. */
  readonly keySpec?: KeySpec;
  /** What it is for. Default: the first that the spec allows; `"ENCRYPT_DECRYPT"` for RSA. */
  readonly keyUsage?: KeyUsage;
  /** Whether it is a multi-Region key. Default: whether the id is a multi-Region one, or there are replicas. */
  readonly multiRegion?: boolean;
  /** Further Regions of a multi-Region key. Default: none. */
  readonly replicaRegions?: readonly string[];
  /** Its Region. Default: that of the local KMS. */
  readonly region?: string;
  /** Its account, 12 digits. Default: that of the local KMS. */
  readonly accountId?: string;
}

/** A key as it is at the moment. */
export interface LocalKmsKey {
  /** The bare id: a UUID, or `mrk-` and 32 hex digits. */
  readonly keyId: string;
  /** The key ARN. */
  readonly arn: string;
  /** Its Region. */
  readonly region: string;
  /** Its account, 12 digits. */
  readonly accountId: string;
  /** What kind of key it is. */
  readonly keySpec: KeySpec;
  /** What it is for. */
  readonly keyUsage: KeyUsage;
  /** Whether it works. */
  readonly keyState: KeyState;
  /** Whether it is a multi-Region key. */
  readonly multiRegion: boolean;
  /** Its aliases, with their prefix. */
  readonly aliases: readonly string[];
  /** How often it was rotated. */
  readonly rotations: number;
}

/** Keys in the hand of a test. A key is named by its id, ARN, alias name or alias ARN; misuse is a `TypeError`. */
export interface LocalKmsKeys {
  /** Makes a key. */
  createKey(options?: LocalKmsKeyOptions): LocalKmsKey;
  /** A key as it is at the moment. */
  describeKey(key: string): LocalKmsKey;
  /** The ARN of a key; of a multi-Region key in this Region. */
  arn(key: string, region?: string): string;
  /** Gives a key one more name, with its prefix, such as `"alias/orders"`. */
  createAlias(name: string, key: string): void;
  /** Closes a key to all but these, and those who have a grant; without principals, opens it to everybody again. */
  restrictKey(key: string, principals?: readonly string[]): void;
  /** Has a disabled key work again. */
  enableKey(key: string): void;
  /** Has a key work no more: `DisabledException`. */
  disableKey(key: string): void;
  /** Has a key work no more, and deletes it after so many days. Default: 30. */
  scheduleKeyDeletion(key: string, days?: number): void;
  /** Keeps the key, disabled. */
  cancelKeyDeletion(key: string): void;
  /** Removes a key at once, as if its waiting period were over. */
  destroyKey(key: string): void;
  /** New backing material; what the old sealed still opens. */
  rotateKey(key: string): void;
  /** The key in another Region, with the same id and material. Multi-Region keys only. */
  replicateKey(key: string, region: string): LocalKmsKey;
}

export function createLocalKeys(
  store: KeyStore,
  home: { readonly region: string; readonly accountId: string; readonly now: () => number },
): LocalKmsKeys {
  // A bare id means the key of the home Region and account, or else the only key that has it.
  const find = (key: string): KmsKey =>
    store.find(key, home, (message) => {
      const [only, ...others] = store.keys().filter(({ id }) => id === key);
      if (only === undefined || others.length > 0) throw invalidArgument(message);
      return only;
    });

  const info = (key: KmsKey): LocalKmsKey => ({
    keyId: key.id,
    arn: key.arn,
    region: key.region,
    accountId: key.accountId,
    keySpec: key.spec,
    keyUsage: key.usage,
    keyState: stateOf(key),
    multiRegion: key.group !== undefined,
    aliases: store.aliasesOf(key).map((alias) => alias.name),
    rotations: key.material?.rotations ?? 0,
  });

  const checkAlias = (name: string, { region, accountId }: Scope): void => {
    if (!/^alias\/[a-zA-Z0-9:/_-]+$/.test(name))
      throw invalidArgument(`An alias is "alias/" and a name: ${name}`);
    const arn = formatArn(region, accountId, name);
    if (store.alias(arn) !== undefined) throw invalidArgument(`${arn} exists already`);
  };

  const createAlias = (name: string, target: KmsKey): void => {
    checkAlias(name, target);
    store.addAlias(newAlias(name, target, target.accountId, home.now()));
  };

  const replicateTo = (key: KmsKey, region: string): KmsKey => {
    if (key.group === undefined) throw invalidArgument(`${key.arn} is not a multi-Region key`);
    if (key.group.members.has(region)) throw invalidArgument(`${key.id} exists in ${region} already`);
    return replicate(store, home.now(), key, key.group, region, key.description);
  };

  const principalArns = (principals: readonly string[] | undefined): readonly string[] | undefined => {
    if (principals === undefined) return undefined;
    if (Array.isArray(principals) && principals.every((name) => typeof name === "string" && name !== "")) {
      return principals.map((principal) => principalArn(principal, home.accountId));
    }
    throw invalidArgument("principals must be an array of users' names, ARNs or services");
  };

  return {
    createKey(options = {}) {
      const spec = options.keySpec ?? "SYMMETRIC_DEFAULT";
      const replicas = options.replicaRegions ?? [];
      checkKeyOptions(options, spec);
      const region = options.region ?? home.region;
      const accountId = options.accountId ?? home.accountId;
      if (store.keys().some((key) => key.id === options.id && key.region === region)) {
        throw invalidArgument(`Key ${options.id} exists in ${region} already`);
      }
      if (new Set([region, ...replicas]).size <= replicas.length) {
        throw invalidArgument("replicaRegions must be Regions other than the key's own, each once");
      }
      const aliases = options.aliases ?? [];
      if (new Set(aliases).size < aliases.length) throw invalidArgument("aliases must name each alias once");
      for (const alias of aliases) checkAlias(alias, { region, accountId });
      const key = makeKey(store, home.now(), {
        region,
        accountId,
        spec,
        usage: options.keyUsage ?? usagesOf(spec)[0]!,
        description: options.description ?? "",
        multiRegion: isMultiRegion(options),
        id: options.id,
        material: options.material,
        principals: principalArns(options.principals),
      });
      key.enabled = options.enabled ?? true;
      for (const replica of replicas) replicateTo(key, replica);
      for (const alias of options.aliases ?? []) createAlias(alias, key);
      return info(key);
    },
    describeKey: (key) => info(find(key)),
    arn(key, region) {
      if (region === undefined) return find(key).arn;
      const named = store.find(key, { region, accountId: home.accountId }, () => find(key));
      const there = named.region === region ? named : named.group?.members.get(region);
      if (there === undefined) throw invalidArgument(`${named.arn} is not in ${region}`);
      return there.arn;
    },
    createAlias: (name, key) => createAlias(name, find(key)),
    restrictKey(key, principals) {
      find(key).principals = principalArns(principals);
    },
    enableKey(key) {
      find(key).enabled = true;
    },
    disableKey(key) {
      find(key).enabled = false;
    },
    scheduleKeyDeletion(key, days = 30) {
      scheduleDeletion(find(key), days, home.now());
    },
    cancelKeyDeletion(key) {
      const found = find(key);
      found.deletion = undefined;
      found.enabled = false;
    },
    destroyKey: (key) => store.removeKey(find(key)),
    rotateKey(key) {
      const { material, arn } = find(key);
      if (material === undefined) throw invalidArgument(`${arn} is not a symmetric key`);
      material.rotate();
    },
    replicateKey: (key, region) => info(replicateTo(find(key), region)),
  };
}

function isMultiRegion({ id, multiRegion, replicaRegions = [] }: LocalKmsKeyOptions): boolean {
  return multiRegion ?? (id === undefined ? replicaRegions.length > 0 : isMultiRegionId(id));
}

function checkKeyOptions(options: LocalKmsKeyOptions, spec: KeySpec): void {
  const { id, material, keyUsage, accountId, replicaRegions = [] } = options;
  if (id !== undefined && !isKeyId(id)) {
    throw invalidArgument("id must be a UUID in lower case, or mrk- and 32 hex digits in lower case");
  }
  if (id !== undefined && isMultiRegionId(id) !== isMultiRegion(options)) {
    throw invalidArgument("Multi-Region keys, and they alone, have an id that begins with mrk-");
  }
  if (replicaRegions.length > 0 && !isMultiRegion(options)) {
    throw invalidArgument("Only multi-Region keys have replicas");
  }
  if (!KEY_SPECS.includes(spec)) throw invalidArgument(`keySpec must be one of ${KEY_SPECS.join(", ")}`);
  if (keyUsage !== undefined && !usagesOf(spec).includes(keyUsage)) {
    throw invalidArgument(`A key of spec ${spec} is for ${usagesOf(spec).join(" or ")}`);
  }
  if (material !== undefined && (spec !== "SYMMETRIC_DEFAULT" || material.length !== 32)) {
    throw invalidArgument("material must be 32 bytes, and is for symmetric keys only");
  }
  if (accountId !== undefined && !/^\d{12}$/.test(accountId))
    throw invalidArgument("accountId must be 12 digits");
}
