/** Who called, as CloudTrail names it. Over HTTP `accessKeyId` is the one of the request's signature. */
export interface LocalKmsUserIdentity {
  readonly type: "IAMUser" | "AssumedRole" | "Root" | "AWSService";
  readonly principalId?: string;
  readonly arn?: string;
  readonly accountId?: string;
  readonly accessKeyId?: string;
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

function identify(
  principal: string,
  homeAccount: string,
): { arn: string; accountId: string; identity: LocalKmsUserIdentity } {
  if (principal.endsWith(".amazonaws.com")) {
    return { arn: principal, accountId: homeAccount, identity: { type: "AWSService", invokedBy: principal } };
  }
  const arn = principal.startsWith("arn:") ? principal : `arn:aws:iam::${homeAccount}:user/${principal}`;
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
