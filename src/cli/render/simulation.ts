import { hanging, listed, wrapped } from "./layout.ts";

/** The number of differences that are printed. */
const SHOWN = 20;

/** The counters of a simulation, then its differences, or a sentence that there are none. Pure. */
export function simulationText(counters: readonly string[], differences: readonly string[], width: number): string {
  const more = differences.length - SHOWN;
  const items = [...differences.slice(0, SHOWN), ...(more > 0 ? [`…and ${more} more; --json names them all`] : [])];
  const verdict =
    differences.length === 0
      ? wrapped("The state of the back end equals the sent messages.", width)
      : items.flatMap((one) => hanging(" ", one, width, undefined, " "));
  return [...listed(counters, width), ...verdict].join("\n");
}
