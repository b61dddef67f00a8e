import { offsetBy, type Position } from "./geography.ts";
import type { Event, Kind, Message, Path } from "./messages.ts";
import { type Motion, measured } from "./motion.ts";

/** Faults of receivers, phones and networks. Every run has each of them. */
export const FAULTS = [
  "0,0",
  "inaccurate",
  "teleport",
  "swapped",
  "wrong first fix",
  "wrong clock",
  "sent again with a new time",
  "id of another fix",
  "sent twice at once",
  "overtaken",
  "tunnel",
  "offline",
] as const;
export type Fault = (typeof FAULTS)[number];

export interface Phone {
  readonly vehicleId: string;
  /** Time of step 0, ms since 1970. */
  readonly startMs: number;
  readonly steps: number;
  /** Time between two fixes, in ms. */
  readonly fixMs: number;
  readonly motion: Motion;
  readonly routeAt: (step: number) => string;
  /** Returns the next event id. Each phone counts from 1. */
  readonly nextId: () => number;
  /** Steps whose messages must be neither lost nor late. */
  readonly hold: readonly number[];
  readonly faults: readonly Fault[];
}

/** Probabilities (cumulative) that a message is lost, sent twice at once, or overtaken by later ones. */
const CHANCES = { lost: 0.05, doubled: 0.1, late: 0.15 };
/** Number of fixes that an offline phone stores for each step. */
const STORED_A_STEP = 4;
const OFFLINE_STEPS = 3;
/** Accuracy of a position from radio masts, as a phone in a building reports it. */
const INACCURATE_M = 20_000;
/** A wrong clock is one year ahead. */
const AHEAD_MS = 365 * 86_400_000;

/** The fixes of one vehicle as calls, in the order of sending. */
export function fixMessages(phone: Phone, random: () => number): { readonly messages: readonly Message[]; readonly lost: number } {
  const has = (fault: Fault) => phone.faults.includes(fault);
  const { steps } = phone;
  const offline = has("offline") ? steps - 2 - OFFLINE_STEPS : Number.POSITIVE_INFINITY;
  const tunnel = has("tunnel") ? Math.floor(steps * 0.6) : Number.NaN;
  const messages: Message[] = [];
  let overdue: readonly Message[] = [];
  let lost = 0;
  for (let step = 0; step < steps; step++) {
    const late = overdue.map((message) => ({ ...message, step }));
    overdue = [];
    if (step >= offline && step < offline + OFFLINE_STEPS) {
      if (step === offline + OFFLINE_STEPS - 1) messages.push(...late, ...stored(phone, offline, random));
      else overdue = late;
      continue;
    }
    if (step === tunnel) {
      overdue = late;
      continue;
    }
    const isLast = step === steps - 1;
    const pair = isLast && has("wrong clock") ? wrongClock(phone, step, random) : fixPair(phone, step, random);
    const transmission = transmissionOf(phone, step, random);
    if (transmission === "lost") lost += pair.length;
    else if (transmission === "doubled") messages.push(...pair.map((message) => ({ ...message, copies: 2 })));
    else if (transmission === "late") overdue = pair;
    else messages.push(...pair, ...faultsAt(phone, step).flatMap((fault) => faultMessages(phone, step, fault, pair, random)));
    messages.push(...late);
  }
  return { messages, lost };
}

type Transmission = "lost" | "doubled" | "late" | "sent";

/** How a step's fix is sent. A step with a fault also has a valid fix, which must arrive. */
function transmissionOf(phone: Phone, step: number, random: () => number): Transmission {
  if (step === 3 && phone.faults.includes("sent twice at once")) return "doubled";
  if (step === phone.steps - 2 && phone.faults.includes("overtaken")) return "late";
  const isHeld = step < 4 || step === phone.steps - 1 || phone.hold.includes(step) || faultsAt(phone, step).length > 0;
  const chance = isHeld ? 1 : random();
  return chance < CHANCES.lost ? "lost" : chance < CHANCES.doubled ? "doubled" : chance < CHANCES.late ? "late" : "sent";
}

const single = (step: number, path: Path, event: Event): Message => ({ step, path, events: [event], isBatch: false, copies: 1 });

