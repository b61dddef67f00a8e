import { type Item, member, type Value } from "../values/attribute-value.ts";
import type { Placeholders } from "./placeholders.ts";
import { RESERVED_WORDS } from "./reserved-words.ts";
import { accept, expect, peek, type Reader, refuse, syntaxError, take } from "./tokens.ts";

/** The place of a value in an item: an attribute's name, then names of map members and indexes of lists. */
export type Path = readonly [string, ...(string | number)[]];
const MAX_ELEMENTS = 32;

export function readPath(reader: Reader, placeholders: Placeholders): Path {
  const path: [string, ...(string | number)[]] = [readName(reader, placeholders)];
  for (;;) {
    if (accept(reader, ".")) path.push(readName(reader, placeholders));
    else if (accept(reader, "[")) {
      const token = peek(reader);
      if (token.kind !== "index") throw syntaxError(reader);
      take(reader);
      expect(reader, "]");
      if (Number(token.text) > 2 ** 31 - 1) throw refuse(reader, `List index is not within the allowable range; index: [${token.text}]`);
      path.push(Number(token.text));
    } else break;
  }
  if (path.length > MAX_ELEMENTS) throw refuse(reader, `The document path has too many nesting elements; nesting levels: ${path.length}`);
  return path;
}

function readName(reader: Reader, placeholders: Placeholders): string {
  const token = peek(reader);
  if (token.kind !== "word" && token.kind !== "name") throw syntaxError(reader);
  take(reader);
  if (token.kind === "name") return placeholders.name(reader, token.text);
  if (RESERVED_WORDS.has(token.key)) throw refuse(reader, `Attribute name is a reserved keyword; reserved keyword: ${token.text}`);
  return token.text;
}

/** The value at the path; undefined when there is none. */
export function valueAt(item: Item, path: Path): Value | undefined {
  let value = member(item, path[0]);
  for (let i = 1; i < path.length && value !== undefined; i++) value = child(value, path[i] as string | number);
  return value;
}
export const child = (value: Value, step: string | number): Value | undefined =>
  typeof step === "number" ? value.L?.[step] : value.M && member(value.M, step);

/** A path as AWS writes it in messages: `[a, b, [1]]`. */
export const shownPath = (path: Path): string => `[${path.map((step) => (typeof step === "number" ? `[${step}]` : step)).join(", ")}]`;

/** Refuses two paths when they are equal, when one leads to the other, and when one takes a place for a list and the other for a map. */
export function checkOverlap(reader: Reader, paths: readonly Path[]): void {
  const seen: Branch = new Map();
  for (const path of paths) addBranch(reader, seen, path);
}
type Branch = Map<string | number, { readonly path: Path; readonly next: Branch }>;
function addBranch(reader: Reader, root: Branch, path: Path): void {
  let branch = root;
  for (const [i, step] of path.entries()) {
    const [other] = branch.values();
    const [key] = branch.keys();
    if (other && typeof key !== typeof step) throw clash(reader, "conflict", other.path, path);
    const known = branch.get(step);
    const last = i === path.length - 1;
    if (known && (last || known.next.size === 0)) throw clash(reader, "overlap", known.path, path);
    const next: Branch = known?.next ?? new Map();
    if (!known) branch.set(step, { path, next });
    branch = next;
  }
}
const clash = (reader: Reader, how: string, one: Path, two: Path): Error =>
  refuse(
    reader,
    `Two document paths ${how} with each other; must remove or rewrite one of these paths; path one: ${shownPath(one)}, path two: ${shownPath(two)}`,
  );
