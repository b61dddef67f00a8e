import { chmodSync, constants, copyFileSync, existsSync, mkdirSync, realpathSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type DataFolder, OUTSIDE, reachable } from "../../core/data-folder.ts";

/** A Node.js that the functions' user can run: the server's, or a copy when the server's lies in a private folder. */
export function nodeFor(place: DataFolder): string {
  const own = realpathSync(process.execPath);
  if (!place.owner || (reachable(dirname(own)) && (statSync(own).mode & 0o001) !== 0)) return process.execPath;
  const copy = join(OUTSIDE, `node-${process.version}-${process.arch}`);
  if (existsSync(copy)) return copy;
  mkdirSync(OUTSIDE, { recursive: true, mode: 0o711 });
  const temporary = `${copy}.${process.pid}`;
  copyFileSync(own, temporary, constants.COPYFILE_FICLONE);
  chmodSync(temporary, 0o755);
  renameSync(temporary, copy);
  return copy;
}