/** The same fix for the two routes of the API, `/vehicle` and `/route`. */
function fixEvents(phone: Phone, step: number, ms: number, position: Position, kind: Kind, more: object = {}): readonly [Event, Event] {
  const at = phone.startMs + ms;
  const common = {
    vehicle_id: phone.vehicleId,
    route_id: phone.routeAt(step),
    position,
    recorded_at: new Date(at).toISOString(),
    accuracy_m: 8,
    ...more,
  };
  return [
    { body: { ...common, event_id: phone.nextId() }, kind, ms: at },
    { body: { ...common, event_id: phone.nextId() }, kind, ms: at },
  ];
}

const pairOf = (step: number, [vehicle, route]: readonly [Event, Event]): readonly Message[] => [
  single(step, "/vehicle", vehicle),
  single(step, "/route", route),
];

function fixPair(phone: Phone, step: number, random: () => number): readonly Message[] {
  const ms = step * phone.fixMs;
  const position = measured(phone.motion.placeAt(ms), random);
  if (!phone.faults.includes("wrong first fix") || step > 2) return pairOf(step, fixEvents(phone, step, ms, position, "counts"));
  // The API cannot know that the first fix is wrong. It counts until the third correct one.
  if (step > 0) return pairOf(step, fixEvents(phone, step, ms, position, "implausible"));
  return pairOf(step, fixEvents(phone, step, ms, offsetBy(position, 300, 0), "counts"));
}

function wrongClock(phone: Phone, step: number, random: () => number): readonly Message[] {
  const ms = step * phone.fixMs;
  const [vehicle, route] = fixEvents(phone, step, ms + AHEAD_MS, measured(phone.motion.placeAt(ms), random), "counts");
  return pairOf(step, [
    { ...vehicle, ms: undefined },
    { ...route, ms: undefined },
  ]);
}

/** Position of each fault in the trip, as a share of the steps. */
const FAULT_PLACES: readonly (readonly [Fault, number])[] = [
  ["0,0", 0.3],
  ["inaccurate", 0.38],
  ["teleport", 0.46],
  ["swapped", 0.54],
  ["sent again with a new time", 0.34],
  ["id of another fix", 0.42],
];

/** The faults of this step. */
const faultsAt = (phone: Phone, step: number): readonly Fault[] =>
  FAULT_PLACES.filter(([fault, share]) => phone.faults.includes(fault) && Math.floor(phone.steps * share) === step).map(([fault]) => fault);

function faultMessages(phone: Phone, step: number, fault: Fault, pair: readonly Message[], random: () => number): readonly Message[] {
  const ms = step * phone.fixMs + phone.fixMs / 2;
  const position = measured(phone.motion.placeAt(ms), random);
  const wrong = (position: Position, more: object = {}) => pairOf(step, fixEvents(phone, step, ms, position, "implausible", more));
  if (fault === "0,0") return wrong({ lat: 0, lon: 0 });
  if (fault === "inaccurate") return wrong(position, { accuracy_m: INACCURATE_M });
  if (fault === "teleport") return wrong(offsetBy(position, 0, 40));
  if (fault === "swapped") return wrong({ lat: position.lon, lon: position.lat });
  const changed = (event: Event): Event =>
    fault === "sent again with a new time"
      ? { ...event, kind: "repeated", body: { ...event.body, recorded_at: new Date((event.ms ?? 0) + 7000).toISOString() } }
      : { ...event, kind: "reused", body: { ...event.body, position: offsetBy(event.body.position as Position, 0.05, 0) } };
  return pair.map((message) => ({ ...message, events: message.events.map(changed) }));
}

/** The fixes that the phone stored while it was offline, in one call for each route of the API, the newest first, with one invalid event. */
function stored(phone: Phone, from: number, random: () => number): readonly Message[] {
  const step = from + OFFLINE_STEPS - 1;
  const pairs = Array.from({ length: OFFLINE_STEPS * STORED_A_STEP }, (_, i) => {
    const ms = from * phone.fixMs + (i * phone.fixMs) / STORED_A_STEP;
    return fixEvents(phone, from + Math.floor(i / STORED_A_STEP), ms, measured(phone.motion.placeAt(ms), random), "counts");
  }).reverse();
  const broken = fixEvents(phone, step, from * phone.fixMs, { lat: 95, lon: 0 }, "invalid");
  return (["/vehicle", "/route"] as const).map((path, side) => ({
    step,
    path,
    events: [...pairs.map((pair) => pair[side] as Event), broken[side] as Event],
    isBatch: true,
    copies: 1,
  }));
}
