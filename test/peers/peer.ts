import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { devNull } from "node:os";
import { createInterface } from "node:readline";

/** What an official client answered instead of a result. */
export class PeerError extends Error {
  override readonly name = "PeerError";
}

/** A process that answers one JSON line with one JSON line, in order. */
export interface Peer {
  /** The first line, which says that it is ready. */
  readonly hello: { readonly port?: number };
  request<T>(body: object): Promise<T>;
  stop(): Promise<void>;
}

/** Made-up credentials, no configuration of the machine's user, no metadata service: nothing is asked outside. */
export const offlineEnvironment = {
  ...process.env,
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "made-up",
  AWS_DEFAULT_REGION: "us-east-1",
  AWS_REGION: "us-east-1",
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  NO_PROXY: "127.0.0.1",
  PYTHONDONTWRITEBYTECODE: "1",
  PYTHONUTF8: "1",
};

type Reply = { ok: unknown } | { error: string; message: string };

/** Starts a peer and waits until it is ready. */
export async function startPeer(command: string, args: readonly string[]): Promise<Peer> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: offlineEnvironment });
  // Failed decrypts log tracebacks: an undrained pipe would stop the process. The end of it explains a death.
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints = (complaints + text).slice(-4000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<unknown> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`${command} ended early:\n${complaints}`);
    return JSON.parse(line.value);
  };
  child.once("error", (error) => {
    complaints += `${error.message} - run: node test/peers/install.mjs`;
  });
  const hello = (await next()) as Peer["hello"];

  // Replies come in the order of the requests: a chain of promises is all the bookkeeping there is.
  let tail: Promise<unknown> = Promise.resolve();
  return {
    hello,
    request<T>(body: object): Promise<T> {
      child.stdin.write(`${JSON.stringify(body)}\n`);
      const reply = tail.then(next).then((answer) => unpack<T>(answer as Reply));
      tail = reply.catch(() => undefined);
      return reply;
    },
    stop: () => stop(child),
  };
}

function unpack<T>(reply: Reply): T {
  if ("ok" in reply) return reply.ok as T;
  throw new PeerError(`${reply.error}: ${reply.message}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.stdin?.end();
  const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
  await ended;
  clearTimeout(timer);
}
