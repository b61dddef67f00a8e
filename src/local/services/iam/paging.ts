import { LocalFault } from "../../core/service.ts";

export interface Page<T> {
  readonly items: T[];
  readonly IsTruncated: boolean;
  readonly Marker?: string;
}
/** One page, sorted by name. The marker is the last name of the page before, so pages stay correct after changes between them. */
export function page<T>(
  all: readonly T[],
  nameOf: (item: T) => string,
  { Marker, MaxItems = 100 }: { readonly Marker?: string | undefined; readonly MaxItems?: number | undefined },
): Page<T> {
  if (MaxItems < 1 || MaxItems > 1000) throw new LocalFault("ValidationError", `MaxItems must be from 1 to 1000, not ${MaxItems}`, 400);
  const after = Marker === undefined ? undefined : Buffer.from(Marker, "base64url").toString();
  const sorted = all.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
  const rest = after === undefined ? sorted : sorted.filter((item) => nameOf(item) > after);
  const items = rest.slice(0, MaxItems);
  const last = items.at(-1);
  if (rest.length <= MaxItems || last === undefined) return { items, IsTruncated: false };
  return { items, IsTruncated: true, Marker: Buffer.from(nameOf(last)).toString("base64url") };
}
