import { invalid, invalidParameter } from "./faults.ts";
import { canonicalNumber } from "./number.ts";

export type ScalarType = "S" | "N" | "B";
export type SetType = "SS" | "NS" | "BS";
export type ValueType = ScalarType | SetType | "BOOL" | "NULL" | "L" | "M";
/** An attribute value as in the wire's JSON: binary as base64 text, exactly one member. */
export type Value = { [Type in ScalarType]?: string } & { [Type in SetType]?: string[] } & {
  BOOL?: boolean;
  NULL?: boolean;
  L?: Value[];
  M?: Item;
};
/** Names come from requests: read members with `getMember` and write them with `setMember`. */
export type Item = { [name: string]: Value };

const MAX_DEPTH = 32;

export const typeOf = (value: Value): ValueType => {
  for (const type in value) return type as ValueType;
  throw invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes");
};
export const getMember = (item: Item, name: string): Value | undefined => (Object.hasOwn(item, name) ? item[name] : undefined);
/** Sets a member with any name, also `__proto__`. */
export function setMember(item: Item, name: string, value: Value): void {
  if (name === "__proto__") Object.defineProperty(item, name, { value, enumerable: true, configurable: true, writable: true });
  else item[name] = value;
}
export const newItem = (): Item => Object.create(null) as Item;

/** Checks a value of a request and replaces its numbers by AWS's form of them. Throws AWS's error. */
export function checkValue(value: Value, depth = 0): void {
  const type = typeOf(value);
  if (Object.keys(value).length > 1)
    throw invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes");
  if (type === "N") value.N = canonicalNumber(value.N as string);
  else if (type === "NULL" && !value.NULL) throw invalidParameter("Null attribute value types must have the value of true");
  else if (type === "SS" || type === "NS" || type === "BS") checkSet(value, type);
  else if (type === "L" || type === "M") {
    if (depth >= MAX_DEPTH)
      throw invalid("Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit");
    if (type === "M") checkItem(value.M as Item, depth + 1);
    else for (const element of value.L as Value[]) checkValue(element, depth + 1);
  }
}

/** Checks all names and values of an item or key, as `checkValue` does. */
export function checkItem(item: Item, depth = 0): void {
  for (const name of Object.keys(item)) {
    if (depth === 0) checkAttributeName(name);
    checkValue(item[name] as Value, depth);
  }
}
/** Checks the name of an item's attribute. Names within maps have no limits. */
export function checkAttributeName(name: string): void {
  if (name === "") throw invalidParameter("Empty attribute name");
  if (name.length > 65_535 / 3 && Buffer.byteLength(name) > 65_535)
    throw invalidParameter("Attribute name is too large, must be less than 65536 bytes");
}

const SET_NAMES = { SS: "An string set ", NS: "An number set ", BS: "Binary sets" } as const;
function checkSet(value: Value, type: SetType): void {
  const members = value[type] as string[];
  if (members.length === 0)
    throw invalidParameter(type === "BS" ? "Binary sets should not be empty" : `${SET_NAMES[type]} may not be empty`);
  if (type === "NS") for (let i = 0; i < members.length; i++) members[i] = canonicalNumber(members[i] as string);
  if (new Set(members).size === members.length) return;
  throw type === "NS"
    ? invalid("Input collection contains duplicates")
    : invalidParameter(`Input collection [${members.slice(0, 100).join(", ")}]${type === "BS" ? "of type BS" : ""} contains duplicates.`);
}

/** A value as AWS writes it in messages: `{S:x}`. */
export function valueText(value: Value): string {
  const type = typeOf(value);
  const content = value[type];
  return `{${type}:${Array.isArray(content) || typeof content === "object" ? JSON.stringify(content).slice(0, 200) : String(content)}}`;
}
