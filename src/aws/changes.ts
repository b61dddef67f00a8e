import { isDeepStrictEqual } from "node:util";
import type { Change, Tags } from "../engine/contract.ts";
import { normalForm } from "../normal-form.ts";

/** One change for each `path: [what is there, what is wanted]` whose halves do not mean the same. */
export function differences(pairs: Readonly<Record<string, readonly [from: unknown, to: unknown]>>, forces?: "replace"): Change[] {
  return Object.entries(pairs)
    .filter(([, [from, to]]) => !isDeepStrictEqual(normalForm(from), normalForm(to)))
    .map(([path, [from, to]]) => ({ path, from, to, forces }));
}

export const touches = (changes: readonly Change[], ...paths: readonly string[]): boolean => changes.some((c) => paths.includes(c.path));

/** The tags that are to be written; undefined when no tag changed. */
export function changedTags(changes: readonly Change[]): Tags | undefined {
  const tags = changes.filter((c) => c.path.startsWith("tags.")).map((c) => [c.path.slice("tags.".length), String(c.to)]);
  return tags.length === 0 ? undefined : Object.fromEntries(tags);
}
