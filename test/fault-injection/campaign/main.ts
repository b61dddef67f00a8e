import { fork } from "node:child_process";
import { parseArgs } from "node:util";
import { campaign, type Report } from "./campaign.ts";

/**
 * npm run test:faults -- [--seeds N] [--sample N] [--only REGEXP] [--workers N] [--minutes N]: breaks the command in process at every writing call, in every
 * way of the list, and from N seeds; prints scenarios, invariants, violations and seeds. Exit 1 when an invariant broke.
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
    say: (line) => console.error(line),
  });
  process.send?.(report, () => process.exit(0));
} else {
  const reports = await Promise.all(Array.from({ length: workers }, (_, shard) => inChild(shard)));
  const scenarios = added(reports.map((report) => report.scenarios));
  const checks = added(reports.map((report) => report.checks));
  const violations = reports.flatMap((report) => report.violations);
  for (const { scenario, invariant } of violations) console.log(`VIOLATION ${scenario}\n  ${invariant}`);
  console.log(`Scenarios: ${listed(scenarios)}\nInvariants looked at: ${listed(checks)}`);
  const left = reports.reduce((sum, report) => sum + report.chosen, 0) - total(scenarios);
  if (left > 0) console.log(`A part of the whole: ${left} scenarios were not played`);
  console.log(`${total(scenarios)} scenarios, ${total(checks)} checks, ${violations.length} violations, seeds 1…${seeds}`);
  process.exit(violations.length > 0 ? 1 : 0);
}

type Counts = Readonly<Record<string, number>>;
function added(parts: readonly Counts[]): Counts {
  const names = [...new Set(parts.flatMap((part) => Object.keys(part)))].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  return Object.fromEntries(names.map((name) => [name, parts.reduce((sum, part) => sum + (part[name] ?? 0), 0)]));
}
function listed(counts: Counts): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}
function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function inChild(shard: number): Promise<Report> {
  return new Promise((resolve, reject) => {
    // Most of what a call makes is dead when it is answered: room for the young saves a tenth of the time.
    const execArgv = [...process.execArgv, "--max-semi-space-size=64"];
    const child = fork(process.argv[1] as string, [...process.argv.slice(2), `--shard=${shard}`], { execArgv });
    child.once("message", (report) => resolve(report as Report));
    child.once("exit", (code) => reject(new Error(`shard ${shard} ended with ${code}`)));
  });
}
