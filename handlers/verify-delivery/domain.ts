import type { DeliveryAnswer, DeliverySummary } from "../contract/answers.ts";
import type { DeliveryStatus, DeliveryUpdate } from "../contract/schemas.ts";
import type { EventIdentity } from "../shared/identity.ts";
import { findEvent, type Memory, markOf, remember } from "../shared/memory.ts";

/**
 * The state of a delivery is a function of the set of its updates: their order and repetition do not matter.
 *
 * Updates are ordered by their key: time, then progress of the status, then event_id. A final update (`returned`, `cancelled`,
 * `delivered`) takes precedence over others, unless it is older than the last correction. So two candidates matter for each value: the
 * greatest final one since the last correction, which is effective, and a greater one that it hides. A later correction may make the
 * hidden one effective. All other updates can be forgotten.
 */
export const OPTIONAL_FIELDS = [
  "tracking_number",
  "driver_id",
  "vehicle_id",
  "route_id",
  "position",
  "recipient_signature",
  "recipient_name",
  "scheduled_at",
  "notes",
] as const satisfies readonly (keyof DeliveryUpdate)[];
export type OptionalField = (typeof OPTIONAL_FIELDS)[number];
export type TrackedField = "standing" | OptionalField;

/** The status in an update. `at`: its time, as sent in the answer. */
export interface StandingUpdate {
  readonly status: DeliveryStatus;
  readonly at: string;
  readonly event_id: string;
}
export interface Candidate {
  readonly key: string;
  readonly value: unknown;
}
export interface Candidates {
  readonly effective?: Candidate | undefined;
  /** Greater than `effective`, which is final and hides it. */
  readonly hidden?: Candidate | undefined;
}

export interface DeliveryState {
  readonly delivery_id: string;
  readonly candidates: ReadonlyMap<TrackedField, Candidates>;
  /** Key of the last correction. Final updates with smaller keys lose their precedence. */
  readonly corrected?: string | undefined;
  /** The updates with `delivered` since the last correction. */
  readonly delivered: readonly { readonly key: string; readonly at: string }[];
  readonly memory: Memory;
}

export type DeliveryResult = "applied" | "late" | "final" | "duplicate" | "reused";

export interface Decision {
  readonly outcome: DeliveryResult;
  readonly state: DeliveryState;
  /** The state differs from the one before. */
  readonly changed: boolean;
}

/** The statuses in order of progress. */
const PROGRESS: readonly DeliveryStatus[] = ["pending", "assigned", "in_transit", "failed", "returned", "cancelled", "delivered"];
const FIRST_FINAL = PROGRESS.indexOf("returned");
const TIME_DIGITS = 15;
/** Replaces a time that lies ahead of the server's clock. Such an update is smaller than every other and makes none late. */
const AHEAD = "0".repeat(TIME_DIGITS);
/** The most `delivered` updates that are kept of one delivery; no working phone sends so many. */
const MOST_DELIVERED = 64;

/** The key of an update. Keys are compared as text. */
export const updateKey = (ms: number, status: DeliveryStatus, eventId: string): string =>
  `${String(Math.max(0, ms)).padStart(TIME_DIGITS, "0")}${PROGRESS.indexOf(status)}${eventId}`;
const isFinal = (key: string): boolean => Number(key[TIME_DIGITS]) >= FIRST_FINAL;

export const newDelivery = (delivery_id: string): DeliveryState => ({ delivery_id, candidates: new Map(), delivered: [], memory: [] });

/** `nowMs`: the server's clock. */
export function decide(stored: DeliveryState, event: EventIdentity, update: DeliveryUpdate, nowMs: number): Decision {
  const rememberedEvent = findEvent(stored.memory, event.id);
  if (rememberedEvent !== undefined)
    return { outcome: rememberedEvent.mark === markOf(event.fingerprint) ? "duplicate" : "reused", state: stored, changed: false };
  const key = updateKey(event.ms, update.status, event.id);
  const before = withoutAhead(stored, key, nowMs);
  const { effective, hidden } = before.candidates.get("standing") ?? {};
  // The memory has dropped this event, but it is still a candidate. Its raw copy was already compared with the call.
  if (effective?.key === key || hidden?.key === key) return { outcome: "duplicate", state: stored, changed: false };
  const corrected = update.correction === true && key > (before.corrected ?? "") ? key : before.corrected;
  const delivered = update.status === "delivered" ? withDelivered(before.delivered, { key, at: event.at }) : before.delivered;
  const values = valuesOf(event, update);
  const names = [...new Set([...before.candidates.keys(), ...values.keys()])];
  const state: DeliveryState = {
    ...before,
    candidates: new Map(
      names.map((name) => [
        name,
        choose({ ...before.candidates.get(name) }, values.has(name) ? { key, value: values.get(name) } : undefined, corrected),
      ]),
    ),
    corrected,
    delivered: delivered.filter((one) => corrected === undefined || one.key >= corrected),
    memory: remember(stored.memory, event),
  };
  const standing = state.candidates.get("standing")?.effective?.key ?? key;
  const outcome = standing === key ? "applied" : key < standing ? "late" : "final";
  return { outcome, state, changed: true };
}

