import { along, distanceKm, lengthKm, offRoadKm, offsetBy, type Position, type Road } from "./geography.ts";
import { normal } from "./random.ts";

/** The true movement of a vehicle. Times are ms from the trip's start. */
export interface Motion {
  /** km along the road. The vehicle stands at the road's end. */
  readonly kmAt: (ms: number) => number;
  /** The true position. */
  readonly placeAt: (ms: number) => Position;
  /** True while the vehicle is off the road, including the ways there and back. */
  readonly isAway: (ms: number) => boolean;
}

/** A way off the road between two times: to the side and back, at a realistic speed. */
interface Excursion {
  readonly fromMs: number;
  readonly toMs: number;
  readonly eastKm: number;
  readonly northKm: number;
}

const SLOT_MS = 30_000;
/** Share of half-minutes that the vehicle waits at a red light. */
const RED_LIGHTS = 0.12;
/** Half-minutes between two stops at a customer, and the length of a stop, which is longer than `stoppedAfterMinutes`. */
const CUSTOMER_EVERY = 40;
const CUSTOMER_STOP = 14;
/** Duration of the way to the side. With SIDE_KM, the speed is 90 km/h. */
export const ASIDE_MS = 60_000;
const SIDE_KM = 1.5;
/** Largest number of waypoints of a route made here. It is below the API's limit. */
const MAX_WAYPOINTS = 1500;
const WAYPOINT_MS = 5_000;
/** Noise of a good receiver, in metres, in each direction. */
const NOISE_M = 6;

/** km at the end of each half-minute: about 50 to 80 km/h, with red lights and stops at customers. */
function profile(slots: number, startKm: number, random: () => number): readonly number[] {
  const cruise = 50 + random() * 30;
  // Some vehicles stand at a customer when the trip begins.
  const shift = Math.floor(random() * CUSTOMER_EVERY);
  const kms = [startKm];
  for (let slot = 0; slot < slots; slot++) {
    const atCustomer = (slot + shift) % CUSTOMER_EVERY >= CUSTOMER_EVERY - CUSTOMER_STOP;
    const isStanding = atCustomer || random() < RED_LIGHTS;
    const kmh = isStanding ? 0 : cruise * (0.8 + random() * 0.4);
    kms.push((kms[slot] as number) + (kmh * SLOT_MS) / 3_600_000);
  }
  return kms;
}

/** The movement along `road`, from `startKm`, for `durationMs`. `away`: the time range in which the vehicle leaves the road, if any. */
export function move(
  road: Road,
  startKm: number,
  durationMs: number,
  away: readonly [fromMs: number, toMs: number] | undefined,
  random: () => number,
): Motion {
  const length = lengthKm(road);
  const kms = profile(Math.ceil(durationMs / SLOT_MS) + 1, startKm, random);
  const kmAt = (ms: number): number => {
    const slot = Math.min(kms.length - 2, Math.floor(ms / SLOT_MS));
    const [from, to] = [kms[slot] as number, kms[slot + 1] as number];
    return Math.min(length, from + ((to - from) * (ms - slot * SLOT_MS)) / SLOT_MS);
  };
  const excursion = away && excursionOf(road, kmAt, away);
  const isAway = (ms: number): boolean => excursion !== undefined && ms > excursion.fromMs && ms < excursion.toMs;
  const placeAt = (ms: number): Position => {
    const { position } = along(road, kmAt(ms));
    if (excursion === undefined || !isAway(ms)) return position;
    const share = Math.min(1, (ms - excursion.fromMs) / ASIDE_MS, (excursion.toMs - ms) / ASIDE_MS);
    return offsetBy(position, excursion.eastKm * share, excursion.northKm * share);
  };
  return { kmAt, placeAt, isAway };
}

/** A straight way to the side, in the direction that leads farthest from all parts of the road. */
function excursionOf(road: Road, kmAt: (ms: number) => number, [fromMs, toMs]: readonly [number, number]): Excursion {
  const times = [fromMs + ASIDE_MS, (fromMs + toMs) / 2, toMs - ASIDE_MS];
  const candidates = Array.from({ length: 16 }, (_, i) => {
    const [eastKm, northKm] = [SIDE_KM * Math.cos((i * Math.PI) / 8), SIDE_KM * Math.sin((i * Math.PI) / 8)];
    const nearestKm = Math.min(...times.map((ms) => offRoadKm(road, offsetBy(along(road, kmAt(ms)).position, eastKm, northKm))));
    return { fromMs, toMs, eastKm, northKm, nearestKm };
  });
  return candidates.reduce((best, one) => (one.nearestKm > best.nearestKm ? one : best));
}

/** A position as a receiver reports it: with noise, rounded to a decimetre. */
export function measured(place: Position, random: () => number): Position {
  const noisy = offsetBy(place, (normal(random) * NOISE_M) / 1000, (normal(random) * NOISE_M) / 1000);
  return { lat: Math.round(noisy.lat * 1e6) / 1e6, lon: Math.round(noisy.lon * 1e6) / 1e6 };
}

/** A planned route along the true movement. */
export function followed(motion: Motion, fromMs: number, toMs: number): readonly Position[] {
  const places: Position[] = [];
  const stepMs = Math.max(WAYPOINT_MS, (toMs - fromMs) / MAX_WAYPOINTS);
  for (let ms = fromMs; ms <= toMs; ms += stepMs) {
    const place = motion.placeAt(ms);
    const last = places.at(-1);
    if (last === undefined || distanceKm(last, place) > 0.02) places.push(place);
  }
  return places.length > 1 ? places : [...places, offsetBy(places[0] as Position, 0.1, 0)];
}
