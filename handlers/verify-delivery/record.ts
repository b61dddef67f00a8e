import { DELIVERY_STATUSES, type DeliveryStatus } from "../contract/schemas.ts";
import { fromText, type Memory, REMEMBERED, toRemembered, toText } from "../shared/memory.ts";
import {
  type Candidate,
  type Candidates,
  type DeliveryState,
  deliveredAt,
  newDelivery,
  OPTIONAL_FIELDS,
  type StandingUpdate,
  standingOf,
  type TrackedField,
  updateKey,
} from "./domain.ts";

/**
 * The item in the deliveries table. The effective values are top-level attributes, for people and for the indexes. The other attributes
 * are needed for decisions.
 */
export interface DeliveryRecord extends Readonly<Record<string, unknown>> {
  readonly status?: DeliveryStatus;
  /** As sent in the answer. */
  readonly occurred_at?: string;
  /** The same time, always with milliseconds: sort keys are compared as text, and `…00.5Z` comes before `…00Z`. */
  readonly updated_at?: string;
  readonly event_id?: string;
  /** Key of the effective value, by field. */
  readonly keys?: Partial<Record<TrackedField, string>>;
  readonly hidden?: Partial<Record<TrackedField, Candidate>>;
  readonly corrected?: string;
  readonly delivered?: DeliveryState["delivered"];
  readonly events?: string;
}

/** The item as the previous version stored it. */
interface OldRecord {
  readonly updated_ms?: number;
  readonly event_fingerprint?: string;
  readonly field_ms?: Readonly<Partial<Record<TrackedField, number>>>;
  readonly recent_events?: readonly { readonly id: string; readonly at: string; readonly fingerprint: string }[];
}
const OLD_ATTRIBUTES = { updated_ms: undefined, event_fingerprint: undefined, field_ms: undefined, recent_events: undefined };

export interface StoredDelivery {
  readonly state: DeliveryState;
  readonly old: boolean;
}

export function fromRecord(id: string, record: DeliveryRecord | undefined): StoredDelivery {
  if (record?.status === undefined) return { state: newDelivery(id), old: false };
  const old = record.events === undefined;
  const candidates = new Map<TrackedField, Candidates>();
  for (const name of ["standing", ...OPTIONAL_FIELDS] as const) {
    const key = old ? oldUpdateKey(record, name) : record.keys?.[name];
    const value = name === "standing" ? standingIn(record) : record[name];
    if (key !== undefined && value !== undefined) candidates.set(name, { effective: { key, value }, hidden: record.hidden?.[name] });
  }
  const state = { delivery_id: id, candidates, corrected: record.corrected };
  if (!old) return { state: { ...state, delivered: record.delivered ?? [], memory: fromText(record.events ?? "") }, old };
  const first = candidates.get("standing")?.effective?.key ?? "";
  const delivered = record.status === "delivered" ? [{ key: first, at: standingIn(record).at }] : [];
  return { state: { ...state, delivered, memory: oldMemory(record) }, old };
}

const standingIn = (record: DeliveryRecord): StandingUpdate => ({
  status: record.status as DeliveryStatus,
  at: record.occurred_at ?? String(record.updated_at),
  event_id: record.event_id ?? "",
});

/** The previous version stored the time of each field's update, but not which update it was. */
function oldUpdateKey(record: DeliveryRecord & OldRecord, name: TrackedField): string | undefined {
  const standing = record.updated_ms ?? Date.parse(String(record.updated_at));
  const status = DELIVERY_STATUSES.includes(record.status as DeliveryStatus) ? (record.status as DeliveryStatus) : "pending";
  const ms = name === "standing" ? standing : record.field_ms?.[name];
  if (ms === undefined) return undefined;
  return ms === standing ? updateKey(ms, status, record.event_id ?? "") : updateKey(ms, "pending", "");
}

function oldMemory(record: DeliveryRecord & OldRecord): Memory {
  const recent = (record.recent_events ?? []).map(({ id, at, fingerprint }) => toRemembered({ id, fingerprint, ms: Date.parse(at) }, true));
  if (record.event_id === undefined || record.event_fingerprint === undefined) return recent;
  const last = toRemembered({ id: record.event_id, fingerprint: record.event_fingerprint, ms: record.updated_ms ?? 0 }, true);
  return [...recent.filter((one) => one.idHash !== last.idHash), last].slice(-REMEMBERED);
}

/** The attributes to write; undefined ones are removed. `writer` identifies this write. */
export function toRecord(state: DeliveryState, old: boolean, writer: string): object {
  const standing = standingOf(state) as StandingUpdate;
  const effectiveValues = OPTIONAL_FIELDS.map((field) => [field, state.candidates.get(field)?.effective?.value]);
  const keys = [...state.candidates].map(([name, { effective }]) => [name, effective?.key]);
  const hidden = [...state.candidates].filter(([, one]) => one.hidden !== undefined).map(([name, one]) => [name, one.hidden]);
  return {
    ...(old && OLD_ATTRIBUTES),
    ...Object.fromEntries(effectiveValues),
    status: standing.status,
    is_completed: standing.status === "delivered",
    delivered_at: deliveredAt(state),
    occurred_at: standing.at,
    updated_at: new Date(standing.at).toISOString(),
    event_id: standing.event_id,
    keys: Object.fromEntries(keys),
    hidden: hidden.length > 0 ? Object.fromEntries(hidden) : undefined,
    corrected: state.corrected,
    delivered: state.delivered.length > 0 ? state.delivered : undefined,
    events: toText(state.memory),
    writer,
  };
}
