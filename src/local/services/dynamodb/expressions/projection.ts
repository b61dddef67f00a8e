import { getMember, type Item, newItem, type Value } from "../values/attribute-value.ts";
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

export const projectAttributes = (names: Iterable<string>): Projection => projectionOf(Array.from(names, (name): Path => [name]));

/** The requested parts of a value, by map member or list index. Empty: the whole value. */
type RequestedParts = Map<string | number, RequestedParts>;

export function projectionOf(paths: readonly Path[]): Projection {
  const requested: RequestedParts = new Map();
  for (const path of paths) {
    let level = requested;
    for (const step of path) {
      const next: RequestedParts = level.get(step) ?? new Map();
      level.set(step, next);
      level = next;
    }
  }
  return (item) => pickMembers(item, requested) ?? newItem();
}

function pickMembers(item: Item, requested: RequestedParts): Item | undefined {
  const picked = newItem();
  let isAnyFound = false;
  for (const [step, below] of requested) {
    const value = typeof step === "string" ? getMember(item, step) : undefined;
    const part = value && pick(value, below);
    if (!part) continue;
    picked[step as string] = part;
    isAnyFound = true;
  }
  return isAnyFound ? picked : undefined;
}

function pick(value: Value, requested: RequestedParts): Value | undefined {
  if (requested.size === 0) return value;
  if (value.M) {
    const picked = pickMembers(value.M, requested);
    return picked && { M: picked };
  }
  if (!value.L) return undefined;
  // The picked elements form a new list, in their old order.
  const indexes = [...requested.keys()].filter((step): step is number => typeof step === "number").sort((a, b) => a - b);
  const picked = indexes.flatMap((index) => {
    const element = value.L?.[index];
    const part = element && pick(element, requested.get(index) as RequestedParts);
    return part ? [part] : [];
  });
  return picked.length > 0 ? { L: picked } : undefined;
}
