import { forget, partsOf } from "./multipart.ts";
import type { S3State } from "./state.ts";
import { discard } from "./write.ts";

/** Finishes what a killed server had begun: every call makes its new state durable first and tidies up after it. */
export function recover(state: S3State): void {
  for (const version of state.objects.all()) {
    const newer = state.objects.versions(version.bucket, version.key).some((v) => v.versionId === version.versionId && v.seq > version.seq);
    if (newer || !state.buckets.has(version.bucket)) discard(state, version);
  }
  const used = new Set(state.objects.all().flatMap((version) => version.segments.map((segment) => segment.file)));
  for (const upload of state.uploads.values()) {
    const files = partsOf(state, upload.id)
      .values()
      .map((part) => part.segment.file);
    // An upload whose parts an object has taken over was completed.
    if (files.some((file) => used.has(file)) || !state.buckets.has(upload.bucket)) forget(state, upload, used);
    else for (const file of files) used.add(file);
  }
  state.files.sweep(used);
}
