import { invalidArgument, optionsOf, wholeNumber } from "../arguments.ts";
import { createEncryptionClient, type EncryptionClient } from "../client/client.ts";
import type { Keyring } from "../keyrings/keyring.ts";
import { type CachingMaterialsManager, cachingMaterialsManager } from "../materials/caching.ts";
import type { MaterialsManager } from "../materials/manager.ts";
import type { Observer } from "../observer.ts";
import type { CommitmentPolicy } from "../suites/policy.ts";
import type { EncryptionContext } from "../types.ts";
import { unreservedContext } from "./context.ts";
import type { PayloadOffload } from "./offload.ts";
import type { SqsClientPort } from "./port.ts";
import { checkedQueue, type Queue, type QueueOf, queueName, queueOfUrl } from "./queue.ts";
import { MAX_MESSAGE_BYTES } from "./size.ts";

/** How an SQS client obtains its data keys. */
export type SqsMaterialsSource =
  | {
      /** Wraps and unwraps data keys, one for each period and context. */
      readonly keyring: Keyring;
      /** Not beside `keyring`. */
      readonly materialsManager?: never;
      /** How long a data key is reused, in seconds: 60 to 86,400. Default: 300, as SQS has it. */
      readonly reusePeriodSeconds?: number;
      /** Who sends or receives: principals never share a data key. Default: all that use this client are one. */
      readonly principal?: string;
      /** Open each new data key once before its first use, as SQS does. Needs a keyring that reads. Default: true. */
      readonly verifyNewKeys?: boolean;
    }
  | {
      /** Comes with its own reuse period, if it has one. */
      readonly materialsManager: MaterialsManager;
      /** Not beside `materialsManager`. */
      readonly keyring?: never;
      /** Not beside `materialsManager`. */
      readonly reusePeriodSeconds?: never;
      /** Not beside `materialsManager`. */
      readonly principal?: never;
      /** Not beside `materialsManager`. */
      readonly verifyNewKeys?: never;
    };

/** Options of `createSqsEncryptionClient`: where data keys come from, and these. */
export type SqsEncryptionClientOptions = SqsMaterialsSource & {
  /** An `SQSClient`. It sees sealed bodies alone. */
  readonly client: SqsClientPort;
  /** Pairs of every message; each call can add its own. Default: none. */
  readonly encryptionContext?: EncryptionContext;
  /** Bind each message to its queue, so that one that was moved to another is noticed. Default: true. */
  readonly bindToQueue?: boolean;
  /** Account and name of the queue at a URL, where the URL does not end in them. Default: the end of the URL. */
  readonly queueOf?: QueueOf;
  /**
   * Queues whose dead letters arrive here: names in the account of this queue, or `account/name`. Their messages open
   * as well. Default: none.
   */
  readonly deadLettersOf?: readonly string[];
  /** What to do with messages that nobody sealed: `"refuse"` marks them with an error. Default: `"refuse"`. */
  readonly plaintext?: "refuse" | "pass";
  /**
   * FIFO queues: a secret from which deduplication ids follow, the same for the same payload under the same encryption
   * context. Without it, each message needs a `MessageDeduplicationId`: SQS's own, by content, would see another
   * ciphertext each time. 32 bytes or more. Default: none.
   */
  readonly deduplicationKey?: Uint8Array;
  /** Takes payloads that are too long for the queue. Default: they are an error. */
  readonly offload?: PayloadOffload;
  /** The most bytes of a message, as SQS counts them: the queue's MaximumMessageSize. 1,024 to 1,048,576, the default. */
  readonly maxMessageBytes?: number;
  /** Which suites may seal and open. Default: `"require-encrypt-require-decrypt"`. */
  readonly commitmentPolicy?: CommitmentPolicy;
  /** Hears of messages sealed and opened, and of the cache of data keys. Default: nobody. */
  readonly observer?: Observer;
};

/** The same, checked and complete. */
export interface SqsConfig {
  readonly client: SqsClientPort;
  readonly sealer: EncryptionClient;
  readonly cache: CachingMaterialsManager | undefined;
  readonly encryptionContext: EncryptionContext;
  /** The queue at a URL as it stands in the context; undefined: messages are not bound to queues. */
  boundQueue(queueUrl: string): string | undefined;
  /** Whether dead letters of this queue arrive at that one. */
  isOrigin(origin: string, queueUrl: string): boolean;
  readonly passesPlaintext: boolean;
  readonly deduplicationKey: Uint8Array | undefined;
  readonly offload: PayloadOffload | undefined;
  readonly maxMessageBytes: number;
}

