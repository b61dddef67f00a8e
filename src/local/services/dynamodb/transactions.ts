import { createHash } from "node:crypto";
import { type Call, LocalFault, type Operations } from "../../core/service.ts";
import { added, consumed, ofTable, readUnits, type Units, writeUnits } from "./capacity.ts";
import { type Context, itemOf, openTable } from "./context.ts";
import { collectionMetrics, parseProjection } from "./items.ts";
import type { GetRequest, WriteRequest } from "./requests.ts";
import { checkKey, rowKey } from "./schema.ts";
import type { Database } from "./storage/database.ts";
import { nameOf } from "./table.ts";
import { checkItem, type Item } from "./values/attribute-value.ts";
import { invalid } from "./values/faults.ts";
import { itemSize } from "./values/size.ts";
import { type ParsedWrite, type Prepared, parseWrite, prepare, type WriteKind } from "./write.ts";

/** AWS remembers a request token for ten minutes. */
export const TOKEN_MS = 10 * 60_000;
const MAX_BYTES = 4 * 1024 * 1024;

interface TransactWriteRequest {
  readonly TransactItems?: readonly Readonly<Record<string, WriteRequest>>[];
  readonly ClientRequestToken?: string;
  readonly ReturnConsumedCapacity?: string;
  readonly ReturnItemCollectionMetrics?: string;
}
interface TransactGetRequest {
  readonly TransactItems?: readonly { readonly Get?: GetRequest }[];
  readonly ReturnConsumedCapacity?: string;
}
interface Reason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: Item;
}

export function transactionOperations(context: Context): Operations {
  return {
    TransactWriteItems: (input: TransactWriteRequest, call: Call) => transactWrite(input, context, call),
    TransactGetItems: (input: TransactGetRequest, call: Call) => transactGet(input, context, call),
  };
}

async function transactWrite(request: TransactWriteRequest, context: Context, { region }: Call): Promise<object> {
  const parts = (request.TransactItems ?? []).map(parsePart);
  if (parts.reduce((sum, { subject }) => sum + itemSize(subject), 0) > MAX_BYTES)
    throw invalid("Transaction size cannot exceed 4 MB: the aggregate size of the items in the transaction is too large");
  const database = await context.database();
  const token = tokenOf(request, region, context.env.clock.now());
  if (token && isRepetition(database, token)) return {};
  refuseDoubles(parts, context, database, region);
  const outcomes = parts.map((part) => attempt(part, context, database, region));
  if (outcomes.some(({ reason }) => reason.Code !== "None")) throw cancelled(reasonsOf(outcomes.map(({ reason }) => reason)));
  const prepared = outcomes.flatMap((outcome) => outcome.prepared ?? []);
  database.commit(
    prepared.flatMap(({ write }) => write ?? []),
    token,
  );
  return written(request, parts, prepared);
}

function written(request: TransactWriteRequest, parts: readonly ParsedWrite[], prepared: readonly Prepared[]): object {
  const used = new Map<string, Units>();
  const metrics = new Map<string, object[]>();
  for (const [i, { table, before, after }] of prepared.entries()) {
    const { name } = table.doc;
    used.set(name, added(used.get(name), writeUnits(table, before, after)));
    const metric = collectionMetrics(request.ReturnItemCollectionMetrics, table, (parts[i] as ParsedWrite).subject);
    if (metric) metrics.set(name, [...(metrics.get(name) ?? []), metric]);
  }
  const ConsumedCapacity = [...used].flatMap(([name, units]) => consumed(request.ReturnConsumedCapacity, name, units, "write") ?? []);
  return {
    ...(ConsumedCapacity.length > 0 && { ConsumedCapacity }),
    ...(metrics.size > 0 && { ItemCollectionMetrics: Object.fromEntries(metrics) }),
  };
}

