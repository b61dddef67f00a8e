import { readFileSync } from "node:fs";
import { FleetlogixError } from "../errors.ts";

/** Text of a file of the command line. USAGE when it cannot be read; `what` is the subject of the error. */
export function readFile(file: string, what: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new FleetlogixError("USAGE", `${what} cannot be read: ${(cause as Error).message}.`, { hint: "Name a file that exists.", cause });
  }
}

/** The value of a JSON text; any other text unchanged. */
export function jsonOrText(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return content;
  }
}
