import type { Context, ObjectClient, ObjectPlace, PeerKeyring } from "../clients.ts";
import { startJava, startJava3, startLegacyJava, startPython } from "../clients.ts";
import { readsAll, readsAllBeforeV3 } from "../object-client.ts";

/** What stands in a place, as far as the choice of its readers goes. */
export interface Readable {
  readonly place: ObjectPlace;
  readonly keyring: PeerKeyring;
  readonly format: "V1" | "V2" | "V3";
  /** What 3.x and later compare. */
  readonly context: Context;
  /** What the writer was given: the AWS SDK for Java 1 looks for materials with that description. */
  readonly writtenContext: Context;
  readonly suffix: string | undefined;
}

export type Clients = Awaited<ReturnType<typeof startClients>>;

/** All official clients that are installed. */
export async function startClients() {
  const [java, java3, python, sdk1] = await Promise.all([
    startJava(),
    startJava3(),
    startPython(),
    startLegacyJava(),
  ]);
  const all = [java, java3, python, sdk1];
  return { java, java3, python, sdk1, stop: () => Promise.all(all.map((peer) => peer.stop())) };
}

/** Which of the official clients open it: each is asked that knows the format and has such a keyring. */
export async function openedBy(clients: Clients, object: Readable, plaintext: Uint8Array): Promise<string[]> {
  const { place, keyring, format, context, writtenContext } = object;
  const suffix = object.suffix === undefined ? {} : { instructionFileSuffix: object.suffix };
  const reads: [string, () => Promise<Buffer>][] = [
    ["java 4.0.1", () => clients.java.get(place, keyring, context, { ...readsAll, ...suffix })],
  ];
  const sdk1 = (client: "V1" | "V2", more: { bouncyCastle?: true } = {}): ObjectClient =>
    clients.sdk1.client({ client, mode: "authenticated", ...more });
  if (format !== "V3") {
    reads.push(
      ["java 3.5.0", () => clients.java3.get(place, keyring, context, { ...readsAllBeforeV3, ...suffix })],
      ["java sdk 1.12.788, V1", () => sdk1("V1").get(place, keyring, writtenContext, suffix)],
      [
        "java sdk 1.12.788, V1, Bouncy Castle",
        () => sdk1("V1", { bouncyCastle: true }).get(place, keyring, writtenContext, suffix),
      ],
      ["java sdk 1.12.788, V2", () => sdk1("V2").get(place, keyring, writtenContext, suffix)],
    );
  }
  if (keyring.type === "kms")
    reads.push([
      "python 4.0.0",
      () => clients.python.get(place, keyring, context, { ...readsAll, ...suffix }),
    ]);
  const names: string[] = [];
  for (const [name, read] of reads) {
    const opened = await read().catch(() => undefined);
    if (opened === undefined) continue;
    if (!opened.equals(plaintext)) throw new Error(`${name} opened another plaintext at ${place.key}`);
    names.push(name);
  }
  return names;
}
