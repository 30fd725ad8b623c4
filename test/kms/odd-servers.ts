// What may stand where KMS should: nobody, something that does not speak HTTP, a proxy with a page of its own.
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";

const PAGE = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";

/** A data key that stands in a reply which is not JSON: parsers quote what they stumble over. */
export const QUOTED_KEY: Uint8Array = Uint8Array.from({ length: 32 }, (_, i) => (i * 67 + 104) & 0xff);
const QUOTABLE = `{"Plaintext":${Buffer.from(QUOTED_KEY).toString("base64")}}`;

export interface OddServers {
  readonly closed: string;
  readonly garbage: string;
  readonly proxyPage: string;
  readonly quotable: string;
  readonly badGateway: string;
  close(): Promise<void>;
}

export async function startOddServers(): Promise<OddServers> {
  const page = (status: number, body = PAGE) =>
    createHttpServer((_request, response) => {
      response.writeHead(status, { "content-type": "text/html" }).end(body);
    });
  const servers = [
    createServer((socket) =>
      socket
        .on("error", () => {})
        .resume()
        .end("220 mail.example ESMTP\r\n"),
    ),
    page(200),
    page(200, QUOTABLE),
    page(502),
  ];
  const [garbage, proxyPage, quotable, badGateway] = await Promise.all(servers.map(urlOf));
  // A port that was free a moment ago, and that nobody listens at.
  const free = createServer();
  const closed = await urlOf(free);
  await stop(free);
  return {
    closed,
    garbage: garbage!,
    proxyPage: proxyPage!,
    quotable: quotable!,
    badGateway: badGateway!,
    close: async () => void (await Promise.all(servers.map(stop))),
  };
}

async function urlOf(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ("closeAllConnections" in server) (server.closeAllConnections as () => void)();
  });
}
