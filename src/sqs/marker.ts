import type { MessageAttributeValue } from "@aws-sdk/client-sqs";

/** The attribute that tells sealed messages from others. It decides nothing more: what it says is not authentic. */
export const MARKER = "keyfold";
const VERSION = "1";

type Attributes = Readonly<Record<string, MessageAttributeValue>>;

export const MARKER_VALUE: MessageAttributeValue = { DataType: "String", StringValue: VERSION };

/** `"sealed"`, `"plain"`, or the version of a newer keyfold. */
export function markOf(
  attributes: Attributes | undefined,
): "sealed" | "plain" | { readonly version: string } {
  const marker = attributes?.[MARKER];
  if (marker === undefined) return "plain";
  return marker.StringValue === VERSION ? "sealed" : { version: String(marker.StringValue) };
}

export function withoutMarker(
  attributes: Attributes | undefined,
): Record<string, MessageAttributeValue> | undefined {
  const rest = Object.entries(attributes ?? {}).filter(([name]) => name !== MARKER);
  return rest.length === 0 ? undefined : Object.fromEntries(rest);
}
