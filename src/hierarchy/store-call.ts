import { isKeyfoldError, StoreError } from "../errors.ts";
import { notify, type Observer } from "../observer.ts";

/** One call to a store, and what is known of it for errors and events. */
export interface StoreCall<T> {
  readonly store: string;
  readonly operation: string;
  readonly keyId: string | undefined;
  readonly observer: Observer | undefined;
  readonly signal: AbortSignal | undefined;
  call(): Promise<T>;
  /** What to say of an error that is not keyfold's. */
  explain(error: unknown): Pick<StoreError, "remedy" | "transient"> & { readonly what: string };
}

/** Calls a store, tells the observer, and has failures come out typed; an abort comes out as the signal's own reason. */
export async function callStore<T>({
  store,
  operation,
  keyId,
  observer,
  signal,
  call,
  explain,
}: StoreCall<T>): Promise<T> {
  const start = performance.now();
  const tell = (error?: StoreError["code"] | "ABORTED") =>
    notify(observer, {
      type: "storeCall",
      store,
      operation,
      keyId,
      durationMs: performance.now() - start,
      error,
    });
  signal?.throwIfAborted();
  try {
    const answer = await call();
    tell();
    return answer;
  } catch (error) {
    if (signal?.aborted) {
      tell("ABORTED");
      throw signal.reason;
    }
    tell("ERR_STORE");
    if (isKeyfoldError(error)) throw error;
    const { what, remedy, transient } = explain(error);
    throw new StoreError(what, { store, operation, keyId, remedy, transient }, { cause: error });
  }
}
