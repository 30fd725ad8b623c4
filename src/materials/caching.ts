import { backend } from "#crypto";
import { andThen, attempt } from "../awaitable.ts";
import { isAllZero } from "../bytes/arrays.ts";
import { KeyCache, type KeyCacheEvents, type KeyCacheFigures } from "../cache/key-cache.ts";
import type { Secret } from "../cache/secret.ts";
import { AlgorithmSuiteError, isKeyfoldError, KeyringError } from "../errors.ts";
import { copyEdk } from "../message/edks.ts";
import { notify } from "../observer.ts";
import { assertMayDecrypt, assertMayEncrypt, type CommitmentPolicy } from "../suites/policy.ts";
import type { AlgorithmSuite } from "../suites/table.ts";
import type { Awaitable, EncryptionContext } from "../types.ts";
import { decryptId, encryptId } from "./cache-id.ts";
import { type CachingConfig, type CachingOptions, cachingConfig } from "./caching-options.ts";
import { completeContext } from "./expected-context.ts";
import type {
  DecryptionMaterials,
  DecryptionMaterialsRequest,
  EncryptionMaterials,
  EncryptionMaterialsRequest,
  MaterialsManager,
} from "./manager.ts";

/** Figures of one direction since the manager was made; the last three are those of now. */
export interface CacheStats extends Omit<KeyCacheFigures, "oldestAgeMs"> {
  /** Null: there is no entry. */
  readonly oldestAgeSeconds: number | null;
}

/** The figures of a caching materials manager. */
export interface CachingStats {
  /** Of data keys for sealing. */
  readonly encrypt: CacheStats;
  /** Of data keys for opening. */
  readonly decrypt: CacheStats;
}

/** A materials manager that reuses data keys. Made by {@link cachingMaterialsManager}. */
export interface CachingMaterialsManager extends MaterialsManager {
  /** Figures of data keys for sealing (`encrypt`) and for opening (`decrypt`). */
  stats(): CachingStats;
  /** Forgets all data keys, or those of one partition, and wipes each as soon as no message uses it. */
  clear(partition?: string): void;
  /** Forgets all data keys and refuses to serve from now on. */
  dispose(): void;
}

/** A data key for sealing, and how far it is used. */
interface SealingKey {
  readonly materials: EncryptionMaterials;
  readonly used: { messages: number; bytes: number };
}

/** An opened data key, and where in the list it stands. */
interface OpeningKey {
  readonly materials: DecryptionMaterials;
  readonly index: number;
}

const NAME = "The caching materials manager";

/**
 * Reuses data keys for a while, as Amazon SQS does: one call of the keyring for each period, however many messages are
 * sealed or opened in it and however many callers come at once. Keys for sealing and for opening are kept apart.
 *
 * Only suites that derive a key for each message are cached; the others (0x0014, 0x0046, 0x0078) ask the keyring each
 * time. Where timers end with a request (Workers), expired keys are wiped when the next one is made.
 *
 * @throws `TypeError` for options out of range. At use: what the keyring throws; `KeyringError` if a new key does not
 * open, with `verifyNewKeys`.
 *
 * @example
 * ```ts
 * import { cachingMaterialsManager, createEncryptionClient, rawAesKeyring } from "keyfold";
 *
 * const keyring = rawAesKeyring({ namespace: "app", name: "2026", key: crypto.getRandomValues(new Uint8Array(32)) });
 * const materialsManager = cachingMaterialsManager({ keyring, reusePeriodSeconds: 300 });
 * const client = createEncryptionClient({ materialsManager });
 * await Promise.all(["pears", "plums"].map((text) => client.encryptText(text))); // under one data key
 * console.log(materialsManager.stats().encrypt.misses); // 1
 * ```
 */
