// Details of EventBridge events, sealed before PutEvents and opened by the rule's target. A detail must be JSON, so the
// sealed text is a field of it; what rules match on stays beside it, in clear. Here a list in memory stands for the bus;
// with AWS, `putEvents` is `client.send(new PutEventsCommand({ Entries }))`, and `handler` is a Lambda function.
import assert from "node:assert/strict";
import { createEncryptionClient, openPayload, rawAesKeyring, sealPayload } from "keyfold";

const keyring = rawAesKeyring({
  namespace: "app",
  name: "events-2026",
  key: crypto.getRandomValues(new Uint8Array(32)),
});
const client = createEncryptionClient({ keyring });
const bus = [];
const putEvents = async ({ Entries }) => {
  for (const { Source, DetailType, Detail } of Entries) {
    bus.push({ source: Source, "detail-type": DetailType, detail: JSON.parse(Detail) });
  }
};

// Who sent it, and what it is called. A context may hold what rules match on, too: then it cannot be changed.
const bound = (source, type, priority) => ({ encryptionContext: { source, type, priority } });

async function publish(Source, DetailType, priority, detail) {
  const sealed = await sealPayload(client, JSON.stringify(detail), bound(Source, DetailType, priority));
  await putEvents({ Entries: [{ Source, DetailType, Detail: JSON.stringify({ priority, sealed }) }] });
}

async function handler(event) {
  const { priority, sealed } = event.detail;
  return JSON.parse(await openPayload(client, sealed, bound(event.source, event["detail-type"], priority)));
}

await publish("shop.orders", "OrderPlaced", "high", { order: 7, customer: "Ada", count: 42 });
console.log("the bus sees", { ...bus[0], detail: { ...bus[0].detail, sealed: "..." } });
const detail = await handler(bus[0]);
console.log("the target has", detail);
assert.deepEqual(detail, { order: 7, customer: "Ada", count: 42 });

const altered = { ...bus[0], detail: { ...bus[0].detail, priority: "low" } };
const error = await handler(altered).catch((error) => error);
assert.equal(error.code, "ERR_ENCRYPTION_CONTEXT");
console.log(`with another priority: ${error.code}`);
