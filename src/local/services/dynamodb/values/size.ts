import { type Item, typeOf, type Value } from "./attribute-value.ts";
import { numberSize } from "./number.ts";

const text = (value: string): number => Buffer.byteLength(value);
/** Bytes behind base64 text. */
const bytes = (value: string): number => (value.length / 4) * 3 - (value.endsWith("==") ? 2 : value.endsWith("=") ? 1 : 0);

/** Bytes of an item as AWS counts them: names and values in UTF-8, three bytes and one a member for lists and maps. */
export function itemSize(item: Item): number {
  let size = 0;
  for (const name of Object.keys(item)) size += text(name) + valueSize(item[name] as Value);
  return size;
}

function valueSize(value: Value): number {
  const type = typeOf(value);
  if (type === "S") return text(value.S as string);
  if (type === "N") return numberSize(value.N as string);
  if (type === "B") return bytes(value.B as string);
  if (type === "L") return (value.L as Value[]).reduce((size, one) => size + 1 + valueSize(one), 3);
  if (type === "M") return 3 + Object.keys(value.M as Item).length + itemSize(value.M as Item);
  if (type === "BOOL" || type === "NULL") return 1;
  const one = type === "SS" ? text : type === "NS" ? numberSize : bytes;
  return (value[type] as string[]).reduce((size, member) => size + one(member), 0);
}

/** What the function size() of an expression answers; undefined for what has none. */
export function lengthOf(value: Value): number | undefined {
  const type = typeOf(value);
  if (type === "S") return text(value.S as string);
  if (type === "B") return bytes(value.B as string);
  if (type === "M") return Object.keys(value.M as Item).length;
  const content = value[type];
  return Array.isArray(content) ? content.length : undefined;
}
