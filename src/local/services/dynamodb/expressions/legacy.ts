import { typeOf, type Value } from "../values/attribute-value.ts";
import { compareValues } from "../values/compare.ts";
import { invalid, invalidParameter } from "../values/faults.ts";
import type { Condition, Operand } from "./condition.ts";
import type { Action } from "./update-parser.ts";

/** A condition of a request without expressions. AWS still accepts such requests. */
export interface LegacyCondition {
  readonly ComparisonOperator?: string;
  readonly AttributeValueList?: readonly Value[];
  readonly Value?: Value;
  readonly Exists?: boolean;
}
export type LegacyConditions = Readonly<Record<string, LegacyCondition>>;

interface Rule {
  readonly valueCount: number | "at least one";
  readonly types?: readonly string[];
  readonly condition: (args: readonly Operand[]) => Condition;
}
const SCALARS = ["S", "N", "B"];
const ANY = ["S", "N", "B", "SS", "NS", "BS", "BOOL", "NULL", "L", "M"];
const comparison =
  (op: Exclude<Condition["op"], "and" | "or" | "not">): Rule["condition"] =>
  (args) => ({ op, args });
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["EQ", { valueCount: 1, types: ANY, condition: comparison("=") }],
  ["NE", { valueCount: 1, types: ANY, condition: comparison("<>") }],
  ["LE", { valueCount: 1, types: SCALARS, condition: comparison("<=") }],
  ["LT", { valueCount: 1, types: SCALARS, condition: comparison("<") }],
  ["GE", { valueCount: 1, types: SCALARS, condition: comparison(">=") }],
  ["GT", { valueCount: 1, types: SCALARS, condition: comparison(">") }],
  ["NULL", { valueCount: 0, condition: comparison("attribute_not_exists") }],
  ["NOT_NULL", { valueCount: 0, condition: comparison("attribute_exists") }],
  ["CONTAINS", { valueCount: 1, types: SCALARS, condition: comparison("contains") }],
  [
    "NOT_CONTAINS",
    {
      valueCount: 1,
      types: SCALARS,
      condition: (args) => ({
        op: "and",
        conditions: [
          { op: "attribute_exists", args: args.slice(0, 1) },
          { op: "not", condition: { op: "contains", args } },
        ],
      }),
    },
  ],
  ["BEGINS_WITH", { valueCount: 1, types: ["S", "B"], condition: comparison("begins_with") }],
  ["IN", { valueCount: "at least one", types: SCALARS, condition: comparison("in") }],
  ["BETWEEN", { valueCount: 2, types: SCALARS, condition: comparison("between") }],
]);

/** Checks the values of a comparison operator and returns its rule. Throws AWS's error. */
export function checkLegacyOperator(operator: string, values: readonly Value[]): Rule {
  const rule = RULES.get(operator) as Rule;
  if (rule.valueCount === "at least one" ? values.length === 0 : values.length !== rule.valueCount)
    throw invalidParameter(`Invalid number of argument(s) for the ${operator} ComparisonOperator`);
  const types = values.map(typeOf);
  if (types.some((type) => type !== types[0])) throw invalidParameter("AttributeValues inside AttributeValueList must be of same type");
  for (const type of types)
    if (rule.types && !rule.types.includes(type))
      throw invalidParameter(`ComparisonOperator ${operator} is not valid for ${type} AttributeValue type`);
  const [lower, upper] = values;
  if (operator === "BETWEEN" && lower && upper && (compareValues(lower, upper) ?? 0) > 0)
    throw invalid("The BETWEEN condition was provided a range where the lower bound is greater than the upper bound");
  return rule;
}

/** The condition that the request member QueryFilter or ScanFilter describes. `operator`: AND (default) or OR. */
export function legacyFilter(conditions: LegacyConditions, operator: string | undefined): Condition {
  return combineConditions(
    Object.entries(conditions).map(([name, { ComparisonOperator = "", AttributeValueList = [] }]) =>
      checkLegacyOperator(ComparisonOperator, AttributeValueList).condition(operandsOf(name, AttributeValueList)),
    ),
    operator,
  );
}

