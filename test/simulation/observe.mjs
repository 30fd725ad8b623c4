// Producers and consumers of a queue, each with a cache of its own, over a local KMS that writes down who asked what.
// Time is the simulation's own, and stands still while messages are sealed and opened.

const START = Date.UTC(2026, 0, 1);

/** The calls that the library makes for these messages, those of one moment sent and received all at once. */
export async function observedCalls(lib, { reusePeriodSeconds, verifyNewKeys }, messages) {
  let seconds = 0;
  const now = () => START + 1000 * seconds;
  const kms = lib.createLocalKms({ now });
  const keyId = kms.createKey().arn;

  const managers = [];
  const memberOf = memo((name) => {
    const materialsManager = lib.cachingMaterialsManager({
      keyring: lib.kmsKeyring({ client: kms.clientAs(name), keyId }),
      reusePeriodSeconds,
      verifyNewKeys,
      clocks: { monotonic: () => 1000 * seconds, wall: now },
    });
    managers.push(materialsManager);
    return lib.createEncryptionClient({ materialsManager });
  });

  const queue = new Map();
  const send = async (message) => {
    const { producer, context, text } = message;
    const { ciphertext } = await memberOf(producer).encryptText(text, { encryptionContext: { context } });
    queue.set(message, ciphertext);
  };
  const receive = async (message) => {
    const { consumer, context, text } = message;
    const sealed = queue.get(message);
    const { plaintext } = await memberOf(consumer).decryptText(sealed, { encryptionContext: { context } });
    if (plaintext !== text) throw new Error(`${consumer} got ${plaintext} in place of ${text}.`);
  };

  const sent = groupBy(messages, ({ sentAt }) => sentAt);
  const received = groupBy(messages, ({ receivedAt }) => receivedAt);
  const moments = [...new Set([...sent.keys(), ...received.keys()])].toSorted((a, b) => a - b);
  for (const moment of moments) {
    seconds = moment;
    await Promise.all((sent.get(moment) ?? []).map(send));
    await Promise.all((received.get(moment) ?? []).map(receive));
  }
  for (const manager of managers) manager.dispose();
  return kms.events.map(textOf).toSorted();
}

function textOf({ eventTime, userIdentity, eventName, errorCode }) {
  if (errorCode !== undefined) throw new Error(`${eventName} failed: ${errorCode}`);
  return `${(Date.parse(eventTime) - START) / 1000} ${userIdentity.userName} ${eventName}`;
}

function groupBy(list, keyOf) {
  const groupOf = new Map();
  for (const item of list) {
    const key = keyOf(item);
    if (!groupOf.has(key)) groupOf.set(key, []);
    groupOf.get(key).push(item);
  }
  return groupOf;
}

function memo(make) {
  const made = new Map();
  return (name) => {
    if (!made.has(name)) made.set(name, make(name));
    return made.get(name);
  };
}
