// What KMS must be asked, written from the rules alone; it shares nothing with the cache:
// - A producer's data key serves one context, from the moment it is made until it is as old as the reuse period. The
//   next message has a new one: GenerateDataKey, and a Decrypt where new keys are verified.
// - A consumer asks Decrypt for a data key that it does not hold, and holds it for a reuse period from then on.
// - Nobody shares a key with anybody.

/** The calls that these messages need. */
export function expectedCalls({ reusePeriodSeconds, verifyNewKeys }, messages) {
  const calls = [];
  const call = (at, who, operation) => calls.push(`${at} ${who} ${operation}`);

  const current = new Map();
  const keyOf = new Map();
  for (const message of messages.toSorted((a, b) => a.sentAt - b.sentAt)) {
    const { sentAt, producer, context } = message;
    const use = `${producer} ${context}`;
    let key = current.get(use);
    if (key === undefined || sentAt - key.madeAt >= reusePeriodSeconds) {
      key = { madeAt: sentAt, openedAt: new Map() };
      current.set(use, key);
      call(sentAt, producer, "GenerateDataKey");
      if (verifyNewKeys) call(sentAt, producer, "Decrypt");
    }
    keyOf.set(message, key);
  }

  for (const message of messages.toSorted((a, b) => a.receivedAt - b.receivedAt)) {
    const { receivedAt, consumer } = message;
    const { openedAt } = keyOf.get(message);
    const since = openedAt.get(consumer);
    if (since !== undefined && receivedAt - since < reusePeriodSeconds) continue;
    openedAt.set(consumer, receivedAt);
    call(receivedAt, consumer, "Decrypt");
  }
  return calls.toSorted();
}
