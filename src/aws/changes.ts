import { isDeepStrictEqual } from "node:util";
import { defined } from "../defined.ts";
import type { Change, Tags } from "../engine/contract.ts";
import { normalForm } from "../normal-form.ts";

/** One change for each `path: [live value, desired value]` whose values do not mean the same. */
export function differences(pairs: Readonly<Record<string, readonly [from: unknown, to: unknown]>>, forces?: "replace"): Change[] {
  return Object.entries(pairs)
    .filter(([, [from, to]]) => from !== to && !isDeepStrictEqual(normalForm(from), normalForm(to)))
    .map(([path, [from, to]]) => ({ path, from, to, ...defined({ forces }) }));
}

export const touches = (changes: readonly Change[], ...paths: readonly string[]): boolean => changes.some((c) => paths.includes(c.path));

/** The tags to write; undefined when no tag changed. */
export function changedTags(changes: readonly Change[]): Tags | undefined {
  const tags = changes.filter((c) => c.path.startsWith("tags.")).map((c) => [c.path.slice("tags.".length), String(c.to)]);
  return tags.length === 0 ? undefined : Object.fromEntries(tags);
}
