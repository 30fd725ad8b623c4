// The Lambda function behind Cognito's custom email and SMS sender triggers. To copy; in Lambda there is beside it
//   export const handler = cognitoSender({
//     keyring: kmsKeyring({ client: new KMSClient({}), keyId: process.env.KEY_ARN }),
//     email: ({ to, text }) => ..., sms: ({ to, text }) => ...,
//   });
// KEY_ARN is the key of the pool's LambdaConfig.KMSKeyID; the function's role needs kms:Decrypt on it.
import { openMessage } from "keyfold";

/**
 * @param {object} options
 * @param {import("keyfold").Keyring} options.keyring
 * @param {(mail: { to: string, text: string }) => unknown} options.email
 * @param {(message: { to: string, text: string }) => unknown} options.sms
 */
export function cognitoSender({ keyring, email, sms }) {
  /** @template {SenderEvent} E @param {E} event @returns {Promise<E>} */
  return async function handler(event) {
    const { userAttributes, code } = event.request;
    // Word of an attempted takeover comes without a code.
    const text = textFor(event.triggerSource, code ? await openCode(code, event.userPoolId, keyring) : "");
    if (event.triggerSource.startsWith("CustomSMSSender_"))
      await sms({ to: userAttributes.phone_number, text });
    else await email({ to: userAttributes.email, text });
    return event;
  };
}

/**
 * Cognito writes base64 of a message of suite 0x0378: signed, and older than key commitment, so reading must allow that.
 * The pool's id is bound to it: a code of another pool does not open.
 *
 * @type {(code: string, userPoolId: string, keyring: import("keyfold").Keyring) => Promise<string>}
 */
async function openCode(code, userPoolId, keyring) {
  const { plaintext } = await openMessage(Buffer.from(code, "base64"), {
    keyring,
    commitmentPolicy: "require-encrypt-allow-decrypt",
    encryptionContext: { "userpool-id": userPoolId },
  });
  return unescapeHtml(new TextDecoder().decode(plaintext));
}

/** Your own words. A trigger source is CustomEmailSender_ or CustomSMSSender_, and what for. */
function textFor(triggerSource, code) {
  switch (triggerSource.split("_")[1]) {
    case "AdminCreateUser":
      return `Your temporary password is ${code}`;
    case "ForgotPassword":
      return `Your code for a new password is ${code}`;
    case "AccountTakeOverNotification":
      return "Somebody tried to sign in as you.";
    default:
      return `Your code is ${code}`;
  }
}

const CHARACTERS = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&amp;": "&" };

/** Cognito escapes temporary passwords for HTML. Leave it escaped where you send HTML. */
function unescapeHtml(text) {
  return text.replace(/&(?:lt|gt|quot|#39|amp);/g, (entity) => CHARACTERS[entity]);
}

/**
 * @typedef {object} SenderEvent
 * @property {string} triggerSource
 * @property {string} userPoolId
 * @property {{ code?: string | null, userAttributes: Record<string, string> }} request
 */
