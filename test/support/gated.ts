import type { EncryptedDataKey, Keyring } from "../../src/index.ts";
import { u32 } from "./bytes.ts";
import { type Deferred, deferred } from "./virtual.ts";

/** One call of a gated keyring. */
export interface GatedCall {
  readonly kind: "generate" | "unwrap";
  readonly verifying: boolean;
  readonly context: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
  /** Answers the call: with a new numbered data key, or the one of the encrypted data key. */
  answer(): Uint8Array;
  fail(reason: unknown): void;
}

const PROVIDER = "gated";

/** The data key of this number. */
export const numberedKey = (number: number): Uint8Array =>
  new Uint8Array(32)
    .fill(7)
    .fill(number >> 8, 0, 1)
    .fill(number, 1, 2);

/** The encrypted data key of this number, in bytes of its own. */
export const numberedEdk = (number: number): EncryptedDataKey => ({
  providerId: PROVIDER,
  providerInfo: new Uint8Array(0),
  ciphertext: u32(number),
});

/** The number of a data key, as long as it is not wiped; 0 afterwards. */
export const numberOf = (dataKey: Uint8Array): number =>
  dataKey.every((byte) => byte === 0) ? 0 : dataKey[0]! * 256 + dataKey[1]!;

/**
 * A keyring that answers when the test says so, as a service over a network does: until then, or until an abort,
 * its calls are pending. Its data keys are numbered, and it keeps every array that it hands out.
 */
export function gatedKeyring(): Keyring & {
  readonly pending: GatedCall[];
  readonly calls: { generate: number; unwrap: number };
  readonly handed: Uint8Array[];
} {
  const pending: GatedCall[] = [];
  const calls = { generate: 0, unwrap: 0 };
  const handed: Uint8Array[] = [];
  let keys = 0;

  const pend = <T>(
    call: Omit<GatedCall, "answer" | "fail">,
    reply: (dataKey: Uint8Array) => T,
    number: () => number,
  ): Promise<T> => {
    const { promise, resolve, reject }: Deferred<T> = deferred();
    calls[call.kind]++;
    const leave = () => {
      pending.splice(pending.indexOf(entry), 1);
      call.signal?.removeEventListener("abort", aborted);
    };
    const aborted = () => entry.fail(call.signal!.reason);
    const entry: GatedCall = {
      ...call,
      answer() {
        leave();
        const dataKey = numberedKey(number());
        handed.push(dataKey);
        resolve(reply(dataKey));
        return dataKey;
      },
      fail(reason) {
        leave();
        reject(reason);
      },
    };
    pending.push(entry);
    call.signal?.addEventListener("abort", aborted);
    return promise;
  };

  return {
    name: PROVIDER,
    pending,
    calls,
    handed,
    generate: ({ encryptionContext: context, signal }) =>
      pend(
        { kind: "generate", verifying: false, context, signal },
        (dataKey) => ({ dataKey, encryptedDataKeys: [numberedEdk(numberOf(dataKey))] }),
        () => ++keys,
      ),
    unwrap(edks, { encryptionContext: context, signal, verifying = false }) {
      const [opened] = edks;
      const view = new DataView(new Uint8Array(opened!.ciphertext).buffer);
      const call = { kind: "unwrap", verifying, context, signal } as const;
      return pend(
        call,
        (dataKey) => ({ dataKey, opened: opened! }),
        () => view.getUint32(0),
      );
    },
  };
}
