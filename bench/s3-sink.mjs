// S3 for big bodies: counts what comes and drops it, or keeps it on disk and streams it back. Its own memory stays
// flat, and nothing is verified: for what S3 minds, see the S3 of the tests.
//
// A bench that looks at its own memory wants `forkSink`: the same in a process of its own.
import { fork } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { awsChunks } from "../test/support/aws-chunked.mjs";

/** Starts it on loopback. `keep`: bodies lie in a temporary folder until `close`. */
export async function serveSink({ keep = false } = {}) {
  const folder = keep ? await mkdtemp(join(tmpdir(), "s3-sink-")) : undefined;
  const state = { folder, objects: new Map(), uploads: new Map(), files: 0 };
  const stats = { requests: {}, received: 0, sent: 0 };

  const server = createServer((request, response) => {
    answer(state, stats, request, response).catch((error) => response.destroy(error));
  });
  server.requestTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Requests by operation, and the bytes of bodies out of their framing. */
    stats: async () => structuredClone(stats),
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The same in a process of its own. */
export async function forkSink(options = {}) {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(options)], { execArgv: [] });
  const [{ url }] = await once(child, "message");
  return {
    url,
    async stats() {
      child.send("stats");
      return (await once(child, "message"))[0];
    },
    async close() {
      const exit = once(child, "exit");
      child.disconnect();
      await exit;
    },
  };
}

async function answer(state, stats, request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://sink");
  const place = decodeURIComponent(pathname);
  const operation = operationOf(request.method, searchParams);
  stats.requests[operation] = (stats.requests[operation] ?? 0) + 1;
  const body = isChunked(request.headers) ? awsChunks(request) : request;
  const upload = state.uploads.get(searchParams.get("uploadId"));

  switch (operation) {
    case "PutObject": {
      const segment = await store(state, stats, body);
      const object = objectOf([segment], headersOf(request));
      state.objects.set(place, object);
      return response.writeHead(200, { etag: object.etag }).end();
    }
    case "CreateMultipartUpload": {
      const uploadId = `upload-${state.uploads.size}-${Date.now()}`;
      state.uploads.set(uploadId, { headers: headersOf(request), parts: new Map() });
      return xml(response, "InitiateMultipartUploadResult", `<UploadId>${uploadId}</UploadId>`);
    }
    case "UploadPart": {
      const segment = await store(state, stats, body);
      upload.parts.set(Number(searchParams.get("partNumber")), segment);
      return response.writeHead(200, { etag: segment.etag }).end();
    }
    case "CompleteMultipartUpload": {
      const numbers = [...(await textOf(body)).matchAll(/<PartNumber>(\d+)</g)].map(([, number]) => +number);
      const object = objectOf(
        numbers.map((number) => upload.parts.get(number)),
        upload.headers,
      );
      state.objects.set(place, object);
      state.uploads.delete(searchParams.get("uploadId"));
      return xml(response, "CompleteMultipartUploadResult", `<ETag>${object.etag}</ETag>`);
    }
    case "AbortMultipartUpload":
      state.uploads.delete(searchParams.get("uploadId"));
      return response.writeHead(204).end();
    case "DeleteObject":
      state.objects.delete(place);
      return response.writeHead(204).end();
    default:
      return read(state, stats, request, response, state.objects.get(place));
  }
}

function operationOf(method, query) {
  const upload = query.has("uploadId");
  if (method === "PUT") return upload ? "UploadPart" : "PutObject";
  if (method === "POST") return upload ? "CompleteMultipartUpload" : "CreateMultipartUpload";
  if (method === "DELETE") return upload ? "AbortMultipartUpload" : "DeleteObject";
  return method === "HEAD" ? "HeadObject" : "GetObject";
}

const isChunked = (headers) => /aws-chunked/.test(headers["content-encoding"] ?? "");

/** What GetObject is to answer. */
const headersOf = ({ headers }) =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith("x-amz-meta-") || name === "content-type"),
  );

const objectOf = (segments, headers) => ({
  segments,
  headers,
  length: segments.reduce((sum, segment) => sum + segment.length, 0),
  etag: segments[0].etag,
});

async function store(state, stats, body) {
  const number = ++state.files;
  const path = state.folder === undefined ? undefined : join(state.folder, String(number));
  const file = path === undefined ? undefined : await open(path, "w");
  let length = 0;
  try {
    for await (const piece of body) {
      length += piece.length;
      stats.received += piece.length;
      await file?.writeFile(piece);
    }
  } finally {
    await file?.close();
  }
  return { path, length, etag: `"${number}"` };
}

async function read(state, stats, request, response, object) {
  if (object === undefined) {
    return xml(response, "Error", "<Code>NoSuchKey</Code><Message>none</Message>", 404);
  }
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const ranged = from !== undefined;
  const start = ranged ? Number(from) : 0;
  const end = Math.min(ranged && to !== "" ? Number(to) + 1 : object.length, object.length);
  if (ranged && start >= object.length) {
    return xml(response, "Error", "<Code>InvalidRange</Code><Message>beyond</Message>", 416);
  }
  response.writeHead(ranged ? 206 : 200, {
    ...object.headers,
    etag: object.etag,
    "content-length": end - start,
    ...(ranged && { "content-range": `bytes ${start}-${end - 1}/${object.length}` }),
  });
  if (request.method === "HEAD") return response.end();
  if (state.folder === undefined) throw new Error("a sink that keeps nothing has nothing to read");
  await pipeline(piecesOf(object.segments, start, end, stats), response);
}

async function* piecesOf(segments, start, end, stats) {
  let at = 0;
  for (const { path, length } of segments) {
    const [first, last] = [Math.max(start - at, 0), Math.min(end - at, length) - 1];
    at += length;
    if (first > last) continue;
    for await (const piece of createReadStream(path, { start: first, end: last, highWaterMark: 1 << 18 })) {
      stats.sent += piece.length;
      yield piece;
    }
  }
}

function xml(response, name, inner, status = 200) {
  response.writeHead(status, { "content-type": "application/xml" });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n<${name}>${inner}</${name}>`);
}

async function textOf(body) {
  const pieces = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.send !== undefined) {
  const sink = await serveSink(JSON.parse(process.argv[2]));
  process.on("message", async () => process.send(await sink.stats()));
  process.once("disconnect", () => sink.close().then(() => process.exit()));
  process.send({ url: sink.url });
}
