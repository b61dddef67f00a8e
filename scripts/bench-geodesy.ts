import { cpus } from "node:os";
import { lengthKm, nearestPoint, type Position, remainingKm } from "../handlers/shared/geodesy.ts";

/**
 * `npm run bench:geodesy`: the time that one fix takes on a route of 2,000 waypoints, the largest number allowed. Each figure is the
 * median of many calls after a warm-up.
 */
const ROUTE: readonly Position[] = Array.from({ length: 2000 }, (_, i) => ({ lat: 4.7 + i * 0.002, lon: -74 - Math.sin(i / 40) * 0.3 }));
const FIXES: readonly Position[] = Array.from({ length: 500 }, (_, i) => ({ lat: 4.7 + i * 0.008, lon: -74.1 }));
const WARM_UP = 500;

const TASKS: Readonly<Record<string, (fix: Position) => unknown>> = {
  "nearest point of the route": (fix) => nearestPoint(fix, ROUTE),
  "distance left along the route": (fix) => remainingKm(fix, ROUTE),
  "length of the route": () => lengthKm(ROUTE),
};

const lines = Object.entries(TASKS).map(([name, task]) => {
  const took: number[] = [];
  for (let i = 0; i < WARM_UP + FIXES.length; i++) {
    const began = performance.now();
    task(FIXES[i % FIXES.length] as Position);
    took.push(performance.now() - began);
  }
  const warm = took.slice(WARM_UP).sort((a, b) => a - b);
  return `| ${name} | ${warm[Math.floor(warm.length / 2)]?.toFixed(3)} ms |`;
});
process.stdout.write(`Node ${process.version}, ${cpus()[0]?.model ?? "unknown processor"}\n\n`);
process.stdout.write(`| ${ROUTE.length} waypoints | median |\n| --- | --- |\n${lines.join("\n")}\n`);
