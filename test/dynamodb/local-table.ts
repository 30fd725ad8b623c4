import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll } from "vitest";
import { mailboxTable } from "../../src/dynamodb/index.ts";
import { type LocalDynamoDb, serveDynamoDb } from "../support/dynamodb-server.mjs";

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** dynalite on loopback for the tests of a file, clients of it, and tables for mailboxes. */
export function localDynamoDb() {
  let local: LocalDynamoDb;
  let tables = 0;
  const clients: DynamoDBClient[] = [];
  const proxies: Server[] = [];
  beforeAll(async () => {
    local = await serveDynamoDb();
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    for (const proxy of proxies) {
      proxy.closeAllConnections();
      proxy.close();
    }
    await local.close();
  });

  const newClient = (config: DynamoDBClientConfig = {}): DynamoDBClient => {
    const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
    const client = new DynamoDBClient({
      endpoint: local.url,
      region: "eu-central-1",
      credentials,
      ...config,
    });
    clients.push(client);
    return client;
  };

  return {
    newClient,

    async createTable(): Promise<string> {
      const TableName = `mailboxes-${++tables}`;
      await newClient().send(new CreateTableCommand(mailboxTable(TableName)));
      return TableName;
    },

    /** A client whose connection breaks behind the request of its next call of this operation, once it was served. */
    async clientThatMissesOneReply(operation: string): Promise<DynamoDBClient> {
      let missed = false;
      const proxy = createServer((incoming, outgoing) => {
        const target = String(incoming.headers["x-amz-target"]);
        const upstream = request(local.url, { method: "POST", headers: incoming.headers }, (reply) => {
          if (missed || !target.endsWith(`.${operation}`)) {
            outgoing.writeHead(reply.statusCode!, reply.headers);
            reply.pipe(outgoing);
            return;
          }
          missed = true;
          reply.resume().on("end", () => incoming.socket.destroy());
        });
        incoming.pipe(upstream);
      });
      proxies.push(proxy);
      return newClient({ endpoint: await listening(proxy) });
    },
  };
}
