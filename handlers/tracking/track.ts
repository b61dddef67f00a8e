import { type Fix, inTime, type Sample, type TrackingRules, toSample } from "./fix.ts";

/**
 * What is remembered of a vehicle's good fixes. It is a function of the set of the fixes, not of their order: of each slot of
 * time the earliest fix, the newest fix of all, and the newest one before the window. So any order and any repetition of the
 * same fixes gives the same track, and a phone that reports each second leaves the same track as one that reports each 30 s.
 * Plain JSON; about 30 samples of 30 bytes at the defaults.
 */
export interface Track {
  /** In order of time; the last one is the newest good fix. */
  readonly samples: readonly Sample[];
  /** Fixes that contradict the track and may yet prove to be right: see plausibility.ts. At most two, in order of time. */
  readonly suspects: readonly Sample[];
}

/**
 * The shortest slot. A path of one fix each 30 s is 3 % shorter than one of a fix each second (measured on a city drive), and
 * Amazon Location stores one position each 30 s for the same reason (its default filter TimeBased).
 */
const SLOT_SECONDS = 30;
/** Bounds the size of a track whatever window is configured. */
const MAX_SLOTS = 40;
const MINUTE_MS = 60_000;

/** How far back, from the newest fix, the track reaches: a stop just before the window is still known as one. */
const horizonMs = (rules: TrackingRules): number => (rules.speedWindowMinutes + rules.stoppedAfterMinutes) * MINUTE_MS;
const slotMs = (rules: TrackingRules): number => Math.max(SLOT_SECONDS * 1000, Math.ceil(horizonMs(rules) / MAX_SLOTS));

/** The track with another good fix in it; the same object when the fix changes nothing. */
export const addFix = (track: Track, fix: Fix, rules: TrackingRules): Track => {
  const samples = thin([...track.samples, toSample(fix)], rules);
  return isSame(samples, track.samples) ? track : { ...track, samples };
};

/** What stays of these samples. Applying it twice, or to the parts first, gives the same: the track is free of order. */
export function thin(samples: readonly Sample[], rules: TrackingRules): readonly Sample[] {
  const ordered = [...samples].sort(inTime).filter((one, i, all) => i === 0 || inTime(one, all[i - 1] as Sample) !== 0);
  const slot = slotMs(rules);
  const newest = ordered.at(-1);
  if (newest === undefined) return [];
  const first = ordered.filter((one, i) => i === 0 || slotOf(one, slot) !== slotOf(ordered[i - 1] as Sample, slot));
  // Whole slots leave the window, so that a slot keeps its earliest fix as long as it is in.
  const oldest = slotOf([newest[0] - horizonMs(rules), 0, 0, 0], slot);
  const before = first.filter((one) => slotOf(one, slot) < oldest).slice(-1);
  const within = first.filter((one) => slotOf(one, slot) >= oldest);
  const kept = [...before, ...within];
  return kept.at(-1) === newest ? kept : [...kept, newest];
}

const slotOf = (sample: Sample, slot: number): number => Math.floor(sample[0] / slot);
const isSame = (a: readonly Sample[], b: readonly Sample[]): boolean =>
  a.length === b.length && a.every((one, i) => inTime(one, b[i] as Sample) === 0);