async function transactGet(request: TransactGetRequest, context: Context, { region }: Call): Promise<object> {
  const gets = (request.TransactItems ?? []).map(({ Get = {} }) => {
    checkItem(Get.Key as Item);
    return { table: nameOf(Get.TableName as string), key: Get.Key as Item, project: parseProjection(Get).project };
  });
  const database = await context.database();
  const used = new Map<string, Units>();
  const places = new Set<string>();
  const Responses = gets.map(({ table: name, key, project }) => {
    const { schema, rows, doc } = openTable(context, database, region, name);
    checkKey(schema, key);
    const place = rowKey(schema, key);
    if (places.has(`${doc.id} ${place}`)) throw doubled();
    places.add(`${doc.id} ${place}`);
    const row = rows.rows.get(place);
    used.set(doc.name, added(used.get(doc.name), ofTable(readUnits(row?.size ?? 0, true))));
    if (!row) return {};
    return { Item: project ? project(itemOf(row)) : itemOf(row) };
  });
  const ConsumedCapacity = [...used].flatMap(([name, units]) => consumed(request.ReturnConsumedCapacity, name, units, "read") ?? []);
  return { Responses, ...(ConsumedCapacity.length > 0 && { ConsumedCapacity }) };
}

const KINDS = { Put: "put", Update: "update", Delete: "delete", ConditionCheck: "check" } as const satisfies Record<string, WriteKind>;

function parsePart(part: Readonly<Record<string, WriteRequest>>): ParsedWrite {
  const given = Object.keys(KINDS).filter((kind) => part[kind] !== undefined) as (keyof typeof KINDS)[];
  const [only] = given;
  if (!only || given.length > 1)
    throw invalid("TransactItems can only contain one of Check, Put, Update or Delete. Please provide exactly one of these operations.");
  return parseWrite(KINDS[only], part[only] as WriteRequest);
}

interface NamedToken {
  readonly name: string;
  readonly token: { readonly at: number; readonly hash: string };
}
function tokenOf({ ClientRequestToken, TransactItems }: TransactWriteRequest, region: string, now: number): NamedToken | undefined {
  if (ClientRequestToken === undefined) return undefined;
  const hash = createHash("sha256").update(JSON.stringify(TransactItems, sortedMembers)).digest("hex");
  return { name: `${region}/${ClientRequestToken}`, token: { at: now, hash } };
}
/** Sorts the members, so that equal content gives equal text. */
const sortedMembers = (_key: string, value: unknown): unknown =>
  typeof value !== "object" || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));

/** A second call with the same token and content does nothing and succeeds. */
function isRepetition(database: Database, { name, token }: NamedToken): boolean {
  const known = database.token(name);
  if (!known || token.at - known.at >= TOKEN_MS) return false;
  if (known.hash === token.hash) return true;
  throw new LocalFault(
    "IdempotentParameterMismatchException",
    "The provided idempotency token was already used with different parameters in the request.",
  );
}

const doubled = (): LocalFault => invalid("Transaction request cannot include multiple operations on one item");
function refuseDoubles(parts: readonly ParsedWrite[], context: Context, database: Database, region: string): void {
  const seen = new Set<string>();
  for (const { table: name, subject } of parts) {
    const { schema, doc } = openTable(context, database, region, name);
    const names = schema.range ? [schema.hash.name, schema.range.name] : [schema.hash.name];
    const place = `${doc.id} ${JSON.stringify(names.map((key) => subject[key]))}`;
    if (seen.has(place)) throw doubled();
    seen.add(place);
  }
}

/** Prepares one part. An error for which AWS cancels the transaction becomes the part's reason. Other errors are thrown. */
function attempt(part: ParsedWrite, context: Context, database: Database, region: string): { reason: Reason; prepared?: Prepared } {
  try {
    return { reason: { Code: "None" }, prepared: prepare(part, context, database, region) };
  } catch (error) {
    if (!(error instanceof LocalFault)) throw error;
    if (error.code === "ConditionalCheckFailedException")
      return { reason: { Code: "ConditionalCheckFailed", Message: error.message, ...error.extra } };
    if (error.code === "ValidationException") return { reason: { Code: "ValidationError", Message: error.message } };
    throw error;
  }
}

/** AWS stops at the first invalid part and gives no reasons for the others. */
function reasonsOf(reasons: readonly Reason[]): readonly Reason[] {
  const first = reasons.findIndex(({ Code }) => Code === "ValidationError");
  return first < 0 ? reasons : reasons.map((reason, i) => (i === first ? reason : { Code: "None" }));
}

function cancelled(reasons: readonly Reason[]): LocalFault {
  const codes = reasons.map(({ Code }) => Code).join(", ");
  return new LocalFault(
    "TransactionCanceledException",
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    400,
    { CancellationReasons: reasons },
  );
}
