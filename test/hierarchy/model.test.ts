import fc from "fast-check";
import { expect, it } from "vitest";
import { createEncryptionClient, isKeyfoldError } from "../../src/index.ts";
import { check } from "../support/property.ts";
import { MAIL, MINUTE, organization } from "./helpers.ts";

// Two processes do what comes into anybody's mind with three mailboxes. A plain model knows what must be readable.

const step = fc.record({
  process: fc.nat(1),
  mailbox: fc.constantFrom("a", "b", "c"),
  kind: fc.constantFrom(
    ...(["create", "create", "rotate", "destroy", "seal", "seal", "seal", "open", "open", "rewrap"] as const),
    "minute" as const,
  ),
});

it("what was sealed in a mailbox opens until it is destroyed, whoever rotates and re-wraps it", async () => {
  await check(
    fc.array(step, { maxLength: 40 }),
    async (steps) => {
      const of = organization();
      const processes = [0, 1].map(() => of.process({ otherOrganizations: [of.other] }));
      const alive = new Map<string, number>();
      const sealed: { mailbox: string; life: number; ciphertext: Uint8Array }[] = [];
      let lives = 0;

      for (const { process, mailbox, kind } of steps) {
        const mailboxes = processes[process]!;
        const client = createEncryptionClient({ keyring: mailboxes.keyring(mailbox) });
        const exists = alive.has(mailbox);
        switch (kind) {
          case "create":
            expect(await works(mailboxes.create(mailbox))).toBe(exists ? "ERR_HIERARCHY_EXISTS" : true);
            if (!exists) alive.set(mailbox, ++lives);
            break;
          case "rotate":
            expect(await works(mailboxes.rotate(mailbox))).toBe(exists || "ERR_HIERARCHY_UNKNOWN");
            break;
          case "rewrap":
            expect(await works(mailboxes.rewrap(mailbox, { to: of.other }))).toBe(
              exists || "ERR_HIERARCHY_UNKNOWN",
            );
            break;
          case "destroy":
            expect(await works(mailboxes.destroy(mailbox, { confirmId: mailbox }))).toBe(
              exists || "ERR_HIERARCHY_UNKNOWN",
            );
            alive.delete(mailbox);
            // The other process may go on for a minute: what it seals then is lost, and no part of this model.
            processes[1 - process]!.clear(mailbox);
            break;
          case "seal": {
            const sealing = client.encrypt(MAIL);
            expect(await works(sealing)).toBe(exists || "ERR_HIERARCHY_UNKNOWN");
            if (exists)
              sealed.push({ mailbox, life: alive.get(mailbox)!, ciphertext: (await sealing).ciphertext });
            break;
          }
          case "open":
            for (const message of sealed.filter((one) => one.mailbox === mailbox)) {
              const lives = alive.get(mailbox) === message.life;
              expect(await works(client.decrypt(message.ciphertext))).toBe(lives || "ERR_NO_DATA_KEY");
            }
            break;
          case "minute":
            of.clocks.advance(MINUTE);
        }
      }
    },
    150,
  );
});

/** True, or the code of the error. */
async function works(act: Promise<unknown>): Promise<true | string> {
  try {
    await act;
    return true;
  } catch (error) {
    if (isKeyfoldError(error)) return error.code;
    throw error;
  }
}
