import { type ChildProcess, fork } from "node:child_process";
import { constants, generateKeyPairSync, privateDecrypt, publicEncrypt } from "node:crypto";
import { once } from "node:events";
import type { PeerKeyring } from "../peers/clients.ts";
import type { Policy } from "./official.ts";
import type { Opened, Reader } from "./sides.ts";

/** Since its release 20.11.1, Node refuses to open PKCS#1 v1.5, unless it is told this. */
const LIFT_THE_BAN = "--security-revert=CVE-2023-46809";

/** Why their client cannot open PKCS#1 v1.5, where no process can be started in which it can. */
export const PKCS1_REASON =
  "their keyring calls crypto.privateDecrypt, which refuses RSA_PKCS1_PADDING in this Node (CVE-2023-46809), and this Node cannot lift the ban";

/** Their client in a process where it may open PKCS#1 v1.5. */
export interface Pkcs1Peer {
  reader(spec: PeerKeyring & { type: "raw-rsa" }, options: { readonly policy: Policy }): Reader;
  stop(): Promise<void>;
}

/** Starts it; null on versions of Node that cannot lift the ban. */
export async function startPkcs1Peer(flag = LIFT_THE_BAN): Promise<Pkcs1Peer | null> {
  const child = fork(new URL("pkcs1-peer.mjs", import.meta.url), {
    execArgv: opensPkcs1() ? [] : [flag],
    serialization: "advanced",
    silent: true,
  });
  let complaints = "";
  for (const output of [child.stdout, child.stderr]) {
    output?.setEncoding("utf8").on("data", (text: string) => {
      complaints += text;
    });
  }
  const ready = await Promise.race([
    once(child, "message").then(() => true),
    once(child, "close").then(() => false),
  ]);
  if (!ready) {
    if (/unknown CVE|bad option/.test(complaints)) return null;
    throw new Error(`pkcs1-peer.mjs did not start:\n${complaints}`);
  }
  const request = requests(child);
  return {
    reader: ({ namespace, name, privateKey }, { policy }) => ({
      open: (ciphertext, _, mode) =>
        request({
          namespace,
          name,
          privateKey,
          policy: policy.replaceAll("-", "_").toUpperCase(),
          ciphertext: Buffer.from(ciphertext),
          mode,
        }),
    }),
    async stop() {
      const ended = once(child, "exit");
      child.disconnect();
      await ended;
    },
  };
}

type Reply = { readonly id: number } & ({ readonly opened: Opened } | { readonly error: string });

function requests(child: ChildProcess): (body: object) => Promise<Opened> {
  const waiting = new Map<number, (reply: Reply) => void>();
  child.on("message", (reply: Reply) => {
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  let last = 0;
  return async (body) => {
    const id = ++last;
    const reply = await new Promise<Reply>((resolve) => {
      waiting.set(id, resolve);
      child.send({ id, ...body });
    });
    if ("error" in reply) throw new Error(reply.error);
    return reply.opened;
  };
}

function opensPkcs1(): boolean {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const padding = constants.RSA_PKCS1_PADDING;
  const ciphertext = publicEncrypt({ key: publicKey, padding }, Buffer.of(1));
  try {
    return privateDecrypt({ key: privateKey, padding }, ciphertext).equals(Buffer.of(1));
  } catch {
    return false;
  }
}
