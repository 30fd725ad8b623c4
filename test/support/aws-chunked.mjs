// The framing that AWS's clients put around a body whose checksum follows it.

const LONGEST_LINE = 16_384;

/**
 * The data in an aws-chunked body as it comes. `seen` gathers the trailers, and the length of every chunk. Throws
 * on a body that ends early.
 */
export async function* awsChunks(source, seen = { trailers: {}, lengths: [] }) {
  let rest = Buffer.alloc(0);
  let left = 0;
  let expected = "length";
  for await (const piece of source) {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    for (;;) {
      if (expected === "data") {
        const data = rest.subarray(0, left);
        if (data.length > 0) yield data;
        left -= data.length;
        rest = rest.subarray(data.length);
        if (left > 0 || rest.length < 2) break;
        if (rest[0] !== 0x0d || rest[1] !== 0x0a)
          throw new Error("aws-chunked: a chunk is longer than it says");
        rest = rest.subarray(2);
        expected = "length";
        continue;
      }
      const end = rest.indexOf("\r\n");
      if (end < 0) {
        if (rest.length > LONGEST_LINE) throw new Error("aws-chunked: a line without end");
        break;
      }
      const line = rest.toString("latin1", 0, end);
      rest = rest.subarray(end + 2);
      if (expected === "length") {
        const [digits] = line.split(";");
        if (!/^[0-9a-f]{1,12}$/i.test(digits)) throw new Error("aws-chunked: no length of a chunk");
        left = Number.parseInt(digits, 16);
        if (left > 0) seen.lengths.push(left);
        expected = left > 0 ? "data" : "trailer";
      } else if (line === "") {
        expected = "end";
      } else {
        const colon = line.indexOf(":");
        seen.trailers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
      }
      if (expected === "end") break;
    }
  }
  if (expected !== "end" || rest.length > 0) throw new Error("aws-chunked: another end");
}
