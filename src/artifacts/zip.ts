import { createHash } from "node:crypto";
import { zipSync } from "fflate";
import type { Artifact } from "./artifact.ts";

const UNIX = 3;
const READABLE_FILE = 0o100644;

/**
 * Files → zip, the same bytes for the same files on every machine: sorted names, one date and mode, and a compressor in plain
 * JavaScript (node's zlib compresses differently on other processors and in other versions).
 */
export function toArtifact(files: Readonly<Record<string, Uint8Array>>): Artifact {
  const sorted = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  const zip = zipSync(Object.fromEntries(sorted), {
    level: 9,
    os: UNIX,
    attrs: READABLE_FILE << 16,
    // The format holds local time: this is 1980-01-01 00:00 in every time zone.
    mtime: new Date(1980, 0, 1),
  });
  return { zip, sha256: createHash("sha256").update(zip).digest("base64") };
}
