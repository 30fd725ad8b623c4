// A process that re-wraps all mailboxes of a file store, and is killed after so many of them: forked by
// rewrap-kill.test.ts.
import { fileMailboxStore } from "../../src/hierarchy/file.ts";
import { createMailboxKeys } from "../../src/hierarchy/index.ts";
import { rawAesKeyring } from "../../src/index.ts";

const organization = (name: string, byte: number) =>
  rawAesKeyring({ namespace: "organizations", name, key: new Uint8Array(32).fill(byte) });

/** The organisation that wraps at first, and the one that is to wrap then. */
export const [FIRST, NEXT] = [organization("first", 1), organization("next", 2)];

const [, , directory, killedAfter] = process.argv;
if (process.send !== undefined && directory !== undefined) {
  const mailboxes = createMailboxKeys({ organization: FIRST, store: fileMailboxStore(directory) });
  const summary = await mailboxes.rewrapAll({
    to: NEXT,
    concurrency: 3,
    // Two others are at work on theirs just then.
    onProgress: ({ done }) => void (done === Number(killedAfter) && process.kill(process.pid, "SIGKILL")),
  });
  process.send(summary);
  process.disconnect();
}
