import { beside, lengthKm, type Position, ROADS, type Road } from "./geography.ts";
import { FIX_MS, type Planning, type Trip } from "./messages.ts";
import { expectedFixes, isUnsure } from "./model.ts";
import { followed, type Motion, move } from "./motion.ts";
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

/**
 * The last event lies before `endMs`: nothing comes from the future but what a wrong clock says. Pure: the same seed gives the same
 * messages, names and times relative to it.
 */
export function makePlan(settings: Settings, endMs: number): Plan {
  // A pair of fixes for each vehicle and step, and half as many calls for everything else.
  const stepMs = Math.max(settings.interval, (3 * settings.vehicles) / settings.rate) * 1000;
  const steps = Math.max(FEWEST_STEPS, Math.floor((settings.minutes * 60_000) / stepMs));
  const random = seeded(settings.seed);
  const trips = Array.from({ length: settings.vehicles }, (_, i) => makeTrip({ index: i, steps, endMs, settings }, random));
  return { roads: ROADS, trips, steps, stepMs, rate: settings.rate };
}

interface Frame {
  readonly index: number;
  readonly steps: number;
  readonly endMs: number;
  readonly settings: Settings;
}

function makeTrip(frame: Frame, random: () => number): Trip {
  for (let attempt = 1; ; attempt++) {
    const trip = tryTrip(frame, random);
    if (attempt === TRIES || !isUnsure(expectedFixes(trip))) return trip;
  }
}

function tryTrip(frame: Frame, random: () => number): Trip {
  const { index, steps, endMs, settings } = frame;
  const startMs = endMs - steps * FIX_MS;
  const name = `${startMs.toString(36)}-${String(index + 1).padStart(3, "0")}`;
  const vehicleId = `sim-v-${name}`;
  const { road, motion, routing } = journeyOf(frame, name, random);
  let count = 0;
  const nextId = () => ++count;
  const faults = faultsOf(index, settings.vehicles);
  const { routeAt, hold } = routing;
  const fixes = fixMessages({ vehicleId, startMs, steps, motion, routeAt, nextId, hold, faults }, random);
  const parcels = storiesOf(index, settings.vehicles).map((story, i) =>
    parcelOf(story, { deliveryId: `sim-d-${name}-${i + 1}`, vehicleId, routeId: road.id, startMs, steps, nextId }),
  );
  const messages = [...fixes.messages, ...parcels.flatMap((parcel) => parcel.messages)].sort((a, b) => a.step - b.step);
  const lastMs = (steps - 1) * FIX_MS;
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
function journeyOf({ index, steps }: Frame, name: string, random: () => number) {
  const tale = (TALES[index] ?? TALES[Math.floor(random() * TALES.length)]) as Tale;
  const main = ROADS[Math.floor(random() * ROADS.length)] as Road;
  const ownId = `sim-r-${name}`;
  const road = tale === "round" ? roundFrom(main.waypoints[0] as Position, ownId, steps) : ownRoad(main, tale, ownId);
  const leaves = leavesAt(tale, steps, index, random);
  const startKm = tale === "round" ? 0 : random() * 0.3 * lengthKm(road);
  const motion = move(road, startKm, steps * FIX_MS, leaves, random);
  return { road, motion, routing: routesOf(tale, road, motion, steps, leaves?.[0] ?? 0, `sim-s-${name}`) };
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

/** When the vehicle leaves the road and is back on it: of some, after the end of the trip. */
function leavesAt(tale: Tale, steps: number, index: number, random: () => number): readonly [number, number] | undefined {
  if (tale === "round" || tale === "straight") return undefined;
  const from = Math.max(4, Math.floor(steps * (0.25 + random() * 0.1)));
  const stays = tale === "excursion" && index >= TALES.length && random() < 0.25;
  const to = from + Math.max(4, Math.ceil(steps * 0.3));
  return [from * FIX_MS, (stays ? steps + 2 : to) * FIX_MS];
}

interface Routing {
  readonly routeAt: (step: number) => string;
  readonly plannings: readonly Planning[];
  /** Steps of which no fix may be lost or late, as the tale hangs on them. */
  readonly hold: readonly number[];
  /** The vehicle is on one route from beginning to end, as it was planned. */
  readonly isPlain: boolean;
}

/** Which route the vehicle reports on, and when these routes are stored. */
function routesOf(tale: Tale, road: Road, motion: Motion, steps: number, leavesMs: number, otherId: string): Routing {
  const leaves = leavesMs / FIX_MS;
  const hold = [leaves, leaves + 1, leaves + 2, leaves + 3];
  const way = () => followed(motion, 0, steps * FIX_MS);
  if (tale === "round") return { routeAt: () => road.id, plannings: [{ step: 0, route: road }], hold: [], isPlain: true };
  if (tale === "replanned") {
    // Dispatch plans the way aside before the vehicle takes it: nothing is a deviation.
    const plannings = [
      { step: 0, route: road },
      { step: leaves, route: { ...road, waypoints: way() } },
    ];
    return { routeAt: () => road.id, plannings, hold, isPlain: false };
  }
  if (tale === "other route") {
    const other = { id: otherId, name: `${road.name}, another way`, waypoints: way() };
    const routeAt = (step: number) => (step < leaves + 3 ? road.id : otherId);
    return { routeAt, plannings: [{ step: 0, route: other }], hold, isPlain: false };
  }
  return { routeAt: () => road.id, plannings: [], hold, isPlain: true };
}

/** Rounds from one depot, one after the other: each street is driven in one direction, and every round ends where the next begins. */
function roundFrom(depot: Position, id: string, steps: number): Road {
  const quarters = [
    [1, 1],
    [-1, 1],
    [-1, -1],
    [1, -1],
  ] as const;
  const rounds = Math.min(150, Math.max(2, Math.ceil((steps * FIX_MS) / 3_600_000 / 0.2)));
  const waypoints = [depot];
  for (let i = 0; i < rounds; i++) {
    const [east, north] = quarters[i % 4] as readonly [number, number];
    waypoints.push(beside(depot, 3 * east, 0), beside(depot, 3 * east, 2 * north), beside(depot, 0, 2 * north), depot);
  }
  return { id, name: "Rounds from the depot", waypoints };
}
