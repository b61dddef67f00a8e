import { forget, partsOf } from "./multipart.ts";
import type { S3State } from "./state.ts";
import type { Version } from "./version.ts";
import { discard } from "./write.ts";

/** Completes the work that a kill interrupted. Every call stores its new state first and cleans up afterwards. */
export function recover(state: S3State): void {
  for (const version of state.objects.all()) {
    const newer = state.objects.versions(version.bucket, version.key).some((v) => v.versionId === version.versionId && v.seq > version.seq);
    if (newer || !state.buckets.has(version.bucket)) discard(state, version);
  }
  const used = state.objects.all().flatMap((version) => version.segments);
  const ofObjects = new Set(used.map(({ file }) => file));
  for (const upload of state.uploads.values()) {
    const segments = partsOf(state, upload.id)
      .values()
      .map((part) => part.segment);
    // The upload is complete: an object uses its parts.
    if (segments.some(({ file }) => ofObjects.has(file)) || !state.buckets.has(upload.bucket)) forget(state, upload, ofObjects);
    else used.push(...segments);
  }
  state.files.sweep(used);
  for (const version of state.objects.all()) if (version.segments.some(state.files.isSparse)) unpack(state, version);
}

/** Moves the remaining bodies out of a pack, so that its disk space becomes free. */
function unpack(state: S3State, version: Version): void {
  const { isSparse, move, remove } = state.files;
  state.objects.update({ ...version, segments: version.segments.map((segment) => (isSparse(segment) ? move(segment) : segment)) });
  remove(version.segments.filter(isSparse));
}
