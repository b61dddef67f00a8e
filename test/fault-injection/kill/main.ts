import { parseArgs } from "node:util";
import { killEverywhere } from "./kill.ts";

/**
 * npm run test:kill -- [--sample N] [--seed N] [--lanes N]: kills the real command, a process, with SIGKILL at every writing call of
 * `up` and `teardown`, before the call goes out and after it took effect, and runs it again. Prints kills and violations;
 * exit 1 when an invariant broke. Needs `npm run build`.
 */
const { values } = parseArgs({
  options: { sample: { type: "string" }, seed: { type: "string", default: "1" }, lanes: { type: "string", default: "2" } },
});
const began = Date.now();
const [seed, lanes] = [Number(values.seed), Number(values.lanes)];
const sample = values.sample === undefined ? undefined : Number(values.sample);
const { kills, violations } = await killEverywhere({ sample, seed, lanes, lives: true, say: (line) => console.error(line) });
for (const { scenario, invariant } of violations) console.log(`VIOLATION ${scenario}\n  ${invariant}`);
const counts = Object.entries(kills).map(
  ([kind, count]) => `${count} in ${kind === "life" ? "a life that keeps its data" : `\`${kind}\``}`,
);
const total = Object.values(kills).reduce((sum, count) => sum + count, 0);
console.log(
  `${total} kills (${counts.join(", ")}), ${violations.length} violations, seed ${seed}, ${Math.round((Date.now() - began) / 1000)} s`,
);
process.exit(violations.length > 0 ? 1 : 0);
