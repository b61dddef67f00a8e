import { type Fix, metresBetween, type TrackingRules, toSample } from "./fix.ts";
import { headingAt, positionsNear, type RouteLine, type RoutePosition, toVector } from "./route-line.ts";

/**
 * The position of a vehicle on its planned route. Roads that are driven twice, loops and parallel carriageways offer several positions
 * for one fix. So the few possible ones are kept, each with a cost, and each fix advances all of them: the forward half of
 * hidden-Markov map matching (Newson and Krumm, "Hidden Markov Map Matching Through Noise and Sparseness", 2009; Valhalla's Meili, OSRM
 * and GraphHopper do the same on a road network).
 *
 * The cost of a position grows with its distance from the fix (emission), and with the difference between the distance along the route
 * and the distance between the fixes (transition). The cheapest is the vehicle's position.
 */
export interface ProgressState {
  /** Identifies route and version; the state of another route is not used. */
  readonly route: string;
  /** Time of the newest fix, ms since 1970. */
  readonly atMs: number;
  /** The last fix that advanced the positions: a step shorter than the noise does not. */
  readonly lat: number;
  readonly lon: number;
  /** Possible positions: metres along the route and cost, cheapest first. At most MAX_PLACES. */
  readonly places: readonly (readonly [alongM: number, cost: number])[];
  /** A position out of reach where the vehicle seems to follow the route, and the number of fixes that agree. */
  readonly elsewhere?: { readonly alongM: number; readonly fixes: number } | undefined;
}

export interface Progress {
  readonly state: ProgressState;
  readonly position: RoutePosition;
}

export interface ProgressRules extends Pick<TrackingRules, "maxSpeedKmh"> {
  /** A vehicle farther from the route than this has left it. */
  readonly thresholdKm: number;
}

const MAX_PLACES = 8;
/** The most passes of a route by one position that are examined, for example a depot to which the vehicle returns all day. */
const MAX_PASSES = 64;
/** A position that costs this much more than the best is dropped. In units of −ln of a probability. */
const MAX_COST = 20;
/** Standard deviation of a fix without accuracy, in metres: a phone between buildings. Open sky has 4.07 (Newson and Krumm). */
const SIGMA_M = 13;
const SMALLEST_SIGMA_M = 8;
const LARGEST_SIGMA_M = 100;
/** Beyond this number of standard deviations the fix is on another road: from there the cost grows by 1 for each METRES_PER_COST. */
const NOISE_SIGMAS = 3;
const METRES_PER_COST = 60;
/**
 * Scale of the difference between the distance along the route and the distance between the fixes: a constant, and a share of the
 * latter for curves.
 */
const BETA_M = 15;
const BETA_SHARE = 0.25;
/** A shorter step has no reliable direction. Amazon Location's filter DistanceBased also treats 30 m as noise. */
const STEP_M = 30;
/** Added to the distance that the vehicle can have driven, forward and backward: the noise of two fixes. */
const SLACK_M = 100;
/** After a tunnel a receiver covers the missing distance in one step: see plausibility.ts. */
const TUNNEL_M = 600;
/** A vehicle farther than LOST_M from every position within reach and nearer than FOUND_M to another one may be there. */
const LOST_M = 150;
const FOUND_M = 60;
/** After this number of fixes the vehicle is taken to be there. */
const LOST_FIXES = 3;
/** Within this distance of its end the route is complete and may start again. */
const END_M = 100;
/** Cost of starting again, or of a position that the vehicle could not have reached. */
const JUMP_COST = 5;
/** Cost when the first fix lies on a later pass: more than the noise of one fix can outweigh. */
const LATER_PASS_COST = 8;
/** Below this speed a receiver's heading is noise. */
const HEADING_FROM_KMH = 7;
/** Cost of a heading against the route: more than LATER_PASS_COST. */
const HEADING_COST = 12;

interface Candidate extends RoutePosition {
  readonly cost: number;
}

/** A fix with its route: the observation of the hidden Markov model. */
interface ObservedFix {
  readonly line: RouteLine;
  readonly fix: Fix;
  readonly point: ReturnType<typeof toVector>;
}

/**
 * The vehicle's position on the route at `fix`, which must be newer than the last fix. With `state` undefined or of another route the
 * whole route is searched. When several positions are equally good, it takes the first along the route, and later fixes correct it.
 */
