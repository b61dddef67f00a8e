import { type Item, member, newItem, type Value } from "../values/attribute-value.ts";
import { checkOverlap, type Path, readPath } from "./paths.ts";
import type { Placeholders } from "./placeholders.ts";
import { accept, expectEnd, readerOf } from "./tokens.ts";

/** Returns the requested parts of an item. */
export type Projection = (item: Item) => Item;

export function readProjection(text: string, placeholders: Placeholders): { paths: readonly Path[]; project: Projection } {
  const reader = readerOf("ProjectionExpression", text);
  const paths = [readPath(reader, placeholders)];
  while (accept(reader, ",")) paths.push(readPath(reader, placeholders));
  expectEnd(reader);
  checkOverlap(reader, paths);
  return { paths, project: projectionOf(paths) };
}

export const topLevel = (names: Iterable<string>): Projection => projectionOf(Array.from(names, (name): Path => [name]));

/** The requested places below a place. Empty: everything below it. */
type Wanted = Map<string | number, Wanted>;

export function projectionOf(paths: readonly Path[]): Projection {
  const wanted: Wanted = new Map();
  for (const path of paths) {
    let place = wanted;
    for (const step of path) {
      const next: Wanted = place.get(step) ?? new Map();
      place.set(step, next);
      place = next;
    }
  }
  return (item) => pickMembers(item, wanted) ?? newItem();
}

function pickMembers(item: Item, wanted: Wanted): Item | undefined {
  const picked = newItem();
  let some = false;
  for (const [step, below] of wanted) {
    const value = typeof step === "string" ? member(item, step) : undefined;
    const part = value && pick(value, below);
    if (!part) continue;
    picked[step as string] = part;
    some = true;
  }
  return some ? picked : undefined;
}

function pick(value: Value, wanted: Wanted): Value | undefined {
  if (wanted.size === 0) return value;
  if (value.M) {
    const picked = pickMembers(value.M, wanted);
    return picked && { M: picked };
  }
  if (!value.L) return undefined;
  // The picked elements form a new list, in their old order.
  const indexes = [...wanted.keys()].filter((step): step is number => typeof step === "number").sort((a, b) => a - b);
  const picked = indexes.flatMap((index) => {
    const element = value.L?.[index];
    const part = element && pick(element, wanted.get(index) as Wanted);
    return part ? [part] : [];
  });
  return picked.length > 0 ? { L: picked } : undefined;
}
