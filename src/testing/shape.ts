import { KmsFailure } from "./errors.ts";

/** One member of a request: its type, its bounds, and whether the audit log may show it. */
export interface Field<T> {
  readonly type: "text" | "blob" | "integer" | "flag" | "map" | "list";
  readonly required: boolean;
  readonly fallback?: T;
  readonly min?: number;
  readonly max?: number;
  readonly values?: readonly string[];
  readonly pattern?: RegExp;
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
  const checked: Record<string, unknown> = {};
  const complaints: string[] = [];
  for (const [name, rule] of Object.entries(shape)) {
    const value = input[name] ?? undefined;
    if (value === undefined) {
      if (rule.required) complaints.push(`Value null at '${memberName(name)}' ${FAILED} not be null`);
      checked[name] = rule.fallback;
      continue;
    }
    if (!hasType(rule, value)) {
      throw new KmsFailure("SerializationException", `${name} is not a ${TYPE_NAMES[rule.type]}`);
    }
    complaints.push(...boundComplaints(memberName(name), rule, value));
    checked[name] = value;
  }
  if (complaints.length > 0) {
    const plural = complaints.length === 1 ? "error" : "errors";
    throw new KmsFailure(
      "ValidationException",
      `${complaints.length} validation ${plural} detected: ${complaints.join("; ")}`,
    );
  }
  return checked as InputOf<S>;
}

const FAILED = "failed to satisfy constraint: Member must";

const TYPE_NAMES = {
  text: "string",
  blob: "blob",
  integer: "integer",
  flag: "boolean",
  map: "map of strings",
  list: "list of strings",
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
      return (
        typeof value === "object" &&
        value !== null &&
        !Array.isArray(value) &&
        !(value instanceof Uint8Array) &&
        Object.values(value).every(isText)
      );
  }
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
  const length = (value as { readonly length?: number }).length;
  if (length !== undefined && min !== undefined && length < min) {
    yield `${shown} at '${name}' ${FAILED} have length greater than or equal to ${min}`;
  }
  if (length !== undefined && max !== undefined && length > max) {
    yield `${shown} at '${name}' ${FAILED} have length less than or equal to ${max}`;
  }
  if (values !== undefined && !values.includes(value as string)) {
    yield `${shown} at '${name}' ${FAILED} satisfy enum value set: [${values.join(", ")}]`;
  }
  if (pattern !== undefined && !pattern.test(value as string)) {
    yield `${shown} at '${name}' ${FAILED} satisfy regular expression pattern: ${pattern.source}`;
  }
}