export function cachingMaterialsManager(options: CachingOptions): CachingMaterialsManager {
  const config = cachingConfig(options);
  const { manager, maxMessages, maxBytes, observer, isForeign, partitionOf } = config;

  const sealing = new KeyCache<SealingKey>({
    ...cacheOptions(config, "encrypt"),
    secretOf: ({ materials }) => materials.dataKey,
  });
  const opening = new KeyCache<OpeningKey>({
    ...cacheOptions(config, "decrypt"),
    secretOf: ({ materials }) => materials.dataKey,
  });
  const skip = (operation: "encrypt" | "decrypt", suiteId: number) =>
    notify(observer, { type: "cacheSkip", cache: "data key", operation, suiteId });

  return {
    objectWrap: manager.objectWrap,
    bindsObjectContext: manager.bindsObjectContext,
    alias: manager.alias,
    reusesDataKeys: true,

    encryptionMaterials(request) {
      const { suite, signal, plaintextLength = 0 } = request;
      sealing.assertServes();
      const load = (signal: AbortSignal | undefined) => newMaterials(config, { ...request, signal });
      if (suite.kdf === null) {
        skip("encrypt", suite.id);
        return load(signal);
      }
      if (plaintextLength > maxBytes) return load(signal);
      const partition = partitionOf(request);
      const obtained = sealing.obtain({
        id: encryptId(partition, request),
        partition,
        signal,
        load: (signal) =>
          andThen(load(signal), (materials) => {
            recheck(materials, request, assertMayEncrypt);
            return sealingKey(materials);
          }),
        book({ used }) {
          if (used.messages >= maxMessages || used.bytes + plaintextLength > maxBytes) return false;
          used.messages++;
          used.bytes += plaintextLength;
          return true;
        },
      });
      return andThen(obtained, ({ materials }) => {
        recheck(materials, request, assertMayEncrypt);
        return materials;
      });
    },

    decryptionMaterials(request) {
      const { suite, encryptedDataKeys, expectedContext, signal } = request;
      opening.assertServes();
      if (suite.kdf === null) {
        skip("decrypt", suite.id);
        return manager.decryptionMaterials(request);
      }
      // Each caller's expectation is its own, and not that of the call by which the key was asked for: it is met here,
      // or, where the manager has its own way with it, as a whole part of the id.
      const expected = isForeign
        ? expectedContext
        : picked(expectedContext, completeContext(request).requiredKeys);
      const partition = partitionOf(request);
      const obtained = opening.obtain({
        id: decryptId(partition, request, expected),
        partition,
        signal,
        load: (signal) =>
          andThen(manager.decryptionMaterials({ ...request, signal }), (materials) => {
            recheck(materials, request, assertMayDecrypt);
            return openingKey(materials, request);
          }),
        book: () => true,
      });
      return andThen(obtained, ({ materials, index }) => {
        recheck(materials, request, assertMayDecrypt);
        return { ...materials, opened: encryptedDataKeys[index] ?? copyEdk(materials.opened) };
      });
    },

    isCurrent: (request) => manager.isCurrent(request),

    stats: () => ({ encrypt: statsOf(sealing.figures), decrypt: statsOf(opening.figures) }),

    clear(partition) {
      sealing.clear(partition);
      opening.clear(partition);
    },

    dispose() {
      sealing.dispose();
      opening.dispose();
    },
  };
}

function cacheOptions(
  { maxAgeMs, softAgeMs, capacity, clocks, observer }: CachingConfig,
  operation: "encrypt" | "decrypt",
) {
  const of = { cache: "data key", operation } as const;
  const events: KeyCacheEvents = {
    hit: (_, ageMs) => notify(observer, { type: "cacheHit", ...of, ageMs }),
    miss: () => notify(observer, { type: "cacheMiss", ...of }),
    evicted: (_, reason, ageMs) => notify(observer, { type: "cacheEvict", ...of, reason, ageMs }),
    renewalFailed: (_, error) => {
      const code = isKeyfoldError(error) ? error.code : undefined;
      notify(observer, { type: "cacheRenewalFailed", ...of, error: code });
    },
  };
  const shared = { name: NAME, maxAgeMs, softAgeMs, capacity, clocks };
  return observer === undefined ? shared : { ...shared, events };
}

