import { shown, typeOf, type Value } from "../values/attribute-value.ts";
import { order } from "../values/compare.ts";
import type { Operand } from "./condition.ts";
import { type Path, shownPath } from "./paths.ts";
import { type Reader, refuse } from "./tokens.ts";

const OPERANDS: ReadonlyMap<string, number> = new Map([
  ["attribute_exists", 1],
  ["attribute_not_exists", 1],
  ["attribute_type", 2],
  ["begins_with", 2],
  ["contains", 2],
  ["size", 1],
]);
const TYPES = ["B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M"];

/** The type of an operand that does not depend on the item: a value's type, or the number that size() returns. */
const typeOfOperand = (operand: Operand): string | undefined =>
  "value" in operand ? typeOf(operand.value) : "size" in operand ? "N" : undefined;
const wrongType = (reader: Reader, name: string, type: string): Error =>
  refuse(reader, `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`);

/** An existing function in a place where it is not allowed. */
export const misused = (reader: Reader, name: string): Error =>
  refuse(reader, `The function is not allowed to be used this way in an expression; function: ${name}`);

/** Name, number and types of a function's operands. */
export function checkFunction(reader: Reader, name: string, args: readonly Operand[]): void {
  const wanted = OPERANDS.get(name);
  if (name === "if_not_exists" || name === "list_append") throw misused(reader, name);
  if (wanted === undefined) throw refuse(reader, `Invalid function name; function: ${name}`);
  if (wanted !== args.length)
    throw refuse(
      reader,
      `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${args.length}`,
    );
  checkDistinct(reader, name, args);
  const types = args.map(typeOfOperand);
  if (name === "attribute_exists" || name === "attribute_not_exists") {
    if (!("path" in (args[0] as Operand)))
      throw refuse(reader, `Operator or function requires a document path; operator or function: ${name}`);
  } else if (name === "begins_with") checkTypes(reader, name, types, ["S", "B"]);
  else if (name === "size") checkTypes(reader, name, types, ["S", "B", "SS", "NS", "BS", "L", "M"]);
  else if (name === "attribute_type") checkTypeName(reader, args[1] as Operand);
}

function checkTypes(reader: Reader, name: string, types: readonly (string | undefined)[], allowed: readonly string[]): void {
  for (const type of types) if (type !== undefined && !allowed.includes(type)) throw wrongType(reader, name, type);
}

function checkTypeName(reader: Reader, operand: Operand): void {
  const type = typeOfOperand(operand);
  if (type !== "S" || !("value" in operand)) throw wrongType(reader, "attribute_type", type ?? "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}");
  if (!TYPES.includes(operand.value.S as string))
    throw refuse(reader, `Invalid attribute type name found; type: ${operand.value.S}, valid types: {${TYPES.join(",")}}`);
}

/** Refuses a comparison of a path with itself, and an order of types other than strings, numbers and binaries. */
export function checkComparison(reader: Reader, operator: string, args: readonly Operand[]): void {
  checkDistinct(reader, operator, args);
  if (operator !== "=" && operator !== "<>") checkTypes(reader, operator, args.map(typeOfOperand), ["S", "N", "B"]);
}

function checkDistinct(reader: Reader, name: string, args: readonly Operand[]): void {
  const [first, second] = args;
  if (args.length !== 2 || !first || !second || !("path" in first) || !("path" in second)) return;
  if (!samePath(first.path, second.path)) return;
  throw refuse(
    reader,
    `The first operand must be distinct from the remaining operands for this operator or function; operator: ${name}, first operand: ${shownPath(first.path)}`,
  );
}
const samePath = (a: Path, b: Path): boolean => a.length === b.length && a.every((step, i) => step === b[i]);

/** The lower bound must come before the upper one, and both must have one type. */
export function checkBounds(reader: Reader, lower: Operand, upper: Operand): void {
  if (!("value" in lower) || !("value" in upper)) return;
  const difference = order(lower.value, upper.value);
  if (difference === undefined) throw bounds(reader, "same data type for lower and upper bounds", lower.value, upper.value);
  if (difference > 0) throw bounds(reader, "upper bound to be greater than or equal to lower bound", lower.value, upper.value);
}
const bounds = (reader: Reader, what: string, lower: Value, upper: Value): Error =>
  refuse(
    reader,
    `The BETWEEN operator requires ${what}; lower bound operand: AttributeValue: ${shown(lower)}, upper bound operand: AttributeValue: ${shown(upper)}`,
  );
