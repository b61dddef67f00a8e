import type { LegacyConditions, LegacyUpdate } from "./expressions/legacy.ts";
import type { PlaceholderInput } from "./expressions/placeholders.ts";
import { checkAttributeName, type Item } from "./values/attribute-value.ts";
import { invalid } from "./values/faults.ts";

/** Inputs of the item operations: JSON that was checked against the model, except for its attribute values. */
export interface TableRequest {
  readonly TableName?: string;
  readonly ReturnConsumedCapacity?: string;
}
export interface ConditionRequest extends PlaceholderInput {
  readonly ConditionExpression?: string;
  readonly Expected?: LegacyConditions;
  readonly ConditionalOperator?: string;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}
export interface WriteRequest extends TableRequest, ConditionRequest {
  readonly Item?: Item;
  readonly Key?: Item;
  readonly UpdateExpression?: string;
  readonly AttributeUpdates?: Readonly<Record<string, LegacyUpdate>>;
  readonly ReturnValues?: string;
  readonly ReturnItemCollectionMetrics?: string;
}
export interface ProjectionRequest extends PlaceholderInput {
  readonly ProjectionExpression?: string;
  readonly AttributesToGet?: readonly string[];
}
export interface GetRequest extends TableRequest, ProjectionRequest {
  readonly Key?: Item;
  readonly ConsistentRead?: boolean;
}
/** Query and Scan. */
export interface ReadRequest extends TableRequest, ProjectionRequest {
  readonly IndexName?: string;
  readonly Select?: string;
  readonly Limit?: number;
  readonly ConsistentRead?: boolean;
  readonly ExclusiveStartKey?: Item;
  readonly FilterExpression?: string;
  readonly ConditionalOperator?: string;
  readonly QueryFilter?: LegacyConditions;
  readonly ScanFilter?: LegacyConditions;
  readonly KeyConditionExpression?: string;
  readonly KeyConditions?: LegacyConditions;
  readonly ScanIndexForward?: boolean;
  readonly Segment?: number;
  readonly TotalSegments?: number;
}

const NAME = /^[a-zA-Z0-9_.-]{3,255}$/;
/** The model accepts any text where a table's ARN is allowed. A plain name is checked here. */
export function checkTableName(name: string, at = "tableName"): string {
  if (name.startsWith("arn:") || NAME.test(name)) return name;
  const rule =
    name.length < 3
      ? "Member must have length greater than or equal to 3"
      : name.length > 255
        ? "Member must have length less than or equal to 255"
        : "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
  throw invalid(`1 validation error detected: Value '${name.slice(0, 300)}' at '${at}' failed to satisfy constraint: ${rule}`);
}

/** A request uses either expressions or the older members. Placeholders need an expression that can use them. */
export function checkStyles(request: object, expressions: readonly string[], legacy: readonly string[]): void {
  const given = request as Record<string, unknown>;
  const used = expressions.filter((name) => given[name] !== undefined);
  const old = legacy.filter((name) => given[name] !== undefined);
  if (used.length > 0 && old.length > 0)
    throw invalid(
      `Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {${old.join(", ")}} Expression parameters: {${used.join(", ")}}`,
    );
  if (given.ExpressionAttributeNames !== undefined && used.length === 0)
    throw invalid("ExpressionAttributeNames can only be specified when using expressions");
  const withValues = expressions.filter((name) => name !== "ProjectionExpression");
  if (given.ExpressionAttributeValues === undefined || withValues.some((name) => given[name] !== undefined)) return;
  throw invalid(
    withValues.length === 0
      ? "ExpressionAttributeValues can only be specified when using expressions"
      : `ExpressionAttributeValues can only be specified when using expressions: ${withValues.join(" and ")} ${withValues.length > 1 ? "are" : "is"} null`,
  );
}

/** Checks that AttributesToGet names no attribute twice. */
export function checkDistinct(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    checkAttributeName(name);
    if (seen.has(name)) throw invalid(`One or more parameter values were invalid: Duplicate value in attribute name: ${name}`);
    seen.add(name);
  }
}
