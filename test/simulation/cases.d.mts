/** One message on its way. Moments are seconds. */
export interface Message {
  readonly producer: string;
  readonly consumer: string;
  readonly context: string;
  readonly text: string;
  readonly sentAt: number;
  readonly receivedAt: number;
}

export interface Traffic {
  readonly name: string;
  readonly reusePeriodSeconds: number;
  readonly producers: number;
  readonly consumers: number;
  readonly contexts: number;
  readonly verifyNewKeys: boolean;
  readonly periods: number;
  readonly isExact: boolean;
}
export const CASES: readonly Traffic[];
export function messagesOf(traffic: Traffic): Message[];
