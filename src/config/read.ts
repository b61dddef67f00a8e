import { closeSync, lstatSync, openSync, readSync } from "node:fs";
import { FleetlogixError } from "../errors.ts";
import { ConfigError } from "./config-error.ts";

/** No configuration is so large; a device such as `/dev/zero` has no end. */
const LARGEST_BYTES = 1_000_000;

/** True when the path exists. A broken link exists, too: with it, the user does not want the defaults. */
export function entryAt(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The file as text, in UTF-8 or UTF-16. CONFIG_MISSING when it cannot be read; CONFIG_INVALID when it is not text or is too large. */
export function readConfigText(path: string, name: string): string {
  const bytes = readBytes(path, name);
  if (bytes.length > LARGEST_BYTES)
    throw unreadable(name, `The file is larger than ${LARGEST_BYTES / 1e6} MB.`, "Name the configuration file.");
  return decode(bytes, name);
}

/** A named pipe has no size, so it is read to its end or to the limit. */
function readBytes(path: string, name: string): Buffer {
  try {
    const file = openSync(path, "r");
    try {
      return readAll(file);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw missing(path, name, cause as NodeJS.ErrnoException);
  }
}
function readAll(file: number): Buffer {
  const parts: Buffer[] = [];
  for (let total = 0; total <= LARGEST_BYTES; ) {
    const part = Buffer.alloc(65_536);
    const count = readSync(file, part);
    if (count === 0) break;
    parts.push(part.subarray(0, count));
    total += count;
  }
  return Buffer.concat(parts);
}

/** Windows PowerShell 5 writes UTF-16 with a byte order mark. */
function decode(bytes: Buffer, name: string): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (first === 0xfe && second === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  const save = "Save it as UTF-8.";
  if (bytes.includes(0)) throw unreadable(name, "The file is UTF-16 without a byte order mark, or it is not text.", save);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (text.trim() === "") throw unreadable(name, "The file is empty.", "Write {} for the defaults, or remove the file.");
    return text;
  } catch (cause) {
    if (cause instanceof FleetlogixError) throw cause;
    throw unreadable(name, "The file is not UTF-8.", save);
  }
}

const unreadable = (name: string, message: string, remedy: string): ConfigError =>
  new ConfigError(name, [{ path: "", place: { line: 1, column: 1 }, message, remedy }]);

function missing(path: string, name: string, cause: NodeJS.ErrnoException): FleetlogixError {
  if (cause.code !== "ENOENT") {
    return new FleetlogixError("CONFIG_MISSING", `${name} cannot be read: ${cause.message}.`, { hint: "Make it a readable file.", cause });
  }
  if (entryAt(path)) {
    return new FleetlogixError("CONFIG_MISSING", `${name} is a link that points to nowhere.`, {
      hint: "Restore the file that it points to, or remove the link to use the defaults.",
      cause,
    });
  }
  return new FleetlogixError("CONFIG_MISSING", `There is no file ${name}.`, {
    hint: "Name an existing file with --config, or write one with `fleetlogix config init`.",
    cause,
  });
}
