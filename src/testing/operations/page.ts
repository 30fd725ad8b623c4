import { KmsFailure } from "../errors.ts";

/** One page of a listing. The marker is the name of the last entry of the page before. */
export function page<T>(
  all: readonly T[],
  nameOf: (item: T) => string,
  limit: number,
  marker: string | undefined,
): { readonly items: readonly T[]; readonly Truncated: boolean; readonly NextMarker?: string } {
  let start = 0;
  if (marker !== undefined) {
    start = all.findIndex((item) => nameOf(item) === marker) + 1;
    if (start === 0) throw new KmsFailure("InvalidMarkerException", "Could not deserialize marker");
  }
  const items = all.slice(start, start + limit);
  const last = items.at(-1);
  if (last === undefined || start + limit >= all.length) return { items, Truncated: false };
  return { items, Truncated: true, NextMarker: nameOf(last) };
}
