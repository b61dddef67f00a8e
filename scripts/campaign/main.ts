import { fork } from "node:child_process";
import { parseArgs } from "node:util";
import { campaign, type Report } from "./campaign.ts";

/**
 * npm run campaign -- [--seeds N] [--sample N] [--only REGEXP] [--workers N]: breaks the command in process at every writing call, in every
 * way of the list, and from N seeds; prints scenarios, violations and seeds. Exit 1 when an invariant broke.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    sample: { type: "string" },
    only: { type: "string" },
    workers: { type: "string", default: "2" },
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
    shard: Number(values.shard),
    shards: workers,
    say: (line) => console.error(line),
  });
  process.send?.(report, () => process.exit(0));
} else {
  const reports = await Promise.all(Array.from({ length: workers }, (_, shard) => inChild(shard)));
  const scenarios = reports.reduce((sum, report) => sum + report.scenarios, 0);
  const violations = reports.flatMap((report) => report.violations);
  for (const { scenario, invariant } of violations) console.log(`VIOLATION ${scenario}\n  ${invariant}`);
  console.log(`${scenarios} scenarios, ${violations.length} violations, seeds 1…${seeds}`);
  process.exit(violations.length > 0 ? 1 : 0);
}

function inChild(shard: number): Promise<Report> {
  return new Promise((resolve, reject) => {
    const child = fork(process.argv[1] as string, [...process.argv.slice(2), `--shard=${shard}`]);
    child.once("message", (report) => resolve(report as Report));
    child.once("exit", (code) => reject(new Error(`shard ${shard} ended with ${code}`)));
  });
}
