import type { DeliveryAnswer, DeliverySummary } from "../contract/answers.ts";
import type { DeliveryStatus, DeliveryUpdate } from "../contract/schemas.ts";
import type { EventIdentity } from "../shared/identity.ts";
import { findEvent, type Memory, markOf, remember } from "../shared/memory.ts";

/**
 * A delivery's state is a function of the set of its updates, whatever the order in which they arrive and however often.
 *
 * Updates are ordered by their key: time, then progress of the status, then event_id. Final updates (`returned`, `cancelled`,
 * `delivered`) go before others, unless they are older than the last correction. So of every value two candidates matter: the
 * greatest final one since the last correction, which is shown, and a greater one that it hides: a later correction may still let
 * it through. All other updates can be forgotten.
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
export type Tracked = "standing" | OptionalField;

/** What an update says about its delivery, and when. `at`: as it is answered. */
export interface Standing {
  readonly status: DeliveryStatus;
  readonly at: string;
  readonly event_id: string;
}
export interface Candidate {
  readonly key: string;
  readonly value: unknown;
}
export interface Candidates {
  readonly shown?: Candidate | undefined;
  /** Greater than `shown`, which is final and hides it. */
  readonly hidden?: Candidate | undefined;
}

export interface DeliveryState {
  readonly delivery_id: string;
  readonly candidates: ReadonlyMap<Tracked, Candidates>;
  /** Key of the last correction: what is smaller has no say any more. */
  readonly corrected?: string | undefined;
  /** The updates with `delivered` since the last correction. */
  readonly delivered: readonly { readonly key: string; readonly at: string }[];
  readonly memory: Memory;
}

export type Outcome = "applied" | "late" | "final" | "duplicate" | "reused";

export interface Decision {
  readonly outcome: Outcome;
  readonly state: DeliveryState;
  /** The state differs from the one before. */
  readonly changed: boolean;
}

/** From least to most. */
const PROGRESS: readonly DeliveryStatus[] = ["pending", "assigned", "in_transit", "failed", "returned", "cancelled", "delivered"];
const FIRST_FINAL = PROGRESS.indexOf("returned");
const TIME_DIGITS = 15;
/** An update whose time lies ahead of our clock is smaller than every other: it makes nothing late. */
const AHEAD = "0".repeat(TIME_DIGITS);
/** Of one delivery; reached by no phone that works. */
const MOST_DELIVERED = 64;

/** Keys compare as text. */
export const keyOf = (ms: number, status: DeliveryStatus, eventId: string): string =>
  `${String(Math.max(0, ms)).padStart(TIME_DIGITS, "0")}${PROGRESS.indexOf(status)}${eventId}`;
const isFinal = (key: string): boolean => Number(key[TIME_DIGITS]) >= FIRST_FINAL;

export const newDelivery = (delivery_id: string): DeliveryState => ({ delivery_id, candidates: new Map(), delivered: [], memory: [] });

/** `nowMs`: the server's clock. */
export function decide(stored: DeliveryState, event: EventIdentity, update: DeliveryUpdate, nowMs: number): Decision {
  const seen = findEvent(stored.memory, event.id);
  if (seen !== undefined)
    return { outcome: seen.mark === markOf(event.fingerprint) ? "duplicate" : "reused", state: stored, changed: false };
  const key = keyOf(event.ms, update.status, event.id);
  const before = withoutAhead(stored, key, nowMs);
  const { shown, hidden } = before.candidates.get("standing") ?? {};
  // Older than the memory: it stands, and its raw copy has been compared.
  if (shown?.key === key || hidden?.key === key) return { outcome: "duplicate", state: stored, changed: false };
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
  const standing = state.candidates.get("standing")?.shown?.key ?? key;
  const outcome = standing === key ? "applied" : key < standing ? "late" : "final";
  return { outcome, state, changed: true };
}

