export interface SinkOptions {
  /** Keeps bodies in a temporary folder, so that they can be read, until `close`. Default false. */
  readonly keep?: boolean;
}

export interface SinkStats {
  /** Requests by the operation's name in the SDK. */
  readonly requests: Readonly<Record<string, number>>;
  /** Bytes of bodies that came, out of their framing. */
  readonly received: number;
  readonly sent: number;
}

export interface Sink {
  readonly url: string;
  stats(): Promise<SinkStats>;
  close(): Promise<void>;
}

/** Starts it on loopback, in this process. */
export function serveSink(options?: SinkOptions): Promise<Sink>;

/** The same in a process of its own. */
export function forkSink(options?: SinkOptions): Promise<Sink>;
