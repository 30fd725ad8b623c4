// Traffic, from dense to odd. R' is exact for a schedule that keeps four rules:
// - Each producer sends in each context at the very moment its data key expires: the time between two messages divides
//   the reuse period. Otherwise each key waits for its successor, and the period is longer than it says.
// - Each consumer hears of each data key.
// - A data key's last message is received less than a reuse period after its first, by the same consumer. That holds
//   if nothing waits, if everything waits alike, and where a backlog is worked off in one go.
// - The traffic lasts for a whole number of periods from each producer's first message. When that is does not matter,
//   nor that consumers open a key later than it was made.

const USUAL = {
  reusePeriodSeconds: 300,
  producers: 1,
  consumers: 1,
  contexts: 1,
  verifyNewKeys: true,
  periods: 24,
  /** Between two messages of one producer in one context. */
  everySeconds: 30,
  /** How many messages at one moment. */
  burst: 1,
  /** From one producer's first message to the next one's. */
  apartSeconds: 0,
  /** From sending to receiving. */
  waitOf: () => 0,
  /** Whether R' is exact. */
  isExact: true,
};

const DAY = 86_400;
const MANY = { producers: 4, consumers: 3, contexts: 2 };
/** Any wait up to a reuse period, in no order. */
const scattered = (_at, k) => (97 * k) % 301;

export const CASES = [
  { name: "dense" },
  { name: "dense", consumers: 3 },
  { name: "dense", producers: 3 },
  { name: "dense", producers: 3, consumers: 3, verifyNewKeys: false },
  { name: "dense", ...MANY },
  { name: "dense, once a second", producers: 2, consumers: 2, everySeconds: 1, periods: 3 },
  { name: "dense, 60 s", ...MANY, reusePeriodSeconds: 60, everySeconds: 6 },
  { name: "dense, a day", ...MANY, reusePeriodSeconds: DAY, everySeconds: DAY / 8 },
  { name: "dense, one after the other", ...MANY, apartSeconds: 47 },
  { name: "dense, 10 at once", ...MANY, burst: 10, everySeconds: 300 },
  { name: "all wait 100 s", ...MANY, waitOf: () => 100 },
  { name: "all wait an hour", ...MANY, waitOf: () => 3600 },
  { name: "every 70 s", ...MANY, everySeconds: 70, isExact: false },
  { name: "every 15 min", everySeconds: 900, isExact: false },
  { name: "some wait", consumers: 2, everySeconds: 10, waitOf: scattered, isExact: false },
  { name: "some wait", ...MANY, everySeconds: 15, waitOf: scattered, isExact: false },
  { name: "fetched every 400 s", ...MANY, waitOf: (at) => 400 - (at % 400), isExact: false },
  { name: "fetched after an hour", ...MANY, waitOf: (at) => Math.max(0, 3600 - at) },
].map((traffic) => ({ ...USUAL, ...traffic }));

/** All messages of one case. Consumers take turns. */
export function messagesOf(traffic) {
  const { reusePeriodSeconds, producers, consumers, contexts, periods } = traffic;
  const { everySeconds, burst, apartSeconds, waitOf } = traffic;
  const messages = [];
  for (let producer = 0; producer < producers; producer++) {
    for (let context = 0; context < contexts; context++) {
      let k = 0;
      for (let passed = 0; passed < periods * reusePeriodSeconds; passed += everySeconds) {
        for (let i = 0; i < burst; i++, k++) {
          const sentAt = producer * apartSeconds + passed;
          messages.push({
            producer: `producer-${producer}`,
            consumer: `consumer-${k % consumers}`,
            context: `context-${context}`,
            text: `${producer} ${context} ${k}`,
            sentAt,
            receivedAt: sentAt + waitOf(sentAt, k),
          });
        }
      }
    }
  }
  return messages;
}
