/** Who called, as CloudTrail names it. Over HTTP `accessKeyId` is the one of the request's signature. */
export interface LocalKmsUserIdentity {
  /** What kind of principal. */
  readonly type: "IAMUser" | "AssumedRole" | "Root" | "AWSService";
  /** Stable: made up of the name, or the account. */
  readonly principalId?: string;
  /** Its ARN; services have none. */
  readonly arn?: string;
  /** 12 digits. */
  readonly accountId?: string;
  /** Over HTTP only. */
  readonly accessKeyId?: string;
  /** Users only. */
  readonly userName?: string;
  /** Services only, such as `"ses.amazonaws.com"`. */
  readonly invokedBy?: string;
}

/** Who calls, in which Region: what the audit log and the resolution of key ids need to know. */
export interface Caller {
  /** The name as it was given: a user's name, an ARN, a service or an access key id. */
  readonly principal: string;
  readonly arn: string;
  /** Bare key ids and alias names are looked up in this account. */
  readonly accountId: string;
  /** The Region of the client. A key ARN of another Region overrides it. */
  readonly region: string;
  readonly identity: LocalKmsUserIdentity;
  readonly userAgent: string;
}

/** A caller from a user's name, an ARN of a user or role, or the name of an AWS service. */
export function callerFor(
  principal: string,
  at: { accountId: string; region: string; userAgent: string; accessKeyId?: string },
): Caller {
  const { arn, accountId, identity } = identify(principal, at.accountId);
  const accessKey = at.accessKeyId === undefined ? {} : { accessKeyId: at.accessKeyId };
  return {
    principal,
    arn,
    accountId,
    region: at.region,
    identity: { ...identity, ...accessKey },
    userAgent: at.userAgent,
  };
}

/**
 * Whether a principal that a grant or a key names is this caller: the same user, role session or service; the role of
 * the session; the account, whose own policies are taken to allow all its users.
 */
export function isPrincipal(principalArn: string, { arn, accountId }: Caller): boolean {
  if (principalArn === arn) return true;
  const [, , , account, resource = ""] = /^arn:([^:]*):(iam|sts)::(\d{12}):(.+)$/.exec(principalArn) ?? [];
  if (account !== accountId || !arn.startsWith("arn:")) return false;
  if (resource === "root") return true;
  const role = /^role\/(?:.*\/)?([^/]+)$/.exec(resource)?.[1];
  return role !== undefined && arn.includes(`:assumed-role/${role}/`);
}

/** The ARN of a user by name; an ARN or the name of a service as it is. */
export function principalArn(principal: string, homeAccount: string): string {
  if (principal.startsWith("arn:") || isService(principal)) return principal;
  return `arn:aws:iam::${homeAccount}:user/${principal}`;
}

export const isService = (principal: string): boolean => principal.endsWith(".amazonaws.com");

function identify(
  principal: string,
  homeAccount: string,
): { arn: string; accountId: string; identity: LocalKmsUserIdentity } {
  if (isService(principal)) {
    return { arn: principal, accountId: homeAccount, identity: { type: "AWSService", invokedBy: principal } };
  }
  const arn = principalArn(principal, homeAccount);
  const [, , , , accountId = "", ...rest] = arn.split(":");
  const resource = rest.join(":");
  const name = resource.slice(resource.lastIndexOf("/") + 1);
  const of = { arn, accountId: accountId === "" ? homeAccount : accountId };
  if (resource.startsWith("user/")) {
    return { ...of, identity: { type: "IAMUser", principalId: `AIDA-${name}`, ...of, userName: name } };
  }
  if (resource === "root") return { ...of, identity: { type: "Root", principalId: of.accountId, ...of } };
  return { ...of, identity: { type: "AssumedRole", principalId: `AROA-${name}`, ...of } };
}
