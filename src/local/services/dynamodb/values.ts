import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/** An attribute value as the engine keeps it: JSON, binary as base64 text. */
export type Stored = Readonly<Record<string, unknown>>;
export type StoredItem = Readonly<Record<string, Stored>>;
export type Item = Record<string, AttributeValue>;

/** An operation's input as the engine reads it: a fresh copy, every binary as base64 text. */
export function toStored<T>(value: T): T {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64") as T;
  if (Array.isArray(value)) return value.map(toStored) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toStored(member)])) as T;
}

export function fromStored(value: Stored): AttributeValue {
  const binary = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "base64"));
  if (value.B !== undefined) return { B: binary(value.B as string) };
  if (value.BS !== undefined) return { BS: (value.BS as string[]).map(binary) };
  if (value.L !== undefined) return { L: (value.L as Stored[]).map(fromStored) };
  if (value.M !== undefined) return { M: itemFrom(value.M as StoredItem) };
  return { ...value } as unknown as AttributeValue;
}

export const itemFrom = (item: StoredItem): Item =>
  Object.fromEntries(
    Object.entries(item)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, fromStored(value)]),
  );
