import { type Fix, metresBetween, type Sample, type TrackingRules, toSample } from "./fix.ts";
import { addFix, type Track, thin } from "./track.ts";

/**
 * Whether a fix is plausible after the vehicle's last good fixes. Wrong fixes have typical causes: a receiver without satellites
 * reports 0,0; a phone in a tunnel reports the position of a radio mast; an app exchanges latitude and longitude.
 */
export interface Judgement {
  readonly verdict: "good" | "implausible";
  /** The track to store; the same object when nothing changed. */
  readonly track: Track;
}

const EMPTY: Track = { samples: [], suspects: [] };

/** Assumed for a fix without accuracy: large enough for a phone between high buildings. */
const UNKNOWN_ACCURACY_M = 25;
/** Apps that send whole seconds are wrong by up to a second about the time between two fixes. */
const CLOCK_STEP_MS = 1000;
/**
 * A receiver without satellites repeats its last position exactly, in a tunnel for half a minute (measured on a city drive: 35 s, then
 * 470 m within one second). A jump after such a repetition counts as a move that took at least this time.
 */
const FROZEN_MS = 10_000;
/** The number of suspects that a further fix must agree with before the track moves to them. */
const CONFIRMED_BY = 2;
/**
 * With exchanged coordinates the fix is nearer than the first distance to the last good position, and as sent it is farther than the
 * second.
 */
const SWAPPED_NEAR_M = 100_000;
const SWAPPED_FAR_M = 300_000;

/**
 * Judges `fix` and returns the track after it. `track` undefined: the vehicle has no position yet.
 *
 * A fix is a suspect when it is farther from the last good one than `maxSpeedKmh` allows. When the next two fixes agree with it (each
 * can be reached from the one before), the third is good and the track moves there. A good fix in between removes the suspects. A fix
 * older than the newest is compared with its neighbours in time and never becomes a suspect.
 */
export function judgeFix(track: Track | undefined, fix: Fix, rules: TrackingRules): Judgement {
  const known = track ?? EMPTY;
  if (cannotBeTrue(fix, rules)) return { verdict: "implausible", track: known };
  const sample = toSample(fix);
  const last = known.samples.at(-1);
  if (last === undefined) return good(known, fix, rules);
  if (sample[0] < last[0]) return judgeLate(known, fix, rules);
  if (isReachable(last, sample, rules, frozenMs(known.samples)) && !isSwapped(last, sample)) return good(known, fix, rules);
  return suspect(known, sample, rules);
}

/** Checks that need no earlier fixes. */
function cannotBeTrue({ position, accuracyM = 0 }: Fix, rules: TrackingRules): boolean {
  return (position.lat === 0 && position.lon === 0) || accuracyM > rules.maxAccuracyM;
}

function good(track: Track, fix: Fix, rules: TrackingRules): Judgement {
  const next = addFix(track, fix, rules);
  return { verdict: "good", track: next.suspects.length === 0 ? next : { ...next, suspects: [] } };
}

function judgeLate(track: Track, fix: Fix, rules: TrackingRules): Judgement {
  const sample = toSample(fix);
  const before = track.samples.filter((one) => one[0] <= sample[0]).at(-1);
  const after = track.samples.find((one) => one[0] > sample[0]);
  const neighbours = [before, after].filter((one) => one !== undefined);
  const agrees = neighbours.every((one) => isReachable(one, sample, rules) && !isSwapped(one, sample));
  return agrees ? { verdict: "good", track: addFix(track, fix, rules) } : { verdict: "implausible", track };
}

function suspect(track: Track, sample: Sample, rules: TrackingRules): Judgement {
  const last = track.suspects.at(-1);
  // The same fix again, or one of the same time, does not confirm the suspect.
  if (last !== undefined && sample[0] <= last[0]) return { verdict: "implausible", track };
  const agrees = last !== undefined && isReachable(last, sample, rules) && !isSwapped(last, sample);
  const suspects = agrees ? [...track.suspects, sample] : [sample];
  if (suspects.length <= CONFIRMED_BY) return { verdict: "implausible", track: { ...track, suspects } };
  return { verdict: "good", track: { samples: thin([...consistent(track, suspects, rules), ...suspects], rules), suspects: [] } };
}

/** The old samples that agree with the new ones. So after one wrong first fix, or a frozen one in a tunnel, the others are kept. */
function consistent(track: Track, [first]: readonly Sample[], rules: TrackingRules): readonly Sample[] {
  return first === undefined ? [] : track.samples.filter((one) => isReachable(one, first, rules) && !isSwapped(one, first));
}

/** FROZEN_MS when the newest samples have repeated one position for at least that time, else 0. */
function frozenMs(samples: readonly Sample[]): number {
  const last = samples.at(-1);
  const isSince = samples.some((one) => last !== undefined && one[1] === last[1] && one[2] === last[2] && last[0] - one[0] >= FROZEN_MS);
  return isSince ? FROZEN_MS : 0;
}

/** Whether a vehicle can drive from one sample to the other in the time between them, with the inaccuracy of both. */
function isReachable(a: Sample, b: Sample, rules: TrackingRules, atLeastMs = 0): boolean {
  const hours = Math.max(Math.abs(b[0] - a[0]) + CLOCK_STEP_MS, atLeastMs) / 3_600_000;
  return metresBetween(a, b) <= rules.maxSpeedKmh * 1000 * hours + errorOf(a) + errorOf(b);
}

const errorOf = (sample: Sample): number => sample[3] || UNKNOWN_ACCURACY_M;

/** After a long silence every position is within reach, so exchanged coordinates need a check of their own. */
function isSwapped(known: Sample, sample: Sample): boolean {
  const [atMs, lat, lon, accuracyM] = sample;
  return metresBetween(known, sample) > SWAPPED_FAR_M && metresBetween(known, [atMs, lon, lat, accuracyM]) < SWAPPED_NEAR_M;
}
