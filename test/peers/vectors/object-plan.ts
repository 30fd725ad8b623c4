import type { Context, LegacyClient, PeerKeyring, WriteOptions } from "../clients.ts";

/** One object to write. */
export interface ObjectPlan {
  readonly name: string;
  /** A name among the keyrings of the file. */
  readonly keyring: string;
  /** The plaintext's length, or those of the parts of a low-level multipart upload. */
  readonly size: number | readonly number[];
  readonly context?: Context;
  /** Where a reader names other pairs than the writer did. */
  readonly readContext?: Context;
  readonly options?: WriteOptions & { readonly highLevelMultipart?: boolean };
  readonly client?: LegacyClient;
  /** Wraps the data key of the instruction file anew. */
  readonly reEncrypt?: { readonly keyring: string; readonly suffix?: string };
  /** Metadata as S3 returns them where they are not ASCII: doubly encoded, in the words of RFC 2047. */
  readonly asS3Returns?: true;
  /** The name of a client that has to open it. */
  readonly witness?: string;
}

export const sizes = [0, 1, 15, 16, 17, 1000] as const;
export const large = 20_000;

export const description = { materialsDescription: { team: "a", year: "2026" } } as const;
const far = { ä: "é𝄞", team: "Ωmega" };
/** Java sends headers in Latin-1 and a question mark for what lies above it, save that its JSON escapes astral signs. */
const near = { ä: "é𝄞", straße: "ñ" };
export const farContexts = { inFile: far, inMetadata: near } as const;
export const ofTheCaller = { mine: "yes", "two-words": "a b" } as const;

type Storage = Pick<WriteOptions, "instructionFile">;
export const storages: readonly (readonly [string, Storage])[] = [
  ["", {}],
  [", instruction file", { instructionFile: true }],
];

const bytes = (size: ObjectPlan["size"]): string =>
  typeof size === "number" ? `${size} bytes` : `parts of ${size.join(" and ")} bytes`;

/** Every size in every storage. */
export function grid(
  keyring: string,
  places: typeof storages = storages,
  more: Omit<ObjectPlan, "name" | "keyring" | "size"> = {},
  lengths: readonly ObjectPlan["size"][] = sizes,
  suffix = "",
): ObjectPlan[] {
  return places.flatMap(([storage, options]) =>
    lengths.map((size) => ({
      ...more,
      name: `${bytes(size)} under ${keyring}${suffix}${storage}`,
      keyring,
      size,
      options: { ...more.options, ...options },
    })),
  );
}

/** Parts of whole blocks, an empty last part, and the client's own uploader. */
export const uploads = (
  keyring: string,
  places: typeof storages = storages,
  more: Omit<ObjectPlan, "name" | "keyring" | "size"> = {},
): ObjectPlan[] => [
  ...grid(keyring, places, more, [
    [160, 77],
    [32, 0],
  ]),
  ...grid(
    keyring,
    places,
    { ...more, options: { ...more.options, highLevelMultipart: true } },
    [100],
    ", high-level upload",
  ),
];

/** The keyrings that raw plans name. */
export function rawKeyrings(
  aes: (bytes: 16 | 24 | 32) => PeerKeyring & { type: "raw-aes" },
  rsa: (name: string) => PeerKeyring & { type: "raw-rsa" },
): Record<string, PeerKeyring> {
  const pair = rsa("rsa");
  const next = { materialsDescription: { version: "2" } };
  return {
    "aes-128": aes(16),
    "aes-192": aes(24),
    "aes-256": aes(32),
    rsa: pair,
    "aes-256 with a description": { ...aes(32), ...description },
    "rsa with a description": { ...pair, ...description },
    "aes-256 with a Latin-1 description": { ...aes(32), materialsDescription: near },
    "aes-256 with a non-ASCII description": { ...aes(32), materialsDescription: far },
    "the next aes-256": { ...aes(32), key: Buffer.alloc(32, 0x5a).toString("base64"), ...next },
    "the next rsa": { ...rsa("next rsa"), ...next },
    "a partner's rsa": { ...rsa("partner"), materialsDescription: { partner: "b" } },
  };
}

/** What every client with raw keys can write. */
export const rawPlans = (lengths: readonly number[] = sizes): ObjectPlan[] => [
  ...["aes-128", "aes-192", "aes-256", "rsa"].flatMap((ring) => grid(ring, storages, {}, lengths)),
  ...grid("aes-256", storages.slice(0, 1), {}, [large]),
  ...["aes-256 with a description", "rsa with a description"].flatMap((ring) =>
    grid(ring, storages, {}, [16]),
  ),
  ...grid("aes-256", storages, { options: { metadata: ofTheCaller } }, [17], ", metadata of the caller"),
  ...["aes-256", "rsa"].flatMap((ring) => uploads(ring)),
];

/** An instruction file written anew, for keys that take the place of the old and for somebody else. */
export const reEncryptionPlans: readonly ObjectPlan[] = [
  { from: "aes-256", to: "the next aes-256" },
  { from: "aes-256", to: "the next rsa" },
  { from: "rsa", to: "the next rsa" },
  { from: "rsa", to: "a partner's rsa", suffix: "partner" },
].map(({ from, to, suffix }) => ({
  name: `17 bytes under ${from}, wrapped anew for ${to}`,
  keyring: from,
  size: 17,
  options: { instructionFile: true },
  reEncrypt: { keyring: to, ...(suffix === undefined ? {} : { suffix }) },
}));

/** The same for objects that older clients wrote: the wraps become newer ones, the content stays what it is. */
export const rewrappingPlans: readonly ObjectPlan[] = [
  ...(["encryption-only", "authenticated"] as const).flatMap((mode) =>
    reEncryptionPlans.map((plan) => ({
      ...plan,
      name: `${plan.name}, written by ${mode}`,
      client: { client: "V1", mode } as const,
      witness: "java 4.0.1",
    })),
  ),
];

const twoPairs = { tenant: "t1", purpose: "vectors" };
const odd = { Zebra: "1", apple: "2", 'quoted "key"': "a\\b/c" };

/** What every client of KMS can write. */
export const kmsPlans = (
  places: typeof storages,
  seen: (context: Context) => Context = (context) => context,
): ObjectPlan[] => {
  const under = (context: Context) => ({ context, readContext: seen(context) });
  return [
    ...grid("kms", places),
    ...grid("kms", places.slice(0, 1), {}, [large]),
    ...grid("kms", places, under(twoPairs), sizes, ", two pairs"),
    ...grid("kms", places, under(odd), [16], ", quotes and backslashes"),
    ...grid("kms", places, { options: { metadata: ofTheCaller } }, [17], ", metadata of the caller"),
    ...uploads("kms", places, under(twoPairs)),
  ];
};

/** What Amazon SES writes for inbound mail is such an object: GCM, the wrap `kms`, and these names in its context. */
export const sesPlan = (seen: (context: Context) => Context): ObjectPlan => {
  const context = {
    "aws:ses:message-id": "o3vrnil0e2ic28trm7dfhrc2v0clambda4nbp0g1",
    "aws:ses:rule-name": "inbound",
    "aws:ses:source-account": "111122223333",
  };
  const name = "1000 bytes under kms, in the shape of Amazon SES";
  return { name, keyring: "kms", size: 1000, context, readContext: seen(context) };
};