export function advance(line: RouteLine, route: string, state: ProgressState | undefined, fix: Fix, rules: ProgressRules): Progress {
  const observed: ObservedFix = { line, fix, point: toVector(fix.position) };
  if (state === undefined || state.route !== route || state.places.length === 0) return begin(observed, route, rules);
  const stepM = metresBetween(toSample(fix), [state.atMs, state.lat, state.lon, 0]);
  const inReach = candidatesInReach(observed, state, stepM, rules);
  const free = isAtEnd(line, state) ? [...inReach, ...candidatesOnRoute(observed, JUMP_COST)] : inReach;
  // A step within the noise advances no position: otherwise each fix of a standing vehicle would count as new evidence.
  if (stepM < STEP_M) return { state: { ...state, atMs: fix.atMs }, position: best(free) };
  const elsewhere = findElsewhere(observed, state, stepM, inReach, rules);
  const isLost = elsewhere !== undefined && elsewhere.fixes >= LOST_FIXES;
  // While the vehicle is off the route, the last position on it is kept; it continues from there.
  if (!isLost && isOffRoute(best(free), rules)) return { state: { ...state, elsewhere }, position: best(free) };
  const candidates = isLost ? [...inReach.map((one) => ({ ...one, cost: one.cost + JUMP_COST })), ...candidatesOnRoute(observed, 0)] : free;
  return toProgress(observed, route, candidates, isLost ? undefined : elsewhere);
}

/** The remaining distance in km, and how it was measured. Beyond the threshold: back to the route, then along it. */
export function remainingOf(
  line: RouteLine,
  position: RoutePosition,
  rules: ProgressRules,
): { readonly km: number; readonly method: "route" | "off_route" } {
  const aheadM = line.lengthM - position.alongM;
  const isOff = isOffRoute(position, rules);
  const isPastEnd = aheadM === 0;
  return { km: (aheadM + (isOff || isPastEnd ? position.offM : 0)) / 1000, method: isOff ? "off_route" : "route" };
}

const isOffRoute = ({ offM }: RoutePosition, { thresholdKm }: ProgressRules): boolean => offM > thresholdKm * 1000;

/** A vehicle that is not on the route yet has no position to advance from. */
function begin(observed: ObservedFix, route: string, rules: ProgressRules): Progress {
  const step = toProgress(observed, route, candidatesOnRoute(observed, 0), undefined);
  return isOffRoute(step.position, rules) ? { ...step, state: { ...step.state, places: [] } } : step;
}

/** The state after a step. Costs are stored relative to the best one and rounded, so that the state stays small. */
function toProgress(
  { fix }: ObservedFix,
  route: string,
  candidates: readonly Candidate[],
  elsewhere: ProgressState["elsewhere"],
): Progress {
  const position = best(candidates);
  const kept = distinct(candidates).filter((one) => one.cost - position.cost <= MAX_COST);
  const places = kept.slice(0, MAX_PLACES).map((one) => [round(one.alongM, 10), round(one.cost - position.cost, 100)] as const);
  const { lat, lon } = fix.position;
  return { state: { route, atMs: fix.atMs, lat, lon, places, ...(elsewhere && { elsewhere }) }, position };
}

const round = (value: number, scale: number): number => Math.round(value * scale) / scale;

/** The candidates ordered by cost, then by their place along the route. Each position keeps its cheapest candidate only. */
function distinct(candidates: readonly Candidate[]): readonly Candidate[] {
  const ordered = [...candidates].sort((a, b) => a.cost - b.cost || a.alongM - b.alongM);
  const positions = new Set<number>();
  return ordered.filter(({ alongM }) => !positions.has(alongM) && positions.add(alongM));
}

const best = (candidates: readonly Candidate[]): Candidate => distinct(candidates)[0] as Candidate;

/** One candidate for each pass of the route by the fix. A route is driven from its start, so the first pass is the most likely. */
function candidatesOnRoute(observed: ObservedFix, extra: number): readonly Candidate[] {
  const places = positionsNear(observed.line, observed.point, 0, observed.line.lengthM, MAX_PASSES);
  const near = places.filter(({ offM }) => offM - (places[0] as RoutePosition).offM <= NOISE_SIGMAS * SIGMA_M);
  const firstM = Math.min(...near.map(({ alongM }) => alongM));
  return places.map((position) => ({
    ...position,
    cost: extra + emission(observed, position) + (position.alongM === firstM ? 0 : LATER_PASS_COST),
  }));
}

