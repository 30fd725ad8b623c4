/** An error that S3 answers. */
export class S3Refusal extends Error {
  constructor(status, code, message = code) {
    super(message);
    this.status = status;
    this.code = code;
  }

  get answer() {
    return { status: this.status, headers: { "content-type": "application/xml" }, body: errorXml(this) };
  }
}

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
export const escapeXml = (text) => text.replace(/[&<>"]/g, (found) => ESCAPES[found]);

const errorXml = ({ code, message }) =>
  Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${escapeXml(code)}</Code>` +
      `<Message>${escapeXml(message)}</Message><RequestId>0000000000000000</RequestId></Error>`,
  );
