import { invalidArgument } from "../arguments.ts";
import { isKeyfoldError } from "../errors.ts";

/** An object in S3. */
export interface S3Place {
  readonly bucket: string;
  readonly key: string;
}

/** The place that a command's input names. */
export function placeOf(
  operation: string,
  input: { Bucket?: string | undefined; Key?: string | undefined },
): S3Place {
  const { Bucket: bucket, Key: key } = input;
  if (typeof bucket !== "string" || bucket === "" || typeof key !== "string" || key === "") {
    throw invalidArgument(`${operation}: Bucket and Key must be non-empty strings.`);
  }
  return { bucket, key };
}

/** Does something about an object: keyfold's own errors come out naming it. */
export async function inPlace<T>(place: S3Place, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw withPlace(error, place);
  }
}

/** The same error, naming the object. A copy: several callers may hold the one that was thrown. */
export function withPlace(error: unknown, { bucket, key }: S3Place): unknown {
  if (!isKeyfoldError(error) || error.object !== undefined) return error;
  const message = `s3://${bucket}/${key}: ${error.message}`;
  const copy: Error = Reflect.construct(Error, [message], error.constructor);
  const stack = error.stack?.replace(error.message, () => message);
  return Object.defineProperties(Object.assign(copy, error, { object: { bucket, key } }), {
    ...(stack !== undefined && { stack: hidden(stack) }),
    ...("cause" in error && { cause: hidden(error.cause) }),
  });
}

function hidden(value: unknown): PropertyDescriptor {
  return { value, writable: true, enumerable: false, configurable: true };
}
