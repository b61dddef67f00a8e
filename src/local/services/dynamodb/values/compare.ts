import { getMember, type Item, typeOf, type Value } from "./attribute-value.ts";
import { compareNumbers } from "./number.ts";

/** True for the same type and content. Sets may be in any order. */
export function equal(a: Value, b: Value): boolean {
  const type = typeOf(a);
  if (type !== typeOf(b)) return false;
  if (type === "L") return equalLists(a.L as Value[], b.L as Value[]);
  if (type === "M") return equalMaps(a.M as Item, b.M as Item);
  if (type !== "SS" && type !== "NS" && type !== "BS") return a[type] === b[type];
  const [left, right] = [a[type] as string[], b[type] as string[]];
  if (left.length !== right.length) return false;
  const members = new Set(left);
  return right.every((member) => members.has(member));
}
const equalLists = (a: readonly Value[], b: readonly Value[]): boolean =>
  a.length === b.length && a.every((element, i) => equal(element, b[i] as Value));
function equalMaps(a: Item, b: Item): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => {
    const other = getMember(b, name);
    return other !== undefined && equal(a[name] as Value, other);
  });
}

/** Negative, zero or positive; undefined when there is no order: the types differ, or are not string, number or binary. */
export function compareValues(a: Value, b: Value): number | undefined {
  if (a.N !== undefined && b.N !== undefined) return compareNumbers(a.N, b.N);
  if (a.S !== undefined && b.S !== undefined) return a.S === b.S ? 0 : Buffer.compare(Buffer.from(a.S), Buffer.from(b.S));
  if (a.B !== undefined && b.B !== undefined) return Buffer.compare(Buffer.from(a.B, "base64"), Buffer.from(b.B, "base64"));
  return undefined;
}

/** True when `part` is a substring, a part of a binary, or an element of a set or list. */
export function contains(whole: Value, part: Value): boolean {
  if (whole.S !== undefined) return part.S !== undefined && whole.S.includes(part.S);
  if (whole.B !== undefined) return part.B !== undefined && Buffer.from(whole.B, "base64").includes(Buffer.from(part.B, "base64"));
  if (whole.L !== undefined) return containsElement(whole.L, part);
  const set = whole.SS ?? whole.NS ?? whole.BS;
  const soughtMember = whole.SS ? part.S : whole.NS ? part.N : part.B;
  return set !== undefined && soughtMember !== undefined && set.includes(soughtMember);
}

/** Lists may be long, so simple values are compared without a call for each. */
function containsElement(list: readonly Value[], part: Value): boolean {
  const { S, N } = part;
  if (S !== undefined) return list.some((element) => element.S === S);
  if (N !== undefined) return list.some((element) => element.N === N);
  return list.some((element) => equal(element, part));
}

export function beginsWith(whole: Value, prefix: Value): boolean {
  if (whole.S !== undefined && prefix.S !== undefined) return whole.S.startsWith(prefix.S);
  if (whole.B === undefined || prefix.B === undefined) return false;
  const soughtPrefix = Buffer.from(prefix.B, "base64");
  return Buffer.from(whole.B, "base64").subarray(0, soughtPrefix.length).equals(soughtPrefix);
}
