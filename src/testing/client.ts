import { utf8 } from "../bytes/utf8.ts";
import type { Caller } from "./caller.ts";
import type { KmsFailure } from "./errors.ts";
import { abortError } from "./pause.ts";
import type { WireDamage } from "./reply.ts";
import { replyBody } from "./reply.ts";
import type { Outcome, Service } from "./service.ts";

/** A command of the AWS SDK v3 (`new DecryptCommand(...)`), by what the local KMS needs of it. */
export interface LocalKmsCommand<Output extends object = object> {
  /** What the command was made with. */
  readonly input: object;
  /** @internal Only its type is used: it says what the reply is. */
  resolveMiddleware?(...args: never[]): (...args: never[]) => Promise<{ readonly output: Output }>;
}

/**
 * A KMS client in process: takes the SDK's commands and answers, and fails, as a `KMSClient` does - without its
 * retries. Replies hold fresh byte arrays; wipe them as you like.
 */
export interface LocalKmsClient {
  /** Sends a command of `@aws-sdk/client-kms`, and answers its reply. Rejects with an error as the SDK's. */
  send<Output extends object>(
    command: LocalKmsCommand<Output>,
    options?: { readonly abortSignal?: AbortSignal },
  ): Promise<Output>;
  /** For symmetry with `KMSClient`. There is nothing to destroy. */
  destroy(): void;
}

export function createClient(service: Service, caller: Caller): LocalKmsClient {
  return {
    async send<Output extends object>(
      command: LocalKmsCommand<Output>,
      options: { readonly abortSignal?: AbortSignal } = {},
    ): Promise<Output> {
      const { abortSignal: signal } = options;
      if (signal?.aborted === true) throw abortError();
      const input = snapshot(command.input);
      const answer = service.call({ operation: operationOf(command), caller, input: () => input, signal });
      return answerOf(await raceAbort(answer, signal)) as Output;
    },
    destroy() {},
  };
}

// Class names may be mangled by a bundler; the schema that newer commands carry is not.
function operationOf(command: LocalKmsCommand): string {
  const { schema } = command as { schema?: unknown };
  if (Array.isArray(schema) && typeof schema[2] === "string") return schema[2];
  return command.constructor.name.replace(/Command$/, "");
}

// The request as it is now: the caller may wipe or change it while the call is under way.
function snapshot(input: object): Readonly<Record<string, unknown>> {
  return copyOf(input) as Readonly<Record<string, unknown>>;
}

function copyOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copyOf(member)]));
}

function raceAbort<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return answer;
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(abortError());
    signal.addEventListener("abort", aborted, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}

function answerOf(outcome: Outcome): object {
  switch (outcome.kind) {
    case "reset":
      throw networkError("read ECONNRESET", "TimeoutError", {});
    case "status":
      throw serviceError(
        "Unknown",
        "",
        outcome.status,
        outcome.status < 500 ? "client" : "server",
        outcome.requestId,
      );
    case "failure": {
      const { name, message, status, fault } = outcome.failure satisfies KmsFailure;
      throw serviceError(name, message, status, fault, outcome.requestId);
    }
    case "reply": {
      const metadata = metadataOf(200, outcome.requestId);
      const body = damagedReply(outcome.output, outcome.damage, metadata);
      return { $metadata: metadata, ...body };
    }
  }
}

/** What the SDK would make of a reply that is damaged below its members: mostly, an error. */
function damagedReply(
  output: Readonly<Record<string, unknown>>,
  damage: WireDamage,
  metadata: object,
): Readonly<Record<string, unknown>> {
  const { body, cutAfterBytes } = damage;
  if (cutAfterBytes !== undefined && cutAfterBytes < utf8(replyBody(output, body)).length) {
    throw networkError(`aborted${DESERIALIZATION}`, "Error", metadata);
  }
  if (body === "empty") return {};
  if (body === "json" || body === "not-json-html") {
    throw deserializationError(new SyntaxError(`Unexpected token in JSON${DESERIALIZATION}`), metadata);
  }
  if (body === "bad-base64" && Object.values(output).some((value) => value instanceof Uint8Array)) {
    throw deserializationError(new TypeError(`Invalid base64 string.${DESERIALIZATION}`), metadata);
  }
  return output;
}

const DESERIALIZATION =
  "\n  Deserialization error: to see the raw response, inspect the hidden field {error}.$response on this object.";

function metadataOf(httpStatusCode: number, requestId: string): object {
  return { httpStatusCode, requestId, attempts: 1, totalRetryDelay: 0 };
}

function serviceError(
  name: string,
  message: string,
  status: number,
  $fault: "client" | "server",
  requestId: string,
): Error {
  return Object.assign(new Error(message === "" ? "UnknownError" : message), {
    name,
    $fault,
    $retryable: name === "ThrottlingException" ? { throttling: true } : undefined,
    $metadata: metadataOf(status, requestId),
  });
}

function networkError(message: string, name: string, metadata: object): Error {
  return Object.assign(new Error(message), {
    name,
    code: "ECONNRESET",
    $metadata: { attempts: 1, totalRetryDelay: 0, ...metadata },
  });
}

function deserializationError(error: Error, metadata: object): Error {
  return Object.assign(error, { $metadata: metadata });
}
