// S3 as a port, in memory and by web standards alone: what the S3 client of keyfold asks of one.

/** Bodies come back as web streams, in small pieces. */
export function memoryS3() {
  const objects = new Map();
  const uploads = new Map();
  const idOf = ({ Bucket, Key }) => `${Bucket}/${Key}`;

  const operations = {
    async PutObject(input) {
      const body = await allOf(input.Body);
      if (input.ContentLength !== undefined && body.length !== input.ContentLength) {
        throw new Error("another length than was said");
      }
      objects.set(idOf(input), { body, metadata: input.Metadata });
      return {};
    },
    async HeadObject(input) {
      const { body, metadata } = found(input);
      return { ContentLength: body.length, Metadata: metadata, ETag: "e" };
    },
    async GetObject(input) {
      const { body, metadata } = found(input);
      const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(input.Range ?? "") ?? [];
      const part = start === undefined ? body : body.slice(Number(start), Number(end) + 1);
      const range = start === undefined ? {} : { ContentRange: `bytes ${start}-${end}/${body.length}` };
      return {
        Body: inPieces(part, 700),
        ContentLength: part.length,
        Metadata: metadata,
        ETag: "e",
        ...range,
      };
    },
    async CreateMultipartUpload(input) {
      uploads.set("u", { metadata: input.Metadata, parts: [] });
      return { UploadId: "u" };
    },
    async UploadPart({ PartNumber, Body, UploadId }) {
      uploads.get(UploadId).parts[PartNumber - 1] = await allOf(Body);
      return { ETag: `e${PartNumber}` };
    },
    async CompleteMultipartUpload(input) {
      const { metadata, parts } = uploads.get(input.UploadId);
      objects.set(idOf(input), { body: await allOf(new Blob(parts)), metadata });
      return {};
    },
  };

  function found(input) {
    const object = objects.get(idOf(input));
    if (object !== undefined) return object;
    throw Object.assign(new Error("not there"), { name: "NoSuchKey", $metadata: { httpStatusCode: 404 } });
  }

  return {
    objects,
    config: { region: async () => "us-east-1" },
    send: (command) =>
      operations[command.schema?.[2] ?? command.constructor.name.replace(/Command$/, "")](command.input),
  };
}

async function allOf(body) {
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array || body instanceof Blob) {
    return new Uint8Array(await new Blob([body ?? ""]).arrayBuffer());
  }
  const chunks = [];
  // Streams of Node and of the web: what this runtime makes of a sealed body.
  if (typeof body.getReader === "function") {
    const reader = body.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
  } else {
    for await (const chunk of body) chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

export function inPieces(bytes, length) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + length));
      at += length;
    },
  });
}
