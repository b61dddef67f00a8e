import type { QueryCommandInput } from "@aws-sdk/client-dynamodb";
import type { DeliveriesAnswer } from "../contract/answers.ts";
import { INDEXES } from "../contract/indexes.ts";
import { deliveriesQuery } from "../contract/queries.ts";
import { DEFAULT_LIMIT } from "../contract/schemas.ts";
import { fromItem, type Item, toItem } from "../shared/attributes.ts";
import { fromCursor, toCursor } from "../shared/cursor.ts";
import { invalid } from "../shared/errors.ts";
import { queryOf } from "../shared/gateway.ts";
import type { Call } from "../shared/serve.ts";
import { standingOf, toAnswer } from "./domain.ts";

import { type DeliveryRecord, fromRecord } from "./record.ts";
import type { DeliveryDeps } from "./store.ts";

type StoredItem = DeliveryRecord & { readonly delivery_id: string };

/** Deliveries of one driver, or in one status, newest first. */
export async function listDeliveries(deps: DeliveryDeps, call: Call): Promise<DeliveriesAnswer> {
  const query = queryOf(call.event, deliveriesQuery);
  const by = query.driver_id === undefined ? "status" : "driver_id";
  const value = query.driver_id ?? query.status;
  if (value === undefined || (query.driver_id !== undefined && query.status !== undefined))
    throw invalid([{ path: "driver_id", message: "Give one of driver_id and status." }]);
  const limit = query.limit ?? DEFAULT_LIMIT;
  const scope = [by, value, query.from ?? "", query.to ?? ""];
  const isWithin = withinOf(query.from, query.to);
  const found: StoredItem[] = [];
  let start = query.cursor === undefined ? undefined : startOf(fromCursor(query.cursor, scope, 2), by, value);
  // Reads one more than the page holds, to know whether another page follows.
  for (;;) {
    const page = await readPage(deps, call, { by, value, from: query.from, to: query.to, start, limit: limit + 1 });
    found.push(...page.items.filter(isWithin));
    start = page.next;
    if (start === undefined || found.length > limit) break;
  }
  const listed = found.slice(0, limit);
  const last = listed.at(-1);
  const next = found.length > limit && last !== undefined ? toCursor([String(last.updated_at), last.delivery_id], scope) : null;
  return {
    deliveries: listed.flatMap((record) => {
      const { state } = fromRecord(record.delivery_id, record);
      const standing = standingOf(state);
      return standing === undefined ? [] : [toAnswer(state, standing)];
    }),
    next,
  };
}

interface DeliveryPage {
  readonly by: "driver_id" | "status";
  readonly value: string;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly start: Item | undefined;
  readonly limit: number;
}

async function readPage(deps: DeliveryDeps, call: Call, { by, value, from, to, start, limit }: DeliveryPage) {
  const input: QueryCommandInput = {
    TableName: deps.deliveriesTable,
    IndexName: by === "driver_id" ? INDEXES.deliveries.byDriver.name : INDEXES.deliveries.byStatus.name,
    KeyConditionExpression: "#by = :value AND updated_at BETWEEN :from AND :to",
    ExpressionAttributeNames: { "#by": by },
    ExpressionAttributeValues: toItem({
      ":value": value,
      ":from": secondOf(from) ?? "0",
      ":to": to === undefined ? "~" : `${secondOf(to)}~`,
    }),
    ScanIndexForward: false,
    Limit: limit,
    ExclusiveStartKey: start,
  };
  const { Items: items = [], LastEvaluatedKey: next } = await deps.dynamodb("Query", input, call.signal);
  return { items: items.map((item) => fromItem<StoredItem>(item)), next };
}

/**
 * The previous version stored times as they were sent: within one second their text order differs from their time order. So the query
 * asks for whole seconds.
 */
const secondOf = (time: string | undefined): string | undefined =>
  time === undefined ? undefined : new Date(time).toISOString().slice(0, 19);

function withinOf(from: string | undefined, to: string | undefined): (item: StoredItem) => boolean {
  const [first, last] = [
    from === undefined ? Number.NEGATIVE_INFINITY : Date.parse(from),
    to === undefined ? Number.POSITIVE_INFINITY : Date.parse(to),
  ];
  return ({ updated_at: at }) => Date.parse(String(at)) >= first && Date.parse(String(at)) <= last;
}

/** The index key of the last listed delivery. */
const startOf = ([updated_at = "", delivery_id = ""]: readonly string[], by: string, value: string): Item =>
  toItem({ [by]: value, updated_at, delivery_id });
