import { LocalFault } from "../../core/service.ts";
import type { Context, OpenTable } from "./context.ts";
import { itemOf, openTable } from "./context.ts";
import { type Condition, isSatisfied } from "./expressions/condition.ts";
import { pathsOf, readCondition } from "./expressions/condition-parser.ts";
import { legacyExpected, legacyUpdates, legacyValues } from "./expressions/legacy.ts";
import type { Path } from "./expressions/paths.ts";
import { type Placeholders, placeholdersOf } from "./expressions/placeholders.ts";
import { applyUpdate } from "./expressions/update.ts";
import { type Action, readUpdate } from "./expressions/update-parser.ts";
import { checkStyles, checkTableName, type WriteRequest } from "./requests.ts";
import { attributesOf, checkIndexKeys, checkItemKeys, checkKey, rowKey, type TableSchema } from "./schema.ts";
import type { Database, Write } from "./storage/database.ts";
import { nameOf } from "./table.ts";
import { checkAttributeName, checkItem, checkValue, type Item, newItem } from "./values/attribute-value.ts";
import { invalid, invalidParameter } from "./values/faults.ts";
import { itemSize } from "./values/size.ts";

export type WriteKind = "put" | "update" | "delete" | "check";
/** A write whose input has been checked and whose expressions have been parsed. */
export interface ParsedWrite {
  readonly kind: WriteKind;
  readonly table: string;
  /** The whole item of a put; the key for other writes. */
  readonly subject: Item;
  readonly condition: Condition | undefined;
  readonly showsItemOnFailure: boolean;
  readonly actions: readonly Action[];
  /** Paths into an attribute. Key attributes allow none. */
  readonly nested: readonly string[];
}
/** The result of a write before it is stored. */
export interface Prepared {
  readonly table: OpenTable;
  readonly write: Write | undefined;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

/** AWS's limit for an item, attribute names included. */
export const MAX_ITEM_BYTES = 400 * 1024;
const EXPRESSIONS = { put: ["ConditionExpression"], delete: ["ConditionExpression"], check: ["ConditionExpression"] } as const;
const RETURNS = { put: ["NONE", "ALL_OLD"], delete: ["NONE", "ALL_OLD"] } as const;

/** Checks an input as far as possible without its table. */
export function parseWrite(kind: WriteKind, request: WriteRequest): ParsedWrite {
  checkTableName(request.TableName as string);
  if (kind === "update")
    checkStyles(request, ["UpdateExpression", "ConditionExpression"], ["AttributeUpdates", "Expected", "ConditionalOperator"]);
  else checkStyles(request, EXPRESSIONS[kind], ["Expected", "ConditionalOperator"]);
  const subject = (kind === "put" ? request.Item : request.Key) as Item;
  checkItem(subject);
  if (kind === "put" || kind === "delete") checkReturns(kind, request.ReturnValues);
  if (kind === "put") checkSize(subject, "Item size has exceeded the maximum allowed size");
  for (const name of Object.keys(request.AttributeUpdates ?? {})) checkAttributeName(name);
  for (const value of [...legacyValues(request.AttributeUpdates), ...legacyValues(request.Expected)]) checkValue(value);
  if (request.ConditionalOperator !== undefined && Object.keys(request.Expected ?? {}).length === 0)
    throw invalidParameter(`ConditionalOperator cannot be used without Filter or Expected`);
  const placeholders = placeholdersOf(request);
  const update = actionsOf(request, placeholders);
  const condition = conditionOf(request, placeholders);
  placeholders.checkUsed();
  const paths = [...update.paths, ...(condition ? pathsOf(condition) : [])];
  return {
    kind,
    table: nameOf(request.TableName as string),
    subject,
    condition,
    showsItemOnFailure: request.ReturnValuesOnConditionCheckFailure === "ALL_OLD",
    actions: update.actions,
    nested: paths.filter(({ length }) => length > 1).map(([name]) => name),
  };
}

function checkReturns(kind: "put" | "delete", requested = "NONE"): void {
  if (!(RETURNS[kind] as readonly string[]).includes(requested)) throw invalid("ReturnValues can only be ALL_OLD or NONE");
}

function actionsOf(request: WriteRequest, placeholders: Placeholders): { actions: readonly Action[]; paths: readonly Path[] } {
  if (request.UpdateExpression !== undefined) return readUpdate(request.UpdateExpression, placeholders);
  return { actions: legacyUpdates(request.AttributeUpdates ?? {}), paths: [] };
}

function conditionOf(request: WriteRequest, placeholders: Placeholders): Condition | undefined {
  const { ConditionExpression, Expected, ConditionalOperator } = request;
  if (ConditionExpression !== undefined) return readCondition("ConditionExpression", ConditionExpression, placeholders);
  return Expected && Object.keys(Expected).length > 0 ? legacyExpected(Expected, ConditionalOperator) : undefined;
}

function checkSize(item: Item, message: string): void {
  if (itemSize(item) > MAX_ITEM_BYTES) throw invalid(message);
}

/** Checks key, condition, change and limits. Throws ConditionalCheckFailedException (with `Item` when requested). Stores nothing. */
export function prepare(parsed: ParsedWrite, context: Context, database: Database, region: string): Prepared {
  const table = openTable(context, database, region, parsed.table);
  const { schema } = table;
  const { kind, subject, condition } = parsed;
  if (kind === "put") checkItemKeys(schema, subject);
  else checkKey(schema, subject);
  checkNested(schema, parsed.nested);
  if (kind === "update") checkKeysUntouched(schema, parsed.actions);
  const key = rowKey(schema, subject);
  const row = table.rows.rows.get(key);
  const needsItem = condition !== undefined || kind === "update";
  const before = row && needsItem ? itemOf(row) : undefined;
  if (condition && !isSatisfied(condition, before ?? newItem())) throw conditionFailed(parsed.showsItemOnFailure ? before : undefined);
  if (kind === "check") return { table, write: undefined, before: undefined, after: undefined };
  if (kind === "delete") return { table, write: { table: table.rows, key, item: undefined }, before: row && itemOf(row), after: undefined };
  if (kind === "put") return { table, write: { table: table.rows, key, item: subject }, before: row && itemOf(row), after: subject };
  const after = updated(parsed, schema, before, row ? itemOf(row) : undefined);
  return { table, write: after && { table: table.rows, key, item: after }, before, after };
}

/** The item after an update. `copy`: a copy of the item before it. undefined: the update creates no item. */
function updated(
  { actions, subject }: ParsedWrite,
  schema: TableSchema,
  before: Item | undefined,
  copy: Item | undefined,
): Item | undefined {
  const after = applyUpdate(actions, before ?? newItem(), copy ?? newItem());
  if (!before && actions.length > 0 && actions.every(({ kind }) => kind === "remove" || kind === "delete")) return undefined;
  if (!before) Object.assign(after, subject);
  checkItem(after);
  checkIndexKeys(schema, after);
  checkSize(after, "Item size to update has exceeded the maximum allowed size");
  return after;
}

const conditionFailed = (item: Item | undefined): LocalFault =>
  new LocalFault("ConditionalCheckFailedException", "The conditional request failed", 400, item ? { Item: item } : {});

export function checkNested(schema: TableSchema, nested: readonly string[]): void {
  const rule = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed";
  for (const { name } of attributesOf(schema)) if (nested.includes(name)) throw invalid(`${rule}: Key: ${name}`);
  for (const index of schema.indexes)
    for (const { name } of attributesOf(index)) if (nested.includes(name)) throw invalid(`${rule}: IndexKey: ${name}`);
}

function checkKeysUntouched(schema: TableSchema, actions: readonly Action[]): void {
  for (const { name } of attributesOf(schema))
    if (actions.some(({ path }) => path[0] === name))
      throw invalidParameter(`Cannot update attribute ${name}. This attribute is part of the key`);
}
