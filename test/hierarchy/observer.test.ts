import { expect, it } from "vitest";
import type { KeyfoldEvent } from "../../src/index.ts";
import { kmsKeyring } from "../../src/kms/index.ts";
import { ARN_A } from "../kms/helpers.ts";
import { failure } from "../support/failure.ts";
import { MINUTE, open, organization, seal } from "./helpers.ts";

it("an observer hears of both levels: the organisation's KMS calls, the store, the mailbox keys", async () => {
  const { process, kms, store, clocks } = organization();
  const events: KeyfoldEvent[] = [];
  const observer = (event: KeyfoldEvent) => void events.push(event);
  const told = () => events.splice(0).map(({ ...event }) => ({ ...event, durationMs: undefined }));
  const mailboxes = process({
    organization: kmsKeyring({ client: kms.client, keyId: ARN_A, observer }),
    observer,
  });
  const key = { cache: "mailbox key", keyId: "alice" };
  const stored = { type: "storeCall", store: "test store", keyId: "alice", error: undefined };
  const get = { ...stored, operation: "get" };
  const replace = { ...stored, operation: "replace" };
  const kmsCall = (operation: string) => ({ type: "kmsCall", operation, keyId: ARN_A, error: undefined });

  await mailboxes.create("alice");
  expect(told()).toMatchObject([
    get,
    kmsCall("Encrypt"),
    replace,
    { type: "mailboxCreated", mailboxId: "alice" },
  ]);

  const message = await seal(mailboxes, "alice");
  expect(told()).toMatchObject([get, { type: "cacheMiss", ...key }, kmsCall("Decrypt")]);

  clocks.advance(100);
  await open(mailboxes, "alice", message);
  expect(told()).toMatchObject([{ type: "cacheHit", ...key, ageMs: 100 }]);

  await mailboxes.rotate("alice");
  expect(told()).toMatchObject([
    get,
    kmsCall("Encrypt"),
    replace,
    { type: "mailboxRotated", mailboxId: "alice" },
  ]);

  clocks.advance(MINUTE);
  expect(mailboxes.stats().entries).toBe(0);
  expect(told()).toMatchObject([{ type: "cacheEvict", ...key, reason: "age" }]);

  store.before = () => {
    throw new Error("down");
  };
  await failure(seal(mailboxes, "alice"), "ERR_STORE");
  expect(told()).toMatchObject([{ ...get, error: "ERR_STORE" }]);
  store.before = () => undefined;

  await mailboxes.destroy("alice", { confirmId: "alice" });
  expect(told()).toMatchObject([get, replace, { type: "mailboxDestroyed", mailboxId: "alice" }]);
});
