import { invalidArgument } from "../arguments.ts";

/** A command of the AWS SDK v3 (`new PutObjectCommand(...)`), by what is needed of it here. */
export interface S3Command<Output extends object = object> {
  /** What the command was made with. */
  readonly input: object;
  /** @internal Only its type is used: it says what the reply is. */
  resolveMiddleware?(...args: never[]): (...args: never[]) => Promise<{ readonly output: Output }>;
}

/**
 * The operation of a command, such as `"PutObject"`. By name and not by class, since two copies of the SDK may be
 * loaded; and a command that cannot be told is refused, since sending it on could store plaintext.
 */
export function operationOf(command: S3Command): string {
  // Class names may be mangled by a bundler; the schema that newer commands carry is not.
  const { schema } = (command ?? {}) as { schema?: unknown };
  if (Array.isArray(schema) && typeof schema[2] === "string") return schema[2];
  const name = command?.constructor?.name ?? "";
  if (/^[A-Z]\w+Command$/.test(name)) return name.replace(/Command$/, "");
  throw invalidArgument("send: this is not a command of the AWS SDK, or its class was renamed by a bundler.");
}
