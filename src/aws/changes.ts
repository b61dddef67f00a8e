import { isDeepStrictEqual } from "node:util";
import type { Change, Tags } from "../engine/contract.ts";

/**
 * The form in which two values mean the same: without AWS's phantoms (undefined, null, empty lists and objects), with lists
 * in a fixed order, because no list that we compare means anything by its order.
 */
export function normalForm(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(normalForm).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items.toSorted((a, b) => order(JSON.stringify(a), JSON.stringify(b)));
  }
  if (value === null) return undefined;
  if (typeof value !== "object") return value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, normalForm(item)] as const)
    .filter(([, item]) => item !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries.toSorted(([a], [b]) => order(a, b)));
}
const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** One change for each `path: [what is there, what is wanted]` whose halves do not mean the same. */
export function differences(pairs: Readonly<Record<string, readonly [from: unknown, to: unknown]>>, forces?: "replace"): Change[] {
  return Object.entries(pairs)
    .filter(([, [from, to]]) => !isDeepStrictEqual(normalForm(from), normalForm(to)))
    .map(([path, [from, to]]) => ({ path, from, to, ...(forces && { forces }) }));
}

export const touches = (changes: readonly Change[], ...paths: readonly string[]): boolean => changes.some((c) => paths.includes(c.path));

/** The tags that are to be written; undefined when no tag changed. */
export function changedTags(changes: readonly Change[]): Tags | undefined {
  const tags = changes.filter((c) => c.path.startsWith("tags.")).map((c) => [c.path.slice("tags.".length), String(c.to)]);
  return tags.length === 0 ? undefined : Object.fromEntries(tags);
}
