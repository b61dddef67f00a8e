/** A local AWS in a process of its own, which measures for how long it answers nobody. Started by `pauses.ts`. */
import { localAws } from "./local-aws.ts";

const SAMPLE_MS = 2;
const aws = await localAws();

let longest = 0;
let before = process.cpuUsage();
let at = performance.now();
setInterval(() => {
  // Time that other programs take is not counted.
  const { user, system } = process.cpuUsage(before);
  longest = Math.max(longest, Math.min((user + system) / 1000, performance.now() - at));
  before = process.cpuUsage();
  at = performance.now();
}, SAMPLE_MS);

process.on("message", () => {
  setTimeout(() => {
    process.send?.(longest);
    longest = 0;
  }, 5 * SAMPLE_MS);
});
process.on("disconnect", () => process.exit());
process.send?.(aws.url);
