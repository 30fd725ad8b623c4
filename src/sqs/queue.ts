import { invalidArgument } from "../arguments.ts";

/** A queue, as it is bound to messages: the same by every endpoint. */
export interface Queue {
  /** 12 digits. */
  readonly accountId: string;
  /** With its `.fifo`, if it has one. */
  readonly name: string;
}

/** Tells which queue a URL names, where it does not say so itself. */
export type QueueOf = (queueUrl: string) => Queue;

const ARN = /^arn:aws[a-z-]*:sqs:[a-z0-9-]+:(\d{12}):([\w-]{1,80}(?:\.fifo)?)$/;
const PATH = /\/(\d{12})\/([\w-]{1,80}(?:\.fifo)?)$/;

/** The queue behind a URL or an ARN: account and name are the end of its path, whatever the endpoint is called. */
export function queueOfUrl(queueUrl: string): Queue {
  const [, accountId, name] = ARN.exec(queueUrl) ?? PATH.exec(queueUrl) ?? [];
  if (accountId !== undefined && name !== undefined) return { accountId, name };
  throw invalidArgument(
    `createSqsEncryptionClient: ${JSON.stringify(queueUrl)} does not end in account and queue name. Say which queue it is: queueOf: (url) => ({ accountId, name }).`,
  );
}

/** How a queue stands in the encryption context. */
export function queueName({ accountId, name }: Queue): string {
  return `${accountId}/${name}`;
}

/** The same in an error. It is not authentic yet: what cannot be a queue of SQS is not repeated. */
export function shownQueue(name: string): string {
  return /^\d{12}\/[\w-]{1,80}(?:\.fifo)?$/.test(name)
    ? `the queue ${JSON.stringify(name)}`
    : "another queue";
}

/** Asks a caller's function, and checks what it answers. */
export function checkedQueue(queue: Queue | undefined): Queue {
  const { accountId, name } = queue ?? {};
  if (
    typeof accountId === "string" &&
    /^\d{12}$/.test(accountId) &&
    typeof name === "string" &&
    name !== ""
  ) {
    return { accountId, name };
  }
  throw invalidArgument(
    "createSqsEncryptionClient: queueOf must answer { accountId, name }, with 12 digits.",
  );
}
