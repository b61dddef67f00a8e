import type { Event, Message, Parcel, Reason } from "./messages.ts";

/** Patterns of a delivery's updates: the plain one, and those with a problem. Every run has each of them. */
export const UPDATE_PATTERNS = [
  "plain",
  "overtaken",
  "same second",
  "signed later",
  "corrected",
  "moved after its end",
  "wrong clock",
  "offline",
  "sent twice",
] as const;
export type UpdatePattern = (typeof UPDATE_PATTERNS)[number];

export interface Carrier {
  readonly deliveryId: string;
  readonly vehicleId: string;
  readonly routeId: string;
  readonly startMs: number;
  readonly steps: number;
  /** Time between two steps, in ms. */
  readonly fixMs: number;
  readonly nextId: () => number;
}

const FINAL: readonly Reason[] = ["final", "late"];
const AHEAD_MS = 365 * 86_400_000;

/** One update: its status, the step of its time, and the step of sending, when that is later. */
interface Update {
  readonly status: string;
  readonly at: number;
  readonly sent?: number;
  readonly more?: object;
  readonly refused?: readonly Reason[];
  readonly isAhead?: true;
}

interface Script {
  readonly updates: readonly Update[];
  readonly status: string;
  /** Steps of the last valid update and of `delivered_at`; `server`: the time of receipt. */
  readonly updatedAt: number | "server";
  readonly deliveredAt: number | "server" | null;
  readonly isBatch?: true;
  readonly copies?: number;
}

/** `end`: the last step. */
function scriptOf(pattern: UpdatePattern, end: number): Script {
  const [assigned, moving, done] = [
    { status: "assigned", at: 0 },
    { status: "in_transit", at: 1 },
    { status: "delivered", at: end - 3 },
  ];
  const delivered = { status: "delivered", updatedAt: done.at, deliveredAt: done.at };
  const scripts: Readonly<Record<UpdatePattern, Script>> = {
    plain: { updates: [assigned, moving, done], ...delivered },
    overtaken: { updates: [assigned, done, { ...moving, sent: end, refused: FINAL }], ...delivered },
    "same second": { updates: [assigned, { status: "in_transit", at: done.at }, done], ...delivered },
    "signed later": {
      updates: [assigned, moving, done, { status: "delivered", at: end, more: { recipient_signature: true, recipient_name: "Ana" } }],
      ...delivered,
      updatedAt: end,
    },
    corrected: {
      updates: [assigned, done, { status: "in_transit", at: end - 2, more: { correction: true } }, { status: "failed", at: end }],
      status: "failed",
      updatedAt: end,
      deliveredAt: null,
    },
    "moved after its end": { updates: [assigned, done, { status: "in_transit", at: end, refused: FINAL }], ...delivered },
    "wrong clock": {
      updates: [assigned, moving, { status: "delivered", at: end, isAhead: true }],
      status: "delivered",
      updatedAt: "server",
      deliveredAt: "server",
    },
    offline: { updates: [done, moving, assigned].map((update) => ({ ...update, sent: end })), isBatch: true, ...delivered },
    "sent twice": { updates: [assigned, moving, done], copies: 2, ...delivered },
  };
  return scripts[pattern];
}

export function parcelOf(pattern: UpdatePattern, carrier: Carrier): Parcel {
  const script = scriptOf(pattern, carrier.steps - 1);
  const events = script.updates.map((update) => ({ step: update.sent ?? update.at, event: eventOf(update, carrier) }));
  const copies = script.copies ?? 1;
  const singles = events.map(({ step, event }): Message => ({ step, path: "/delivery", events: [event], isBatch: false, copies }));
  const batch: Message = { step: events[0]?.step ?? 0, path: "/delivery", events: events.map(({ event }) => event), isBatch: true, copies };
  const msOf = (at: number | "server" | null) => (typeof at === "number" ? carrier.startMs + at * carrier.fixMs : at);
  return {
    deliveryId: carrier.deliveryId,
    messages: script.isBatch ? [batch] : singles,
    expected: { status: script.status, updatedMs: msOf(script.updatedAt) ?? 0, deliveredMs: msOf(script.deliveredAt) },
  };
}

function eventOf({ status, at, more, refused, isAhead }: Update, carrier: Carrier): Event {
  const ms = carrier.startMs + at * carrier.fixMs;
  const body = {
    delivery_id: carrier.deliveryId,
    vehicle_id: carrier.vehicleId,
    route_id: carrier.routeId,
    status,
    occurred_at: new Date(isAhead ? ms + AHEAD_MS : ms).toISOString(),
    event_id: carrier.nextId(),
    ...more,
  };
  return { body, kind: "counts", ms: isAhead ? undefined : ms, refused };
}
