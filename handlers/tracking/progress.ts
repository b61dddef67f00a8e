import { type Fix, metresBetween, type TrackingRules, toSample } from "./fix.ts";
import { headingAt, type Place, placesNear, type RouteLine, toVector } from "./route-line.ts";

/**
 * Where a vehicle is on its planned route. Roads that are driven twice, loops and parallel carriageways offer several places
 * for one fix, so we keep the few that are still possible, each with a cost, and move all of them on with each fix: the
 * forward half of hidden-Markov map matching (Newson and Krumm, "Hidden Markov Map Matching Through Noise and Sparseness",
 * 2009; Valhalla's Meili, OSRM and GraphHopper do the same on a road network).
 *
 * A place costs more the farther it lies from the fix (emission), and the less the way along the route agrees with the way
 * between the fixes (transition). The cheapest is the vehicle's place.
 */
export interface ProgressState {
  /** Names route and version; places on another route mean nothing. */
  readonly route: string;
  /** Time of the newest fix, ms since 1970. */
  readonly atMs: number;
  /** The last fix that moved the places: a step shorter than the noise moves none of them. */
  readonly lat: number;
  readonly lon: number;
  /** Metres along the route with its cost, the cheapest first. At most MAX_PLACES. */
  readonly places: readonly (readonly [alongM: number, cost: number])[];
  /** Where else, out of reach, the vehicle seems to follow the route, and for how many fixes it has. */
  readonly elsewhere?: { readonly alongM: number; readonly fixes: number } | undefined;
}

export interface Progress {
  readonly state: ProgressState;
  readonly place: Place;
}

export interface ProgressRules extends Pick<TrackingRules, "maxSpeedKmh"> {
  /** Farther from the route than this, the vehicle has left it. */
  readonly thresholdKm: number;
}

const MAX_PLACES = 8;
/** So many passes of a route by one place are looked at: a depot to which the vehicle comes back all day. */
const MAX_PASSES = 64;
/** A place this much dearer than the best is given up. In units of −ln of a probability. */
const MAX_COST = 20;
/** Standard deviation of a fix that does not tell its accuracy, in metres: a phone between houses. Open sky has 4.07 (Newson and Krumm). */
const SIGMA_M = 13;
const SMALLEST_SIGMA_M = 8;
const LARGEST_SIGMA_M = 100;
/** So many deviations away it is no longer noise but another road: from there the cost grows slowly, by 1 for each METRES_PER_COST. */
const NOISE_SIGMAS = 3;
const METRES_PER_COST = 60;
/** Scale of the difference between the way along the route and the way between the fixes: this, and a share of the latter for curves. */
const BETA_M = 15;
const BETA_SHARE = 0.25;
/** A shorter step says nothing about the direction. Amazon Location's filter DistanceBased takes 30 m for noise, too. */
const STEP_M = 30;
/** Added to what the vehicle can have driven, forward and backward: noise of two fixes. */
const SLACK_M = 100;
/** A receiver that comes out of a tunnel makes up in one step for what it was silent about: see plausibility.ts. */
const TUNNEL_M = 600;
/** A vehicle this far from every place within reach, and near another one, may be there. */
const LOST_M = 150;
const FOUND_M = 60;
/** After so many fixes it is. */
const LOST_FIXES = 3;
/** Within this distance of its end the route is driven, and may begin anew. */
const END_M = 100;
/** What it costs to begin anew, or to be where the vehicle could not have driven. */
const JUMP_COST = 5;
/** What it costs that the first fix lies on a later pass: more than the noise of one fix can make up. */
const LATER_PASS_COST = 8;
/** Below this speed a receiver's heading is noise. */
const HEADING_FROM_KMH = 7;
/** Of a heading against the route: more than LATER_PASS_COST. */
const HEADING_COST = 12;

interface Candidate extends Place {
  readonly cost: number;
}

/** A fix as seen from the route. */
interface Sighting {
  readonly line: RouteLine;
  readonly fix: Fix;
  readonly point: ReturnType<typeof toVector>;
}

/**
 * The vehicle's place at `fix`, which is newer than the last one. `state` undefined, or of another route: the whole route is
 * searched; of equally good places the first along the way is taken, and the next fixes decide.
 */
