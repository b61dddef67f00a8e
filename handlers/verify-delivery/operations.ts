import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import type { DeliveryAnswer, DeliveryUpdateAnswer } from "../contract/answers.ts";
import { type DeliveryUpdate, deliveryUpdate } from "../contract/schemas.ts";
import { type Tried, untilUncontended } from "../shared/contention.ts";
import { ApiError, eventIdReused } from "../shared/errors.ts";
import { check, parseBody, pathId } from "../shared/gateway.ts";
import { type EventIdentity, identify, recall } from "../shared/identity.ts";
import { storeRawCopy } from "../shared/raw-copy.ts";
import { type Loaded, load, save } from "../shared/records.ts";
import type { Call, Operation, Surroundings } from "../shared/serve.ts";
import { type Decision, type DeliveryRecord, decide, toAnswer } from "./domain.ts";

export interface DeliveryDeps {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly bucket: string;
  readonly deliveriesTable: string;
  readonly around: Surroundings;
}

type StoredDelivery = Loaded<DeliveryRecord>;
const ROUTE = "POST /delivery";

export const makeOperations = (deps: DeliveryDeps): Readonly<Record<string, Operation>> => ({
  [ROUTE]: (call) => postDelivery(deps, call),
  "GET /delivery/{delivery_id}": (call) => getDelivery(deps, call),
});

async function postDelivery(deps: DeliveryDeps, call: Call): Promise<DeliveryUpdateAnswer> {
  const payload = parseBody(call.event);
  const update = check(deliveryUpdate, payload);
  const event = await identifyUpdate(deps, call, update);
  const copy = { area: "deliveries", event, route: ROUTE, receivedAt: call.receivedAt, requestId: call.requestId, payload } as const;
  const raw = await storeRawCopy(deps.s3, deps.bucket, copy, call.signal);
  const attempt = (seen: StoredDelivery | undefined) => tryUpdate(deps, call, event, update, seen);
  const { outcome, record } = await untilUncontended(attempt, deps.around);
  if (outcome === "reused") throw eventIdReused();
  const duplicate = outcome === "duplicate" || (outcome === "late" && raw.seenBefore);
  call.count("Accepted");
  if (duplicate) call.count("Duplicate");
  else if (outcome === "late") call.count("Late");
  return { ...toAnswer(record), applied: outcome === "applied", duplicate, raw_key: raw.key };
}

/** An event without a time is looked up first: a retry must find the copy and the time of the first call. */
async function identifyUpdate(deps: DeliveryDeps, call: Call, update: DeliveryUpdate): Promise<EventIdentity> {
  const { event_id: eventId, occurred_at: time, ...content } = update;
  const event = identify({ operation: ROUTE, eventId, time, content, invocation: call.invocation }, call.receivedAt);
  if (!event.timeless) return event;
  // If the table does not answer, the copy is stored all the same, and the call fails where the state is needed.
  const stored = await loadDelivery(deps, call, update.delivery_id).catch(() => undefined);
  return recall(event, stored?.record?.recent_events ?? [], stored?.record?.event_id);
}

async function tryUpdate(
  deps: DeliveryDeps,
  call: Call,
  event: EventIdentity,
  update: DeliveryUpdate,
  seen: StoredDelivery | undefined,
): Promise<Tried<Decision, StoredDelivery>> {
  const stored = seen ?? (await loadDelivery(deps, call, update.delivery_id));
  const decision = decide(stored.record, event, update);
  if (!decision.changed) return { done: decision };
  const { delivery_id: id, ...set } = decision.record;
  const saved = await save<DeliveryRecord>(deps.dynamodb, { ...address(deps, id), version: stored.version, set }, call.signal);
  return "seen" in saved ? saved : { done: decision };
}

async function getDelivery(deps: DeliveryDeps, call: Call): Promise<DeliveryAnswer> {
  const { record } = await loadDelivery(deps, call, pathId(call.event, "delivery_id"));
  if (record === undefined) throw new ApiError("DELIVERY_NOT_FOUND", "No update of this delivery has arrived yet.");
  return toAnswer(record);
}

const address = (deps: DeliveryDeps, id: string) => ({ table: deps.deliveriesTable, key: { delivery_id: id }, versionName: "version" });

const loadDelivery = (deps: DeliveryDeps, call: Call, id: string): Promise<StoredDelivery> =>
  load<DeliveryRecord>(deps.dynamodb, address(deps, id), call.signal);
