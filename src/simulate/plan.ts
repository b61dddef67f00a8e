import { along, lengthKm, offRoadKm, type Position, ROADS, type Road } from "./geography.ts";

export interface Settings {
  readonly vehicles: number;
  readonly minutes: number;
  /** Between two fixes of a vehicle, in seconds. */
  readonly interval: number;
  readonly seed: number;
  /** Calls a second at most. */
  readonly rate: number;
}
/** A call that changes state. `step` tells when it is sent. */
export interface Message {
  readonly step: number;
  readonly path: "/delivery" | "/vehicle" | "/route";
  readonly body: Readonly<Record<string, unknown>>;
  /** Event time, in ms since the epoch. */
  readonly ms: number;
}
export interface Trip {
  readonly vehicleId: string;
  readonly deliveryId: string;
  readonly road: Road;
  /** In the order of sending; a lost message is not among them. */
  readonly messages: readonly Message[];
  readonly lost: number;
}
export interface Plan {
  readonly roads: readonly Road[];
  readonly trips: readonly Trip[];
  readonly steps: number;
  /** Between two steps, in ms. */
  readonly stepMs: number;
  /** Calls a second at most. */
  readonly rate: number;
}
/** What the back end must say at the end. */
export interface Expected {
  /** The newest fix. */
  readonly fix: Message["body"] | undefined;
  /** The newest delivery update. */
  readonly delivery: Message["body"] | undefined;
  /** State of every episode, oldest first. */
  readonly episodes: readonly ("open" | "closed")[];
}

export const THRESHOLD_KM = 2;
const FEWEST_STEPS = 12;
/** Time on the road between two fixes: longer than between the calls, so that a short run shows a whole trip. */
const FIX_MS = 30_000;
const FATES = { lost: 0.05, doubled: 0.1, late: 0.15 };

/** The last event carries `endMs`: nothing comes from the future. Pure: the same seed gives the same messages, names and times relative to it. */
export function makePlan(settings: Settings, endMs: number): Plan {
  const stepMs = Math.max(settings.interval, (2 * settings.vehicles) / settings.rate) * 1000;
  const steps = Math.max(FEWEST_STEPS, Math.floor((settings.minutes * 60_000) / stepMs));
  const startMs = endMs - steps * FIX_MS;
  const random = seeded(settings.seed);
  const trips = Array.from({ length: settings.vehicles }, (_, i) => makeTrip(i, steps, startMs, random));
  return { roads: ROADS, trips, steps, stepMs, rate: settings.rate };
}

function makeTrip(index: number, steps: number, startMs: number, random: () => number): Trip {
  const road = ROADS[Math.floor(random() * ROADS.length)] as Road;
  const name = `${startMs.toString(36)}-${String(index + 1).padStart(3, "0")}`;
  const [vehicleId, deliveryId] = [`sim-v-${name}`, `sim-d-${name}`];
  const speed = 50 + Math.floor(random() * 30);
  const startKm = random() * 0.3 * lengthKm(road);
  const away = excursion(index, steps, random);
  const messages: Message[] = [];
  const late: Message[] = [];
  let lost = 0;
  for (let step = 0; step < steps; step++) {
    const ms = startMs + step * FIX_MS;
    const position = place(road, startKm + (speed * step * FIX_MS) / 3_600_000, step >= away.from && step < away.to);
    const fix = { vehicle_id: vehicleId, route_id: road.id, position, recorded_at: new Date(ms).toISOString() };
    const pair: Message[] = [
      { step, ms, path: "/vehicle", body: { ...fix, delivery_id: deliveryId, speed_kmh: speed, event_id: `${vehicleId}-${step}-gps` } },
      { step, ms, path: "/route", body: { ...fix, event_id: `${vehicleId}-${step}-route` } },
    ];
    const overdue = late.splice(0).map((message) => ({ ...message, step }));
    const fate = random();
    if (fate < FATES.lost) lost += pair.length;
    else if (fate < FATES.doubled) messages.push(...pair.flatMap((message) => [message, message]));
    else if (fate < FATES.late && step < steps - 1) late.push(...pair);
    else messages.push(...pair);
    messages.push(...overdue);
  }
  const ids = { delivery_id: deliveryId, vehicle_id: vehicleId, route_id: road.id };
  return { vehicleId, deliveryId, road, lost, messages: merged(deliveries(ids, steps, startMs, random), messages) };
}

/** assigned → in_transit → delivered; now and then the second is overtaken by the third, or the third comes twice. */
function deliveries(ids: { readonly delivery_id: string }, steps: number, startMs: number, random: () => number): Message[] {
  const at = (status: string, step: number): Message => {
    const ms = startMs + step * FIX_MS;
    const body = { ...ids, status, occurred_at: new Date(ms).toISOString(), event_id: `${ids.delivery_id}-${status}` };
    return { step, ms, path: "/delivery", body };
  };
  const [assigned, moving, delivered] = [at("assigned", 0), at("in_transit", 1), at("delivered", steps - 1)];
  const fate = random();
  if (fate < 0.15) return [assigned, delivered, { ...moving, step: steps - 1 }];
  return fate < 0.3 ? [assigned, moving, delivered, delivered] : [assigned, moving, delivered];
}
const merged = (a: readonly Message[], b: readonly Message[]): Message[] => [...a, ...b].sort((x, y) => x.step - y.step);

/** Steps off the road. The first vehicle always leaves it and comes back; some others do, and some of them stay away. */
function excursion(index: number, steps: number, random: () => number): { readonly from: number; readonly to: number } {
  const [leaves, stays] = [random() < 0.4, random() < 0.25];
  const from = Math.floor(steps * (0.2 + random() * 0.2));
  if (index > 0 && !leaves) return { from: steps, to: steps };
  return { from, to: index > 0 && stays ? steps : from + Math.ceil(steps * 0.3) };
}

/** Off the road: to the side, as far as it takes to be three thresholds away from every part of it. */
function place(road: Road, km: number, away: boolean): Position {
  const { position, across } = along(road, km);
  let found = position;
  for (let degrees = 0.06; away && offRoadKm(road, found) < 3 * THRESHOLD_KM; degrees += 0.02)
    found = { lat: position.lat + across.lat * degrees, lon: position.lon + across.lon * degrees };
  return { lat: Math.round(found.lat * 1e6) / 1e6, lon: Math.round(found.lon * 1e6) / 1e6 };
}

/** The model: only what is newer than the last applied counts. */
export function expectedOf({ messages, road }: Trip): Expected {
  const episodes: ("open" | "closed")[] = [];
  const last: { [path in Message["path"]]?: Message } = {};
  for (const message of messages) {
    if (message.ms <= (last[message.path]?.ms ?? Number.NEGATIVE_INFINITY)) continue;
    last[message.path] = message;
    if (message.path !== "/route") continue;
    const km = offRoadKm(road, message.body.position as Position);
    const open = episodes.at(-1) === "open";
    if (!open && km > THRESHOLD_KM) episodes.push("open");
    if (open && km <= 0.8 * THRESHOLD_KM) episodes[episodes.length - 1] = "closed";
  }
  return {
    fix: last["/vehicle"]?.body,
    delivery: last["/delivery"]?.body,
    episodes,
  };
}

/** mulberry32: small, and the same on every machine. From 0 up to 1. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
