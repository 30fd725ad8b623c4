import { JAVA_OPTIONS } from "./clients.ts";
import { startPeer } from "./peer.ts";
import { installed } from "./places.ts";

/** ElasticMQ on loopback, in memory: a queue server. */
export interface ElasticMq {
  readonly endpoint: string;
  stop(): Promise<void>;
}

export async function startElasticMq(): Promise<ElasticMq> {
  const peer = await startPeer("java", [
    ...JAVA_OPTIONS,
    "-cp",
    installed.elasticMqClassPath,
    "peer.ElasticMq",
  ]);
  return { endpoint: `http://127.0.0.1:${peer.hello.port}`, stop: () => peer.stop() };
}
