import type { AttributeValue } from "@aws-sdk/client-dynamodb";

export type Item = Record<string, AttributeValue>;

/** DynamoDB refuses numbers nearer to zero. */
const SMALLEST = 1e-130;

/** A JSON value as a DynamoDB attribute. The tables hold no null and no other types. */
export function toAttribute(value: unknown): AttributeValue {
  if (typeof value === "string") return { S: value };
  if (typeof value === "number") return { N: String(Math.abs(value) < SMALLEST ? 0 : value) };
  if (typeof value === "boolean") return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(toAttribute) };
  if (typeof value === "object" && value !== null) return { M: toItem(value) };
  throw new TypeError(`A ${typeof value} cannot be stored in a table.`);
}

/** An object as a DynamoDB item. Fields that are undefined are left out. */
export function toItem(record: object): Item {
  const present = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, toAttribute(value)]));
}

/** Numbers are returned as doubles. Types that we never write (sets, binary) count as absent. */
export function fromAttribute(attribute: AttributeValue): unknown {
  if (attribute.S !== undefined) return attribute.S;
  if (attribute.N !== undefined) return Number(attribute.N);
  if (attribute.BOOL !== undefined) return attribute.BOOL;
  if (attribute.L !== undefined) return attribute.L.map(fromAttribute).filter((value) => value !== undefined);
  if (attribute.M !== undefined) return fromItem(attribute.M);
  return undefined;
}

/** The caller names the type of the record, without a check: only these functions write to the tables. */
export function fromItem<R>(item: Item): R {
  return Object.fromEntries(Object.entries(item).map(([name, attribute]) => [name, fromAttribute(attribute)])) as R;
}
