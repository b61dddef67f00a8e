import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { type Call, caller, drive } from "../src/simulate/drive.ts";
import { expectedOf, makePlan, type Plan } from "../src/simulate/plan.ts";
import { newTally, numbersOf, type Tally } from "../src/simulate/report.ts";
import { differencesOf } from "../src/simulate/verify.ts";
import { type Deployed, deploy } from "../test/e2e/deployed.ts";

/**
 * A fleet under load on the local AWS in this process: `npm run load -- --vehicles 200 --minutes 5`. Every vehicle sends one
 * message a second, as soon as its last one is answered: on a machine that is too slow for that the run takes longer
 * and nothing is left out. Ends with 1 if the API answered anything but 200, or the state is not what was sent.
 */
interface Load {
  readonly vehicles: number;
  readonly minutes: number;
  readonly seed: number;
}
/** A message a second: each step sends a pair, to `/vehicle` and to `/route`. */
const INTERVAL_S = 2;

export interface Outcome {
  readonly numbers: ReturnType<typeof numbersOf> & { readonly max_ms: number; readonly seconds: number; readonly calls_per_second: number };
  /** What is wrong, one line each. */
  readonly problems: readonly string[];
}

export async function load(api: Deployed, { vehicles, minutes, seed }: Load, watch: (tally: Tally) => void = () => {}): Promise<Outcome> {
  const plan = makePlan({ vehicles, minutes, seed, interval: INTERVAL_S, rate: vehicles * 2 }, Date.now());
  const tally = newTally();
  const { signal } = new AbortController();
  const call = caller({ url: api.url, key: api.key, rate: Number.POSITIVE_INFINITY, signal }, tally);
  const began = performance.now();
  const timer = setInterval(() => watch(tally), 10_000);
  await drive(plan, call, tally, signal).finally(() => clearInterval(timer));
  const seconds = (performance.now() - began) / 1000;
  const numbers = {
    ...numbersOf(tally),
    max_ms: tally.latencies.max,
    seconds: Math.round(seconds),
    calls_per_second: Math.round(tally.latencies.count / seconds),
  };
  return { numbers, problems: await problemsOf(api, plan, call, tally) };
}

async function problemsOf(api: Deployed, plan: Plan, call: Call, tally: Tally): Promise<string[]> {
  const asked = tally.retries === 0 ? [] : [`${tally.retries} calls were answered 503 or 429`];
  const doubled = plan.trips.flatMap((trip) => {
    const count = (type: string) => api.published(trip.vehicleId).filter(({ machines }) => machines.type === type).length;
    const { episodes } = expectedOf(trip);
    const closed = episodes.filter((episode) => episode === "closed").length;
    return [
      ...(count("ROUTE_DEVIATION_CLEARED") === closed ? [] : [`${trip.vehicleId}: ${closed} episodes ended, and not as many messages`]),
      ...(count("ROUTE_DEVIATION") >= episodes.length ? [] : [`${trip.vehicleId}: an episode without a message`]),
    ];
  });
  return [...asked, ...tally.errors, ...doubled, ...(await differencesOf(plan, call))];
}

/** Beyond what the load may send, and with the time a function gets by default. */
export const UNLIMITED = { api: { rateLimit: 10_000, burstLimit: 5_000 } };

async function main(): Promise<void> {
  const options = {
    vehicles: { type: "string", default: "200" },
    minutes: { type: "string", default: "5" },
    seed: { type: "string", default: "1" },
  } as const;
  const { values } = parseArgs({ options });
  const api = await deploy(UNLIMITED);
  const delay = monitorEventLoopDelay();
  delay.enable();
  const say = (line: string) => process.stdout.write(`${line}\n`);
  try {
    const fleet = { vehicles: Number(values.vehicles), minutes: Number(values.minutes), seed: Number(values.seed) };
    const { numbers, problems } = await load(api, fleet, (tally) => say(JSON.stringify(numbersOf(tally))));
    const loop = { event_loop_p99_ms: Math.round(delay.percentile(99) / 1e6), event_loop_max_ms: Math.round(delay.max / 1e6) };
    say(JSON.stringify({ ...numbers, ...loop, rss_mb: Math.round(process.memoryUsage.rss() / 1e6) }));
    say(problems.length === 0 ? "The state is what was sent; every message once." : problems.join("\n"));
    process.exitCode = problems.length === 0 ? 0 : 1;
  } finally {
    await api.close();
  }
}
if (import.meta.filename === process.argv[1]) await main();
