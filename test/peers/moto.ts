import { startPeer } from "./peer.ts";
import { installed } from "./places.ts";

/** moto's KMS, S3, SQS and DynamoDB on loopback. */
export interface Moto {
  readonly endpoint: string;
  stop(): Promise<void>;
}

export async function startMoto(): Promise<Moto> {
  const peer = await startPeer(installed.python, [installed.script("serve_moto.py")]);
  return { endpoint: `http://127.0.0.1:${peer.hello.port}`, stop: () => peer.stop() };
}
