import type { TableDescription, UpdateTableCommandInput } from "@aws-sdk/client-dynamodb";
import { differences, touches } from "../../aws/changes.ts";
import type { Change } from "../../engine/contract.ts";
import type { IndexSpec, TableLive, TableSpec } from "./types.ts";

const INDEXES = "indexes.";
const formOf = ({ hash, range }: IndexSpec) => `HASH ${hash} S, RANGE ${range} S, ALL`;
export const definitionsOf = (names: readonly string[]) => names.map((AttributeName) => ({ AttributeName, AttributeType: "S" as const }));
export const toIndex = ({ name, hash, range }: IndexSpec) => ({
  IndexName: name,
  KeySchema: [
    { AttributeName: hash, KeyType: "HASH" as const },
    { AttributeName: range, KeyType: "RANGE" as const },
  ],
  Projection: { ProjectionType: "ALL" as const },
});

/** One change for each index of ours. An index that somebody else added is no difference. */
export const indexChanges = (spec: TableSpec, live: TableLive): readonly Change[] =>
  differences(Object.fromEntries(spec.indexes.map((index) => [`${INDEXES}${index.name}`, [live.indexes.get(index.name), formOf(index)]])));

/** AWS creates or deletes one index at a time and changes none: an index with our name and other keys is deleted first. It holds no data of its own. */
export const indexSteps = (spec: TableSpec, live: TableLive, changes: readonly Change[]): readonly Partial<UpdateTableCommandInput>[] =>
  spec.indexes
    .filter(({ name }) => touches(changes, `${INDEXES}${name}`))
    .map((index) =>
      live.indexes.has(index.name)
        ? { GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: index.name } }] }
        : { AttributeDefinitions: definitionsOf([index.hash, index.range]), GlobalSecondaryIndexUpdates: [{ Create: toIndex(index) }] },
    );

export const typeOf = (table: TableDescription, name: string | undefined) =>
  table.AttributeDefinitions?.find((a) => a.AttributeName === name)?.AttributeType;
/** An index in deletion counts as absent; the table is settling meanwhile. */
export const indexesOf = (table: TableDescription): ReadonlyMap<string, string> =>
  new Map(
    (table.GlobalSecondaryIndexes ?? [])
      .filter(({ IndexStatus }) => IndexStatus !== "DELETING")
      .map(({ IndexName = "", KeySchema = [], Projection }) => {
        const keys = KeySchema.map((key) => `${key.KeyType} ${key.AttributeName} ${typeOf(table, key.AttributeName)}`);
        return [IndexName, [...keys, Projection?.ProjectionType].join(", ")];
      }),
  );
