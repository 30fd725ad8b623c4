import { invalidArgument } from "../arguments.ts";
import { assertObserver, type Observer } from "../observer.ts";
import { type KmsKeyId, parseKmsKeyId } from "./arn.ts";
import { badReply, callKms, clientsOf, type KmsCall, type KmsClientSource, type KmsReply } from "./client.ts";

/** What every function that concerns grants takes. */
export interface KmsGrantCallOptions {
  /** A `KMSClient`, or a function that gives the client of a Region (then the key must be named by ARN). */
  readonly client: KmsClientSource;
  /** Hears of every KMS call. Default: nobody. */
  readonly observer?: Observer;
  /** Aborts the call, with the signal's own reason. Default: none. */
  readonly signal?: AbortSignal;
}

/** The key id, once it is one and no alias. */
export function checkedGrantKeyId(caller: string, keyId: string): KmsKeyId {
  const id = typeof keyId === "string" ? parseKmsKeyId(keyId) : null;
  if (id?.kind === "key-arn" || id?.kind === "key-id") return id;
  throw invalidArgument(
    `${caller}: keyId must be a key ARN or a key id${id === null ? "" : ": KMS takes no alias where grants are concerned"}.`,
  );
}

/** A text that must be there, such as a grant id. */
export function checkedText(caller: string, name: string, value: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw invalidArgument(`${caller}: ${name} must be a non-empty string.`);
}

/** The ARN of a user, role, session or account. */
export function checkedPrincipal(caller: string, name: string, value: string): string {
  if (typeof value === "string" && value.length <= 256 && /^arn:aws[a-z-]*:[\w+=,.@:/-]+$/.test(value))
    return value;
  throw invalidArgument(
    `${caller}: ${name} must be the ARN of a principal: a user, a role, a session or an account.`,
  );
}

/** How to ask KMS about a key: the reply, and the call for errors about it. */
export function grantCaller(
  caller: string,
  options: KmsGrantCallOptions,
  keyId: KmsKeyId | undefined,
): (operation: string, command: object) => Promise<{ readonly reply: KmsReply; readonly call: KmsCall }> {
  const { observer, signal } = options;
  assertObserver(caller, observer);
  const client = clientsOf(caller, options.client)(keyId?.arn?.region);
  return async (operation, command) => {
    const call = { client, command, operation, keyId: keyId?.text, keyring: undefined, observer, signal };
    return { reply: await callKms(call), call };
  };
}

/** A text of a reply that must be there. */
export function replyText(
  name: "GrantId" | "GrantToken",
  { reply, call }: { readonly reply: KmsReply; readonly call: KmsCall },
): string {
  const value = reply[name];
  if (typeof value === "string" && value !== "") return value;
  throw badReply(`the reply holds no ${name}`, reply, call);
}
