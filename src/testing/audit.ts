import type { Caller, LocalKmsUserIdentity } from "./caller.ts";
import type { KmsFailure } from "./errors.ts";
import type { InputOf, Shape } from "./shape.ts";
import { memberName } from "./shape.ts";

/** One call in the audit log, in the shape of a CloudTrail event. It never holds key material, plaintext or ciphertext. */
export interface LocalKmsEvent {
  /** Of the format (CloudTrail User Guide, "Record contents"). */
  readonly eventVersion: "1.11";
  /** Who called. */
  readonly userIdentity: LocalKmsUserIdentity;
  /** ISO 8601, to the second. */
  readonly eventTime: string;
  /** The service. */
  readonly eventSource: "kms.amazonaws.com";
  /** The operation, such as `"Decrypt"`. */
  readonly eventName: string;
  /** The Region that served the call. */
  readonly awsRegion: string;
  /** Always `"127.0.0.1"`. */
  readonly sourceIPAddress: string;
  /** What the client says of itself. */
  readonly userAgent: string;
  /** The name of the error, if the call failed. `AccessDenied` loses its `Exception`, as in CloudTrail. */
  readonly errorCode?: string;
  /** The message of the error, if it has one. */
  readonly errorMessage?: string;
  /** The request without its secrets: `keyId` as the caller wrote it, and only if it did. */
  readonly requestParameters: Readonly<Record<string, unknown>> | null;
  /** Null for cryptographic operations. */
  readonly responseElements: Readonly<Record<string, unknown>> | null;
  /** The backing material of the key that worked, by a name that is not derivable into it; the grant that was retired. */
  readonly additionalEventData?:
    | {
        /** Of the key. */
        readonly keyMaterialId: string;
      }
    | {
        /** Of RetireGrant. */
        readonly grantId: string;
      };
  /** A UUID, as in the reply. */
  readonly requestID: string;
  /** A UUID. */
  readonly eventID: string;
  /** Whether it changes nothing: Encrypt and Decrypt among them. */
  readonly readOnly: boolean;
  /** The keys that it was about. */
  readonly resources: readonly {
    /** The key's account. */
    readonly accountId: string;
    /** A KMS key. */
    readonly type: "AWS::KMS::Key";
    /** The key ARN. */
    readonly ARN: string;
  }[];
  /** A call, and not the work of AWS. */
  readonly eventType: "AwsApiCall";
  /** KMS's events all are. */
  readonly managementEvent: true;
  /** The account whose log it is in. */
  readonly recipientAccountId: string;
  /** As `managementEvent`. */
  readonly eventCategory: "Management";
}

/** What a call left behind for the log. */
export interface AuditTrail {
  readonly operation: string;
  readonly readOnly: boolean;
  readonly caller: Caller;
  readonly region: string;
  readonly requestId: string;
  readonly eventId: string;
  readonly time: Date;
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly elements: Readonly<Record<string, unknown>> | null;
  readonly additional: LocalKmsEvent["additionalEventData"] | undefined;
  readonly resources: ReadonlySet<string>;
  readonly failure: KmsFailure | undefined;
}

export function auditEvent(trail: AuditTrail): LocalKmsEvent {
  const { failure, additional } = trail;
  const code = failure?.name === "AccessDeniedException" ? "AccessDenied" : failure?.name;
  return {
    eventVersion: "1.11",
    userIdentity: trail.caller.identity,
    eventTime: trail.time.toISOString().replace(/\.\d+Z$/, "Z"),
    eventSource: "kms.amazonaws.com",
    eventName: trail.operation,
    awsRegion: trail.region,
    sourceIPAddress: "127.0.0.1",
    userAgent: trail.caller.userAgent,
    ...(code === undefined ? {} : { errorCode: code }),
    ...(failure === undefined || failure.message === "" ? {} : { errorMessage: failure.message }),
    requestParameters: trail.parameters,
    responseElements: trail.elements,
    ...(additional === undefined ? {} : { additionalEventData: additional }),
    requestID: trail.requestId,
    eventID: trail.eventId,
    readOnly: trail.readOnly,
    resources: [...trail.resources].map((arn) => ({
      accountId: arn.split(":")[4] ?? "",
      type: "AWS::KMS::Key",
      ARN: arn,
    })),
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: trail.caller.accountId,
    eventCategory: "Management",
  };
}

/** The members of a request that CloudTrail shows, or null if there are none. */
export function auditParameters<S extends Shape>(
  shape: S,
  input: InputOf<S>,
): Readonly<Record<string, unknown>> | null {
  const shown = Object.entries(shape)
    .filter(([name, rule]) => !rule.hidden && input[name] !== undefined)
    .map(([name, rule]) => [memberName(name), shownValue(rule, input[name])] as const);
  return shown.length === 0 ? null : Object.fromEntries(shown);
}

/** A reply as CloudTrail's `responseElements` writes it. */
export function auditElements(output: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(output).map(([name, value]) => [memberName(name), element(value)]),
  );
}

function element(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(element);
  if (typeof value === "object" && value !== null) return auditElements(value as Record<string, unknown>);
  return value;
}

function shownValue(rule: Shape[string], value: unknown): unknown {
  return rule.members === undefined ? copy(value) : auditParameters(rule.members, value as InputOf<Shape>);
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return [...value];
  return typeof value === "object" && value !== null ? { ...value } : value;
}
