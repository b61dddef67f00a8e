import { type Item, typeOf, type Value } from "../values/attribute-value.ts";
import { beginsWith, compareValues, contains, equal } from "../values/compare.ts";
import { resultOfSize } from "../values/size.ts";
import { findValue, type Path } from "./paths.ts";

/** A path into the item, a value of the request, or the size of another operand. */
export type Operand = { readonly path: Path } | { readonly value: Value } | { readonly size: Operand };
export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";
export type ConditionFunction = "attribute_exists" | "attribute_not_exists" | "attribute_type" | "begins_with" | "contains";
export type Condition =
  | { readonly op: "and"; readonly conditions: readonly Condition[] }
  | { readonly op: "or"; readonly conditions: readonly Condition[] }
  | { readonly op: "not"; readonly condition: Condition }
  | { readonly op: Comparator | "between" | "in" | ConditionFunction; readonly args: readonly Operand[] };

/** True when the item satisfies the condition. A missing item counts as an empty one. */
export function isSatisfied(condition: Condition, item: Item): boolean {
  if (condition.op === "and") return condition.conditions.every((part) => isSatisfied(part, item));
  if (condition.op === "or") return condition.conditions.some((part) => isSatisfied(part, item));
  if (condition.op === "not") return !isSatisfied(condition.condition, item);
  const [first, ...rest] = condition.args.map((operand) => operandValue(operand, item));
  return evaluateOperator(condition.op, first, rest);
}

function operandValue(operand: Operand, item: Item): Value | undefined {
  if ("path" in operand) return findValue(item, operand.path);
  if ("value" in operand) return operand.value;
  const value = operandValue(operand.size, item);
  const length = value && resultOfSize(value);
  return length === undefined ? undefined : { N: String(length) };
}

type ValueOperator = Exclude<Condition["op"], "and" | "or" | "not">;
/** A missing value is unequal to every value, also to another missing one, and has no order. */
function evaluateOperator(op: ValueOperator, value: Value | undefined, others: readonly (Value | undefined)[]): boolean {
  const [other, upper] = others;
  switch (op) {
    case "attribute_exists":
      return value !== undefined;
    case "attribute_not_exists":
      return value === undefined;
    case "=":
      return areEqual(value, other);
    case "<>":
      return !areEqual(value, other);
    case "in":
      return others.some((candidate) => areEqual(value, candidate));
    case "between":
      return comparisonHolds(">=", value, other) && comparisonHolds("<=", value, upper);
    case "attribute_type":
      return value !== undefined && typeOf(value) === other?.S;
    case "begins_with":
      return value !== undefined && other !== undefined && beginsWith(value, other);
    case "contains":
      return value !== undefined && other !== undefined && contains(value, other);
    default:
      return comparisonHolds(op, value, other);
  }
}
const areEqual = (a: Value | undefined, b: Value | undefined): boolean => a !== undefined && b !== undefined && equal(a, b);

/** True when both values exist, have an order, and are in the order that the operator states. */
export function comparisonHolds(op: "<" | "<=" | ">" | ">=", a: Value | undefined, b: Value | undefined): boolean {
  const difference = a && b && compareValues(a, b);
  if (difference === undefined) return false;
  if (op === "<") return difference < 0;
  if (op === "<=") return difference <= 0;
  return op === ">" ? difference > 0 : difference >= 0;
}
