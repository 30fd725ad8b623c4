import { expect, it } from "vitest";
import { createGrant, kmsKeyring, revokeGrant } from "../../src/kms/index.ts";
import { createLocalKms } from "../../src/testing/index.ts";
import { failure } from "../support/failure.ts";
import { MAIL, MINUTE, ORGANIZATION, open, organization, seal } from "./helpers.ts";

// WorkMail's way: nobody but the administrator may use the organisation's key; the mail service has a grant for Encrypt
// and Decrypt under the organisation's pair, and brings its token until the grant is known everywhere.
it("a mail service lives by a grant, and cannot read once it is revoked", async () => {
  let now = Date.now();
  const kms = createLocalKms({ grantDelayMs: MINUTE, now: () => now });
  const { arn: keyId } = kms.createKey({ principals: ["admin"] });
  const admin = kms.clientAs("admin");
  const service = kms.clientAs("mail");
  const of = organization();
  const before = of.process({ organization: kmsKeyring({ client: service, keyId }) });
  await failure(before.create("alice"), "ERR_KMS_ACCESS_DENIED");

  const { grantId, grantToken } = await createGrant({
    client: admin,
    keyId,
    granteePrincipal: "arn:aws:iam::111122223333:user/mail",
    operations: ["Encrypt", "Decrypt"],
    encryptionContextSubset: ORGANIZATION,
  });
  await failure(before.create("alice"), "ERR_KMS_ACCESS_DENIED");
  const organizationKeyring = kmsKeyring({ client: service, keyId, grantTokens: [grantToken] });
  const mailboxes = of.process({ organization: organizationKeyring });
  await mailboxes.create("alice");
  const message = await seal(mailboxes, "alice");
  expect(await open(mailboxes, "alice", message)).toEqual(MAIL);
  const elsewhere = of.process({ organization: organizationKeyring, encryptionContext: { other: "pair" } });
  await failure(elsewhere.create("bob"), "ERR_KMS_ACCESS_DENIED");

  now += MINUTE;
  await before.create("carol");
  await revokeGrant({ client: admin, keyId, grantId });
  expect(await open(mailboxes, "alice", message)).toEqual(MAIL);
  mailboxes.clear();
  const late = of.process({ organization: kmsKeyring({ client: service, keyId }) });
  const error = await failure(open(late, "alice", message), "ERR_NO_DATA_KEY");
  expect(error.message).toMatch(
    /Mailbox "alice".*kms:Decrypt.*access denied.*listGrants whether it was revoked/s,
  );
});
