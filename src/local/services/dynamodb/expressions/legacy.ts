import { typeOf, type Value } from "../values/attribute-value.ts";
import { order } from "../values/compare.ts";
import { invalid, invalidParameter } from "../values/faults.ts";
import type { Condition, Operand } from "./condition.ts";
import type { Action } from "./update-parser.ts";

/** The conditions and updates of requests without expressions, which AWS still accepts. */
export interface LegacyCondition {
  readonly ComparisonOperator?: string;
  readonly AttributeValueList?: readonly Value[];
  readonly Value?: Value;
  readonly Exists?: boolean;
}
export type LegacyConditions = Readonly<Record<string, LegacyCondition>>;

interface Rule {
  /** Number of values: this number, or at least one. */
  readonly values: number | "some";
  readonly types?: readonly string[];
  readonly condition: (args: readonly Operand[]) => Condition;
}
const SCALARS = ["S", "N", "B"];
const ANY = ["S", "N", "B", "SS", "NS", "BS", "BOOL", "NULL", "L", "M"];
const simple =
  (op: Exclude<Condition["op"], "and" | "or" | "not">): Rule["condition"] =>
  (args) => ({ op, args });
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["EQ", { values: 1, types: ANY, condition: simple("=") }],
  ["NE", { values: 1, types: ANY, condition: simple("<>") }],
  ["LE", { values: 1, types: SCALARS, condition: simple("<=") }],
  ["LT", { values: 1, types: SCALARS, condition: simple("<") }],
  ["GE", { values: 1, types: SCALARS, condition: simple(">=") }],
  ["GT", { values: 1, types: SCALARS, condition: simple(">") }],
  ["NULL", { values: 0, condition: simple("attribute_not_exists") }],
  ["NOT_NULL", { values: 0, condition: simple("attribute_exists") }],
  ["CONTAINS", { values: 1, types: SCALARS, condition: simple("contains") }],
  [
    "NOT_CONTAINS",
    {
      values: 1,
      types: SCALARS,
      condition: (args) => ({
        op: "and",
        all: [
          { op: "attribute_exists", args: args.slice(0, 1) },
          { op: "not", one: { op: "contains", args } },
        ],
      }),
    },
  ],
  ["BEGINS_WITH", { values: 1, types: ["S", "B"], condition: simple("begins_with") }],
  ["IN", { values: "some", types: SCALARS, condition: simple("in") }],
  ["BETWEEN", { values: 2, types: SCALARS, condition: simple("between") }],
]);

/** Checks operator and values. Throws AWS's error. */
export function checkLegacy(operator: string, values: readonly Value[]): Rule {
  const rule = RULES.get(operator) as Rule;
  if (rule.values === "some" ? values.length === 0 : values.length !== rule.values)
    throw invalidParameter(`Invalid number of argument(s) for the ${operator} ComparisonOperator`);
  const types = values.map(typeOf);
  if (types.some((type) => type !== types[0])) throw invalidParameter("AttributeValues inside AttributeValueList must be of same type");
  for (const type of types)
    if (rule.types && !rule.types.includes(type))
      throw invalidParameter(`ComparisonOperator ${operator} is not valid for ${type} AttributeValue type`);
  const [lower, upper] = values;
  if (operator === "BETWEEN" && lower && upper && (order(lower, upper) ?? 0) > 0)
    throw invalid("The BETWEEN condition was provided a range where the lower bound is greater than the upper bound");
  return rule;
}

/** QueryFilter and ScanFilter. */
export function legacyFilter(conditions: LegacyConditions, operator: string | undefined): Condition {
  return combined(
    Object.entries(conditions).map(([name, { ComparisonOperator = "", AttributeValueList = [] }]) =>
      checkLegacy(ComparisonOperator, AttributeValueList).condition(operandsOf(name, AttributeValueList)),
    ),
    operator,
  );
}

/** Expected. */
export function legacyExpected(conditions: LegacyConditions, operator: string | undefined): Condition {
  return combined(
    Object.entries(conditions).map(([name, condition]) => expectation(name, condition)),
    operator,
  );
}

function expectation(name: string, { ComparisonOperator, AttributeValueList, Value: single, Exists }: LegacyCondition): Condition {
  const forName = ` for Attribute: ${name}`;
  if (AttributeValueList && single) throw invalidParameter(`Value and AttributeValueList cannot be used together${forName}`);
  if (ComparisonOperator !== undefined) {
    if (Exists !== undefined) throw invalidParameter(`Exists and ComparisonOperator cannot be used together${forName}`);
    const needsValue = ComparisonOperator !== "NULL" && ComparisonOperator !== "NOT_NULL";
    if (needsValue && !AttributeValueList && !single)
      throw invalidParameter(`Value or AttributeValueList must be used with ComparisonOperator: ${ComparisonOperator}${forName}`);
    const values = AttributeValueList ?? (single ? [single] : []);
    return checkLegacy(ComparisonOperator, values).condition(operandsOf(name, values));
  }
  if (AttributeValueList) throw invalidParameter(`AttributeValueList can only be used with a ComparisonOperator${forName}`);
  if (Exists === false) {
    if (single) throw invalidParameter(`Value cannot be used when Exists is false${forName}`);
    return { op: "attribute_not_exists", args: operandsOf(name, []) };
  }
  if (!single) throw invalidParameter(`Value must be provided when Exists is ${Exists ?? "null"}${forName}`);
  return { op: "=", args: operandsOf(name, [single]) };
}

const operandsOf = (name: string, values: readonly Value[]): Operand[] => [{ path: [name] }, ...values.map((value) => ({ value }))];
const combined = (all: readonly Condition[], operator: string | undefined): Condition =>
  all.length === 1 ? (all[0] as Condition) : { op: operator === "OR" ? "or" : "and", all };

export interface LegacyUpdate {
  readonly Action?: string;
  readonly Value?: Value;
}
/** AttributeUpdates. */
export const legacyUpdates = (updates: Readonly<Record<string, LegacyUpdate>>): Action[] =>
  Object.entries(updates).map(([name, update]) => legacyUpdate(name, update));

function legacyUpdate(name: string, { Action: action = "PUT", Value: value }: LegacyUpdate): Action {
  const path = [name] as const;
  if (!value) {
    if (action !== "DELETE") throw invalidParameter("Only DELETE action is allowed when no attribute value is specified");
    return { kind: "remove", path };
  }
  if (action === "PUT") return { kind: "set", path, source: { value } };
  const type = typeOf(value);
  const isSet = type === "SS" || type === "NS" || type === "BS";
  if (action === "DELETE") {
    if (!isSet) throw invalidParameter(`DELETE action with value is not supported for the type ${type}`);
    return { kind: "delete", path, value, isLegacy: true };
  }
  if (!isSet && type !== "N" && type !== "L") throw invalidParameter(`ADD action is not supported for the type ${type}`);
  return { kind: "add", path, value, isLegacy: true };
}
/** Every value of a legacy request. They are checked before its rules. */
export const legacyValues = (conditions: Readonly<Record<string, LegacyCondition & LegacyUpdate>> | undefined): Value[] =>
  Object.values(conditions ?? {}).flatMap(({ Value: one, AttributeValueList = [] }) =>
    one ? [one, ...AttributeValueList] : [...AttributeValueList],
  );