function valuesOf(event: EventIdentity, update: DeliveryUpdate): ReadonlyMap<TrackedField, unknown> {
  const standing: StandingUpdate = { status: update.status, at: event.at, event_id: event.id };
  const given = OPTIONAL_FIELDS.filter((field) => update[field] !== undefined).map((field) => [field, update[field]] as const);
  return new Map<TrackedField, unknown>([["standing", standing], ...given]);
}

function choose({ effective, hidden }: Candidates, incoming: Candidate | undefined, corrected: string | undefined): Candidates {
  const all = [effective, hidden, incoming].filter((one) => one !== undefined);
  const greatest = all.reduce((a, b) => (b.key > a.key ? b : a));
  const finals = all.filter((one) => isFinal(one.key) && (corrected === undefined || one.key >= corrected));
  const final = finals.reduce<Candidate | undefined>((a, b) => (a === undefined || b.key > a.key ? b : a), undefined);
  return final === undefined || final.key === greatest.key ? { effective: greatest } : { effective: final, hidden: greatest };
}

function withDelivered(delivered: DeliveryState["delivered"], one: DeliveryState["delivered"][number]): DeliveryState["delivered"] {
  const all = [...delivered.filter((other) => other.key !== one.key), one].sort((a, b) => (a.key < b.key ? -1 : 1));
  // The first one counts. The later ones matter when a correction arrives late.
  return all.length > MOST_DELIVERED ? [...all.slice(0, 1), ...all.slice(1 - MOST_DELIVERED)] : all;
}

/** The state in which times ahead of both the server's clock and the incoming update are made smaller than all others. */
function withoutAhead(state: DeliveryState, incoming: string, nowMs: number): DeliveryState {
  const limit = String(nowMs).padStart(TIME_DIGITS, "0");
  const isAhead = (key: string) => key.slice(0, TIME_DIGITS) > limit && key > incoming;
  const capped = (one: Candidate | undefined) => (one && isAhead(one.key) ? { ...one, key: AHEAD + one.key.slice(TIME_DIGITS) } : one);
  return {
    ...state,
    candidates: new Map(
      [...state.candidates].map(([name, { effective, hidden }]) => [name, { effective: capped(effective), hidden: capped(hidden) }]),
    ),
    corrected: state.corrected !== undefined && isAhead(state.corrected) ? undefined : state.corrected,
    delivered: state.delivered.filter((one) => !isAhead(one.key)),
  };
}

export const standingOf = (state: DeliveryState): StandingUpdate | undefined =>
  state.candidates.get("standing")?.effective?.value as StandingUpdate | undefined;

/** The time of the first `delivered` since the last correction; undefined when the status is another one. */
export function deliveredAt(state: DeliveryState): string | undefined {
  const standing = standingOf(state);
  if (standing?.status !== "delivered") return undefined;
  const [first] = state.delivered;
  return first?.at ?? standing.at;
}

const effectiveValue = <F extends OptionalField>(state: DeliveryState, field: F): DeliveryUpdate[F] =>
  state.candidates.get(field)?.effective?.value as DeliveryUpdate[F];

export function toSummary(state: DeliveryState, standing: StandingUpdate): DeliverySummary {
  return {
    delivery_id: state.delivery_id,
    status: standing.status,
    is_completed: standing.status === "delivered",
    delivered_at: deliveredAt(state) ?? null,
    tracking_number: effectiveValue(state, "tracking_number") ?? null,
    updated_at: standing.at,
  };
}

/** The complete answer about a delivery. */
export function toAnswer(state: DeliveryState, standing: StandingUpdate): DeliveryAnswer {
  return {
    ...toSummary(state, standing),
    driver_id: effectiveValue(state, "driver_id") ?? null,
    vehicle_id: effectiveValue(state, "vehicle_id") ?? null,
    route_id: effectiveValue(state, "route_id") ?? null,
    position: effectiveValue(state, "position") ?? null,
    recipient_signature: effectiveValue(state, "recipient_signature") ?? null,
    recipient_name: effectiveValue(state, "recipient_name") ?? null,
    scheduled_at: effectiveValue(state, "scheduled_at") ?? null,
    notes: effectiveValue(state, "notes") ?? null,
    event_id: standing.event_id,
  };
}
