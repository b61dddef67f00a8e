import { beside, lengthKm, type Position, ROADS, type Road } from "./geography.ts";
import type { Planning, Trip } from "./messages.ts";
import { expectedFixes, isUnsure } from "./model.ts";
import { ASIDE_MS, followed, move } from "./motion.ts";
import { parcelOf, STORIES } from "./parcels.ts";
import { FAULTS, fixMessages } from "./phone.ts";
import { seeded } from "./random.ts";

export interface Settings {
  readonly vehicles: number;
  readonly minutes: number;
  /** Between two fixes of a vehicle, in seconds. */
  readonly interval: number;
  readonly seed: number;
  /** Calls a second at most. */
  readonly rate: number;
  /** The stack's `alerts.confirmFixes`. */
  readonly confirmFixes?: number | undefined;
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

const FEWEST_STEPS = 14;
/** Tries to find a trip on which no fix lies so near to a threshold that model and API could judge it differently. */
const TRIES = 50;

/** What a trip is about beside its road. */
const TALES = ["excursion", "round", "replanned", "other route", "straight"] as const;
type Tale = (typeof TALES)[number];

/** So long before the run a trip begins: less than the default of `tracking.silentAfterMinutes`, so that no vehicle counts as silent. */
const STARTS_BEFORE_MS = 12 * 60_000;
/** So long and a step before the run's end a trip ends: the API's clock may be behind this machine's. */
const ENDS_BEFORE_MS = 60_000;
/** `fixMs` is a multiple of it: a phone keeps up to so many fixes for a step, each at a whole millisecond. */
const PARTS_OF_A_STEP = 4;

/**
 * The time of a step comes nearer to the present with each step, and stays behind the time of its sending: nothing comes from the
 * future but what a wrong clock says. `beganMs`: when the sending begins. Pure: the same seed gives the same messages, names and times
 * relative to it.
 */
export function makePlan(settings: Settings, beganMs: number): Plan {
  // A pair of fixes for each vehicle and step, and half as many calls for everything else.
  const stepMs = Math.max(settings.interval, (3 * settings.vehicles) / settings.rate) * 1000;
  const steps = Math.max(FEWEST_STEPS, Math.floor((settings.minutes * 60_000) / stepMs));
  const endsBefore = ENDS_BEFORE_MS + stepMs;
  const startsBefore = Math.max(STARTS_BEFORE_MS, endsBefore);
  const tripMs = startsBefore + steps * stepMs - endsBefore;
  const fixMs = Math.floor(tripMs / steps / PARTS_OF_A_STEP) * PARTS_OF_A_STEP;
  const startMs = beganMs - startsBefore;
  const random = seeded(settings.seed);
  const trips = Array.from({ length: settings.vehicles }, (_, index) => makeTrip({ index, steps, startMs, fixMs, settings }, random));
  return { roads: ROADS, trips, steps, stepMs, rate: settings.rate };
}

interface Frame {
  readonly index: number;
  readonly steps: number;
  readonly startMs: number;
  /** Between the times of two fixes, in ms. */
  readonly fixMs: number;
  readonly settings: Settings;
}

function makeTrip(frame: Frame, random: () => number): Trip {
  for (let attempt = 1; ; attempt++) {
    const trip = tryTrip(frame, random);
    if (attempt === TRIES || !isUnsure(expectedFixes(trip))) return trip;
  }
}

function tryTrip(frame: Frame, random: () => number): Trip {
  const { index, steps, startMs, fixMs, settings } = frame;
  const name = `${startMs.toString(36)}-${String(index + 1).padStart(3, "0")}`;
  const vehicleId = `sim-v-${name}`;
  const { road, motion, routing } = journeyOf(frame, name, random);
  let count = 0;
  const nextId = () => ++count;
  const faults = faultsOf(index, settings.vehicles);
  const { routeAt, hold } = routing;
  const fixes = fixMessages({ vehicleId, startMs, steps, fixMs, motion, routeAt, nextId, hold, faults }, random);
  const parcels = storiesOf(index, settings.vehicles).map((story, i) =>
    parcelOf(story, { deliveryId: `sim-d-${name}-${i + 1}`, vehicleId, routeId: road.id, startMs, steps, fixMs, nextId }),
  );
  const messages = [...fixes.messages, ...parcels.flatMap((parcel) => parcel.messages)].sort((a, b) => a.step - b.step);
  const lastMs = (steps - 1) * fixMs;
  return {
    vehicleId,
    road,
    plannings: routing.plannings,
    messages,
    parcels,
    lost: fixes.lost,
    confirmFixes: settings.confirmFixes ?? 1,
    remainingKm: routing.isPlain && !motion.isAway(lastMs) ? lengthKm(road) - motion.kmAt(lastMs) : undefined,
  };
}

/** The road of a trip, how the vehicle moves along it, and on which routes it reports. */
function journeyOf({ index, steps, fixMs }: Frame, name: string, random: () => number) {
  const tale = (TALES[index] ?? TALES[Math.floor(random() * TALES.length)]) as Tale;
  const main = ROADS[Math.floor(random() * ROADS.length)] as Road;
  const ownId = `sim-r-${name}`;
  const tripMs = steps * fixMs;
  const road = tale === "round" ? roundFrom(main.waypoints[0] as Position, ownId, tripMs) : ownRoad(main, tale, ownId);
  const leaves = leavesAt(tale, steps, index, random);
  const startKm = tale === "round" ? 0 : random() * 0.3 * lengthKm(road);
  const awayMs = leaves && ([leaves[0] * fixMs, leaves[1] * fixMs] as const);
  const motion = move(road, startKm, tripMs, awayMs, random);
  const aside = Math.ceil(ASIDE_MS / fixMs);
  return { road, motion, routing: routesOf(tale, road, followed(motion, 0, tripMs), leaves?.[0] ?? 0, aside, `sim-s-${name}`) };
}

const ownRoad = (road: Road, tale: Tale, id: string): Road =>
  tale === "replanned" ? { ...road, id, name: `${road.name}, re-planned` } : road;

/** Every kind of fault in every run: few vehicles have several, many have one each. */
function faultsOf(index: number, vehicles: number) {
  return FAULTS.filter((_, k) => (vehicles >= FAULTS.length ? k === index % FAULTS.length : k % vehicles === index));
}
/** Every story of a delivery in every run; each vehicle has at least one. */
function storiesOf(index: number, vehicles: number) {
  return STORIES.filter((_, k) => (vehicles >= STORIES.length ? k === index % STORIES.length : k % vehicles === index));
}

/** The steps at which the vehicle leaves the road and is back on it: of some, after the end of the trip. */
function leavesAt(tale: Tale, steps: number, index: number, random: () => number): readonly [number, number] | undefined {
  if (tale === "round" || tale === "straight") return undefined;
  const from = Math.max(4, Math.floor(steps * (0.25 + random() * 0.1)));
  const stays = tale === "excursion" && index >= TALES.length && random() < 0.25;
  const to = from + Math.max(4, Math.ceil(steps * 0.3));
  return [from, stays ? steps + 2 : to];
}

interface Routing {
  readonly routeAt: (step: number) => string;
  readonly plannings: readonly Planning[];
  /** Steps of which no fix may be lost or late, as the tale hangs on them. */
  readonly hold: readonly number[];
  /** The vehicle is on one route from beginning to end, as it was planned. */
  readonly isPlain: boolean;
}

/**
 * Which route the vehicle reports on, and when these routes are stored. `way`: as it is really driven; `leaves`: the step at which the
 * vehicle leaves the road; `aside`: how many steps later it is far from it.
 */
function routesOf(tale: Tale, road: Road, way: readonly Position[], leaves: number, aside: number, otherId: string): Routing {
  // Two fixes far from the road, as a stack may ask for a second one, before the vehicle reports on another route.
  const changes = leaves + aside + 2;
  const hold = Array.from({ length: changes - leaves + 1 }, (_, i) => leaves + i);
  if (tale === "round") return { routeAt: () => road.id, plannings: [{ step: 0, route: road }], hold: [], isPlain: true };
  if (tale === "replanned") {
    // Dispatch plans the way aside before the vehicle takes it: nothing is a deviation.
    const plannings = [
      { step: 0, route: road },
      { step: leaves, route: { ...road, waypoints: way } },
    ];
    return { routeAt: () => road.id, plannings, hold, isPlain: false };
  }
  if (tale === "other route") {
    const other = { id: otherId, name: `${road.name}, another way`, waypoints: way };
    const routeAt = (step: number) => (step < changes ? road.id : otherId);
    return { routeAt, plannings: [{ step: 0, route: other }], hold, isPlain: false };
  }
  return { routeAt: () => road.id, plannings: [], hold, isPlain: true };
}

/** Rounds from one depot, one after the other: each street is driven in one direction, and every round ends where the next begins. */
function roundFrom(depot: Position, id: string, tripMs: number): Road {
  const quarters = [
    [1, 1],
    [-1, 1],
    [-1, -1],
    [1, -1],
  ] as const;
  const rounds = Math.min(150, Math.max(2, Math.ceil(tripMs / 3_600_000 / 0.2)));
  const waypoints = [depot];
  for (let i = 0; i < rounds; i++) {
    const [east, north] = quarters[i % 4] as readonly [number, number];
    waypoints.push(beside(depot, 3 * east, 0), beside(depot, 3 * east, 2 * north), beside(depot, 0, 2 * north), depot);
  }
  return { id, name: "Rounds from the depot", waypoints };
}
