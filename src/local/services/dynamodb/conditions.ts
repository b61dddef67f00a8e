import { isDeepStrictEqual } from "node:util";
import db from "dynalite/db/index.js";
import type { Stored, StoredItem } from "./values.ts";

/** A parsed expression: an operator or function over paths (arrays), values and nested expressions. */
interface Expression {
  readonly type: string;
  readonly name?: string;
  readonly args: readonly (readonly (string | number)[] | Expression | Stored)[];
}

/** Does the item satisfy the parsed condition? As the engine judges, but lists and maps compare by content and sizes count bytes. */
export function holds(expression: object, item: StoredItem): boolean {
  const { type, name, args } = expression as Expression;
  if (type === "and") return args.every((arg) => holds(arg, item));
  if (type === "or") return args.some((arg) => holds(arg, item));
  if (type === "not") return !holds(args[0] as object, item);
  const [value, ...operands] = args.map((arg) => resolve(arg, item));
  if (type === "=" && isDocument(value)) return isDeepStrictEqual(plain(value), plain(operands[0]));
  if (type === "<>" && isDocument(value)) return !isDeepStrictEqual(plain(value), plain(operands[0]));
  if (type === "in" && isDocument(value)) return operands.some((operand) => isDeepStrictEqual(plain(value), plain(operand)));
  return Boolean(db.compare(type === "function" ? (name as string) : type, value, operands));
}

const isDocument = (value: Stored | undefined): boolean => value?.L !== undefined || value?.M !== undefined;
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

function resolve(arg: Expression["args"][number], item: StoredItem): Stored | undefined {
  if (Array.isArray(arg)) return (db.mapPath(arg, item) as Stored | undefined) ?? undefined;
  const { type, name, args } = arg as Expression;
  if (type !== "function" || name !== "size") return arg as Stored;
  const value = resolve(args[0] as Expression, item);
  const length = value && sizeOf(value);
  return length === undefined ? undefined : { N: String(length) };
}

function sizeOf(value: Stored): number | undefined {
  if (value.S !== undefined) return Buffer.byteLength(value.S as string);
  if (value.B !== undefined) return Buffer.from(value.B as string, "base64").length;
  const list = value.SS ?? value.NS ?? value.BS ?? value.L;
  if (list !== undefined) return (list as unknown[]).length;
  return value.M === undefined ? undefined : Object.keys(value.M as object).length;
}
