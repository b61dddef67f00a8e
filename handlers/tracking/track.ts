import { type Fix, inTime, type Sample, type TrackingRules, toSample } from "./fix.ts";

/**
 * The stored good fixes of a vehicle. The track is a function of the set of fixes and not of their order: it keeps the earliest fix of
 * each time slot, the newest fix, and the newest one before the window. So any order and any repetition of the same fixes gives the
 * same track, and a phone that reports each second gives the same track as one that reports each 30 s. Plain JSON; about 30 samples of
 * 30 bytes at the defaults.
 */
export interface Track {
  /** Ordered by time; the last one is the newest good fix. */
  readonly samples: readonly Sample[];
  /** Fixes that contradict the track and may turn out to be right: see plausibility.ts. At most two, ordered by time. */
  readonly suspects: readonly Sample[];
}

/**
 * The shortest slot. A path with one fix each 30 s is 3 % shorter than one with a fix each second (measured on a city drive). Amazon
 * Location stores one position each 30 s for the same reason (its default filter TimeBased).
 */
const SLOT_SECONDS = 30;
/** Limits the size of a track for any configured window. */
const MAX_SLOTS = 40;
const MINUTE_MS = 60_000;

/** How far the track reaches back from the newest fix. It includes a stop just before the window. */
const horizonMs = (rules: TrackingRules): number => (rules.speedWindowMinutes + rules.stoppedAfterMinutes) * MINUTE_MS;
const slotMs = (rules: TrackingRules): number => Math.max(SLOT_SECONDS * 1000, Math.ceil(horizonMs(rules) / MAX_SLOTS));

/** The track with one more good fix; the same object when the fix changes nothing. */
export const addFix = (track: Track, fix: Fix, rules: TrackingRules): Track => {
  const samples = thin([...track.samples, toSample(fix)], rules);
  return isSame(samples, track.samples) ? track : { ...track, samples };
};

/** The samples to keep. The result does not depend on the order: applying it twice, or to parts first, gives the same. */
export function thin(samples: readonly Sample[], rules: TrackingRules): readonly Sample[] {
  const ordered = [...samples].sort(inTime).filter((one, i, all) => i === 0 || inTime(one, all[i - 1] as Sample) !== 0);
  const slot = slotMs(rules);
  const newest = ordered.at(-1);
  if (newest === undefined) return [];
  const first = ordered.filter((one, i) => i === 0 || slotOf(one, slot) !== slotOf(ordered[i - 1] as Sample, slot));
  // Only whole slots are dropped from the window, so that a slot keeps its earliest fix.
  const oldest = slotOf([newest[0] - horizonMs(rules), 0, 0, 0], slot);
  const before = first.filter((one) => slotOf(one, slot) < oldest).slice(-1);
  const within = first.filter((one) => slotOf(one, slot) >= oldest);
  const kept = [...before, ...within];
  return kept.at(-1) === newest ? kept : [...kept, newest];
}

const slotOf = (sample: Sample, slot: number): number => Math.floor(sample[0] / slot);
const isSame = (a: readonly Sample[], b: readonly Sample[]): boolean =>
  a.length === b.length && a.every((one, i) => inTime(one, b[i] as Sample) === 0);
