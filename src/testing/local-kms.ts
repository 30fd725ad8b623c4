import { invalidArgument } from "../arguments.ts";
import type { LocalKmsEvent } from "./audit.ts";
import type { Caller } from "./caller.ts";
import { callerFor } from "./caller.ts";
import type { LocalKmsClient } from "./client.ts";
import { createClient } from "./client.ts";
import type { LocalKmsFaults } from "./faults.ts";
import { createFaults } from "./faults.ts";
import type { KeyFile } from "./file/key-file.ts";
import type { LocalKmsEndpoint } from "./http.ts";
import { listen } from "./http.ts";
import { ensureKey, keepIn, keeping } from "./kept-keys.ts";
import { KeyStore } from "./key-store.ts";
import type { LocalKmsKeyOptions, LocalKmsKeys } from "./local-keys.ts";
import { createLocalKeys } from "./local-keys.ts";
import { createService } from "./service.ts";

/** Options of {@link createLocalKms}. */
export interface LocalKmsOptions {
  /** Keys that exist from the start. Default: none. */
  readonly keys?: readonly LocalKmsKeyOptions[];
  /** The Region of clients that name none. Default: `"us-east-1"`. */
  readonly region?: string;
  /** The account of callers that bring none. 12 digits. Default: `"111122223333"`. */
  readonly accountId?: string;
  /** Milliseconds since 1970: dates and the end of pending deletions. Default: `Date.now`. */
  readonly now?: () => number;
  /** Milliseconds, by `now`, until a new grant is known without its token: minutes, in KMS. Default: 0. */
  readonly grantDelayMs?: number;
  /**
   * Who an access key id belongs to, for callers over HTTP: a user's name or an ARN, also of another account.
   * Default: a user of the same name as the access key id.
   */
  readonly principals?: Readonly<Record<string, string>>;
  /**
   * True: an ARN of another Region than the client's is refused, as by KMS. Default: false; it is served there, so
   * that one endpoint can stand for the endpoints of several Regions.
   */
  readonly strictRegions?: boolean;
}

/** A little KMS. Its methods are the hand of the test: they are not calls, and the audit log does not show them. */
export interface LocalKms extends LocalKmsKeys {
  /** The Region of clients that name none. */
  readonly region: string;
  /** The account of callers that bring none. */
  readonly accountId: string;
  /** In process, as the user `local` in the default Region. */
  readonly client: LocalKmsClient;
  /** In process, as another caller: a user's name, the ARN of a user or role, or a service (`"ses.amazonaws.com"`). */
  clientAs(principal: string): LocalKmsClient;
  /** In process, in another Region or as another caller. */
  clientFor(options: { readonly region?: string; readonly principal?: string }): LocalKmsClient;
  /**
   * Serves KMS's JSON protocol over HTTP on 127.0.0.1, for a genuine `KMSClient`, the `aws` command line or boto3
   * (Node, Bun and Deno; else `UnsupportedError`). The caller is the access key id; signatures are not verified.
   * Default port: any that is free.
   */
  listen(options?: { readonly port?: number }): Promise<LocalKmsEndpoint>;
  /** Closes everything that listens, and the file if there is one. */
  close(): Promise<void>;
  /** The audit log: every call that reached the KMS, oldest first, failed ones too. */
  readonly events: readonly LocalKmsEvent[];
  /** Empties the audit log. */
  clearEvents(): void;
  /** Scripted faults. */
  readonly faults: LocalKmsFaults;
}

