import type { Collection } from "../../core/store.ts";
import type { Version } from "./version.ts";

/** All versions of all objects, by key, in S3's order. */
export interface ObjectIndex {
  /** The versions of a key, newest first, including delete markers. */
  versions(bucket: string, key: string): readonly Version[];
  /** All keys with a version or a marker, in the order of their UTF-8 bytes. */
  keys(bucket: string): readonly string[];
  nextSeq(): number;
  add(version: Version): void;
  /** Replaces a version by a changed one. */
  update(version: Version): void;
  remove(version: Version): void;
  all(): readonly Version[];
}
interface BucketIndex {
  readonly byKey: Map<string, Version[]>;
  readonly sorted: string[];
}

export function openIndex(documents: Collection<Version>): ObjectIndex {
  const byBucket = new Map<string, BucketIndex>();
  let seq = 0;
  const indexOf = (bucket: string): BucketIndex => {
    const bucketIndex = byBucket.get(bucket) ?? { byKey: new Map(), sorted: [] };
    byBucket.set(bucket, bucketIndex);
    return bucketIndex;
  };
  for (const version of documents.values().sort((a, b) => a.seq - b.seq)) {
    seq = Math.max(seq, version.seq);
    place(indexOf(version.bucket), version);
  }
  return {
    versions: (bucket, key) => byBucket.get(bucket)?.byKey.get(key) ?? [],
    keys: (bucket) => byBucket.get(bucket)?.sorted ?? [],
    nextSeq: () => ++seq,
    add(version) {
      documents.put(String(version.seq), version);
      place(indexOf(version.bucket), version);
    },
    update(version) {
      documents.put(String(version.seq), version);
      const versions = indexOf(version.bucket).byKey.get(version.key) ?? [];
      versions[versions.findIndex((v) => v.seq === version.seq)] = version;
    },
    remove(version) {
      documents.delete(String(version.seq));
      displace(indexOf(version.bucket), version);
    },
    all: () => documents.values(),
  };
}

function place({ byKey, sorted }: BucketIndex, version: Version): void {
  const versions = byKey.get(version.key);
  if (versions) versions.unshift(version);
  else {
    byKey.set(version.key, [version]);
    sorted.splice(firstAtLeast(sorted, version.key), 0, version.key);
  }
}
function displace({ byKey, sorted }: BucketIndex, version: Version): void {
  const left = (byKey.get(version.key) ?? []).filter((v) => v.seq !== version.seq);
  if (left.length > 0) byKey.set(version.key, left);
  else {
    byKey.delete(version.key);
    sorted.splice(firstAtLeast(sorted, version.key), 1);
  }
}

/** Index of the first key that does not sort before `key`. */
export function firstAtLeast(sorted: readonly string[], key: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(sorted[middle] as string, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Compares UTF-8 bytes, as S3 does. JavaScript compares UTF-16 units, which puts characters past U+FFFF too early. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}
const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;
