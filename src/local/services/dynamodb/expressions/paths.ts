import { getMember, type Item, type Value } from "../values/attribute-value.ts";
import type { Placeholders } from "./placeholders.ts";
import { RESERVED_WORDS } from "./reserved-words.ts";
import { accept, expect, invalidExpression, peek, type Reader, syntaxError, takeToken } from "./tokens.ts";

/** The path to a value in an item: an attribute's name, then names of map members and indexes of lists. */
export type Path = readonly [string, ...(string | number)[]];
const MAX_ELEMENTS = 32;

export function readPath(reader: Reader, placeholders: Placeholders): Path {
  const path: [string, ...(string | number)[]] = [readName(reader, placeholders)];
  for (;;) {
    if (accept(reader, ".")) path.push(readName(reader, placeholders));
    else if (accept(reader, "[")) {
      const token = peek(reader);
      if (token.kind !== "index") throw syntaxError(reader);
      takeToken(reader);
      expect(reader, "]");
      if (Number(token.text) > 2 ** 31 - 1)
        throw invalidExpression(reader, `List index is not within the allowable range; index: [${token.text}]`);
      path.push(Number(token.text));
    } else break;
  }
  if (path.length > MAX_ELEMENTS)
    throw invalidExpression(reader, `The document path has too many nesting elements; nesting levels: ${path.length}`);
  return path;
}

function readName(reader: Reader, placeholders: Placeholders): string {
  const token = peek(reader);
  if (token.kind !== "word" && token.kind !== "name") throw syntaxError(reader);
  takeToken(reader);
  if (token.kind === "name") return placeholders.name(reader, token.text);
  if (RESERVED_WORDS.has(token.key))
    throw invalidExpression(reader, `Attribute name is a reserved keyword; reserved keyword: ${token.text}`);
  return token.text;
}

/** The value at the path; undefined when there is none. */
export function findValue(item: Item, path: Path): Value | undefined {
  let value = getMember(item, path[0]);
  for (let i = 1; i < path.length && value !== undefined; i++) value = findChild(value, path[i] as string | number);
  return value;
}
export const findChild = (value: Value, step: string | number): Value | undefined =>
  typeof step === "number" ? value.L?.[step] : value.M && getMember(value.M, step);

/** A path as AWS writes it in messages: `[a, b, [1]]`. */
export const pathText = (path: Path): string => `[${path.map((step) => (typeof step === "number" ? `[${step}]` : step)).join(", ")}]`;

/** Refuses two paths that are equal, two of which one leads to the other, and two that use the same value as a list and as a map. */
export function checkOverlap(reader: Reader, paths: readonly Path[]): void {
  const root: Branch = new Map();
  for (const path of paths) addBranch(reader, root, path);
}
/** The next steps of all paths that begin alike. `path`: the first of them. */
type Branch = Map<string | number, { readonly path: Path; readonly next: Branch }>;
function addBranch(reader: Reader, root: Branch, path: Path): void {
  let branch = root;
  for (const [i, step] of path.entries()) {
    const [sibling] = branch.values();
    const [siblingStep] = branch.keys();
    if (sibling && typeof siblingStep !== typeof step) throw pathConflict(reader, "conflict", sibling.path, path);
    const known = branch.get(step);
    const isLast = i === path.length - 1;
    if (known && (isLast || known.next.size === 0)) throw pathConflict(reader, "overlap", known.path, path);
    const next: Branch = known?.next ?? new Map();
    if (!known) branch.set(step, { path, next });
    branch = next;
  }
}
const pathConflict = (reader: Reader, relation: string, firstPath: Path, secondPath: Path): Error =>
  invalidExpression(
    reader,
    `Two document paths ${relation} with each other; must remove or rewrite one of these paths; path one: ${pathText(firstPath)}, path two: ${pathText(secondPath)}`,
  );