/** The condition that the request member Expected describes. `operator`: AND (default) or OR. */
export function legacyExpected(conditions: LegacyConditions, operator: string | undefined): Condition {
  return combineConditions(
    Object.entries(conditions).map(([name, condition]) => expectedCondition(name, condition)),
    operator,
  );
}

function expectedCondition(name: string, { ComparisonOperator, AttributeValueList, Value: value, Exists }: LegacyCondition): Condition {
  const forName = ` for Attribute: ${name}`;
  if (AttributeValueList && value) throw invalidParameter(`Value and AttributeValueList cannot be used together${forName}`);
  if (ComparisonOperator !== undefined) {
    if (Exists !== undefined) throw invalidParameter(`Exists and ComparisonOperator cannot be used together${forName}`);
    const needsValue = ComparisonOperator !== "NULL" && ComparisonOperator !== "NOT_NULL";
    if (needsValue && !AttributeValueList && !value)
      throw invalidParameter(`Value or AttributeValueList must be used with ComparisonOperator: ${ComparisonOperator}${forName}`);
    const values = AttributeValueList ?? (value ? [value] : []);
    return checkLegacyOperator(ComparisonOperator, values).condition(operandsOf(name, values));
  }
  if (AttributeValueList) throw invalidParameter(`AttributeValueList can only be used with a ComparisonOperator${forName}`);
  if (Exists === false) {
    if (value) throw invalidParameter(`Value cannot be used when Exists is false${forName}`);
    return { op: "attribute_not_exists", args: operandsOf(name, []) };
  }
  if (!value) throw invalidParameter(`Value must be provided when Exists is ${Exists ?? "null"}${forName}`);
  return { op: "=", args: operandsOf(name, [value]) };
}

const operandsOf = (name: string, values: readonly Value[]): Operand[] => [{ path: [name] }, ...values.map((value) => ({ value }))];
const combineConditions = (conditions: readonly Condition[], operator: string | undefined): Condition =>
  conditions.length === 1 ? (conditions[0] as Condition) : { op: operator === "OR" ? "or" : "and", conditions };

export interface LegacyUpdate {
  readonly Action?: string;
  readonly Value?: Value;
}
/** The actions that the request member AttributeUpdates describes. */
export const legacyUpdates = (updates: Readonly<Record<string, LegacyUpdate>>): Action[] =>
  Object.entries(updates).map(([name, update]) => legacyUpdate(name, update));

function legacyUpdate(name: string, { Action: action = "PUT", Value: value }: LegacyUpdate): Action {
  const path = [name] as const;
  if (!value) {
    if (action !== "DELETE") throw invalidParameter("Only DELETE action is allowed when no attribute value is specified");
    return { kind: "remove", path };
  }
  if (action === "PUT") return { kind: "set", path, operand: { value } };
  const type = typeOf(value);
  const isSet = type === "SS" || type === "NS" || type === "BS";
  if (action === "DELETE") {
    if (!isSet) throw invalidParameter(`DELETE action with value is not supported for the type ${type}`);
    return { kind: "delete", path, value, isLegacy: true };
  }
  if (!isSet && type !== "N" && type !== "L") throw invalidParameter(`ADD action is not supported for the type ${type}`);
  return { kind: "add", path, value, isLegacy: true };
}
/** All values of conditions or updates. AWS checks them before it checks the operators. */
export const legacyValues = (conditions: Readonly<Record<string, LegacyCondition & LegacyUpdate>> | undefined): Value[] =>
  Object.values(conditions ?? {}).flatMap(({ Value: value, AttributeValueList = [] }) =>
    value ? [value, ...AttributeValueList] : [...AttributeValueList],
  );
