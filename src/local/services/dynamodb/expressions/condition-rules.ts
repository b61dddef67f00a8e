import { typeOf, type Value, valueText } from "../values/attribute-value.ts";
import { compareValues } from "../values/compare.ts";
import type { Operand } from "./condition.ts";
import { type Path, pathText } from "./paths.ts";
import { invalidExpression, type Reader } from "./tokens.ts";

const OPERAND_COUNTS: ReadonlyMap<string, number> = new Map([
  ["attribute_exists", 1],
  ["attribute_not_exists", 1],
  ["attribute_type", 2],
  ["begins_with", 2],
  ["contains", 2],
  ["size", 1],
]);
const TYPE_NAMES = ["B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M"];

/** The type of an operand that does not depend on the item: a value's type, or the number that size() returns. */
const typeOfOperand = (operand: Operand): string | undefined =>
  "value" in operand ? typeOf(operand.value) : "size" in operand ? "N" : undefined;
const wrongType = (reader: Reader, name: string, type: string): Error =>
  invalidExpression(reader, `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`);

/** The error for an existing function that is used where it is not allowed. */
export const misusedFunction = (reader: Reader, name: string): Error =>
  invalidExpression(reader, `The function is not allowed to be used this way in an expression; function: ${name}`);

/** Checks that the function exists and that the number and types of its operands are allowed. Throws AWS's error. */
export function checkFunction(reader: Reader, name: string, args: readonly Operand[]): void {
  const expectedCount = OPERAND_COUNTS.get(name);
  if (name === "if_not_exists" || name === "list_append") throw misusedFunction(reader, name);
  if (expectedCount === undefined) throw invalidExpression(reader, `Invalid function name; function: ${name}`);
  if (expectedCount !== args.length)
    throw invalidExpression(
      reader,
      `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${args.length}`,
    );
  checkDistinctPaths(reader, name, args);
  const types = args.map(typeOfOperand);
  if (name === "attribute_exists" || name === "attribute_not_exists") {
    if (!("path" in (args[0] as Operand)))
      throw invalidExpression(reader, `Operator or function requires a document path; operator or function: ${name}`);
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
  if (!TYPE_NAMES.includes(operand.value.S as string))
    throw invalidExpression(reader, `Invalid attribute type name found; type: ${operand.value.S}, valid types: {${TYPE_NAMES.join(",")}}`);
}

/** Refuses a comparison of a path with itself, and an order of types other than strings, numbers and binaries. */
export function checkComparison(reader: Reader, operator: string, args: readonly Operand[]): void {
  checkDistinctPaths(reader, operator, args);
  if (operator !== "=" && operator !== "<>") checkTypes(reader, operator, args.map(typeOfOperand), ["S", "N", "B"]);
}

function checkDistinctPaths(reader: Reader, name: string, args: readonly Operand[]): void {
  const [first, second] = args;
  if (args.length !== 2 || !first || !second || !("path" in first) || !("path" in second)) return;
  if (!isSamePath(first.path, second.path)) return;
  throw invalidExpression(
    reader,
    `The first operand must be distinct from the remaining operands for this operator or function; operator: ${name}, first operand: ${pathText(first.path)}`,
  );
}
const isSamePath = (a: Path, b: Path): boolean => a.length === b.length && a.every((step, i) => step === b[i]);

/** The lower bound must come before the upper one, and both must have one type. */
export function checkBounds(reader: Reader, lower: Operand, upper: Operand): void {
  if (!("value" in lower) || !("value" in upper)) return;
  const difference = compareValues(lower.value, upper.value);
  if (difference === undefined) throw invalidBounds(reader, "same data type for lower and upper bounds", lower.value, upper.value);
  if (difference > 0) throw invalidBounds(reader, "upper bound to be greater than or equal to lower bound", lower.value, upper.value);
}
const invalidBounds = (reader: Reader, requirement: string, lower: Value, upper: Value): Error =>
  invalidExpression(
    reader,
    `The BETWEEN operator requires ${requirement}; lower bound operand: AttributeValue: ${valueText(lower)}, upper bound operand: AttributeValue: ${valueText(upper)}`,
  );
