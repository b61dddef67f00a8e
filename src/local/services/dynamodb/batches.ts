import { setImmediate as turn } from "node:timers/promises";
import { type Call, JSON_TEXT, type Operations } from "../../core/service.ts";
import { added, consumed, ofTable, readUnits, type Units, writeUnits } from "./capacity.ts";
import { type Context, itemOf, openTable } from "./context.ts";
import { collectionMetrics, parseProjection } from "./items.ts";
import { checkTableName, type GetRequest } from "./requests.ts";
import { checkItemKeysInBatch, checkKey, rowKey } from "./schema.ts";
import type { Write } from "./storage/database.ts";
import { nameOf } from "./table.ts";
import { checkItem, type Item } from "./values/attribute-value.ts";
import { invalid } from "./values/faults.ts";
import { itemSize } from "./values/size.ts";
import { MAX_ITEM_BYTES } from "./write.ts";

interface BatchWriteRequest {
  readonly RequestItems?: Readonly<Record<string, readonly { PutRequest?: { Item?: Item }; DeleteRequest?: { Key?: Item } }[]>>;
  readonly ReturnConsumedCapacity?: string;
  readonly ReturnItemCollectionMetrics?: string;
}
interface BatchGetRequest {
  readonly RequestItems?: Readonly<Record<string, GetRequest & { readonly Keys?: readonly Item[] }>>;
  readonly ReturnConsumedCapacity?: string;
}
const MAX_WRITES = 25;
const MAX_READS = 100;
/** A page of a batch read ends at this size. The other keys are returned as unprocessed. */
const MAX_READ_BYTES = 16 * 1024 * 1024;

export function batchOperations(context: Context): Operations {
  return {
    BatchWriteItem: (input: BatchWriteRequest, call: Call) => batchWrite(input, context, call),
    BatchGetItem: (input: BatchGetRequest, call: Call) => batchGet(input, context, call),
  };
}

async function batchWrite(request: BatchWriteRequest, context: Context, { region }: Call): Promise<object> {
  const writes = checkWrites(request);
  const database = await context.database();
  const seen = new Set<string>();
  const prepared = [];
  for (const { name, put, key } of writes) {
    const table = openTable(context, database, region, nameOf(name));
    if (put) checkItemKeysInBatch(table.schema, put);
    else checkKey(table.schema, key);
    const place = rowKey(table.schema, put ?? key);
    if (seen.has(`${table.doc.id} ${place}`)) throw invalid("Provided list of item keys contains duplicates");
    seen.add(`${table.doc.id} ${place}`);
    prepared.push({ table, subject: put ?? key, write: { table: table.rows, key: place, item: put } satisfies Write });
  }
  const used = new Map<string, Units>();
  const metrics = new Map<string, object[]>();
  for (const { table, subject, write } of prepared) {
    const before = table.rows.rows.get(write.key);
    const units = writeUnits(table, before && itemOf(before), write.item);
    database.commit([write]);
    used.set(table.doc.name, added(used.get(table.doc.name), units));
    const metric = collectionMetrics(request.ReturnItemCollectionMetrics, table, subject);
    if (metric) metrics.set(table.doc.name, [...(metrics.get(table.doc.name) ?? []), metric]);
    // The writes of a batch are independent. After a large one, other requests get a turn.
    if (write.item && itemSize(write.item) > 100_000) await turn();
  }
  const ConsumedCapacity = [...used].flatMap(([name, units]) => consumed(request.ReturnConsumedCapacity, name, units) ?? []);
  return {
    UnprocessedItems: {},
    ...(ConsumedCapacity.length > 0 && { ConsumedCapacity }),
    ...(metrics.size > 0 && { ItemCollectionMetrics: Object.fromEntries(metrics) }),
  };
}

/** Checks the writes as far as possible without their tables. */
function checkWrites(request: BatchWriteRequest): { name: string; put: Item | undefined; key: Item }[] {
  const items = request.RequestItems;
  for (const name of Object.keys(items ?? {})) checkTableName(name, "requestItems");
  const all = Object.entries(items ?? {}).flatMap(([name, requests]) => requests.map((one) => ({ name, one })));
  if (all.length > MAX_WRITES) throw invalid("Too many items requested for the BatchWriteItem call");
  return all.map(({ name, one }) => {
    const { PutRequest, DeleteRequest } = one;
    if ((PutRequest === undefined) === (DeleteRequest === undefined))
      throw invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes");
    const put = PutRequest?.Item;
    const subject = (put ?? DeleteRequest?.Key) as Item;
    checkItem(subject);
    if (put && itemSize(put) > MAX_ITEM_BYTES) throw invalid("Item size has exceeded the maximum allowed size");
    return { name, put, key: subject };
  });
}
async function batchGet(request: BatchGetRequest, context: Context, { region }: Call): Promise<object> {
  const parsed = checkReads(request);
  const database = await context.database();
  const responses: string[] = [];
  const used = new Map<string, Units>();
  const unprocessed: Record<string, object> = {};
  let bytes = 0;
  for (const { name, project, keys, consistent, given } of parsed) {
    const table = openTable(context, database, region, nameOf(name));
    for (const key of keys) checkKey(table.schema, key);
    if (new Set(keys.map((key) => rowKey(table.schema, key))).size < keys.length)
      throw invalid("Provided list of item keys contains duplicates");
    const texts: string[] = [];
    const left: Item[] = [];
    for (const key of keys) {
      const row = bytes < MAX_READ_BYTES ? table.rows.rows.get(rowKey(table.schema, key)) : undefined;
      if (bytes >= MAX_READ_BYTES) left.push(key);
      else used.set(name, added(used.get(name), ofTable(readUnits(row?.size ?? 0, consistent))));
      if (!row) continue;
      bytes += row.size;
      texts.push(project ? JSON.stringify(project(itemOf(row))) : row.text);
      if (project && row.size > 100_000) await turn();
    }
    responses.push(`${JSON.stringify(name)}:[${texts.join(",")}]`);
    if (left.length > 0) unprocessed[name] = { ...given, Keys: left };
  }
  const ConsumedCapacity = [...used].flatMap(([name, units]) => consumed(request.ReturnConsumedCapacity, nameOf(name), units) ?? []);
  const capacity = ConsumedCapacity.length > 0 ? `,"ConsumedCapacity":${JSON.stringify(ConsumedCapacity)}` : "";
  return { [JSON_TEXT]: `{"Responses":{${responses.join(",")}},"UnprocessedKeys":${JSON.stringify(unprocessed)}${capacity}}` };
}

function checkReads(request: BatchGetRequest) {
  const items = request.RequestItems;
  for (const name of Object.keys(items ?? {})) checkTableName(name, "requestItems");
  const parsed = Object.entries(items ?? {}).map(([name, given]) => {
    const keys = given.Keys ?? [];
    const { project } = parseProjection(given);
    for (const key of keys) checkItem(key);
    return { name, given, keys, project, consistent: given.ConsistentRead === true };
  });
  if (parsed.reduce((sum, { keys }) => sum + keys.length, 0) > MAX_READS)
    throw invalid("Too many items requested for the BatchGetItem call");
  return parsed;
}
