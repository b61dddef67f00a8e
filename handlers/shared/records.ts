import type { Update } from "@aws-sdk/client-dynamodb";
import { fromAttribute, fromItem, type Item, toAttribute, toItem } from "./attributes.ts";
import type { DynamoDB } from "./aws/dynamodb.ts";
import type { AttemptResult } from "./contention.ts";
import { asFault } from "./errors.ts";

/**
 * The key of an item and the version attribute of one writer. Two functions share an item, and each counts the versions of its own
 * attributes.
 */
export interface RecordAddress {
  readonly table: string;
  readonly key: Readonly<Record<string, string>>;
  /** The attribute that counts the writes of this writer. */
  readonly versionName: string;
}

export interface Loaded<R> {
  /** The whole item with its key; undefined if there is none. */
  readonly record: R | undefined;
  /** Undefined before the first write of this writer. */
  readonly version: number | undefined;
}

export interface Revision extends RecordAddress {
  /** The version that was read. The write fails when another one has come since. */
  readonly version: number | undefined;
  /** Attributes to set; undefined removes. Others stay as they are. */
  readonly set: object;
}

/** Consistent read. */
export async function load<R>(dynamodb: DynamoDB, at: RecordAddress, signal: AbortSignal): Promise<Loaded<R>> {
  const { Item: item } = await dynamodb("GetItem", { TableName: at.table, Key: toItem(at.key), ConsistentRead: true }, signal);
  return item === undefined ? { record: undefined, version: undefined } : toLoaded<R>(item, at.versionName);
}

export function toLoaded<R>(item: Item, versionName: string): Loaded<R> {
  const { [versionName]: version, ...rest } = item;
  return { record: fromItem<R>(rest), version: version === undefined ? undefined : Number(fromAttribute(version)) };
}

/** The item that a failed conditional write returned, if any: another writer was first. */
export const toConflicting = <R>(item: Item | undefined, versionName: string): Loaded<R> | undefined =>
  item === undefined ? undefined : toLoaded<R>(item, versionName);

/** Writes if there was no other write since `revision.version`. Returns the stored item otherwise. */
export async function save<R>(dynamodb: DynamoDB, revision: Revision, signal: AbortSignal): Promise<AttemptResult<true, Loaded<R>>> {
  try {
    await dynamodb("UpdateItem", toUpdate(revision), signal);
    return { done: true };
  } catch (error) {
    if (isContention(error)) return { conflicting: toConflicting<R>((error as { Item?: Item }).Item, revision.versionName) };
    throw error;
  }
}

/** A plain update fails with TransactionConflictException while a transaction is writing the same item. */
export const isContention = (error: unknown): boolean =>
  ["ConditionalCheckFailedException", "TransactionConflictException"].includes(asFault(error).name ?? "");

/** The write as one UpdateItem, alone or inside a transaction. */
export function toUpdate(revision: Revision): Update & { UpdateExpression: string } {
  const names: Record<string, string> = { "#version": revision.versionName };
  const values: Item = { ":next": toAttribute((revision.version ?? 0) + 1) };
  const sets = ["#version = :next"];
  const removes: string[] = [];
  for (const [index, [name, value]] of Object.entries(revision.set).entries()) {
    names[`#${index}`] = name;
    if (value === undefined) {
      removes.push(`#${index}`);
      continue;
    }
    values[`:${index}`] = toAttribute(value);
    sets.push(`#${index} = :${index}`);
  }
  if (revision.version !== undefined) values[":version"] = toAttribute(revision.version);
  return {
    TableName: revision.table,
    Key: toItem(revision.key),
    UpdateExpression: `SET ${sets.join(", ")}${removes.length > 0 ? ` REMOVE ${removes.join(", ")}` : ""}`,
    ConditionExpression: revision.version === undefined ? "attribute_not_exists(#version)" : "#version = :version",
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
  };
}