/** The candidates within reach, each with the cheapest transition from the positions before. */
function candidatesInReach(observed: ObservedFix, state: ProgressState, stepM: number, rules: ProgressRules): readonly Candidate[] {
  const { line, fix } = observed;
  const drivableM = (rules.maxSpeedKmh / 3.6) * (Math.max(0, fix.atMs - state.atMs) / 1000);
  const aheadM = drivableM + Math.min(stepM, TUNNEL_M) + SLACK_M;
  const behindM = Math.min(stepM, aheadM) + SLACK_M;
  const candidates: Candidate[] = [];
  for (const [fromM, toM] of spans(state, behindM, aheadM, line.lengthM)) {
    for (const position of positionsNear(line, observed.point, fromM, toM, MAX_PASSES)) {
      candidates.push({ ...position, cost: emission(observed, position) + transitionCost(state, position, stepM, behindM, aheadM) });
    }
  }
  return candidates;
}

/** The parts of the route within reach of the positions, as spans that do not overlap. */
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

/**
 * Moving backward is possible, for a vehicle that turned round. Where another leg of the route leads back, moving forward on it is
 * cheaper.
 */
function transitionCost(state: ProgressState, { alongM }: RoutePosition, stepM: number, behindM: number, aheadM: number): number {
  const beta = BETA_M + BETA_SHARE * stepM;
  let least = Number.POSITIVE_INFINITY;
  for (const [fromM, cost] of state.places) {
    const wayM = alongM - fromM;
    if (wayM < -behindM - 0.1 || wayM > aheadM + 0.1) continue;
    least = Math.min(least, cost + Math.abs(wayM - stepM) / beta);
  }
  return least;
}

/** −ln of the probability that a receiver at this position reports this fix. */
function emission({ line, fix }: ObservedFix, position: RoutePosition): number {
  const accuracyM = fix.accuracyM !== undefined && fix.accuracyM > 0 ? fix.accuracyM : SIGMA_M;
  const sigma = Math.min(LARGEST_SIGMA_M, Math.max(SMALLEST_SIGMA_M, accuracyM));
  const sigmas = position.offM / sigma;
  const distance =
    sigmas <= NOISE_SIGMAS ? sigmas ** 2 / 2 : NOISE_SIGMAS ** 2 / 2 + (position.offM - NOISE_SIGMAS * sigma) / METRES_PER_COST;
  return distance + headingCost(line, fix, position);
}

function headingCost(line: RouteLine, fix: Fix, position: RoutePosition): number {
  const { headingDeg, speedKmh } = fix;
  if (headingDeg === undefined || headingDeg < 0) return 0;
  if (speedKmh !== undefined && speedKmh < HEADING_FROM_KMH) return 0;
  const along = headingAt(line, position);
  if (along === undefined) return 0;
  return (HEADING_COST * (1 - Math.cos(((headingDeg - along) * Math.PI) / 180))) / 2;
}

const isAtEnd = (line: RouteLine, { places }: ProgressState): boolean => (places[0]?.[0] ?? 0) >= line.lengthM - END_M;

/**
 * Whether the vehicle follows the route at a position out of reach: it took a short cut, turned round, or the state is wrong. A street
 * that only crosses another leg of the route does not count: the distance along the route must agree with the step.
 */
function findElsewhere(
  observed: ObservedFix,
  state: ProgressState,
  stepM: number,
  inReach: readonly Candidate[],
  rules: ProgressRules,
): ProgressState["elsewhere"] {
  const nearestM = Math.min(...inReach.map(({ offM }) => offM));
  if (nearestM <= LOST_M) return undefined;
  const [other] = positionsNear(observed.line, observed.point, 0, observed.line.lengthM, 1);
  if (other === undefined) return undefined;
  const isOff = nearestM > rules.thresholdKm * 1000;
  if (!isOff && other.offM > FOUND_M) return undefined;
  const before = state.elsewhere;
  if (before === undefined) return { alongM: round(other.alongM, 10), fixes: 1 };
  const follows = Math.abs(Math.abs(other.alongM - before.alongM) - stepM) <= Math.max(STEP_M, stepM / 2);
  return { alongM: round(other.alongM, 10), fixes: isOff || follows ? before.fixes + 1 : 1 };
}