export function moveOn(line: RouteLine, route: string, state: ProgressState | undefined, fix: Fix, rules: ProgressRules): Progress {
  const seen: Sighting = { line, fix, point: toVector(fix.position) };
  if (state === undefined || state.route !== route || state.places.length === 0) return begin(seen, route, rules);
  const stepM = metresBetween(toSample(fix), [state.atMs, state.lat, state.lon, 0]);
  const onward = onwardPlaces(seen, state, stepM, rules);
  const free = isAtEnd(line, state) ? [...onward, ...wholeRoute(seen, JUMP_COST)] : onward;
  // A step within the noise moves no place: its evidence would count again with each fix of a standing vehicle.
  if (stepM < STEP_M) return { state: { ...state, atMs: fix.atMs }, place: best(free) };
  const elsewhere = lookElsewhere(seen, state, stepM, onward, rules);
  const isLost = elsewhere !== undefined && elsewhere.fixes >= LOST_FIXES;
  // Off the route the last place on it stands: back on it, the vehicle goes on from there.
  if (!isLost && isOffRoute(best(free), rules)) return { state: { ...state, elsewhere }, place: best(free) };
  const candidates = isLost ? [...onward.map((one) => ({ ...one, cost: one.cost + JUMP_COST })), ...wholeRoute(seen, 0)] : free;
  return settle(seen, route, candidates, isLost ? undefined : elsewhere);
}

/** Kilometres that are left, and how they were measured. Beyond the threshold: back to the route, then along it. */
export function remainingOf(
  line: RouteLine,
  place: Place,
  rules: ProgressRules,
): { readonly km: number; readonly method: "route" | "off_route" } {
  const aheadM = line.lengthM - place.alongM;
  const isOff = isOffRoute(place, rules);
  const isPastEnd = aheadM === 0;
  return { km: (aheadM + (isOff || isPastEnd ? place.offM : 0)) / 1000, method: isOff ? "off_route" : "route" };
}

const isOffRoute = ({ offM }: Place, { thresholdKm }: ProgressRules): boolean => offM > thresholdKm * 1000;

/** A vehicle that is not on the route yet has no place there to move on from. */
function begin(seen: Sighting, route: string, rules: ProgressRules): Progress {
  const step = settle(seen, route, wholeRoute(seen, 0), undefined);
  return isOffRoute(step.place, rules) ? { ...step, state: { ...step.state, places: [] } } : step;
}

/** The state after a step. Costs are kept relative to the best one, rounded: the state stays small. */
function settle({ fix }: Sighting, route: string, candidates: readonly Candidate[], elsewhere: ProgressState["elsewhere"]): Progress {
  const place = best(candidates);
  const kept = distinct(candidates).filter((one) => one.cost - place.cost <= MAX_COST);
  const places = kept.slice(0, MAX_PLACES).map((one) => [round(one.alongM, 10), round(one.cost - place.cost, 100)] as const);
  const { lat, lon } = fix.position;
  return { state: { route, atMs: fix.atMs, lat, lon, places, ...(elsewhere && { elsewhere }) }, place };
}

const round = (value: number, scale: number): number => Math.round(value * scale) / scale;

/** Of the same place the cheapest, all by their cost; equal costs: the first along the way. */
function distinct(candidates: readonly Candidate[]): readonly Candidate[] {
  const ordered = [...candidates].sort((a, b) => a.cost - b.cost || a.alongM - b.alongM);
  const seen = new Set<number>();
  return ordered.filter(({ alongM }) => !seen.has(alongM) && seen.add(alongM));
}

const best = (candidates: readonly Candidate[]): Candidate => distinct(candidates)[0] as Candidate;

/** Each time the route passes the fix. A route is driven from its start: the first pass is the likeliest. */
function wholeRoute(seen: Sighting, extra: number): readonly Candidate[] {
  const places = placesNear(seen.line, seen.point, 0, seen.line.lengthM, MAX_PASSES);
  const near = places.filter(({ offM }) => offM - (places[0] as Place).offM <= NOISE_SIGMAS * SIGMA_M);
  const firstM = Math.min(...near.map(({ alongM }) => alongM));
  return places.map((place) => ({ ...place, cost: extra + emission(seen, place) + (place.alongM === firstM ? 0 : LATER_PASS_COST) }));
}

