import { type Item, typeOf, type Value } from "./attribute-value.ts";
import { numberSize } from "./number.ts";

const textSize = (value: string): number => Buffer.byteLength(value);
/** Number of bytes that base64 text stands for. */
const base64Size = (value: string): number => (value.length / 4) * 3 - (value.endsWith("==") ? 2 : value.endsWith("=") ? 1 : 0);

/** Size of an item in bytes, as AWS counts it: names and values in UTF-8; lists and maps take three bytes and one for each member. */
export function itemSize(item: Item): number {
  let size = 0;
  for (const name of Object.keys(item)) size += textSize(name) + valueSize(item[name] as Value);
  return size;
}

function valueSize(value: Value): number {
  const type = typeOf(value);
  if (type === "S") return textSize(value.S as string);
  if (type === "N") return numberSize(value.N as string);
  if (type === "B") return base64Size(value.B as string);
  if (type === "L") return (value.L as Value[]).reduce((size, element) => size + 1 + valueSize(element), 3);
  if (type === "M") return 3 + Object.keys(value.M as Item).length + itemSize(value.M as Item);
  if (type === "BOOL" || type === "NULL") return 1;
  const memberSize = type === "SS" ? textSize : type === "NS" ? numberSize : base64Size;
  return (value[type] as string[]).reduce((size, member) => size + memberSize(member), 0);
}

/** The result of an expression's function size(); undefined for types without a size. */
export function resultOfSize(value: Value): number | undefined {
  const type = typeOf(value);
  if (type === "S") return textSize(value.S as string);
  if (type === "B") return base64Size(value.B as string);
  if (type === "M") return Object.keys(value.M as Item).length;
  const content = value[type];
  return Array.isArray(content) ? content.length : undefined;
}
