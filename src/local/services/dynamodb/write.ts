import deleteItem from "dynalite/actions/deleteItem.js";
import putItem from "dynalite/actions/putItem.js";
import updateItem from "dynalite/actions/updateItem.js";
import db from "dynalite/db/index.js";
import deleteRules from "dynalite/validations/deleteItem.js";
import validations from "dynalite/validations/index.js";
import putRules from "dynalite/validations/putItem.js";
import updateRules from "dynalite/validations/updateItem.js";
import { LocalFault } from "../../core/service.ts";
import { holds } from "./conditions.ts";
import { checkSize, type Transaction } from "./engine.ts";
import { type Data, keyOf, run, validated } from "./run.ts";
import type { TableDoc, Tables } from "./table.ts";
import { itemFrom, type StoredItem } from "./values.ts";

export type WriteKind = "put" | "update" | "delete" | "check";
/** A write whose input has been checked and whose expressions have been parsed. */
export interface ParsedWrite {
  readonly kind: WriteKind;
  readonly data: Data;
  readonly showsItemOnFailure: boolean;
}
const RULES = { put: putRules, update: updateRules, delete: deleteRules, check: deleteRules } as const;
const ACTIONS = { put: putItem, update: updateItem, delete: deleteItem } as const;

export function parseWrite(kind: WriteKind, input: object): ParsedWrite {
  const data = validated(RULES[kind], input);
  if (kind === "update") orderUpdates(data);
  const { ReturnValuesOnConditionCheckFailure } = input as { ReturnValuesOnConditionCheckFailure?: string };
  return { kind, data, showsItemOnFailure: ReturnValuesOnConditionCheckFailure === "ALL_OLD" };
}

/** Condition, change, limits. Throws ConditionalCheckFailedException (with `Item` when asked for). */
export async function write(
  { kind, data, showsItemOnFailure }: ParsedWrite,
  transaction: Transaction,
  tables: Tables,
  region: string,
): Promise<Record<string, unknown>> {
  const table = tables.readable(region, data.TableName as string);
  const { _condition, Expected, ...rest } = data;
  const key = keyOfWrite(kind, table, data);
  if ((_condition || Expected) && key !== undefined) {
    const existing = await transaction.item(table.id, key);
    if (!satisfies(data, existing)) {
      const extra = showsItemOnFailure && existing ? { Item: itemFrom(existing) } : {};
      throw new LocalFault("ConditionalCheckFailedException", "The conditional request failed", 400, extra);
    }
  }
  if (kind === "check") return {};
  const output = await run(ACTIONS[kind], rest, transaction, tables, region);
  if (kind !== "delete" && key !== undefined) checkResult(kind, await transaction.item(table.id, key), table);
  return output;
}

const satisfies = (data: Data, existing: StoredItem | undefined): boolean =>
  data._condition
    ? holds((data._condition as { expression: object }).expression, existing ?? {})
    : !db.checkConditional({ Expected: data.Expected, ConditionalOperator: data.ConditionalOperator }, existing);

/** Undefined for an item without its key attributes: the action refuses it in AWS's words. */
function keyOfWrite(kind: WriteKind, table: TableDoc, data: Data): string | undefined {
  if (kind !== "put") return keyOf(table, data.Key as object);
  const item = data.Item as Record<string, Record<string, unknown>>;
  const names = table.keySchema.map(({ AttributeName }) => AttributeName as string);
  const types = new Map(table.attributes.map(({ AttributeName, AttributeType }) => [AttributeName, AttributeType as string]));
  const whole = names.every((name) => item[name]?.[types.get(name) as string]);
  return whole ? keyOf(table, Object.fromEntries(names.map((name) => [name, item[name]]))) : undefined;
}

/** What the engine does not look at: bytes instead of characters, numbers after arithmetic, empty index keys. */
function checkResult(kind: "put" | "update", item: StoredItem | undefined, table: TableDoc): void {
  if (!item) return;
  checkSize(item, kind);
  for (const value of Object.values(item)) {
    const problem = validations.validateAttributeValue(value);
    if (problem) throw new LocalFault("ValidationException", problem);
  }
  for (const index of [...table.globalIndexes, ...table.localIndexes])
    for (const { AttributeName } of index.keySchema) {
      const value = item[AttributeName as string];
      if (value?.S !== "" && value?.B !== "") continue;
      throw new LocalFault(
        "ValidationException",
        `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty ${value.S === "" ? "string" : "binary"} value. IndexName: ${index.name}, IndexKey: ${AttributeName}`,
      );
    }
}

/**
 * AWS reads every path of an update as of before it; the engine applies one clause after the other, so that removing
 * `l[0], l[1]` would take the first and the third element. Removals go last, from the deepest and hindmost forward.
 */
function orderUpdates(data: Data): void {
  const updates = data._updates as { sections: { type: string; path: (string | number)[] }[] } | undefined;
  if (!updates) return;
  const place = (path: (string | number)[]): number => (typeof path.at(-1) === "number" ? (path.at(-1) as number) : 0);
  const removals = updates.sections
    .filter(({ type }) => type === "remove")
    .sort((a, b) => b.path.length - a.path.length || place(b.path) - place(a.path));
  updates.sections = [...updates.sections.filter(({ type }) => type !== "remove"), ...removals];
}
