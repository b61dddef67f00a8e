import type { Update } from "@aws-sdk/client-dynamodb";
import { fromAttribute, fromItem, type Item, toAttribute, toItem } from "./attributes.ts";
import type { DynamoDB } from "./aws/dynamodb.ts";
import type { Tried } from "./contention.ts";
import { asFault } from "./errors.ts";

/** Where one writer's share of an item lives: two functions share an item and count their own versions of it. */
export interface RecordAddress {
  readonly table: string;
  readonly key: Readonly<Record<string, string>>;
  /** Attribute that counts the writes of this share. */
  readonly versionName: string;
}

export interface Loaded<R> {
  /** The whole item with its key; undefined if there is none. */
  readonly record: R | undefined;
  /** Undefined before this share's first write. */
  readonly version: number | undefined;
}

export interface Revision extends RecordAddress {
  /** As read: the write happens only if nobody else wrote meanwhile. */
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

/** What a refused write was shown, if it was: the item that somebody else was faster to write. */
export const toSeen = <R>(item: Item | undefined, versionName: string): Loaded<R> | undefined =>
  item === undefined ? undefined : toLoaded<R>(item, versionName);

/** Writes if nobody else has written since `revision.version`. */
export async function save<R>(dynamodb: DynamoDB, revision: Revision, signal: AbortSignal): Promise<Tried<true, Loaded<R>>> {
  try {
    await dynamodb("UpdateItem", toUpdate(revision), signal);
    return { done: true };
  } catch (error) {
    if (isContention(error)) return { seen: toSeen<R>((error as { Item?: Item }).Item, revision.versionName) };
    throw error;
  }
}

/** A plain update meets TransactionConflictException when a transaction holds the item at that moment. */
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
