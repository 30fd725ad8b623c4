import { startPeer } from "./peer.ts";
import { installed } from "./places.ts";

/** moto's KMS, S3, SQS and DynamoDB on loopback. */
export interface Moto {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** S3 refuses parts below 5 MiB, save the last; fixtures of several parts are kept small by a lower limit. */
export async function startMoto({ smallestPart = 5 * 1024 * 1024 } = {}): Promise<Moto> {
  const peer = await startPeer(installed.python, [installed.script("serve_moto.py"), String(smallestPart)]);
  return { endpoint: `http://127.0.0.1:${peer.hello.port}`, stop: () => peer.stop() };
}
