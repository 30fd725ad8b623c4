/** A request as S3 understood it. */
export interface S3Request {
  /** The operation by its name in the SDK; undefined: S3 may have it, this stand-in has not. */
  readonly operation: string | undefined;
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
  /** All headers, with lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The headers of user metadata, without their prefix. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The body out of its framing; empty while a script looks at the request. */
  readonly body: Uint8Array;
  /** The checksums that followed an aws-chunked body. */
  readonly trailers: Readonly<Record<string, string>>;
  readonly chunkLengths: readonly number[];
  /** The answer's status; undefined: none was given. */
  readonly status: number | undefined;
}

export interface S3Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What befalls a request. Whatever is not said goes its usual way. */
export interface S3Scripted {
  /** Answers this in place of S3, which never hears of the request. */
  readonly status?: number;
  /** The error's name, for instance `SlowDown`. */
  readonly code?: string;
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Cuts the connection when so many bytes of the request's body have come; S3 never hears of it. */
  readonly cutRequestAfter?: number;
  /** S3 does it, and the connection is cut before any answer. */
  readonly loseReply?: boolean;
  /** Cuts the connection after so many bytes of the answer's body. */
  readonly cutAfter?: number;
  /** Sends so many bytes of the answer's body, then nothing until someone closes. */
  readonly stallAfter?: number;
  /** Writes the answer's body in pieces of so many bytes. */
  readonly pieces?: number;
  /** Changes S3's answer on its way. */
  readonly alter?: (reply: S3Reply) => Partial<S3Reply>;
}

export interface S3Object {
  readonly body: Uint8Array;
  /** Names without their prefix; values as S3 shows them. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

export interface LocalS3 {
  readonly url: string;
  /** Requests in the order of their coming, with the refused and failed ones. */
  readonly requests: S3Request[];
  /** The same in short: operation and key. */
  asked(): string[];
  readonly options: {
    /** How metadata outside ASCII is answered: as encoded words, Q or B, as S3 does; null: the bytes as they came. */
    encodedWords: "Q" | "B" | null;
    /** Whether parts before the last may be under 5 MiB, which real S3 refuses. */
    smallParts: boolean;
  };
  /** Looks at every request before its body is read. May wait: that is a slow S3. */
  script: ((request: S3Request) => Promise<S3Scripted | null> | S3Scripted | null) | null;
  /** What lies in the bucket; asked past the log and the script, as all that follows. */
  object(bucket: string, key: string): Promise<S3Object | undefined>;
  put(
    bucket: string,
    key: string,
    body: Uint8Array,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<void>;
  keys(bucket: string): Promise<string[]>;
  /** Multipart uploads that are neither complete nor aborted. */
  uploads(): { bucket: string; key: string; uploadId: string; parts: number }[];
  close(): Promise<void>;
}

/** Starts S3 on loopback, with these buckets. */
export function serveS3(...buckets: readonly string[]): Promise<LocalS3>;
