import { FleetlogixError } from "../errors.ts";
import type { Position } from "./source.ts";

export interface Problem {
  /** JSON pointer of the value, e.g. `/functions/memoryMb`. */
  readonly path: string;
  /** In the file; `--json` prints it under this name. */
  readonly place: Position | undefined;
  readonly message: string;
  readonly remedy: string;
}

/** CONFIG_INVALID with every problem at once. */
export class ConfigError extends FleetlogixError {
  readonly problems: readonly Problem[];
  constructor(file: string, problems: readonly Problem[]) {
    const sorted = [...problems].sort(byPosition);
    const count = sorted.length === 1 ? "one problem" : `${sorted.length} problems`;
    super("CONFIG_INVALID", `${file} has ${count}:\n${sorted.map(toLines).join("\n")}`, {
      hint: "Correct the above; nothing was touched. `fleetlogix config validate` checks again.",
    });
    this.problems = sorted;
  }
}
const byPosition = (a: Problem, b: Problem) =>
  (a.place?.line ?? 0) - (b.place?.line ?? 0) || (a.place?.column ?? 0) - (b.place?.column ?? 0);
function toLines({ path, place, message, remedy }: Problem): string {
  const where = [place && `${place.line}:${place.column}`, path].filter(Boolean).join(" ");
  return `  ${where}  ${message}\n      ${remedy}`;
}
