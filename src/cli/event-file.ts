import { closeSync, openSync, writeSync } from "node:fs";
import type { Emit, EngineEvent } from "../engine/events.ts";
import { FleetlogixError } from "../errors.ts";

/** A file that gets one line for each event, before the next event, so that other programs can follow the run. */
export function eventFile(path: string): { readonly emit: Emit; close(): void } {
  const file = opened(path);
  return { emit: (event) => void writeSync(file, `${JSON.stringify(lineOf(event))}\n`), close: () => closeSync(file) };
}
function opened(path: string): number {
  try {
    return openSync(path, "a");
  } catch (cause) {
    const hint = "Name a file that can be written.";
    throw new FleetlogixError("USAGE", `--events ${path} cannot be written: ${(cause as Error).message}.`, { hint, cause });
  }
}

/** `{time, type, id, …}`; durations in milliseconds, names as in the other documents. */
function lineOf(event: EngineEvent): Readonly<Record<string, unknown>> {
  const fields = Object.entries(event).map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]);
  return { time: new Date().toISOString(), ...Object.fromEntries(fields) };
}
