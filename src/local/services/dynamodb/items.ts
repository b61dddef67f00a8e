import { type Call, JSON_TEXT, type Operations } from "../../core/service.ts";
import { consumed, ofTable, readUnits, writeUnits } from "./capacity.ts";
import { type Context, itemOf, type OpenTable, openTable } from "./context.ts";
import type { Path } from "./expressions/paths.ts";
import { placeholdersOf } from "./expressions/placeholders.ts";
import { type Projection, projectAttributes, projectionOf, readProjection } from "./expressions/projection.ts";
import { checkDistinct, checkStyles, checkTableName, type GetRequest, type ProjectionRequest, type WriteRequest } from "./requests.ts";
import { checkKey, rowKey } from "./schema.ts";
import { nameOf } from "./table.ts";
import { checkItem, type Item } from "./values/attribute-value.ts";
import { type ParsedWrite, type Prepared, parseWrite, prepare, type WriteKind } from "./write.ts";

/** The operations for a single item. */
export function itemOperations(context: Context): Operations {
  const writing = (kind: WriteKind) => (input: WriteRequest, call: Call) => writeItem(kind, input, context, call);
  return {
    GetItem: (input: GetRequest, call: Call) => getItem(input, context, call),
    PutItem: writing("put"),
    UpdateItem: writing("update"),
    DeleteItem: writing("delete"),
  };
}

export interface ParsedProjection {
  /** undefined: everything. */
  readonly project: Projection | undefined;
  readonly paths: readonly Path[];
}
/** Reads ProjectionExpression or AttributesToGet and checks its placeholders. */
export function parseProjection(request: ProjectionRequest): ParsedProjection {
  checkStyles(request, ["ProjectionExpression"], ["AttributesToGet"]);
  const { ProjectionExpression, AttributesToGet } = request;
  if (AttributesToGet) {
    checkDistinct(AttributesToGet);
    return { project: projectAttributes(AttributesToGet), paths: AttributesToGet.map((name) => [name]) };
  }
  if (ProjectionExpression === undefined) return { project: undefined, paths: [] };
  const placeholders = placeholdersOf(request);
  const projection = readProjection(ProjectionExpression, placeholders);
  placeholders.checkUsed();
  return projection;
}

async function getItem(request: GetRequest, context: Context, { region }: Call): Promise<object> {
  checkTableName(request.TableName as string);
  const key = request.Key as Item;
  const { project } = parseProjection(request);
  checkItem(key);
  const table = openTable(context, await context.database(), region, nameOf(request.TableName as string));
  const { schema, rows, doc } = table;
  checkKey(schema, key);
  const row = rows.rows.get(rowKey(schema, key));
  const units = readUnits(row?.size ?? 0, request.ConsistentRead === true);
  const ConsumedCapacity = consumed(request.ReturnConsumedCapacity, doc.name, ofTable(units));
  const text = row && (project ? JSON.stringify(project(itemOf(row))) : row.text);
  const parts = [
    ...(text ? [`"Item":${text}`] : []),
    ...(ConsumedCapacity ? [`"ConsumedCapacity":${JSON.stringify(ConsumedCapacity)}`] : []),
  ];
  return { [JSON_TEXT]: `{${parts.join(",")}}` };
}

async function writeItem(kind: WriteKind, request: WriteRequest, context: Context, { region }: Call): Promise<object> {
  const parsed = parseWrite(kind, request);
  const database = await context.database();
  const prepared = prepare(parsed, context, database, region);
  if (prepared.write) database.commit([prepared.write]);
  const { table, before, after } = prepared;
  const requested = request.ReturnConsumedCapacity;
  const units = requested === "TOTAL" || requested === "INDEXES" ? writeUnits(table, before, after) : ofTable(0);
  const Attributes = shownAttributes(request.ReturnValues, parsed, prepared);
  const ConsumedCapacity = consumed(requested, table.doc.name, units);
  const ItemCollectionMetrics = collectionMetrics(request.ReturnItemCollectionMetrics, table, parsed.subject);
  return {
    Attributes,
    ConsumedCapacity,
    ...(ItemCollectionMetrics && { ItemCollectionMetrics }),
  };
}

function shownAttributes(requested: string | undefined, { actions }: ParsedWrite, { before, after }: Prepared): Item | undefined {
  if (requested === "ALL_OLD") return before;
  if (requested === "ALL_NEW") return after;
  if (requested !== "UPDATED_OLD" && requested !== "UPDATED_NEW") return undefined;
  const item = requested === "UPDATED_OLD" ? before : after;
  const shown = item && projectionOf(actions.map(({ path }) => path))(item);
  return shown && Object.keys(shown).length > 0 ? shown : undefined;
}

/** Only tables with local indexes have item collections. */
export function collectionMetrics(requested: string | undefined, { schema, doc }: OpenTable, subject: Item): object | undefined {
  if (requested !== "SIZE" || doc.localIndexes.length === 0) return undefined;
  return { ItemCollectionKey: { [schema.hash.name]: subject[schema.hash.name] }, SizeEstimateRangeGB: [0, 1] };
}
