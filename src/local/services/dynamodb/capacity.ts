import type { OpenTable } from "./context.ts";
import { attributesOf, type IndexSchema } from "./schema.ts";
import type { TableDoc } from "./table.ts";
import { getMember, type Item } from "./values/attribute-value.ts";
import { itemSize } from "./values/size.ts";

const WRITE_UNIT = 1024;
const READ_UNIT = 4096;

export interface Units {
  readonly table: number;
  readonly global: ReadonlyMap<string, number>;
  readonly local: ReadonlyMap<string, number>;
}
const NONE: ReadonlyMap<string, number> = new Map();

/** Read units as AWS charges them: half without strong consistency. */
export const readUnits = (bytes: number, consistent: boolean): number => Math.max(1, Math.ceil(bytes / READ_UNIT)) * (consistent ? 1 : 0.5);
/**
 * The least that a scan of a whole table costs: one read of each partition. A new on-demand table has four partitions, a provisioned one
 * has one. Source: https://stackoverflow.com/questions/70121087, and ScyllaDB's tests, which pass on DynamoDB.
 */
export const scanUnits = ({ billingMode }: TableDoc, consistent: boolean): number =>
  (billingMode === "PAY_PER_REQUEST" ? 4 : 1) * readUnits(0, consistent);
export const ofTable = (table: number): Units => ({ table, global: NONE, local: NONE });
export const ofIndex = ({ name, global }: IndexSchema, units: number): Units => ({
  table: 0,
  global: global ? new Map([[name, units]]) : NONE,
  local: global ? NONE : new Map([[name, units]]),
});

/** Write units. The table costs the larger size of the old and the new item. An index costs what the change of its entry costs. */
export function writeUnits({ schema }: OpenTable, before: Item | undefined, after: Item | undefined): Units {
  const size = Math.max(before ? itemSize(before) : 0, after ? itemSize(after) : 0);
  const global = new Map<string, number>();
  const local = new Map<string, number>();
  for (const index of schema.indexes) {
    const units = indexUnits(index, schema, before, after);
    if (units > 0) (index.global ? global : local).set(index.name, units);
  }
  return { table: units(size), global, local };
}
const units = (size: number): number => Math.max(1, Math.ceil(size / WRITE_UNIT));

function indexUnits(index: IndexSchema, schema: OpenTable["schema"], before: Item | undefined, after: Item | undefined): number {
  const [old, fresh] = [before && index.keyOf(before, ""), after && index.keyOf(after, "")];
  const size = (item: Item | undefined): number => units(item ? itemSize(projected(index, schema, item)) : 0);
  if (old === undefined && fresh === undefined) return 0;
  if (old === undefined) return size(after);
  if (fresh === undefined) return size(before);
  if (old !== fresh) return size(before) + size(after);
  const [was, is] = [projected(index, schema, before as Item), projected(index, schema, after as Item)];
  return JSON.stringify(was) === JSON.stringify(is) ? 0 : Math.max(size(before), size(after));
}

/** The attributes of an item that an index holds. */
export function projected(index: IndexSchema, schema: OpenTable["schema"], item: Item): Item {
  const names = projectedNames(index, schema);
  if (!names) return item;
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = getMember(item, name);
      return value ? [[name, value]] : [];
    }),
  );
}
/** The names of the attributes that an index holds; undefined: all. */
export function projectedNames({ doc, ...index }: IndexSchema, schema: OpenTable["schema"]): string[] | undefined {
  if (doc.projection.ProjectionType === "ALL") return undefined;
  const keys = [...attributesOf(schema), ...attributesOf(index)].map(({ name }) => name);
  return [...new Set([...keys, ...(doc.projection.ProjectionType === "INCLUDE" ? (doc.projection.NonKeyAttributes ?? []) : [])])];
}

export interface ConsumedCapacity {
  readonly TableName: string;
  readonly CapacityUnits: number;
  readonly ReadCapacityUnits?: number;
  readonly WriteCapacityUnits?: number;
  readonly Table?: object;
  readonly GlobalSecondaryIndexes?: object;
  readonly LocalSecondaryIndexes?: object;
}
/** The capacity that a call used, in the requested detail. `times`: for transactions, which cost double and name reads or writes. */
export function consumed(detail: string | undefined, table: string, used: Units, times?: "read" | "write"): ConsumedCapacity | undefined {
  if (detail !== "TOTAL" && detail !== "INDEXES") return undefined;
  const factor = times ? 2 : 1;
  const count = (one: number) => ({
    ...(times && { [times === "read" ? "ReadCapacityUnits" : "WriteCapacityUnits"]: one * factor }),
    CapacityUnits: one * factor,
  });
  const all = used.table + sum(used.global) + sum(used.local);
  const indexes = (map: ReadonlyMap<string, number>) => Object.fromEntries([...map].map(([name, one]) => [name, count(one)]));
  return {
    TableName: table,
    ...count(all),
    ...(detail === "INDEXES" && {
      Table: count(used.table),
      ...(used.global.size > 0 && { GlobalSecondaryIndexes: indexes(used.global) }),
      ...(used.local.size > 0 && { LocalSecondaryIndexes: indexes(used.local) }),
    }),
  };
}
const sum = (map: ReadonlyMap<string, number>): number => [...map.values()].reduce((total, one) => total + one, 0);

export function added(a: Units | undefined, b: Units): Units {
  if (!a) return b;
  const both = (x: ReadonlyMap<string, number>, y: ReadonlyMap<string, number>) =>
    new Map([...x.keys(), ...y.keys()].map((name) => [name, (x.get(name) ?? 0) + (y.get(name) ?? 0)]));
  return { table: a.table + b.table, global: both(a.global, b.global), local: both(a.local, b.local) };
}
