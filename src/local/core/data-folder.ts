import { createHash } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** The user that runs databases and functions when root started the local AWS: `nobody`. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}
/** A folder for the data of databases or functions, and the user that owns it. */
export interface DataFolder {
  readonly folder: string;
  readonly owner: Owner | undefined;
}

const NOBODY: Owner = { uid: 65_534, gid: 65_534 };

export function owner(): Owner | undefined {
  if (process.getuid?.() !== 0 || !canSwitchUser()) return undefined;
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
/** In a container, root may lack the right to switch to another user. */
function canSwitchUser(): boolean {
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

/** Parent of the data folders that `nobody` could not reach at their normal place. Each local AWS has its own below it. */
export const OUTSIDE = "/var/lib/fleetlogix-local";
/** File in each of these folders that names the data folder it belongs to. */
const BELONGS_TO = "data-folder";

/**
 * The folder of a part of a local AWS that `nobody` has to reach: `rds`, `lambda`. Normally it lies in the data folder. When `nobody`
 * cannot reach that (it is below /root, say), the folder lies in /var/lib, under a name made from the data folder's path, and stays there.
 */
export function dataFolderOf(dataDir: string, part: string): DataFolder {
  const user = owner();
  const inside = resolve(dataDir, part);
  if (!user) return { folder: inside, owner: undefined };
  const name = createHash("sha256").update(inside).digest("hex").slice(0, 16);
  const outside = join(OUTSIDE, name);
  const isReachable = !existsSync(outside) && reachable(dirname(dirname(inside)));
  return { folder: isReachable ? inside : outside, owner: user };
}

export const isOutside = (place: DataFolder): boolean => dirname(place.folder) === OUTSIDE;

/** Creates the folder. Its owner may pass through the folders above it. */
export function prepareDataFolder(place: DataFolder, dataDir: string): void {
  mkdirSync(place.folder, { recursive: true, mode: 0o711 });
  if (!place.owner) return;
  chmodSync(place.folder, 0o711);
  if (isOutside(place)) writeFileSync(join(place.folder, BELONGS_TO), resolve(dataDir), { mode: 0o600 });
  // `x` without `r`: other users can pass through the data folder but cannot list it.
  else chmodSync(dataDir, 0o711);
}

/** Folders in /var/lib whose data folder is gone, for example because somebody deleted the project by hand. */
export function orphanedFolders(): string[] {
  if (owner() === undefined || !existsSync(OUTSIDE)) return [];
  return readdirSync(OUTSIDE)
    .map((name) => join(OUTSIDE, name))
    .filter((folder) => {
      const note = join(folder, BELONGS_TO);
      return existsSync(note) && !existsSync(readFileSync(note, "utf8"));
    });
}

/** True when every user may pass through this folder and all folders above it. */
export function reachable(folder: string): boolean {
  for (let at = resolve(folder); ; at = dirname(at)) {
    // A missing folder will be created with `x` for all.
    if (((statSync(at, { throwIfNoEntry: false })?.mode ?? 0o001) & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

export function changeOwner(path: string, user: Owner | undefined): void {
  if (user) chownSync(path, user.uid, user.gid);
}
