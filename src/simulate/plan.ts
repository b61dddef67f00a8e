import { lengthKm, offsetBy, type Position, ROADS, type Road } from "./geography.ts";
import type { Planning, Trip } from "./messages.ts";
import { expectedFixes, isUnsure } from "./model.ts";
import { ASIDE_MS, followed, move } from "./motion.ts";
import { parcelOf, UPDATE_PATTERNS } from "./parcels.ts";
import { FAULTS, fixMessages } from "./phone.ts";
import { seeded } from "./random.ts";

export interface Settings {
  readonly vehicles: number;
  readonly minutes: number;
  /** Seconds between two fixes of a vehicle. */
  readonly interval: number;
  readonly seed: number;
  /** Limit of calls in a second. */
  readonly rate: number;
  /** The stack's `alerts.confirmFixes`. */
  readonly confirmFixes?: number | undefined;
}

export interface Plan {
  readonly roads: readonly Road[];
  readonly trips: readonly Trip[];
  readonly steps: number;
  /** Time between two steps, in ms. */
  readonly stepMs: number;
  /** Limit of calls in a second. */
  readonly rate: number;
}

const FEWEST_STEPS = 14;
/** Number of attempts to find a trip on which no fix is so close to a threshold that model and API may give different results. */
const TRIES = 50;

/** The course of a trip. */
const COURSES = ["excursion", "round", "replanned", "other route", "straight"] as const;
type Course = (typeof COURSES)[number];

/**
 * Time between the start of a trip and the start of the run. It is below the default of `tracking.silentAfterMinutes`, so that no vehicle
 * counts as silent.
 */
const STARTS_BEFORE_MS = 12 * 60_000;
/** A trip ends this time and one step before the run, because the API's clock may be behind this machine's. */
const ENDS_BEFORE_MS = 60_000;
/** `fixMs` is a multiple of it: a phone stores up to this number of fixes in a step, each at a whole millisecond. */
const PARTS_OF_A_STEP = 4;

/**
 * The time of a step approaches the present with each step, and is always before the time of sending, so that only a wrong clock
 * gives a future time. `beganMs`: start of the sending. Pure: the same seed gives the same messages, names and times relative to it.
 */
export function makePlan(settings: Settings, beganMs: number): Plan {
  // Each vehicle and step needs two calls for fixes, and on average one more for everything else.
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
  /** Time between two fixes, in ms. */
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
  const parcels = patternsOf(index, settings.vehicles).map((pattern, i) =>
    parcelOf(pattern, { deliveryId: `sim-d-${name}-${i + 1}`, vehicleId, routeId: road.id, startMs, steps, fixMs, nextId }),
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

/** The road of a trip, the movement along it, and the routes that the vehicle reports. */
function journeyOf({ index, steps, fixMs }: Frame, name: string, random: () => number) {
  const course = (COURSES[index] ?? COURSES[Math.floor(random() * COURSES.length)]) as Course;
  const main = ROADS[Math.floor(random() * ROADS.length)] as Road;
  const ownId = `sim-r-${name}`;
  const tripMs = steps * fixMs;
  const road = course === "round" ? roundFrom(main.waypoints[0] as Position, ownId, tripMs) : ownRoad(main, course, ownId);
  const leaves = leavesAt(course, steps, index, random);
  const startKm = course === "round" ? 0 : random() * 0.3 * lengthKm(road);
  const awayMs = leaves && ([leaves[0] * fixMs, leaves[1] * fixMs] as const);
  const motion = move(road, startKm, tripMs, awayMs, random);
  const aside = Math.ceil(ASIDE_MS / fixMs);
  return { road, motion, routing: routesOf(course, road, followed(motion, 0, tripMs), leaves?.[0] ?? 0, aside, `sim-s-${name}`) };
}

const ownRoad = (road: Road, course: Course, id: string): Road =>
  course === "replanned" ? { ...road, id, name: `${road.name}, re-planned` } : road;

/** Distributes the faults, so that every run has each of them: few vehicles have several, many have one each. */
function faultsOf(index: number, vehicles: number) {
  return FAULTS.filter((_, k) => (vehicles >= FAULTS.length ? k === index % FAULTS.length : k % vehicles === index));
}
/** Distributes the patterns of updates, so that every run has each of them and each vehicle has at least one. */
function patternsOf(index: number, vehicles: number) {
  return UPDATE_PATTERNS.filter((_, k) =>
    vehicles >= UPDATE_PATTERNS.length ? k === index % UPDATE_PATTERNS.length : k % vehicles === index,
  );
}

/** The steps at which the vehicle leaves the road and returns. Some vehicles do not return before the end of the trip. */
function leavesAt(course: Course, steps: number, index: number, random: () => number): readonly [number, number] | undefined {
  if (course === "round" || course === "straight") return undefined;
  const from = Math.max(4, Math.floor(steps * (0.25 + random() * 0.1)));
  const stays = course === "excursion" && index >= COURSES.length && random() < 0.25;
  const to = from + Math.max(4, Math.ceil(steps * 0.3));
  return [from, stays ? steps + 2 : to];
}

interface Routing {
  readonly routeAt: (step: number) => string;
  readonly plannings: readonly Planning[];
  /** Steps whose fixes must be neither lost nor late, because the course of the trip depends on them. */
  readonly hold: readonly number[];
  /** True when the vehicle has one unchanged route from beginning to end. */
  readonly isPlain: boolean;
}

/**
 * The routes that the vehicle reports, and the steps at which they are stored. `way`: the true movement. `leaves`: the step at which the
 * vehicle leaves the road. `aside`: the number of steps until it is far from the road.
 */
function routesOf(course: Course, road: Road, way: readonly Position[], leaves: number, aside: number, otherId: string): Routing {
  // Two fixes far from the road, because a stack may require a second one, before the vehicle reports another route.
  const changes = leaves + aside + 2;
  const hold = Array.from({ length: changes - leaves + 1 }, (_, i) => leaves + i);
  if (course === "round") return { routeAt: () => road.id, plannings: [{ step: 0, route: road }], hold: [], isPlain: true };
  if (course === "replanned") {
    // The detour is planned before the vehicle takes it, so there is no deviation.
    const plannings = [
      { step: 0, route: road },
      { step: leaves, route: { ...road, waypoints: way } },
    ];
    return { routeAt: () => road.id, plannings, hold, isPlain: false };
  }
  if (course === "other route") {
    const other = { id: otherId, name: `${road.name}, another way`, waypoints: way };
    const routeAt = (step: number) => (step < changes ? road.id : otherId);
    return { routeAt, plannings: [{ step: 0, route: other }], hold, isPlain: false };
  }
  return { routeAt: () => road.id, plannings: [], hold, isPlain: true };
}

/** Rounds from one depot. Each street is driven in one direction, and every round ends where the next one begins. */
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
    waypoints.push(offsetBy(depot, 3 * east, 0), offsetBy(depot, 3 * east, 2 * north), offsetBy(depot, 0, 2 * north), depot);
  }
  return { id, name: "Rounds from the depot", waypoints };
}