/** Checks suite and policy of what goes into the cache and comes out of it, whatever its id says (CVE-2026-6550). */
function recheck(
  { suite, dataKey }: Pick<EncryptionMaterials, "suite" | "dataKey">,
  asked: Pick<EncryptionMaterialsRequest, "suite" | "commitmentPolicy">,
  assertAllowed: (policy: CommitmentPolicy, suite: AlgorithmSuite) => void,
): void {
  try {
    if (suite !== asked.suite) {
      throw new AlgorithmSuiteError(suite.id, "The materials manager answered for another suite.");
    }
    assertAllowed(asked.commitmentPolicy, suite);
  } catch (error) {
    dataKey.release();
    throw error;
  }
}

/** Materials around a new data key, which has been proved to open if that is asked for. */
function newMaterials(
  { manager, verifyNewKeys }: CachingConfig,
  request: EncryptionMaterialsRequest,
): Awaitable<EncryptionMaterials> {
  const made = manager.encryptionMaterials({ ...request, plaintextLength: undefined });
  return andThen(made, (materials) =>
    attempt(
      () => andThen(verifyNewKeys ? verify(manager, materials, request) : undefined, () => materials),
      (error) => {
        materials.dataKey.release();
        throw error;
      },
    ),
  );
}

/** Opens the new keys once, and compares. */
function verify(
  manager: MaterialsManager,
  { suite, dataKey, encryptedDataKeys, encryptionContext, requiredKeys }: EncryptionMaterials,
  { commitmentPolicy, encryptionContext: expectedContext, signal }: EncryptionMaterialsRequest,
): Awaitable<void> {
  const opened = manager.decryptionMaterials({
    suite,
    commitmentPolicy,
    encryptedDataKeys,
    encryptionContext,
    expectedContext,
    requiredKeys,
    verifying: true,
    signal,
  });
  return andThen(opened, ({ dataKey: again, opened: edk }) => {
    const same = backend.equal(again.bytes, dataKey.bytes);
    again.release();
    if (same) return;
    throw new KeyringError(
      edk.providerId,
      "a new data key was checked before its first use, and opened to another key. It was dropped; nothing was sealed under it.",
    );
  });
}

function sealingKey(materials: EncryptionMaterials): SealingKey {
  assertNotZero(materials);
  const used = { messages: 0, bytes: 0 };
  const countBytes = (bytes: number) => {
    used.bytes += bytes;
  };
  return { materials: { ...materials, encryptionContext: frozen(materials), countBytes }, used };
}

function openingKey(
  materials: DecryptionMaterials,
  { encryptedDataKeys }: DecryptionMaterialsRequest,
): OpeningKey {
  assertNotZero(materials);
  return {
    materials: { ...materials, encryptionContext: frozen(materials) },
    index: encryptedDataKeys.indexOf(materials.opened),
  };
}

/** Many callers see it: none may change it. */
function frozen({ encryptionContext }: { readonly encryptionContext: EncryptionContext }): EncryptionContext {
  return Object.freeze({ ...encryptionContext });
}

function assertNotZero({ dataKey }: { readonly dataKey: Secret }): void {
  if (isAllZero(dataKey.bytes)) throw new KeyringError(NAME, "it was given a data key of zeros.");
}

function picked(context: EncryptionContext, keys: readonly string[]): EncryptionContext {
  return Object.fromEntries(keys.map((key) => [key, context[key]!]));
}

function statsOf({ oldestAgeMs, ...figures }: KeyCacheFigures): CacheStats {
  return { ...figures, oldestAgeSeconds: oldestAgeMs === null ? null : oldestAgeMs / 1000 };
}
