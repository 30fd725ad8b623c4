import { KmsFailure } from "./errors.ts";

/** One member of a request: its type, its bounds, and whether the audit log may show it. */
export interface Field<T> {
  readonly type: "text" | "blob" | "integer" | "flag" | "map" | "list" | "structure";
  readonly required: boolean;
  readonly fallback?: T;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
  readonly pattern?: RegExp;
  /** The members of a structure. */
  readonly members?: Shape;
  /** Never in the audit log: plaintext, ciphertext, tokens. */
  readonly hidden: boolean;
  /** @internal Carries `T`. */
  readonly as?: (value: T) => T;
}

// biome-ignore lint/suspicious/noExplicitAny: a shape holds fields of any type
export type Shape = Readonly<Record<string, Field<any>>>;

/** What an operation is given once its request has been checked. */
export type InputOf<S extends Shape> = {
  readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never;
};

type Bounds = Partial<Pick<Field<unknown>, "min" | "max" | "values" | "pattern" | "hidden">>;

const field =
  <T>(type: Field<T>["type"]) =>
  (bounds: Bounds = {}): Field<T | undefined> => ({
    type,
    required: false,
    hidden: type === "blob",
    ...bounds,
  });

export const text = field<string>("text");
export const blob = field<Uint8Array>("blob");
export const integer = field<number>("integer");
export const flag = field<boolean>("flag");
export const map = field<Readonly<Record<string, string>>>("map");
export const list = field<readonly string[]>("list");

/** A structure of members that have names of their own, unlike a map's. */
export function structure<S extends Shape>(members: S): Field<InputOf<S> | undefined> {
  return { type: "structure", required: false, hidden: false, members };
}

export const oneOf = (values: readonly string[]): Field<string | undefined> => text({ values });

export function required<T>(of: Field<T>): Field<NonNullable<T>> {
  return { ...of, required: true } as Field<NonNullable<T>>;
}

export function or<T>(of: Field<T>, fallback: NonNullable<T>): Field<NonNullable<T>> {
  return { ...of, fallback } as Field<NonNullable<T>>;
}

/** `KeyId` is `keyId` in messages and in the audit log; `AWSAccountId` stays. */
export function memberName(name: string): string {
  return name.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}

/** The request with its defaults; or `SerializationException`, or `ValidationException` in AWS's words. */
export function checkInput<S extends Shape>(shape: S, input: Readonly<Record<string, unknown>>): InputOf<S> {
  const complaints: string[] = [];
  const checked = checkMembers(shape, input, "", complaints);
  if (complaints.length > 0) {
    const plural = complaints.length === 1 ? "error" : "errors";
    throw new KmsFailure(
      "ValidationException",
      `${complaints.length} validation ${plural} detected: ${complaints.join("; ")}`,
    );
  }
  return checked as InputOf<S>;
}

function checkMembers(
  shape: Shape,
  input: Readonly<Record<string, unknown>>,
  path: string,
  complaints: string[],
): Readonly<Record<string, unknown>> {
  const checked: Record<string, unknown> = {};
  for (const [name, rule] of Object.entries(shape)) {
    const value = input[name] ?? undefined;
    const at = `${path}${memberName(name)}`;
    if (value === undefined) {
      if (rule.required) complaints.push(`Value null at '${at}' ${FAILED} not be null`);
      checked[name] = rule.fallback;
      continue;
    }
    if (!hasType(rule, value)) {
      throw new KmsFailure("SerializationException", `${name} is not a ${TYPE_NAMES[rule.type]}`);
    }
    complaints.push(...boundComplaints(at, rule, value));
    checked[name] =
      rule.members === undefined
        ? value
        : checkMembers(rule.members, value as Record<string, unknown>, `${at}.`, complaints);
  }
  return checked;
}

const FAILED = "failed to satisfy constraint: Member must";

const TYPE_NAMES = {
  text: "string",
  blob: "blob",
  integer: "integer",
  flag: "boolean",
  map: "map of strings",
  list: "list of strings",
  structure: "structure",
} as const;

const isText = (value: unknown): value is string => typeof value === "string";

function hasType(rule: Field<unknown>, value: unknown): boolean {
  switch (rule.type) {
    case "text":
      return isText(value);
    case "blob":
      return value instanceof Uint8Array;
    case "integer":
      return Number.isSafeInteger(value);
    case "flag":
      return typeof value === "boolean";
    case "list":
      return Array.isArray(value) && value.every(isText);
    case "map":
      return isRecord(value) && Object.values(value).every(isText);
    case "structure":
      return isRecord(value);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

function* boundComplaints(name: string, rule: Field<unknown>, value: unknown): Iterable<string> {
  const { min, max, values, pattern } = rule;
  if (rule.type === "integer") {
    const number = value as number;
    if (min !== undefined && number < min) {
      yield `Value '${number}' at '${name}' ${FAILED} have value greater than or equal to ${min}`;
    }
    if (max !== undefined && number > max) {
      yield `Value '${number}' at '${name}' ${FAILED} have value less than or equal to ${max}`;
    }
    return;
  }
  // KMS repeats names and numbers, never blobs, tokens or anything long.
  const shown = rule.type === "text" && (value as string).length <= 256 ? `Value '${value}'` : "Value";
  const { length } = rule.type === "map" ? Object.keys(value as object) : (value as { length?: number });
  if (length !== undefined && min !== undefined && length < min) {
    yield `${shown} at '${name}' ${FAILED} have length greater than or equal to ${min}`;
  }
  if (length !== undefined && max !== undefined && length > max) {
    yield `${shown} at '${name}' ${FAILED} have length less than or equal to ${max}`;
  }
  const enumValueSet = `enum value set: [${values?.join(", ")}]`;
  if (rule.type === "list" && values !== undefined) {
    const strangers = (value as readonly string[]).filter((item) => !values.includes(item));
    if (strangers.length === 0) return;
    yield `Value '[${strangers.join(", ").slice(0, 256)}]' at '${name}' ${FAILED} satisfy constraint: [Member must satisfy ${enumValueSet}]`;
  } else if (values !== undefined && !values.includes(value as string)) {
    yield `${shown} at '${name}' ${FAILED} satisfy ${enumValueSet}`;
  }
  if (pattern !== undefined && !pattern.test(value as string)) {
    yield `${shown} at '${name}' ${FAILED} satisfy regular expression pattern: ${pattern.source}`;
  }
}
