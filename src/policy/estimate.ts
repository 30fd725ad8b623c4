import { invalidArgument, optionsOf, wholeNumber } from "../arguments.ts";

/** Who uses one queue, and how long a data key lasts there. */
export interface QueueTraffic {
  /** Length of what is billed, 1 or more: 2,678,400 for a month of 31 days. */
  readonly billingPeriodSeconds: number;
  /** How long a data key may be used: 60 to 86,400. Default: 300. */
  readonly reusePeriodSeconds?: number;
  /**
   * Who seals, 0 or more. For SQS a principal: an account, user or role. For keyfold a cache: one materials manager of
   * one process; a function that runs in 20 sandboxes counts 20 times.
   */
  readonly producers: number;
  /** Who opens, 0 or more, counted likewise. */
  readonly consumers: number;
  /** Distinct encryption contexts that each producer seals under, each of which has its own data key. SQS has one. Default: 1. */
  readonly contexts?: number;
  /** The producers' option of that name: a Decrypt for each new data key. SQS always asks it. Default: true. */
  readonly verifyNewKeys?: boolean;
}

/** Expected KMS requests in a billing period. They are means, so they may have a fraction. */
export interface KmsRequestCounts {
  /** R: what Amazon SQS asks of KMS when it encrypts on its own side. */
  readonly sqs: number;
  /** R': what caching materials managers of keyfold ask, on yours. */
  readonly keyfold: number;
}

/** The sum over all queues, and each queue in the order given. */
export interface KmsRequestEstimate extends KmsRequestCounts {
  /** Of each queue. */
  readonly queues: readonly KmsRequestCounts[];
}

const CALLER = "estimateKmsRequests";

/**
 * How many requests KMS gets where data keys are reused for a while; multiply by the price of your Region.
 *
 * - R = (B / D) x (2P + C), the formula of the Amazon SQS developer guide (key management): SQS asks once for each
 *   consumer.
 * - R' = (B / D) x (2P + P x C) x contexts: a consumer of keyfold opens the data key of each producer that it hears
 *   from. P in place of 2P without `verifyNewKeys`.
 *
 * B is the billing period, D the reuse period, P producers, C consumers. Both take it that all of them are busy and hear
 * from each other: whoever rests asks less. A message that waits until its consumer's copy of the data key has expired
 * adds one Decrypt. `refreshAhead` renews busy keys after about three quarters of the period: count with that as D.
 *
 * Nothing is rounded, so that queues and periods add up; round the sum up for a budget.
 *
 * @throws `TypeError` for options out of range.
 *
 * @example
 * ```ts
 * import { estimateKmsRequests } from "keyfold/policy";
 *
 * const month = { billingPeriodSeconds: 31 * 86_400, producers: 1, consumers: 1 };
 * estimateKmsRequests(month); // { sqs: 26784, keyfold: 26784, queues: [...] }
 * estimateKmsRequests([month, { ...month, producers: 5, consumers: 2 }]).keyfold; // 205344
 * ```
 */
export function estimateKmsRequests(queues: QueueTraffic | readonly QueueTraffic[]): KmsRequestEstimate {
  const counts = Array.isArray(queues)
    ? queues.map((queue, i) => countsOf(queue, `queues[${i}].`))
    : [countsOf(queues as QueueTraffic, "")];
  const sum = (of: keyof KmsRequestCounts) => counts.reduce((total, queue) => total + queue[of], 0);
  return { sqs: sum("sqs"), keyfold: sum("keyfold"), queues: counts };
}

/** `where` stands before the names of options in errors. */
function countsOf(queue: QueueTraffic, where: string): KmsRequestCounts {
  const { verifyNewKeys = true, ...numbers } = optionsOf(CALLER, queue);
  const optional = (name: "reusePeriodSeconds" | "contexts", fallback: number, min: number, max?: number) =>
    wholeNumber(CALLER, where + name, numbers[name], fallback, min, max);
  // What is missing is no whole number.
  const needed = (name: "billingPeriodSeconds" | "producers" | "consumers", min: number) =>
    wholeNumber(CALLER, where + name, numbers[name] ?? Number.NaN, 0, min);

  const billingPeriod = needed("billingPeriodSeconds", 1);
  const reusePeriod = optional("reusePeriodSeconds", 300, 60, 86_400);
  const producers = needed("producers", 0);
  const consumers = needed("consumers", 0);
  const contexts = optional("contexts", 1, 1);
  if (typeof verifyNewKeys !== "boolean") {
    throw invalidArgument(`${CALLER}: ${where}verifyNewKeys must be true or false.`);
  }

  // One division at the end: whole results come out whole.
  const inBillingPeriod = (calls: number) => (billingPeriod * calls) / reusePeriod;
  const made = verifyNewKeys ? 2 * producers : producers;
  return {
    sqs: inBillingPeriod(2 * producers + consumers),
    keyfold: inBillingPeriod((made + producers * consumers) * contexts),
  };
}