/** Each place within reach, by the cheapest way to it from the places before. */
function onwardPlaces(seen: Sighting, state: ProgressState, stepM: number, rules: ProgressRules): readonly Candidate[] {
  const { line, fix } = seen;
  const drivableM = (rules.maxSpeedKmh / 3.6) * (Math.max(0, fix.atMs - state.atMs) / 1000);
  const aheadM = drivableM + Math.min(stepM, TUNNEL_M) + SLACK_M;
  const behindM = Math.min(stepM, aheadM) + SLACK_M;
  const candidates: Candidate[] = [];
  for (const [fromM, toM] of spans(state, behindM, aheadM, line.lengthM)) {
    for (const place of placesNear(line, seen.point, fromM, toM, MAX_PASSES)) {
      candidates.push({ ...place, cost: emission(seen, place) + cheapestWay(state, place, stepM, behindM, aheadM) });
    }
  }
  return candidates;
}

/** What is within reach of any of the places, as spans along the route that do not overlap. */
function spans(state: ProgressState, behindM: number, aheadM: number, lengthM: number): readonly (readonly [number, number])[] {
  const all = state.places.map(([alongM]) => [Math.max(0, alongM - behindM), Math.min(lengthM, alongM + aheadM)] as const);
  const merged: [number, number][] = [];
  for (const [fromM, toM] of all.sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last !== undefined && fromM <= last[1]) last[1] = Math.max(last[1], toM);
    else merged.push([fromM, toM]);
  }
  return merged;
}

/** A vehicle that turned round is followed backward, too, but the way home on another leg is cheaper than backward on this one. */
function cheapestWay(state: ProgressState, { alongM }: Place, stepM: number, behindM: number, aheadM: number): number {
  const beta = BETA_M + BETA_SHARE * stepM;
  let least = Number.POSITIVE_INFINITY;
  for (const [fromM, cost] of state.places) {
    const wayM = alongM - fromM;
    if (wayM < -behindM - 0.1 || wayM > aheadM + 0.1) continue;
    least = Math.min(least, cost + Math.abs(wayM - stepM) / beta);
  }
  return least;
}

/** −ln of how likely a receiver at this place says what the fix says. */
function emission({ line, fix }: Sighting, place: Place): number {
  const told = fix.accuracyM !== undefined && fix.accuracyM > 0 ? fix.accuracyM : SIGMA_M;
  const sigma = Math.min(LARGEST_SIGMA_M, Math.max(SMALLEST_SIGMA_M, told));
  const sigmas = place.offM / sigma;
  const distance = sigmas <= NOISE_SIGMAS ? sigmas ** 2 / 2 : NOISE_SIGMAS ** 2 / 2 + (place.offM - NOISE_SIGMAS * sigma) / METRES_PER_COST;
  return distance + headingCost(line, fix, place);
}

function headingCost(line: RouteLine, fix: Fix, place: Place): number {
  const { headingDeg, speedKmh } = fix;
  if (headingDeg === undefined || headingDeg < 0) return 0;
  if (speedKmh !== undefined && speedKmh < HEADING_FROM_KMH) return 0;
  const along = headingAt(line, place);
  if (along === undefined) return 0;
  return (HEADING_COST * (1 - Math.cos(((headingDeg - along) * Math.PI) / 180))) / 2;
}

const isAtEnd = (line: RouteLine, { places }: ProgressState): boolean => (places[0]?.[0] ?? 0) >= line.lengthM - END_M;

/**
 * Whether the vehicle follows the route where it cannot have driven to: it took a short cut, turned round, or the state is
 * wrong. A street that only crosses another leg of the route does not count: the way along the route must agree with the step.
 */
function lookElsewhere(
  seen: Sighting,
  state: ProgressState,
  stepM: number,
  onward: readonly Candidate[],
  rules: ProgressRules,
): ProgressState["elsewhere"] {
  const nearestM = Math.min(...onward.map(({ offM }) => offM));
  if (nearestM <= LOST_M) return undefined;
  const [other] = placesNear(seen.line, seen.point, 0, seen.line.lengthM, 1);
  if (other === undefined) return undefined;
  const isOff = nearestM > rules.thresholdKm * 1000;
  if (!isOff && other.offM > FOUND_M) return undefined;
  const before = state.elsewhere;
  if (before === undefined) return { alongM: round(other.alongM, 10), fixes: 1 };
  const follows = Math.abs(Math.abs(other.alongM - before.alongM) - stepM) <= Math.max(STEP_M, stepM / 2);
  return { alongM: round(other.alongM, 10), fixes: isOff || follows ? before.fixes + 1 : 1 };
}
