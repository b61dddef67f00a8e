import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { ZipArchive } from "archiver";
import type { Artifact } from "./artifact.ts";

const READABLE_FILE = 0o644;
/** The earliest date of the zip format. */
const DATE = new Date(Date.UTC(1980, 0, 1));

/** Zips files. The same files give the same bytes: names are sorted, and all files have one date (in UTC) and one mode. */
export async function toArtifact(files: Readonly<Record<string, Uint8Array>>): Promise<Artifact> {
  const archive = new ZipArchive({ zlib: { level: 9 } });
  for (const [name, content] of Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)))
    archive.append(Buffer.from(content), { name, date: DATE, mode: READABLE_FILE });
  const [zip] = await Promise.all([buffer(archive), archive.finalize()]);
  return { zip: new Uint8Array(zip), sha256: createHash("sha256").update(zip).digest("base64") };
}
