import { type Item, typeOf, type Value } from "../values/attribute-value.ts";
import { beginsWith, contains, equal, order } from "../values/compare.ts";
import { lengthOf } from "../values/size.ts";
import { type Path, valueAt } from "./paths.ts";

export type Operand = { readonly path: Path } | { readonly value: Value } | { readonly size: Operand };
export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";
export type ConditionFunction = "attribute_exists" | "attribute_not_exists" | "attribute_type" | "begins_with" | "contains";
export type Condition =
  | { readonly op: "and"; readonly all: readonly Condition[] }
  | { readonly op: "or"; readonly all: readonly Condition[] }
  | { readonly op: "not"; readonly one: Condition }
  | { readonly op: Comparator | "between" | "in" | ConditionFunction; readonly args: readonly Operand[] };

/** True when the item satisfies the condition. A missing item counts as an empty one. */
export function holds(condition: Condition, item: Item): boolean {
  if (condition.op === "and") return condition.all.every((one) => holds(one, item));
  if (condition.op === "or") return condition.all.some((one) => holds(one, item));
  if (condition.op === "not") return !holds(condition.one, item);
  const [first, ...rest] = condition.args.map((operand) => operandValue(operand, item));
  return judge(condition.op, first, rest);
}

function operandValue(operand: Operand, item: Item): Value | undefined {
  if ("path" in operand) return valueAt(item, operand.path);
  if ("value" in operand) return operand.value;
  const value = operandValue(operand.size, item);
  const length = value && lengthOf(value);
  return length === undefined ? undefined : { N: String(length) };
}

type Simple = Exclude<Condition["op"], "and" | "or" | "not">;
/** A missing value is unequal to every value, also to another missing one, and has no order. */
function judge(op: Simple, value: Value | undefined, rest: readonly (Value | undefined)[]): boolean {
  const [other, upper] = rest;
  switch (op) {
    case "attribute_exists":
      return value !== undefined;
    case "attribute_not_exists":
      return value === undefined;
    case "=":
      return same(value, other);
    case "<>":
      return !same(value, other);
    case "in":
      return rest.some((one) => same(value, one));
    case "between":
      return compared(">=", value, other) && compared("<=", value, upper);
    case "attribute_type":
      return value !== undefined && typeOf(value) === other?.S;
    case "begins_with":
      return value !== undefined && other !== undefined && beginsWith(value, other);
    case "contains":
      return value !== undefined && other !== undefined && contains(value, other);
    default:
      return compared(op, value, other);
  }
}
const same = (a: Value | undefined, b: Value | undefined): boolean => a !== undefined && b !== undefined && equal(a, b);

export function compared(op: "<" | "<=" | ">" | ">=", a: Value | undefined, b: Value | undefined): boolean {
  const difference = a && b && order(a, b);
  if (difference === undefined) return false;
  if (op === "<") return difference < 0;
  if (op === "<=") return difference <= 0;
  return op === ">" ? difference > 0 : difference >= 0;
}
