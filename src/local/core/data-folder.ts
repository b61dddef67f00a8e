import { createHash } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Whom databases and functions run as when root started the local AWS: `nobody`. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}
/** Where their data lies, and under whose name. */
export interface DataFolder {
  readonly folder: string;
  readonly owner: Owner | undefined;
}

const NOBODY: Owner = { uid: 65_534, gid: 65_534 };

export function owner(): Owner | undefined {
  if (process.getuid?.() !== 0 || !mayChange()) return undefined;
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

const SETGID_AND_SETUID = 0xc0n;
/** A container may hold a root that cannot become anybody else. */
function mayChange(): boolean {
  if (process.platform !== "linux") return true;
  try {
    const [, mask = "0"] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    const ranges = readFileSync("/proc/self/uid_map", "utf8").trim().split("\n");
    const mapped = ranges.some((line) => {
      const [from = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
      return NOBODY.uid >= from && NOBODY.uid < from + count;
    });
    return mapped && (BigInt(`0x${mask}`) & SETGID_AND_SETUID) === SETGID_AND_SETUID;
  } catch {
    return true;
  }
}

/** Where data lies that `nobody` could not reach where it belongs, a folder for each local AWS. */
export const OUTSIDE = "/var/lib/fleetlogix-local";
/** In each of them: the data folder to which it belongs. */
const BELONGS_TO = "data-folder";

/**
 * The folder of a part of a local AWS that `nobody` has to reach: `rds`, `lambda`. It lies with the other data, except where root keeps that data out of the
 * reach of `nobody` (below /root, say): then it lies in /var/lib under a name made from the data folder's, and stays there.
 */
export function dataFolderOf(dataDir: string, part: string): DataFolder {
  const who = owner();
  const inside = resolve(dataDir, part);
  if (!who) return { folder: inside, owner: undefined };
  const name = createHash("sha256").update(inside).digest("hex").slice(0, 16);
  const outside = join(OUTSIDE, name);
  const here = !existsSync(outside) && reachable(dirname(dirname(inside)));
  return { folder: here ? inside : outside, owner: who };
}

export const isOutside = (place: DataFolder): boolean => dirname(place.folder) === OUTSIDE;

/** Makes the folder, passable for its owner. */
export function prepareDataFolder(place: DataFolder, dataDir: string): void {
  mkdirSync(place.folder, { recursive: true, mode: 0o711 });
  if (!place.owner) return;
  chmodSync(place.folder, 0o711);
  if (isOutside(place)) writeFileSync(join(place.folder, BELONGS_TO), resolve(dataDir), { mode: 0o600 });
  // Passing through is all that is given: the data folder cannot be listed by others.
  else chmodSync(dataDir, 0o711);
}

/** Folders outside whose data folder is gone: it was deleted by hand, with the project perhaps. */
export function orphanedFolders(): string[] {
  if (owner() === undefined || !existsSync(OUTSIDE)) return [];
  return readdirSync(OUTSIDE)
    .map((name) => join(OUTSIDE, name))
    .filter((folder) => {
      const note = join(folder, BELONGS_TO);
      return existsSync(note) && !existsSync(readFileSync(note, "utf8"));
    });
}

/** May any user pass through this folder and all above it? */
export function reachable(folder: string): boolean {
  for (let at = resolve(folder); ; at = dirname(at)) {
    // What is not there yet is made for all to pass.
    if (((statSync(at, { throwIfNoEntry: false })?.mode ?? 0o001) & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

export function changeOwner(path: string, who: Owner | undefined): void {
  if (who) chownSync(path, who.uid, who.gid);
}
