import { invalidArgument } from "../arguments.ts";
import { parseKmsArn } from "../kms/arn.ts";
import type { EncryptionContext } from "../types.ts";
import type { PolicyStatement } from "./statement.ts";

// What both kinds of statements are made of. `caller`: the function whose options they check.

/** Conditions by operator: which key must have which value. */
export type Conditions = NonNullable<PolicyStatement["Condition"]>;

/** An `Allow`. Conditions that say nothing are left out. */
export function allow(
  Sid: string,
  Action: readonly string[],
  resources: string | readonly string[],
  conditions: Conditions = {},
): PolicyStatement {
  const stated = Object.entries(conditions).filter(([, keys]) => Object.keys(keys).length > 0);
  const list = typeof resources === "string" ? [resources] : [...new Set(resources)];
  return {
    Sid,
    Effect: "Allow",
    Action,
    Resource: list.length === 1 ? list[0]! : list,
    ...(stated.length > 0 && { Condition: Object.fromEntries(stated) }),
  };
}

/** Pairs as the keys of conditions. */
export function contextKeys(context: EncryptionContext): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(context).map(([key, value]) => [`kms:EncryptionContext:${key}`, value]),
  );
}

/** Full key ARNs only. */
export function checkedKeyArn(caller: string, text: string): string {
  if (typeof text === "string" && parseKmsArn(text)?.type === "key") return text;
  throw invalidArgument(
    `${caller}: KMS keys must be named by their full key ARN: an alias or a wildcard would allow other keys too.`,
  );
}

export function checkedAccountId(caller: string, option: string, id: string): string {
  if (typeof id === "string" && /^\d{12}$/.test(id)) return id;
  throw invalidArgument(`${caller}: ${option} must be a 12-digit account id.`);
}

const ARN = /^arn:aws[a-z-]*:([a-z0-9-]+):[^:]*:\d*:.+$/;

/** An ARN of this service; undefined: of any. */
export function checkedArn(
  caller: string,
  option: string,
  service: string | undefined,
  text: string,
): string {
  const [, of] = (typeof text === "string" && ARN.exec(text)) || [];
  if (of !== undefined && (service === undefined || of === service)) return text;
  throw invalidArgument(
    `${caller}: ${option} must be an ARN${service === undefined ? "" : ` of ${service}`}.`,
  );
}
