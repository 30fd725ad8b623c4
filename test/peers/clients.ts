import {
  type ObjectClient,
  objectClient,
  type ReEncryptingClient,
  reEncryptingClient,
} from "./object-client.ts";
import { type Peer, startPeer } from "./peer.ts";
import { installed } from "./places.ts";

export type {
  GetOptions,
  ObjectClient,
  ObjectPlace,
  PeerPolicy,
  PutOptions,
  ReEncryptingClient,
  ReEncryptOptions,
  StoredObject,
  WriteOptions,
} from "./object-client.ts";

/** A keyring as all peers understand it. Keys of bytes are base64, keys of RSA are PEM. */
export type PeerKeyring =
  | {
      readonly type: "raw-aes";
      readonly namespace: string;
      readonly name: string;
      readonly key: string;
      readonly materialsDescription?: Readonly<Record<string, string>>;
    }
  | {
      readonly type: "raw-rsa";
      readonly namespace: string;
      readonly name: string;
      readonly padding: RsaPadding;
      readonly publicKey?: string;
      readonly privateKey?: string;
      readonly materialsDescription?: Readonly<Record<string, string>>;
    }
  | { readonly type: "multi"; readonly generator?: PeerKeyring; readonly children: readonly PeerKeyring[] }
  | { readonly type: "kms"; readonly endpoint: string; readonly keyId: string }
  | {
      readonly type: "kms-discovery";
      readonly endpoint: string;
      readonly partition: string;
      readonly accountIds: readonly string[];
    };

export type RsaPadding = "oaep-sha1" | "oaep-sha256" | "oaep-sha384" | "oaep-sha512" | "pkcs1";

export type Context = Readonly<Record<string, string>>;

/** A key store as all peers understand it: a table, and the KMS key that wraps what is in it. */
export interface PeerKeyStore {
  /** Endpoints. */
  readonly dynamoDb: string;
  readonly kms: string;
  /** Of the KMS client. */
  readonly region: string;
  readonly tableName: string;
  readonly logicalName: string;
  readonly choice:
    | { readonly keyArn: string }
    | { readonly mrkArn: string }
    | { readonly discovery: true }
    | { readonly mrDiscovery: string };
}

/** A hierarchical keyring. Those of another number share no cache. */
export interface PeerHierarchy {
  readonly type: "hierarchy";
  readonly store: PeerKeyStore;
  readonly branchKeyId: string;
  readonly fresh: number;
}

export interface EsdkRequest {
  readonly keyring: PeerKeyring | PeerHierarchy;
  readonly commitmentPolicy: string;
  readonly encryptionContext: Context;
  /** Given: a required-context manager over the keyring. */
  readonly requiredKeys?: readonly string[];
  readonly stream?: boolean;
}

export interface EsdkOpened {
  readonly plaintext: Buffer;
  readonly encryptionContext: Context;
  readonly suite: number;
  readonly encryptedDataKeys: number;
}

/** The official AWS Encryption SDK for Python. */
export interface EncryptionSdk {
  encrypt(
    plaintext: Uint8Array,
    request: EsdkRequest & { readonly suite: number; readonly frameLength: number },
  ): Promise<Buffer>;
  decrypt(ciphertext: Uint8Array, request: EsdkRequest): Promise<EsdkOpened>;
}

export interface OpenedBranchKey {
  readonly version: string;
  readonly encryptionContext: Context;
  readonly key: Buffer;
}

/** The official branch key store for Python. */
export interface KeyStores {
  createKey(store: PeerKeyStore, branchKeyId?: string, encryptionContext?: Context): Promise<string>;
  versionKey(store: PeerKeyStore, branchKeyId: string): Promise<void>;
  /** The active version, or this one. */
  readKey(store: PeerKeyStore, branchKeyId: string, version?: string): Promise<OpenedBranchKey>;
  beaconKey(store: PeerKeyStore, branchKeyId: string): Promise<Buffer>;
}