const NAME = "createSqsEncryptionClient";

/** Checks the options and fills in the defaults. */
export function sqsConfig(options: SqsEncryptionClientOptions): SqsConfig {
  const { client, plaintext = "refuse", bindToQueue = true, deadLettersOf = [] } = optionsOf(NAME, options);
  if (typeof client?.send !== "function") throw invalidArgument(`${NAME}: client must be an SQSClient.`);
  if (typeof bindToQueue !== "boolean") throw invalidArgument(`${NAME}: bindToQueue must be true or false.`);
  if (options.queueOf !== undefined && typeof options.queueOf !== "function") {
    throw invalidArgument(`${NAME}: queueOf must be a function.`);
  }
  if (plaintext !== "refuse" && plaintext !== "pass") {
    throw invalidArgument(`${NAME}: plaintext must be "refuse" or "pass".`);
  }
  if (
    !Array.isArray(deadLettersOf) ||
    deadLettersOf.some((name) => typeof name !== "string" || name === "")
  ) {
    throw invalidArgument(`${NAME}: deadLettersOf must be an array of queue names.`);
  }
  const { deduplicationKey: secret, offload } = options;
  if (secret !== undefined && !(secret instanceof Uint8Array && secret.length >= 32)) {
    throw invalidArgument(`${NAME}: deduplicationKey must be a Uint8Array of 32 bytes or more.`);
  }
  if (offload !== undefined && (typeof offload?.put !== "function" || typeof offload.get !== "function")) {
    throw invalidArgument(`${NAME}: offload must have put and get.`);
  }
  const { sealer, cache } = sealerOf(options);
  const queueAt = queueFinder(options.queueOf);
  return {
    client,
    sealer,
    cache,
    encryptionContext: unreservedContext(options.encryptionContext),
    boundQueue: (url) => (bindToQueue ? queueName(queueAt(url)) : undefined),
    isOrigin(origin, url) {
      const { accountId } = queueAt(url);
      return deadLettersOf.some((name) => origin === (name.includes("/") ? name : `${accountId}/${name}`));
    },
    passesPlaintext: plaintext === "pass",
    deduplicationKey: secret,
    offload,
    maxMessageBytes: wholeNumber(
      NAME,
      "maxMessageBytes",
      options.maxMessageBytes,
      MAX_MESSAGE_BYTES,
      1024,
      MAX_MESSAGE_BYTES,
    ),
  };
}

function sealerOf(options: SqsEncryptionClientOptions): Pick<SqsConfig, "sealer" | "cache"> {
  const { keyring, materialsManager, reusePeriodSeconds = 300, principal, verifyNewKeys = true } = options;
  const { commitmentPolicy, observer } = options;
  const rest = {
    ...(commitmentPolicy !== undefined && { commitmentPolicy }),
    ...(observer !== undefined && { observer }),
  };
  if ((keyring === undefined) === (materialsManager === undefined)) {
    throw invalidArgument(`${NAME}: either keyring or materialsManager is needed, and not both.`);
  }
  if (keyring === undefined) {
    for (const option of ["reusePeriodSeconds", "principal", "verifyNewKeys"] as const) {
      if (options[option] === undefined) continue;
      throw invalidArgument(`${NAME}: ${option} goes with keyring; a materialsManager has its own.`);
    }
    return {
      sealer: createEncryptionClient({ materialsManager: materialsManager!, ...rest }),
      cache: undefined,
    };
  }
  if (verifyNewKeys && typeof keyring?.name === "string" && keyring.unwrap === undefined) {
    throw invalidArgument(
      `${NAME}: keyring ${keyring.name} only writes, and cannot verify new data keys. Set verifyNewKeys to false.`,
    );
  }
  const cache = cachingMaterialsManager({
    keyring,
    reusePeriodSeconds,
    verifyNewKeys,
    ...(principal !== undefined && { partition: principal }),
    ...(observer !== undefined && { observer }),
  });
  return { sealer: createEncryptionClient({ materialsManager: cache, ...rest }), cache };
}

/** Each URL is read once. */
function queueFinder(queueOf: QueueOf | undefined): (queueUrl: string) => Queue {
  const queues = new Map<string, Queue>();
  return (queueUrl) => {
    let queue = queues.get(queueUrl);
    if (queue === undefined) {
      queue = queueOf === undefined ? queueOfUrl(queueUrl) : checkedQueue(queueOf(queueUrl));
      queues.set(queueUrl, queue);
    }
    return queue;
  };
}
