// What a request asks of S3: its operation, bucket and key, and its body out of the framing.
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { awsChunks } from "./aws-chunked.mjs";
import { S3Refusal } from "./s3-refusal.mjs";

const META = "x-amz-meta-";

/** The operation by its name in the SDK; with what S3 has and this stand-in has not, `undefined`. */
function operationOf(method, key, query, headers) {
  const known =
    /^(x-id|uploads|uploadId|partNumber|list-type|prefix|delimiter|max-keys|start-after|continuation-token|marker|delete|versionId|response-.*)$/;
  if (Object.keys(query).some((name) => !known.test(name))) return undefined;
  const upload = query.uploadId !== undefined;
  const copy = headers["x-amz-copy-source"] !== undefined;
  if (key === "") {
    if (method === "GET" && query.uploads !== undefined) return "ListMultipartUploads";
    if (method === "GET") return query["list-type"] === "2" ? "ListObjectsV2" : "ListObjects";
    if (method === "POST" && query.delete !== undefined) return "DeleteObjects";
    return { PUT: "CreateBucket", HEAD: "HeadBucket", DELETE: "DeleteBucket" }[method];
  }
  switch (method) {
    case "PUT":
      if (upload && copy) return undefined;
      if (copy) return "CopyObject";
      return upload ? "UploadPart" : "PutObject";
    case "GET":
      if (upload) return "ListParts";
      return query.partNumber === undefined ? "GetObject" : undefined;
    case "HEAD":
      return query.partNumber === undefined ? "HeadObject" : undefined;
    case "DELETE":
      return upload ? "AbortMultipartUpload" : "DeleteObject";
    case "POST":
      if (query.uploads !== undefined) return "CreateMultipartUpload";
      return upload ? "CompleteMultipartUpload" : undefined;
    default:
      return undefined;
  }
}

/** A request as the log keeps it, before its body has come. */
export function headOf({ method, url, headers }) {
  const [path, search = ""] = url.split("?", 2);
  const [, bucket = "", rest = ""] = /^\/([^/]*)\/?(.*)$/s.exec(path);
  const key = decodeURIComponent(rest);
  const query = Object.fromEntries(new URLSearchParams(search));
  const metadata = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(META)) metadata[name.slice(META.length)] = value;
  }
  return {
    operation: operationOf(method, key, query, headers),
    method,
    bucket: decodeURIComponent(bucket),
    key,
    query,
    headers: { ...headers },
    metadata,
    body: Buffer.alloc(0),
    trailers: {},
    chunkLengths: [],
    status: undefined,
  };
}

export const isChunked = (headers) =>
  /aws-chunked/.test(headers["content-encoding"] ?? "") ||
  /^STREAMING-/.test(headers["x-amz-content-sha256"] ?? "");

/** Reads the body into the request as S3 would take it, or says why S3 would not. */
export async function readBody(asked, source) {
  const { headers } = asked;
  const length = headers["x-amz-decoded-content-length"] ?? headers["content-length"];
  if (length === undefined && headers["transfer-encoding"] !== undefined) {
    source.resume();
    throw new S3Refusal(
      501,
      "NotImplemented",
      "a header implies functionality not implemented: Transfer-Encoding",
    );
  }
  const seen = { trailers: asked.trailers, lengths: asked.chunkLengths };
  const pieces = [];
  try {
    for await (const piece of isChunked(headers) ? awsChunks(source, seen) : source) pieces.push(piece);
  } catch (error) {
    if (source.destroyed) throw error;
    throw new S3Refusal(400, "IncompleteBody", error.message);
  }
  asked.body = Buffer.concat(pieces);
  if (length !== undefined && Number(length) !== asked.body.length) {
    throw new S3Refusal(400, "IncompleteBody", `${length} bytes were announced, ${asked.body.length} came`);
  }
  // Real S3 wants 8 KiB in every aws-chunk but the last.
  if (asked.chunkLengths.slice(0, -1).some((chunk) => chunk < 8192)) {
    throw new S3Refusal(403, "InvalidChunkSizeError", "Only the last chunk may be shorter than 8192 bytes");
  }
  compareDigests(asked);
}

const digest = (algorithm) => (body) => createHash(algorithm).update(body).digest("base64");

// crc32c and crc64nvme are taken unseen: Node computes neither.
const DIGESTS = {
  "content-md5": digest("md5"),
  "x-amz-checksum-sha1": digest("sha1"),
  "x-amz-checksum-sha256": digest("sha256"),
  "x-amz-checksum-crc32"(body) {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return sum.toString("base64");
  },
};

function compareDigests({ headers, trailers, body, operation }) {
  // The checksum of CompleteMultipartUpload is the whole object's.
  if (operation === "CompleteMultipartUpload") return;
  for (const [name, compute] of Object.entries(DIGESTS)) {
    const announced = trailers[name] ?? headers[name];
    if (announced !== undefined && announced !== compute(body)) {
      throw new S3Refusal(400, "BadDigest", `${name} did not match what was received`);
    }
  }
  const signed = headers["x-amz-content-sha256"];
  if (/^[0-9a-f]{64}$/.test(signed) && createHash("sha256").update(body).digest("hex") !== signed) {
    throw new S3Refusal(
      400,
      "XAmzContentSHA256Mismatch",
      "x-amz-content-sha256 did not match what was received",
    );
  }
}