/** Any call of boto3. Parameters of bytes go in `bytes`, as base64; bytes come back as `{ base64 }`. */
export interface Boto {
  boto<T>(call: {
    readonly service: string;
    readonly endpoint: string;
    readonly call: string;
    readonly parameters?: object;
    readonly bytes?: Readonly<Record<string, string>>;
  }): Promise<T>;
}

interface Stoppable {
  stop(): Promise<void>;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const bytes = (text: string): Buffer => Buffer.from(text, "base64");

export async function startPython(): Promise<EncryptionSdk & KeyStores & ObjectClient & Boto & Stoppable> {
  const peer = await startPeer(installed.python, [installed.script("peer.py")]);
  return {
    ...objectClient(peer),
    ...keyStores(peer),
    async encrypt(plaintext, request) {
      const reply = await peer.request<{ ciphertext: string }>({
        op: "encrypt",
        plaintext: base64(plaintext),
        ...request,
      });
      return bytes(reply.ciphertext);
    },
    async decrypt(ciphertext, request) {
      const reply = await peer.request<Omit<EsdkOpened, "plaintext"> & { plaintext: string }>({
        op: "decrypt",
        ciphertext: base64(ciphertext),
        ...request,
      });
      return { ...reply, plaintext: bytes(reply.plaintext) };
    },
    boto: (call) => peer.request({ op: "boto", ...call }),
    stop: () => peer.stop(),
  };
}

/** Small heap, one garbage collector thread, first compiler tier: it starts in a second and leaves a core free. */
export const JAVA_OPTIONS = ["-Xmx384m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];

const startModule = (module: "java" | "java-3" | "java-legacy"): Promise<Peer> =>
  startPeer("java", [...JAVA_OPTIONS, "-cp", installed.javaClassPath(module), "peer.Peer"]);

/** The S3 Encryption Client for Java 4.0.1, which writes V2 and V3 and reads all. */
export async function startJava(): Promise<ReEncryptingClient & Stoppable> {
  const peer = await startModule("java");
  return { ...reEncryptingClient(peer), stop: () => peer.stop() };
}

/** The same, 3.5.0: it writes V2, and reads V1 and V2. */
export async function startJava3(): Promise<ReEncryptingClient & Stoppable> {
  const peer = await startModule("java-3");
  return { ...reEncryptingClient(peer), stop: () => peer.stop() };
}

/** Which of the two clients of the AWS SDK for Java 1, and its `CryptoMode`. */
export interface LegacyClient {
  readonly client: "V1" | "V2";
  /** `encryption-only` is CBC, and in V1 alone. */
  readonly mode: "encryption-only" | "authenticated" | "strict-authenticated";
  /** Bouncy Castle for the wraps too, which takes SHA-256 for the MGF1 of RSA-OAEP-SHA256 where the JDK takes SHA-1. */
  readonly bouncyCastle?: boolean;
}

/** The AWS SDK for Java 1.12.788. The context of its KMS keyrings is their materials description. */
export interface LegacyJava extends Stoppable {
  client(choice: LegacyClient): ReEncryptingClient;
}

export async function startLegacyJava(): Promise<LegacyJava> {
  const peer = await startModule("java-legacy");
  return { client: (choice) => reEncryptingClient(peer, { choice }), stop: () => peer.stop() };
}

function keyStores(peer: Peer): KeyStores {
  return {
    async createKey(store, branchKeyId, encryptionContext) {
      const request = { op: "keyStore.create", store, branchKeyId, encryptionContext };
      return (await peer.request<{ branchKeyId: string }>(request)).branchKeyId;
    },
    async versionKey(store, branchKeyId) {
      await peer.request({ op: "keyStore.version", store, branchKeyId });
    },
    async readKey(store, branchKeyId, version) {
      const request = { op: "keyStore.read", store, branchKeyId, version };
      const reply = await peer.request<Omit<OpenedBranchKey, "key"> & { key: string }>(request);
      return { ...reply, key: bytes(reply.key) };
    },
    async beaconKey(store, branchKeyId) {
      return bytes((await peer.request<{ key: string }>({ op: "keyStore.beacon", store, branchKeyId })).key);
    },
  };
}
