import type { DeliveryAnswer } from "../contract/answers.ts";
import type { DeliveryUpdate } from "../contract/schemas.ts";
import { type EventIdentity, remember, type SeenEvent } from "../shared/identity.ts";

/**
 * A delivery's state is the newest update, and for every optional field the newest update that carried it. Both follow
 * the updates' own times, so any order and any repetition of the same updates ends in the same state, and an update that
 * only says "delivered" does not wipe out the tracking number. Of two with the same time the first to arrive stands.
 */

const OPTIONAL_FIELDS = [
  "tracking_number",
  "driver_id",
  "vehicle_id",
  "route_id",
  "position",
  "recipient_signature",
  "notes",
] as const satisfies readonly (keyof DeliveryUpdate)[];
type OptionalField = (typeof OPTIONAL_FIELDS)[number];

/** The item in the deliveries table. */
export interface DeliveryRecord extends Partial<Pick<DeliveryUpdate, OptionalField>> {
  readonly delivery_id: string;
  readonly status: DeliveryUpdate["status"];
  readonly is_completed: boolean;
  readonly delivered_at?: string | undefined;
  /** Of the last applied update; the same under the name of the API's answers, and in ms since 1970, which orders updates. */
  readonly occurred_at: string;
  readonly updated_at: string;
  readonly updated_ms: number;
  readonly event_id: string;
  readonly event_fingerprint: string;
  readonly invocation: string;
  /** For each optional field the time of the update it came with, in ms. */
  readonly field_ms: Partial<Record<OptionalField, number>>;
  /** Events that came without a time: see `recall`. */
  readonly recent_events: readonly SeenEvent[];
}

export type Outcome = "applied" | "late" | "duplicate" | "reused";

export interface Decision {
  readonly outcome: Outcome;
  readonly record: DeliveryRecord;
  /** The record differs from the stored one. A late update may still fill in a field that no newer one carried. */
  readonly changed: boolean;
}

export function decide(stored: DeliveryRecord | undefined, event: EventIdentity, update: DeliveryUpdate): Decision {
  if (stored === undefined) return { outcome: "applied", record: apply(undefined, event, update), changed: true };
  if (stored.event_id === event.id) {
    const isOwn = stored.invocation === event.invocation;
    const outcome = isOwn ? "applied" : stored.event_fingerprint === event.fingerprint ? "duplicate" : "reused";
    return { outcome, record: stored, changed: false };
  }
  // Its first call was still under way when this one looked for it.
  const seen = stored.recent_events.find((one) => one.id === event.id);
  if (seen !== undefined)
    return { outcome: seen.fingerprint === event.fingerprint ? "duplicate" : "reused", record: stored, changed: false };
  if (event.ms > stored.updated_ms) return { outcome: "applied", record: apply(stored, event, update), changed: true };
  const filled = event.ms < stored.updated_ms ? takeFields(stored, event, update) : undefined;
  return { outcome: "late", record: filled ?? stored, changed: filled !== undefined };
}

function apply(stored: DeliveryRecord | undefined, event: EventIdentity, update: DeliveryUpdate): DeliveryRecord {
  const isCompleted = update.status === "delivered";
  const news = {
    delivery_id: update.delivery_id,
    status: update.status,
    is_completed: isCompleted,
    delivered_at: isCompleted ? event.at : undefined,
    occurred_at: event.at,
    updated_at: event.at,
    updated_ms: event.ms,
    event_id: event.id,
    event_fingerprint: event.fingerprint,
    invocation: event.invocation,
    recent_events: remember(stored?.recent_events ?? [], event),
  };
  const record = { field_ms: {}, ...stored, ...news };
  return takeFields(record, event, update) ?? record;
}

/** The record with the update's optional fields where no newer update carried them; undefined if there are none. */
function takeFields(record: DeliveryRecord, event: EventIdentity, update: DeliveryUpdate): DeliveryRecord | undefined {
  const isNewest = (field: OptionalField) => event.ms > (record.field_ms[field] ?? Number.NEGATIVE_INFINITY);
  const taken = OPTIONAL_FIELDS.filter((field) => update[field] !== undefined && isNewest(field));
  if (taken.length === 0) return undefined;
  return {
    ...record,
    ...Object.fromEntries(taken.map((field) => [field, update[field]])),
    field_ms: { ...record.field_ms, ...Object.fromEntries(taken.map((field) => [field, event.ms])) },
  };
}

export function toAnswer(record: DeliveryRecord): DeliveryAnswer {
  return {
    delivery_id: record.delivery_id,
    status: record.status,
    is_completed: record.is_completed,
    delivered_at: record.delivered_at ?? null,
    tracking_number: record.tracking_number ?? null,
    updated_at: record.updated_at,
  };
}
