import { readFileSync } from "node:fs";
import { FleetlogixError } from "../errors.ts";

/** Text of a file that the command line names; `what` it is begins the sentence. USAGE when it cannot be read. */
export function readFile(file: string, what: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new FleetlogixError("USAGE", `${what} cannot be read: ${(cause as Error).message}.`, { hint: "Name a file that exists.", cause });
  }
}

/** JSON as a value; any other text as it is. */
export function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return content;
  }
}
