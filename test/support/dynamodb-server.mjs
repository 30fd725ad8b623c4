// DynamoDB on loopback: dynalite, which somebody else wrote, behind a front that adds the transactions it lacks.
import { once } from "node:events";
import { createServer } from "node:http";
import dynalite from "dynalite";

/** Starts it, without tables. */
export async function serveDynamoDb() {
  const behind = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  const dynaliteUrl = await listen(behind);
  const operations = [];
  const transact = transactions(dynaliteUrl);

  const answer = async (request) => {
    const text = await textOf(request);
    const operation = String(request.headers["x-amz-target"]).split(".")[1];
    operations.push(operation);
    const scripted = await local.script?.(operation, JSON.parse(text));
    if (scripted != null) return scripted;
    if (operation === "TransactWriteItems") return transact(request, JSON.parse(text));
    return forward(dynaliteUrl, request, operation, text);
  };
  const front = createServer((request, response) => {
    answer(request).then(
      ({ status, body }) =>
        response.writeHead(status, { "content-type": "application/x-amz-json-1.0" }).end(body),
      (error) => response.destroy(error),
    );
  });
  const local = {
    url: await listen(front),
    operations,
    script: null,
    async close() {
      front.closeAllConnections();
      await Promise.all([front, behind].map((server) => new Promise((done) => server.close(done))));
    },
  };
  return local;
}

async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${server.address().port}`;
}

/** One transaction of puts after the other: all conditions are looked at first, then all is put. */
function transactions(url) {
  const done = new Map();
  let tail = Promise.resolve();

  const ask = async (request, operation, body) =>
    JSON.parse((await forward(url, request, operation, JSON.stringify(body))).body);

  const holds = async (request, put) => {
    const { "branch-key-id": id, type } = put.Item;
    const query = { TableName: put.TableName, Key: { "branch-key-id": id, type }, ConsistentRead: true };
    const { Item } = await ask(request, "GetItem", query);
    const attribute = (name) => JSON.stringify(Item?.[put.ExpressionAttributeNames[name]]);
    const conditions = put.ConditionExpression === undefined ? [] : put.ConditionExpression.split(" AND ");
    return conditions.every((condition) => {
      const exists = /^attribute_(not_)?exists\((#\w+)\)$/.exec(condition);
      if (exists !== null) return (attribute(exists[2]) === undefined) === (exists[1] !== undefined);
      const [name, value] = condition.split(" = ");
      return attribute(name) === JSON.stringify(put.ExpressionAttributeValues[value]);
    });
  };

  const run = async (request, { TransactItems, ClientRequestToken }) => {
    const content = JSON.stringify(TransactItems);
    const before = done.get(ClientRequestToken);
    if (before !== undefined) {
      return before === content ? success() : refusal("IdempotentParameterMismatchException");
    }
    const puts = TransactItems.map(({ Put }) => Put);
    const outcomes = await Promise.all(puts.map((put) => holds(request, put)));
    if (outcomes.includes(false)) {
      const CancellationReasons = outcomes.map((held) => ({
        Code: held ? "None" : "ConditionalCheckFailed",
      }));
      return refusal("TransactionCanceledException", { CancellationReasons });
    }
    for (const { TableName, Item } of puts) await ask(request, "PutItem", { TableName, Item });
    if (ClientRequestToken !== undefined) done.set(ClientRequestToken, content);
    return success();
  };

  return (request, transaction) => {
    const answer = tail.then(() => run(request, transaction));
    tail = answer.catch(() => undefined);
    return answer;
  };
}

const success = () => ({ status: 200, body: "{}" });
const refusal = (name, more = {}) => ({
  status: 400,
  body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, ...more }),
});

async function forward(url, { headers }, operation, body) {
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `DynamoDB_20120810.${operation}`,
      "x-amz-date": String(headers["x-amz-date"]),
      authorization: String(headers.authorization),
    },
    body,
  });
  return { status: answer.status, body: await answer.text() };
}

async function textOf(request) {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}
