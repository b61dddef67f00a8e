import type { TrackingRules } from "../tracking/fix.ts";
import { type Track, thin } from "../tracking/track.ts";

/** Two functions keep a track of one vehicle, each in its own attributes of the item. Merged, the track has the fixes of both. */
export function merged(own: Track | undefined, other: Track | undefined, rules: TrackingRules): Track | undefined {
  if (other === undefined || other.samples.length === 0) return own;
  return { samples: thin([...(own?.samples ?? []), ...other.samples], rules), suspects: own?.suspects ?? [] };
}

/**
 * The track without samples that lie ahead of both the fix and the server's clock. They come from a wrong clock and would make correct
 * fixes late.
 */
export function withoutAhead(track: Track | undefined, fixMs: number, nowMs: number): Track | undefined {
  const limit = Math.max(fixMs, nowMs);
  if (track === undefined || ![...track.samples, ...track.suspects].some(([atMs]) => atMs > limit)) return track;
  return { samples: track.samples.filter(([atMs]) => atMs <= limit), suspects: track.suspects.filter(([atMs]) => atMs <= limit) };
}
