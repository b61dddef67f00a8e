import type { KeySchema } from "../schema.ts";
import type { KeyRange } from "../storage/sorted.ts";
import type { Value } from "../values/attribute-value.ts";
import { invalid, invalidParameter } from "../values/faults.ts";
import { afterPrefix, keyPart, keyPrefix, partitionKey } from "../values/key.ts";
import type { Condition, Operand } from "./condition.ts";
import { readCondition } from "./condition-parser.ts";
import { checkLegacyOperator, type LegacyConditions } from "./legacy.ts";
import type { Placeholders } from "./placeholders.ts";

/** Operators that a query allows for its key attributes. The partition key allows only `=`. */
type KeyOperator = "=" | "<" | "<=" | ">" | ">=" | "between" | "begins_with";
/** The condition of a query for one key attribute. */
interface KeyCondition {
  readonly op: KeyOperator;
  readonly values: readonly Value[];
}
/** Key attribute → its condition. */
export type KeyConditions = ReadonlyMap<string, KeyCondition>;

/** The operator that means the same when its operands change places: `:v < a` is `a > :v`. */
const MIRRORED_OPERATORS: Readonly<Record<string, KeyOperator>> = { "=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<=" };
const KEY_OPERATORS: ReadonlySet<string> = new Set([...Object.keys(MIRRORED_OPERATORS), "between", "begins_with"]);
const invalidOperator = (operator: string): Error => invalid(`Invalid operator used in KeyConditionExpression: ${operator}`);

export function readKeyConditions(text: string, placeholders: Placeholders): KeyConditions {
  const conditions = new Map<string, KeyCondition>();
  collectKeyConditions(readCondition("KeyConditionExpression", text, placeholders), conditions);
  return checkCount(conditions);
}
function checkCount(conditions: Map<string, KeyCondition>): KeyConditions {
  if (conditions.size === 1 || conditions.size === 2) return conditions;
  throw invalid("Conditions can be of length 1 or 2 only");
}

function collectKeyConditions(condition: Condition, collected: Map<string, KeyCondition>): void {
  if (condition.op === "and") {
    for (const part of condition.conditions) collectKeyConditions(part, collected);
    return;
  }
  if (condition.op === "or" || condition.op === "not" || condition.op === "in") throw invalidOperator(condition.op.toUpperCase());
  if (!KEY_OPERATORS.has(condition.op)) throw invalidOperator(condition.op);
  const { args } = condition;
  if (args.some((operand) => "size" in operand)) throw invalid("KeyConditionExpressions cannot contain nested operations");
  const paths = args.filter((operand) => "path" in operand);
  if (paths.length > 1) throw invalid("Invalid condition in KeyConditionExpression: Multiple attribute names used in one condition");
  const [pathOperand] = paths;
  if (!pathOperand) throw invalid("Invalid condition in KeyConditionExpression: No key attribute specified");
  if (pathOperand.path.length > 1) throw invalid("KeyConditionExpressions cannot have conditions on nested attributes");
  const [name] = pathOperand.path;
  if (collected.has(name)) throw invalid("KeyConditionExpressions must only contain one condition per key");
  collected.set(name, keyConditionOf(condition.op as KeyOperator, args));
}

function keyConditionOf(op: KeyOperator, args: readonly Operand[]): KeyCondition {
  const values = args.flatMap((operand) => ("value" in operand ? [operand.value] : []));
  if ("path" in (args[0] as Operand)) return { op, values };
  const mirrored = MIRRORED_OPERATORS[op];
  if (!mirrored)
    throw invalid(
      `Invalid condition in KeyConditionExpression: ${op === "between" ? "BETWEEN" : op} operator must have the key attribute as its first operand`,
    );
  return { op: mirrored, values };
}

const LEGACY_OPERATORS: Readonly<Record<string, KeyOperator>> = {
  EQ: "=",
  LT: "<",
  LE: "<=",
  GT: ">",
  GE: ">=",
  BETWEEN: "between",
  BEGINS_WITH: "begins_with",
};
export function legacyKeyConditions(legacyConditions: LegacyConditions): KeyConditions {
  const conditions = new Map<string, KeyCondition>();
  for (const [name, { ComparisonOperator = "", AttributeValueList = [] }] of Object.entries(legacyConditions)) {
    checkLegacyOperator(ComparisonOperator, AttributeValueList);
    const op = LEGACY_OPERATORS[ComparisonOperator];
    if (!op) throw invalid("Attempted conditional constraint is not an indexable operation");
    conditions.set(name, { op, values: AttributeValueList });
  }
  return checkCount(conditions);
}

/** The range of keys that the conditions select in a table or index. Throws AWS's error when the conditions do not fit its key. */
export function rangeOf(conditions: KeyConditions, { hash, range }: KeySchema): KeyRange {
  const partition = conditions.get(hash.name);
  if (!partition) throw invalid(`Query condition missed key schema element: ${hash.name}`);
  const sort = range && conditions.get(range.name);
  if (conditions.size > 1 && !range) throw invalid("Query key condition not supported");
  if (conditions.size > 1 && !sort) throw invalid(`Query condition missed key schema element: ${range?.name}`);
  if (partition.op !== "=") throw invalid("Query key condition not supported");
  for (const [attribute, condition] of [
    [hash, partition],
    [range, sort],
  ] as const)
    if (attribute && condition?.values.some((value) => value[attribute.type] === undefined))
      throw invalidParameter("Condition parameter type does not match schema type");
  checkNotEmpty(hash.name, partition, range?.name ?? "", sort);
  const start = partitionKey(partition.values[0] as Value);
  return sort ? sortRange(start, sort) : { from: start, to: afterPrefix(start) };
}

function checkNotEmpty(hash: string, partition: KeyCondition, range: string, sort: KeyCondition | undefined): void {
  const hasEmptyValue = ({ values }: KeyCondition): boolean => values.some(({ S, B }) => S === "" || B === "");
  const name = hasEmptyValue(partition) ? hash : sort && sort.op !== "begins_with" && hasEmptyValue(sort) ? range : undefined;
  if (name === undefined) return;
  throw invalid(
    `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`,
  );
}

function sortRange(start: string, { op, values }: KeyCondition): KeyRange {
  const [first, last] = values as [Value, Value?];
  const from = start + keyPart(first);
  const end = afterPrefix(start);
  switch (op) {
    case "=":
      return { from, to: afterPrefix(from) };
    case "<":
      return { from: start, to: from };
    case "<=":
      return { from: start, to: afterPrefix(from) };
    case ">":
      return { from: afterPrefix(from), to: end };
    case ">=":
      return { from, to: end };
    case "between":
      return { from, to: afterPrefix(start + keyPart(last as Value)) };
    default:
      return { from: start + keyPrefix(first), to: afterPrefix(start + keyPrefix(first)) };
  }
}
