import type { KmsErrorCode, StoreError } from "../errors.ts";
import { awsFailureCode } from "../kms/errors.ts";

type Explanation = Pick<StoreError, "remedy" | "transient"> & { readonly what: string };

const lasting = (what: string, remedy: string): Explanation => ({ what, remedy, transient: false });
const passing = (what: string, remedy: string): Explanation => ({ what, remedy, transient: true });

const NO_TABLE = lasting(
  "there is no such table",
  "Create it, and check its name and the client's Region and account.",
);
const THROTTLED = passing(
  "too many requests",
  "Try again later; raise the table's capacity or the account's limits if this stays.",
);
const BUSY = passing("another transaction is changing the same items", "Try again.");
const INTERNAL = passing("DynamoDB failed inside", "Try again.");
const REPLAYED = lasting(
  "a request token was used for two different transactions",
  "Make the call anew: each call has a token of its own.",
);
const TOO_LARGE = lasting("an item collection is too large", "Remove items of this key that nothing needs.");
const REQUEST = lasting(
  "the request was refused",
  "The cause says what DynamoDB, or the client that was handed in, found wrong with it; the table's key schema may be another.",
);

// DynamoDB's API reference, "Common Errors" and each operation's own.
const BY_NAME: Readonly<Record<string, Explanation>> = Object.assign(Object.create(null), {
  ResourceNotFoundException: NO_TABLE,
  TableNotFoundException: NO_TABLE,
  ProvisionedThroughputExceededException: THROTTLED,
  LimitExceededException: THROTTLED,
  RequestLimitExceeded: THROTTLED,
  TransactionConflictException: BUSY,
  TransactionInProgressException: BUSY,
  InternalServerError: INTERNAL,
  IdempotentParameterMismatchException: REPLAYED,
  ItemCollectionSizeLimitExceededException: TOO_LARGE,
  ValidationException: REQUEST,
});

/** What is the same for all services, by what it would be called of KMS. */
const BY_FAILURE: { readonly [code in KmsErrorCode]?: Explanation } = {
  ERR_KMS_CREDENTIALS: lasting(
    "the credentials were refused",
    "Renew the credentials of the client that was handed in, and check the machine's clock.",
  ),
  ERR_KMS_OPT_IN: lasting(
    "the account may not use DynamoDB here",
    "Check that the account is active, and has this Region enabled.",
  ),
  ERR_KMS_THROTTLED: THROTTLED,
  ERR_KMS_INTERNAL: INTERNAL,
  ERR_KMS_TIMEOUT: passing(
    "no answer came in time",
    "Try again; raise the client's timeouts if this stays. What was written may be there.",
  ),
  ERR_KMS_NETWORK: passing(
    "DynamoDB could not be reached",
    "Check network, proxy, and the Region and endpoint of the client that was handed in.",
  ),
  ERR_KMS_REPLY: lasting(
    "the reply cannot be read",
    "Check what answers at the client's endpoint: a proxy or emulator may stand between.",
  ),
};

/** Permissions that are named otherwise than their operation. */
const PERMISSIONS: Readonly<Record<string, string>> = { TransactWriteItems: "PutItem" };

/** What to say of whatever a DynamoDB client threw. */
export function explainDynamoDb(error: unknown, operation: string): Explanation {
  const explanation = causeOf(error, operation);
  const name = nameOf(error);
  return name === undefined || name === "Error"
    ? explanation
    : { ...explanation, what: `${explanation.what} (${name})` };
}

function causeOf(error: unknown, operation: string): Explanation {
  const named = BY_NAME[String(nameOf(error))];
  if (named !== undefined) return named;
  const codes = cancellationCodes(error);
  if (codes !== null) return cancelled(codes);
  const failure = awsFailureCode(error);
  if (failure !== "ERR_KMS_ACCESS_DENIED") return BY_FAILURE[failure] ?? REQUEST;
  const permission = `dynamodb:${PERMISSIONS[operation] ?? operation}`;
  return lasting(
    "access denied",
    `Allow the caller ${permission} on this table, and, if a KMS key of your own encrypts the table, the use of that key.`,
  );
}

/**
 * Why a transaction was not carried out, item by item, such as `"ConditionalCheckFailed"`; `"None"` for an item that was
 * not the cause. Null: this is no cancelled transaction.
 */
export function cancellationCodes(error: unknown): readonly string[] | null {
  if (nameOf(error) !== "TransactionCanceledException") return null;
  const { CancellationReasons: reasons } = error as { readonly CancellationReasons?: unknown };
  if (!Array.isArray(reasons)) return [];
  return reasons.map((reason: { readonly Code?: unknown } | null) => String(reason?.Code ?? "None"));
}

function cancelled(codes: readonly string[]): Explanation {
  const why = codes.filter((code) => code !== "None").join(", ") || "no reason given";
  const what = `the transaction was cancelled: ${why}`;
  return codes.some((code) => code === "ThrottlingError" || code === "ProvisionedThroughputExceeded")
    ? passing(what, THROTTLED.remedy)
    : lasting(what, REQUEST.remedy);
}

function nameOf(error: unknown): string | undefined {
  const name = (error as { readonly name?: unknown } | null | undefined)?.name;
  return typeof name === "string" ? name : undefined;
}
