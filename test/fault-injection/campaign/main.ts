import { fork } from "node:child_process";
import { parseArgs } from "node:util";
import { joinReports, type Report, reportText } from "../report.ts";
import { campaign } from "./campaign.ts";

/**
 * npm run test:faults -- [--seeds N] [--sample N] [--only REGEXP] [--workers N] [--minutes N]:
 * injects every fault of the catalogue into the command, in process, at every writing call and from N seeds. Prints scenarios, checks,
 * violations and seeds. Exit 1 when an invariant does not hold.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    sample: { type: "string" },
    only: { type: "string" },
    workers: { type: "string", default: "2" },
    minutes: { type: "string" },
    shard: { type: "string" },
  },
});
const [seeds, workers] = [Number(values.seeds), Number(values.workers)];
const sample = values.sample === undefined ? undefined : Number(values.sample);

if (values.shard !== undefined) {
  const report = await campaign({
    seeds,
    sample,
    only: values.only,
    minutes: values.minutes === undefined ? undefined : Number(values.minutes),
    shard: Number(values.shard),
    shards: workers,
    print: (line) => console.error(line),
  });
  process.send?.(report, () => process.exit(0));
} else {
  const reports = await Promise.all(Array.from({ length: workers }, (_, shard) => inChild(shard)));
  const report = joinReports(reports);
  console.log(reportText(report, `seeds 1…${seeds}`));
  process.exit(report.violations.length > 0 ? 1 : 0);
}

function inChild(shard: number): Promise<Report> {
  return new Promise((resolve, reject) => {
    // Most objects of a call are garbage when it is answered: a larger young generation saves a tenth of the time.
    const execArgv = [...process.execArgv, "--max-semi-space-size=64"];
    const child = fork(process.argv[1] as string, [...process.argv.slice(2), `--shard=${shard}`], { execArgv });
    child.once("message", (report) => resolve(report as Report));
    child.once("exit", (code) => reject(new Error(`shard ${shard} ended with ${code}`)));
  });
}
