import { parseArgs } from "node:util";
import { reportText } from "../report.ts";
import { killEverywhere } from "./kill.ts";

/**
 * npm run test:kill -- [--sample N] [--seed N] [--lanes N] [--only REGEXP]: kills the real command, a process, with SIGKILL at every writing call of
 * `up` and `teardown`, before the call is sent and after it took effect, and runs it again. Prints scenarios, checks and violations.
 * Exit 1 when an invariant does not hold. Needs `npm run build`.
 */
const { values } = parseArgs({
  options: {
    sample: { type: "string" },
    seed: { type: "string", default: "1" },
    lanes: { type: "string", default: "2" },
    only: { type: "string" },
  },
});
const [seed, lanes] = [Number(values.seed), Number(values.lanes)];
const sample = values.sample === undefined ? undefined : Number(values.sample);
const keptData = values.only === undefined;
const report = await killEverywhere({ sample, seed, lanes, only: values.only, keptData, print: (line) => console.error(line) });
console.log(reportText(report, `seed ${seed}`));
process.exit(report.violations.length > 0 ? 1 : 0);
