// S3 on loopback: a front over HTTP that keeps a log and fails when a test says so, before the service in memory.
import { once } from "node:events";
import { createServer } from "node:http";
import { pipeline } from "node:stream/promises";
import { S3Refusal } from "./s3-refusal.mjs";
import { headOf, readBody } from "./s3-request.mjs";
import { createService } from "./s3-service.mjs";

/** Starts it, with these buckets. */
export async function serveS3(...buckets) {
  const options = { encodedWords: "Q", smallParts: false };
  const service = createService(options);
  const requests = [];

  const answer = async (request, response) => {
    const asked = headOf(request);
    requests.push(asked);
    const scripted = (await local.script?.(asked)) ?? {};
    if (scripted.cutRequestAfter !== undefined) return cutRequest(request, scripted.cutRequestAfter);
    let reply = await received(asked, request);
    reply ??= scripted.status === undefined ? await service.answer(asked) : spoken(scripted);
    if (scripted.alter !== undefined) reply = { ...reply, ...scripted.alter(reply) };
    asked.status = reply.status;
    await send(request, response, reply, scripted);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error));
  });
  // Not after five seconds, which pass between two requests of a busy machine: the second would be cut.
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  /** What a test does by itself: not over HTTP, and not for the log. */
  const aside = async (method, bucket, key, more = {}) => {
    const metadata = more.metadata ?? {};
    const asked = { ...headOf({ method, url: `/${bucket}`, headers: {} }), key, metadata, ...more };
    const reply = await service.answer(asked);
    if (reply.status >= 400 && reply.status !== 404) throw new Error(reply.body.toString());
    return reply;
  };
  for (const bucket of buckets) await aside("PUT", bucket, "", { operation: "CreateBucket" });

  const local = {
    url: `http://127.0.0.1:${server.address().port}`,
    requests,
    options,
    script: null,
    asked: () => requests.map(({ operation, key }) => `${operation} ${key}`.trim()),
    async object(bucket, key) {
      const { status, headers, body } = await aside("GET", bucket, key, { operation: "GetObject" });
      if (status === 404) return undefined;
      const metadata = {};
      for (const [name, value] of Object.entries(headers)) {
        if (name.startsWith("x-amz-meta-")) metadata[name.slice("x-amz-meta-".length)] = value;
      }
      return { body: new Uint8Array(body), metadata, headers };
    },
    async put(bucket, key, body, metadata = {}) {
      await aside("PUT", bucket, key, { operation: "PutObject", body: Buffer.from(body), metadata });
    },
    async keys(bucket) {
      const { body } = await aside("GET", bucket, "", { operation: "ListObjects" });
      const unescaped = (text) =>
        text.replace(
          /&(lt|gt|quot|apos|amp);/g,
          (_, name) => ({ lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" })[name],
        );
      return [...body.toString().matchAll(/<Key>([\s\S]*?)<\/Key>/g)].map(([, key]) => unescaped(key));
    },
    uploads: () =>
      [...service.uploads.values()].map(({ bucket, key, uploadId, parts }) => ({
        bucket,
        key,
        uploadId,
        parts: parts.size,
      })),
    async close() {
      server.closeAllConnections();
      await Promise.all([new Promise((done) => server.close(done)), service.close()]);
    },
  };
  return local;
}

/** The refusal of a body that S3 would not take; else nothing. */
async function received(asked, request) {
  try {
    await readBody(asked, request);
    return undefined;
  } catch (error) {
    if (error instanceof S3Refusal) return error.answer;
    throw error;
  }
}

const spoken = ({ status, code = `Scripted${status}`, message, headers = {}, body }) => {
  const { answer } = new S3Refusal(status, code, message);
  return { ...answer, headers: { ...answer.headers, ...headers }, body: body ?? answer.body };
};

async function cutRequest(request, after) {
  let bytes = 0;
  if (after > 0) {
    for await (const piece of request) {
      bytes += piece.length;
      if (bytes >= after) break;
    }
  }
  request.socket.destroy();
}

async function send(
  request,
  response,
  { status, headers, body },
  { loseReply, cutAfter, stallAfter, pieces },
) {
  if (loseReply) return request.socket.destroy();
  const names = Object.entries(headers).filter(
    ([name]) => !/^(connection|keep-alive|transfer-encoding|date)$/.test(name),
  );
  const length = request.method === "HEAD" ? {} : { "content-length": String(body.length) };
  response.writeHead(status, { ...Object.fromEntries(names), ...length });
  if (request.method === "HEAD" || status === 204 || status === 304) return response.end();
  const stop = cutAfter ?? stallAfter;
  if (stop !== undefined) {
    response.flushHeaders();
    await new Promise((sent) => response.write(body.subarray(0, stop), sent));
    if (cutAfter !== undefined) request.socket.destroy();
    return undefined;
  }
  await pipeline(inPieces(body, pieces ?? body.length), response);
}

function* inPieces(body, length) {
  for (let at = 0; at < body.length; at += length) yield body.subarray(at, at + length);
}
