import { beside, type Position } from "./geography.ts";
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
  /** Between the times of two fixes, in ms. */
  readonly fixMs: number;
  readonly motion: Motion;
  readonly routeAt: (step: number) => string;
  /** The phone counts its events from 1, as other phones do. */
  readonly nextId: () => number;
  /** Steps of which nothing may be lost or late. */
  readonly hold: readonly number[];
  readonly faults: readonly Fault[];
}

/** How many of the messages are lost on their way, sent twice at once, and overtaken by the next ones. */
const FATES = { lost: 0.05, doubled: 0.1, late: 0.15 };
/** Fixes that a phone keeps for each step while it is offline. */
const STORED_A_STEP = 4;
const OFFLINE_STEPS = 3;
/** The place of a radio mast, as a phone in a building says it. */
const INACCURATE_M = 20_000;
/** A wrong clock: next year. */
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
    const fate = fateOf(phone, step, random);
    if (fate === "lost") lost += pair.length;
    else if (fate === "doubled") messages.push(...pair.map((message) => ({ ...message, copies: 2 })));
    else if (fate === "late") overdue = pair;
    else messages.push(...pair, ...troublesAt(phone, step).flatMap((fault) => trouble(phone, step, fault, pair, random)));
    messages.push(...late);
  }
  return { messages, lost };
}

type Fate = "lost" | "doubled" | "late" | "sent";

/** What becomes of a step's fix on its way. A fault stands beside a good fix, so that one goes out as it should. */
function fateOf(phone: Phone, step: number, random: () => number): Fate {
  if (step === 3 && phone.faults.includes("sent twice at once")) return "doubled";
  if (step === phone.steps - 2 && phone.faults.includes("overtaken")) return "late";
  const isHeld = step < 4 || step === phone.steps - 1 || phone.hold.includes(step) || troublesAt(phone, step).length > 0;
  const chance = isHeld ? 1 : random();
  return chance < FATES.lost ? "lost" : chance < FATES.doubled ? "doubled" : chance < FATES.late ? "late" : "sent";
}

const single = (step: number, path: Path, event: Event): Message => ({ step, path, events: [event], isBatch: false, copies: 1 });

/** A fix for both of the API's readers. */
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
  // Nobody can know that the first fix is wrong: it counts until the third of the right ones.
  if (step > 0) return pairOf(step, fixEvents(phone, step, ms, position, "implausible"));
  return pairOf(step, fixEvents(phone, step, ms, beside(position, 300, 0), "counts"));
}

function wrongClock(phone: Phone, step: number, random: () => number): readonly Message[] {
  const ms = step * phone.fixMs;
  const [vehicle, route] = fixEvents(phone, step, ms + AHEAD_MS, measured(phone.motion.placeAt(ms), random), "counts");
  return pairOf(step, [
    { ...vehicle, ms: undefined },
    { ...route, ms: undefined },
  ]);
}

/** Where in the trip, as a share of its steps, a fault of the receiver or the network stands. */
const TROUBLES: readonly (readonly [Fault, number])[] = [
  ["0,0", 0.3],
  ["inaccurate", 0.38],
  ["teleport", 0.46],
  ["swapped", 0.54],
  ["sent again with a new time", 0.34],
  ["id of another fix", 0.42],
];

/** The faults of this step. */
const troublesAt = (phone: Phone, step: number): readonly Fault[] =>
  TROUBLES.filter(([fault, share]) => phone.faults.includes(fault) && Math.floor(phone.steps * share) === step).map(([fault]) => fault);

function trouble(phone: Phone, step: number, fault: Fault, pair: readonly Message[], random: () => number): readonly Message[] {
  const ms = step * phone.fixMs + phone.fixMs / 2;
  const here = measured(phone.motion.placeAt(ms), random);
  const wrong = (position: Position, more: object = {}) => pairOf(step, fixEvents(phone, step, ms, position, "implausible", more));
  if (fault === "0,0") return wrong({ lat: 0, lon: 0 });
  if (fault === "inaccurate") return wrong(here, { accuracy_m: INACCURATE_M });
  if (fault === "teleport") return wrong(beside(here, 0, 40));
  if (fault === "swapped") return wrong({ lat: here.lon, lon: here.lat });
  const changed = (event: Event): Event =>
    fault === "sent again with a new time"
      ? { ...event, kind: "repeated", body: { ...event.body, recorded_at: new Date((event.ms ?? 0) + 7000).toISOString() } }
      : { ...event, kind: "reused", body: { ...event.body, position: beside(event.body.position as Position, 0.05, 0) } };
  return pair.map((message) => ({ ...message, events: message.events.map(changed) }));
}

/** What the phone kept while it was offline, in one call for each reader, the newest first, with one event that nobody can take. */
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