function valuesOf(event: EventIdentity, update: DeliveryUpdate): ReadonlyMap<Tracked, unknown> {
  const standing: Standing = { status: update.status, at: event.at, event_id: event.id };
  const given = OPTIONAL_FIELDS.filter((field) => update[field] !== undefined).map((field) => [field, update[field]] as const);
  return new Map<Tracked, unknown>([["standing", standing], ...given]);
}

function choose({ shown, hidden }: Candidates, incoming: Candidate | undefined, corrected: string | undefined): Candidates {
  const all = [shown, hidden, incoming].filter((one) => one !== undefined);
  const greatest = all.reduce((a, b) => (b.key > a.key ? b : a));
  const finals = all.filter((one) => isFinal(one.key) && (corrected === undefined || one.key >= corrected));
  const final = finals.reduce<Candidate | undefined>((a, b) => (a === undefined || b.key > a.key ? b : a), undefined);
  return final === undefined || final.key === greatest.key ? { shown: greatest } : { shown: final, hidden: greatest };
}

function withDelivered(delivered: DeliveryState["delivered"], one: DeliveryState["delivered"][number]): DeliveryState["delivered"] {
  const all = [...delivered.filter((other) => other.key !== one.key), one].sort((a, b) => (a.key < b.key ? -1 : 1));
  // The first counts; those after it matter when a correction comes late.
  return all.length > MOST_DELIVERED ? [...all.slice(0, 1), ...all.slice(1 - MOST_DELIVERED)] : all;
}

/** The state with every time that lies ahead of the server's clock and of the incoming update made smaller than all others. */
function withoutAhead(state: DeliveryState, incoming: string, nowMs: number): DeliveryState {
  const limit = String(nowMs).padStart(TIME_DIGITS, "0");
  const isAhead = (key: string) => key.slice(0, TIME_DIGITS) > limit && key > incoming;
  const settle = (one: Candidate | undefined) => (one && isAhead(one.key) ? { ...one, key: AHEAD + one.key.slice(TIME_DIGITS) } : one);
  return {
    ...state,
    candidates: new Map([...state.candidates].map(([name, { shown, hidden }]) => [name, { shown: settle(shown), hidden: settle(hidden) }])),
    corrected: state.corrected !== undefined && isAhead(state.corrected) ? undefined : state.corrected,
    delivered: state.delivered.filter((one) => !isAhead(one.key)),
  };
}

export const standingOf = (state: DeliveryState): Standing | undefined =>
  state.candidates.get("standing")?.shown?.value as Standing | undefined;

/** The time of the first `delivered` since the last correction, of a delivery that stands as delivered. */
export function deliveredAt(state: DeliveryState): string | undefined {
  const standing = standingOf(state);
  if (standing?.status !== "delivered") return undefined;
  const [first] = state.delivered;
  return first?.at ?? standing.at;
}

const shownIn = <F extends OptionalField>(state: DeliveryState, field: F): DeliveryUpdate[F] =>
  state.candidates.get(field)?.shown?.value as DeliveryUpdate[F];

export function toSummary(state: DeliveryState, standing: Standing): DeliverySummary {
  return {
    delivery_id: state.delivery_id,
    status: standing.status,
    is_completed: standing.status === "delivered",
    delivered_at: deliveredAt(state) ?? null,
    tracking_number: shownIn(state, "tracking_number") ?? null,
    updated_at: standing.at,
  };
}

/** All that is known. */
export function toAnswer(state: DeliveryState, standing: Standing): DeliveryAnswer {
  return {
    ...toSummary(state, standing),
    driver_id: shownIn(state, "driver_id") ?? null,
    vehicle_id: shownIn(state, "vehicle_id") ?? null,
    route_id: shownIn(state, "route_id") ?? null,
    position: shownIn(state, "position") ?? null,
    recipient_signature: shownIn(state, "recipient_signature") ?? null,
    recipient_name: shownIn(state, "recipient_name") ?? null,
    scheduled_at: shownIn(state, "scheduled_at") ?? null,
    notes: shownIn(state, "notes") ?? null,
    event_id: standing.event_id,
  };
}
