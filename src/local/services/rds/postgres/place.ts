import { createHash } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Whom PostgreSQL runs as: it refuses root, so root starts it as `nobody`. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}
/** Where the servers' data lies, and under whose name. */
export interface Place {
  readonly folder: string;
  readonly owner: Owner | undefined;
}

const NOBODY: Owner = { uid: 65_534, gid: 65_534 };

export function owner(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  try {
    const line = readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .find((entry) => entry.startsWith("nobody:"));
    const [, , uid, gid] = line?.split(":") ?? [];
    return uid && gid ? { uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 } : NOBODY;
  } catch {
    return NOBODY;
  }
}

/**
 * The folder of all databases of a local AWS. It lies with the other data, except where root keeps that data out of the
 * reach of `nobody` (below /root, say): then it lies in /var/lib under a name made from the data folder's.
 */
export function placeOf(dataDir: string): Place {
  const who = owner();
  const inside = resolve(dataDir, "rds");
  if (!who || reachable(dirname(dirname(inside)))) return { folder: inside, owner: who };
  const name = createHash("sha256").update(inside).digest("hex").slice(0, 16);
  return { folder: join("/var/lib/fleetlogix-local", name), owner: who };
}

/** Makes the folder, passable for the owner of the servers. */
export function preparePlace(place: Place, dataDir: string): void {
  mkdirSync(place.folder, { recursive: true, mode: 0o711 });
  if (!place.owner) return;
  chmodSync(place.folder, 0o711);
  // Passing through is all that is given: the data folder cannot be listed by others.
  if (place.folder.startsWith(resolve(dataDir))) chmodSync(dataDir, 0o711);
}

/** May any user pass through this folder and all above it? */
export function reachable(folder: string): boolean {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

export function give(path: string, who: Owner | undefined): void {
  if (who) chownSync(path, who.uid, who.gid);
}
