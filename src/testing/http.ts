import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { concat } from "../bytes/arrays.ts";
import { fromBase64 } from "../bytes/base64.ts";
import { fromUtf8, utf8 } from "../bytes/utf8.ts";
import { UnsupportedError } from "../errors.ts";
import type { Caller } from "./caller.ts";
import { KmsFailure } from "./errors.ts";
import { newUuid } from "./key-id.ts";
import { replyBody } from "./reply.ts";
import type { Outcome, Service } from "./service.ts";
import type { Shape } from "./shape.ts";

/** A local KMS that listens on 127.0.0.1. */
export interface LocalKmsEndpoint {
  /** The `endpoint` of a client's configuration, such as `"http://127.0.0.1:41234"`. */
  readonly url: string;
  /** The port. */
  readonly port: number;
  /** Stops listening and breaks every open connection. */
  close(): Promise<void>;
}

const BODY_LIMIT = 1024 * 1024;
const CREDENTIAL = /\bCredential=([^/\s,]+)\/\d{8}\/(?:([a-z0-9-]+)\/)?kms\/aws4_request\b/;

/** Serves KMS's JSON protocol. The only part of the local KMS that needs Node. */
export async function listen(
  service: Service,
  callerOf: (accessKeyId: string, region: string | undefined, userAgent: string) => Caller,
  port: number,
): Promise<LocalKmsEndpoint> {
  // The catch also tells bundlers for the web to leave this import alone.
  const { createServer } = await import("node:http").catch(() => {
    throw new UnsupportedError(
      "node:http",
      "kms.listen() needs the HTTP server of Node, Bun or Deno. Here, use kms.client in process.",
    );
  });
  const server = createServer((request, response) => {
    answer(service, callerOf, request, response).catch(() => {
      if (!response.headersSent) refuse(response, new KmsFailure("InternalFailure"), newUuid());
    });
  });
  // A machine that stalls longer than an idle connection lives would reuse it at the moment of its end.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    close() {
      closed ??= new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closed;
    },
  };
}

async function answer(
  service: Service,
  callerOf: Parameters<typeof listen>[1],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  try {
    const body = await readBody(request);
    const { authorization = "", "user-agent": userAgent = "" } = request.headers;
    const caller = authenticate(authorization, (id, region) =>
      callerOf(id, region, userAgent.slice(0, 1024)),
    );
    const outcome = await service.call({
      operation: operationOf(request),
      caller,
      input: (shape) => parseBody(body, shape),
      signal: gone.signal,
    });
    respond(response, outcome);
  } catch (error) {
    if (gone.signal.aborted) return;
    if (!(error instanceof KmsFailure)) throw error;
    refuse(response, error, newUuid());
  }
}

function operationOf(request: IncomingMessage): string {
  const target = request.headers["x-amz-target"];
  const match = typeof target === "string" ? /^TrentService\.(\w+)$/.exec(target) : null;
  if (request.method !== "POST" || match === null) throw new KmsFailure("UnknownOperationException");
  return match[1]!;
}

function authenticate(
  authorization: string,
  callerOf: (id: string, region: string | undefined) => Caller,
): Caller {
  if (authorization === "") {
    throw new KmsFailure("MissingAuthenticationTokenException", "Missing Authentication Token");
  }
  const match = CREDENTIAL.exec(authorization);
  if (match === null) {
    throw new KmsFailure(
      "IncompleteSignatureException",
      "The Authorization header has no Credential of the form KEY/DATE/REGION/kms/aws4_request",
    );
  }
  return callerOf(match[1]!, match[2]);
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    // Read on to the end, so that the answer arrives; keep no more than the limit.
    if (length <= BODY_LIMIT) chunks.push(chunk);
  }
  if (length > BODY_LIMIT) throw new KmsFailure("RequestEntityTooLargeException");
  return concat(...chunks);
}

function parseBody(body: Uint8Array, shape: Shape): Readonly<Record<string, unknown>> {
  const members = parseObject(fromUtf8(body));
  for (const [name, { type }] of Object.entries(shape)) {
    const value = members[name];
    if (type !== "blob" || value === undefined || value === null) continue;
    const bytes = typeof value === "string" ? fromBase64(value) : null;
    if (bytes === null) throw new KmsFailure("SerializationException", `${name} is not base64`);
    members[name] = bytes;
  }
  return members;
}

function parseObject(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "");
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Not JSON: refused below.
  }
  throw new KmsFailure("SerializationException", "The body is not a JSON object in UTF-8");
}

function respond(response: ServerResponse, outcome: Outcome): void {
  switch (outcome.kind) {
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "status":
      send(response, outcome.status, "", outcome.requestId);
      return;
    case "failure":
      refuse(response, outcome.failure, outcome.requestId);
      return;
    case "reply":
      send(
        response,
        200,
        replyBody(outcome.output, outcome.damage.body),
        outcome.requestId,
        outcome.damage.cutAfterBytes,
      );
  }
}

function refuse(response: ServerResponse, failure: KmsFailure, requestId: string): void {
  const message = failure.message === "" ? {} : { message: failure.message };
  send(response, failure.status, JSON.stringify({ __type: failure.name, ...message }), requestId);
}

function send(
  response: ServerResponse,
  status: number,
  text: string,
  requestId: string,
  cutAfter?: number,
): void {
  const body = utf8(text);
  response.writeHead(status, {
    "content-type": "application/x-amz-json-1.1",
    "content-length": body.length,
    "x-amzn-requestid": requestId,
  });
  if (cutAfter === undefined || cutAfter >= body.length) {
    response.end(body);
    return;
  }
  response.flushHeaders();
  response.write(body.subarray(0, cutAfter));
  response.socket?.destroySoon();
}
