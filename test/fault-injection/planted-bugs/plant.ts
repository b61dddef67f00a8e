import { readFileSync } from "node:fs";
import type { PlantedBug } from "./bugs.ts";

/** The text of the file with the bug in it. Throws when an edit does not fit the file any more. */
export function withBug(file: string, edits: PlantedBug["edits"]): string {
  let text = readFileSync(file, "utf8");
  for (const [was, is] of edits) {
    if (text.split(was).length !== 2) throw new Error(`${file} does not contain exactly once: ${was}`);
    text = text.replace(was, () => is);
  }
  return text;
}
