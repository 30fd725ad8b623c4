import { invalidArgument } from "../arguments.ts";
import { callStore } from "../hierarchy/store-call.ts";
import type { Observer } from "../observer.ts";
import { explainDynamoDb } from "./errors.ts";

/** What keyfold needs of a DynamoDB client: a genuine `DynamoDBClient` of the AWS SDK for JavaScript v3, of any version. */
export interface DynamoDbClient {
  // Method syntax: a genuine client is not assignable to the property form.
  /** Sends a command of `@aws-sdk/client-dynamodb`, and answers its reply. */
  send(command: object, options?: { abortSignal?: AbortSignal }): Promise<object>;
}

/** One call, and what is known of it for errors and events. */
export interface DynamoDbCall {
  readonly client: DynamoDbClient;
  readonly command: object;
  /** As in its command's name, such as `"GetItem"`. */
  readonly operation: string;
  /** The store's name. */
  readonly store: string;
  /** The mailbox or branch key, if the call is about one. */
  readonly keyId: string | undefined;
  readonly observer: Observer | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Sends a command. Failures come out as `StoreError`; an abort comes out as the signal's own reason. */
export function callDynamoDb<Reply extends object>(call: DynamoDbCall): Promise<Reply> {
  const { client, command, signal, ...about } = call;
  return callStore({
    ...about,
    signal,
    async call() {
      const options = signal === undefined ? {} : { abortSignal: signal };
      return ((await client.send(command, options)) ?? {}) as Reply;
    },
    explain: (error) => explainDynamoDb(error, call.operation),
  });
}

/** Checks that this can be sent commands. */
export function assertDynamoDbClient(caller: string, client: unknown): asserts client is DynamoDbClient {
  if (typeof (client as Partial<DynamoDbClient> | null | undefined)?.send === "function") return;
  throw invalidArgument(`${caller}: client must be a DynamoDBClient.`);
}
