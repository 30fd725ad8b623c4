/** What a scripted answer says in place of DynamoDB. */
export interface ScriptedAnswer {
  readonly status: number;
  readonly body: string;
}

export interface LocalDynamoDb {
  readonly url: string;
  /** Operations in the order of their coming. */
  readonly operations: string[];
  /** Answers in place of DynamoDB, as long as it is set; null: this request goes on to DynamoDB. */
  script:
    | ((operation: string, body: unknown) => Promise<ScriptedAnswer | null> | ScriptedAnswer | null)
    | null;
  close(): Promise<void>;
}

export function serveDynamoDb(): Promise<LocalDynamoDb>;
