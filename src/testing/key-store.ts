import { KmsFailure } from "./errors.ts";
import type { Grant } from "./grant.ts";
import type { KmsKey } from "./key.ts";
import { scheduleDeletion } from "./key.ts";
import { formatArn, isKeyId, parseArn } from "./key-id.ts";

export interface Alias {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  readonly accountId: string;
  readonly createdAt: Date;
  target: KmsKey;
  updatedAt: Date;
}

/** Where a bare key id or alias name is looked up. */
export interface Scope {
  readonly accountId: string;
  readonly region: string;
}

/** All keys and aliases of all Regions and accounts. Keys whose time has come disappear when someone looks. */
export class KeyStore {
  readonly #keys = new Map<string, KmsKey>();
  readonly #aliases = new Map<string, Alias>();
  readonly #now: () => number;
  readonly #strictRegions: boolean;

  constructor(now: () => number, strictRegions: boolean) {
    this.#now = now;
    this.#strictRegions = strictRegions;
  }

  keys(): readonly KmsKey[] {
    this.#sweep();
    return [...this.#keys.values()];
  }

  aliases(): readonly Alias[] {
    this.#sweep();
    return [...this.#aliases.values()];
  }

  key(arn: string): KmsKey | undefined {
    this.#sweep();
    return this.#keys.get(arn);
  }

  alias(arn: string): Alias | undefined {
    return this.#aliases.get(arn);
  }

  /** Forgets everything for these. */
  replaceAll(keys: readonly KmsKey[], aliases: readonly Alias[]): void {
    this.#keys.clear();
    this.#aliases.clear();
    for (const key of keys) this.addKey(key);
    for (const alias of aliases) this.addAlias(alias);
  }

  addKey(key: KmsKey): void {
    this.#keys.set(key.arn, key);
    key.group?.members.set(key.region, key);
  }

  removeKey(key: KmsKey, at = this.#now()): void {
    this.#keys.delete(key.arn);
    for (const alias of this.#aliases.values()) {
      if (alias.target === key) this.#aliases.delete(alias.arn);
    }
    const { group } = key;
    if (group === undefined) return;
    group.members.delete(key.region);
    const primary = group.members.get(group.primaryRegion);
    if (primary?.deletion !== undefined && primary.deletion.dueAt === undefined) {
      scheduleDeletion(primary, primary.deletion.windowDays, at);
    }
  }

  addAlias(alias: Alias): void {
    this.#aliases.set(alias.arn, alias);
  }

  removeAlias(alias: Alias): void {
    this.#aliases.delete(alias.arn);
  }

  aliasesOf(key: KmsKey): readonly Alias[] {
    return [...this.#aliases.values()].filter((alias) => alias.target === key);
  }

  /** The key with this id in a Region, whoever owns it: what a ciphertext blob names. */
  keyInRegion(id: string, region: string): KmsKey | undefined {
    this.#sweep();
    for (const key of this.#keys.values()) {
      if (key.id === id && key.region === region) return key;
    }
    return undefined;
  }

  grantOfToken(token: string, region: string): { readonly key: KmsKey; readonly grant: Grant } | undefined {
    for (const key of this.keys()) {
      if (key.region !== region) continue;
      for (const grant of key.grants.values()) if (grant.tokens.has(token)) return { key, grant };
    }
    return undefined;
  }

  /** The Region in which a request that names this key is served. */
  regionFor(reference: unknown, region: string): string {
    if (this.#strictRegions || typeof reference !== "string") return region;
    return parseArn(reference)?.region ?? region;
  }

  /** A key by its id, ARN, alias name or alias ARN; or KMS's `NotFoundException`. */
  resolve(reference: string, scope: Scope): KmsKey {
    return this.find(reference, scope, (message) => {
      throw new KmsFailure("NotFoundException", message);
    });
  }

  /** As `resolve`, for operations that take no alias. */
  resolveWithoutAlias(reference: string, scope: Scope): KmsKey {
    if (reference.startsWith("alias/"))
      throw new KmsFailure("NotFoundException", `Invalid keyId '${reference}'`);
    if (parseArn(reference)?.kind === "alias") {
      throw new KmsFailure("NotFoundException", `Invalid keyId ${reference}`);
    }
    return this.resolve(reference, scope);
  }

  find<T>(reference: string, scope: Scope, missing: (message: string) => T): KmsKey | T {
    const parsed = parseArn(reference);
    if (reference.startsWith("arn:") && parsed === null) return missing(`Invalid arn ${reference}`);
    if (this.#strictRegions && parsed !== null && parsed.region !== scope.region) {
      return missing(`Invalid arn ${parsed.region}`);
    }
    if (parsed === null && !reference.startsWith("alias/") && !isKeyId(reference)) {
      return missing(`Invalid keyId '${reference}'`);
    }
    const resource = parsed?.resource ?? (reference.startsWith("alias/") ? reference : `key/${reference}`);
    const { region, accountId } = parsed ?? scope;
    const arn = formatArn(region, accountId, resource);
    if (parsed !== null && arn !== reference) return missing(`Invalid arn ${reference}`);
    if (resource.startsWith("alias/")) {
      this.#sweep();
      return this.#aliases.get(arn)?.target ?? missing(`Alias ${arn} is not found.`);
    }
    if (!isKeyId(resource.slice("key/".length))) return missing(`Invalid keyId ${resource.slice(4)}`);
    return this.key(arn) ?? missing(`Key '${arn}' does not exist`);
  }

  // As if it had been looked at all the time: the end of the last replica begins the time of its primary.
  #sweep(): void {
    const now = this.#now();
    const dueAt = (key: KmsKey): number => key.deletion?.dueAt ?? Number.POSITIVE_INFINITY;
    for (;;) {
      const due = [...this.#keys.values()].filter((key) => dueAt(key) <= now);
      if (due.length === 0) return;
      for (const key of due.sort((a, b) => dueAt(a) - dueAt(b))) this.removeKey(key, dueAt(key));
    }
  }
}