/**
 * A strict little AWS KMS for tests and demos: in process, and over loopback HTTP for genuine AWS clients.
 *
 * **It is no place for production keys.** Key material lies in plain memory, and whoever reaches it may use every key that
 * was not made for certain principals.
 *
 * It is strict where emulators are lax: disabled and deleted keys stop working, the encryption context is bound pair by
 * pair, grants open closed keys and no others, key ids resolve as in KMS, and errors carry KMS's names, messages and
 * statuses. Ciphertexts depend on key id, material and context alone: a key that is created again with the same
 * material opens them.
 *
 * @throws `TypeError` for options that do not fit.
 *
 * @example
 * ```ts
 * import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
 * import { createLocalKms } from "keyfold/testing";
 *
 * const kms = createLocalKms({ keys: [{ aliases: ["alias/orders"] }] });
 * const input = { KeyId: "alias/orders", KeySpec: "AES_256" } as const;
 * const { CiphertextBlob } = await kms.client.send(new GenerateDataKeyCommand(input)); // in process
 *
 * const { url } = await kms.listen(); // over HTTP
 * const credentials = { accessKeyId: "alice", secretAccessKey: "any" };
 * const client = new KMSClient({ endpoint: url, region: kms.region, credentials });
 * kms.faults.add({ operation: "Decrypt", times: 2, fault: { error: "ThrottlingException" } });
 * await client.send(new DecryptCommand({ CiphertextBlob })); // the SDK's retries get through
 * console.log(kms.events.map((event) => `${event.eventName} ${event.errorCode ?? "ok"}`));
 * client.destroy();
 * await kms.close();
 * ```
 */
export function createLocalKms(options: LocalKmsOptions = {}): LocalKms {
  if (Object.hasOwn(options, "file")) {
    throw invalidArgument("createLocalKms keeps nothing in a file; use await openLocalKms({ file })");
  }
  return assembleLocalKms(options);
}

/** With a file: one whose keys are those of the file, and are kept there. */
export function assembleLocalKms(options: LocalKmsOptions, file?: KeyFile): LocalKms {
  const {
    region = "us-east-1",
    accountId = "111122223333",
    now = Date.now,
    principals = {},
    grantDelayMs = 0,
  } = options;
  if (!/^\d{12}$/.test(accountId)) throw invalidArgument("accountId must be 12 digits");
  if (!/^[a-z]+(-[a-z0-9]+)+$/.test(region))
    throw invalidArgument("region must be the name of an AWS Region");

  if (!(grantDelayMs >= 0)) throw invalidArgument("grantDelayMs must not be negative");

  const store = new KeyStore(now, options.strictRegions ?? false);
  const keep = file === undefined ? () => {} : keepIn(file, store);
  const faults = createFaults();
  const events: LocalKmsEvent[] = [];
  const service = createService({
    store,
    keep,
    faults,
    grantDelayMs,
    now,
    log: (event) => void events.push(event),
  });
  const endpoints = new Set<LocalKmsEndpoint>();

  const home = { region, accountId, now };
  const keys = keeping(createLocalKeys(store, home), keep);
  for (const key of options.keys ?? []) {
    if (file === undefined) keys.createKey(key);
    else ensureKey(store, keys, home, key);
  }
  // Also what has reached its end since the file was written.
  keep();

  const clientFor: LocalKms["clientFor"] = ({ region: of = region, principal = "local" }) =>
    createClient(service, callerFor(principal, { accountId, region: of, userAgent: "keyfold-local-kms" }));

  const httpCaller = (accessKeyId: string, of: string | undefined, userAgent: string): Caller => {
    const principal = Object.hasOwn(principals, accessKeyId) ? principals[accessKeyId]! : accessKeyId;
    return callerFor(principal, { accountId, region: of ?? region, userAgent, accessKeyId });
  };

  return {
    ...keys,
    region,
    accountId,
    client: clientFor({}),
    clientAs: (principal) => clientFor({ principal }),
    clientFor,
    async listen({ port = 0 } = {}) {
      const endpoint = await listen(service, httpCaller, port);
      endpoints.add(endpoint);
      return endpoint;
    },
    async close() {
      await Promise.all([...endpoints].map((endpoint) => endpoint.close()));
      endpoints.clear();
      file?.close();
    },
    events,
    clearEvents: () => void events.splice(0),
    faults,
  };
}
