import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import type { LoggedCall } from "../src/local/core/faults.ts";
import { type Call, caller, drive } from "../src/simulate/drive.ts";
import type { Trip } from "../src/simulate/messages.ts";
import { expectedFixes } from "../src/simulate/model.ts";
import { makePlan, type Plan } from "../src/simulate/plan.ts";
import { newTally, numbersOf, type Tally } from "../src/simulate/report.ts";
import { differencesOf } from "../src/simulate/verify.ts";
import { type Deployed, deploy, publishedIn } from "../test/e2e/deployed.ts";

/**
 * A fleet under load on the local AWS in this process: `npm run load -- --vehicles 200 --minutes 5`. Every vehicle sends one
 * message a second, as soon as its last one is answered and fewer than UNDER_WAY calls are: on a machine that is too slow for
 * that the run takes longer and nothing is left out. Ends with 1 if the API answered anything but 200, or the state is not what
 * was sent.
 */
interface Load {
  readonly vehicles: number;
  readonly minutes: number;
  readonly seed: number;
}
/** A message a second: each step sends a pair, to `/vehicle` and to `/route`. */
const INTERVAL_S = 2;
/** As many as 200 calls a second have under way that take half a second each; with more, API Gateway's 29 s would be spent queueing. */
const UNDER_WAY = 100;

export interface Outcome {
  readonly numbers: ReturnType<typeof numbersOf> & { readonly max_ms: number; readonly seconds: number; readonly calls_per_second: number };
  /** What is wrong, one line each. */
  readonly problems: readonly string[];
}

export async function load(api: Deployed, { vehicles, minutes, seed }: Load, watch: (tally: Tally) => void = () => {}): Promise<Outcome> {
  const beganMs = Date.now();
  const plan = makePlan({ vehicles, minutes, seed, interval: INTERVAL_S, rate: vehicles * 2 }, beganMs);
  const tally = newTally();
  const { signal } = new AbortController();
  const call = atMost(UNDER_WAY, caller({ url: api.url, key: api.key, rate: Number.POSITIVE_INFINITY, signal }, tally));
  const messages = listener(api);
  const timers = [setInterval(() => watch(tally), 10_000), setInterval(messages.listen, 1_000)];
  const began = performance.now();
  await drive(plan, call, tally, signal).finally(() => timers.forEach(clearInterval));
  const seconds = (performance.now() - began) / 1000;
  const numbers = {
    ...numbersOf(tally),
    max_ms: tally.latencies.max,
    seconds: Math.round(seconds),
    calls_per_second: Math.round(tally.latencies.count / seconds),
  };
  return { numbers, problems: await problemsOf(plan, messages.listen(), call, tally, beganMs) };
}

/** The same, so many at once; the others wait in line. */
function atMost(limit: number, call: Call): Call {
  let free = limit;
  const waiting: (() => void)[] = [];
  return async (...given) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await call(...given);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

/** Keeps the messages that SNS has taken: the log of all calls forgets its oldest ones. */
function listener({ faults }: Deployed): { readonly listen: () => readonly Told[] } {
  const kept = new Map<number, LoggedCall>();
  return {
    listen: () => {
      for (const one of faults.calls()) if (one.service === "sns") kept.set(one.sequence, one);
      return publishedIn([...kept.values()]).map(({ machines }) => machines as unknown as Told);
    },
  };
}

async function problemsOf(plan: Plan, messages: readonly Told[], call: Call, tally: Tally, beganMs: number): Promise<string[]> {
  const asked = Object.entries(tally.refusals).map(([why, times]) => `${times} × ${why}; the calls were sent again`);
  const sent = plan.trips.flatMap((trip) =>
    messageProblems(
      trip,
      messages.filter((message) => message.vehicle_id === trip.vehicleId),
    ),
  );
  return [...asked, ...tally.errors, ...sent, ...(await differencesOf(plan, call, { beganMs }))];
}

/** The messages about a vehicle against the episodes it drove: none silent, none told twice. */
function messageProblems(trip: Trip, messages: readonly Told[]): string[] {
  const { vehicleId } = trip;
  const { episodes } = expectedFixes(trip);
  const opened = messages.filter(({ type }) => type === "ROUTE_DEVIATION");
  const alerts = new Set(opened.map((message) => message.alert_id)).size;
  const cleared = messages.length - opened.length;
  const ended = episodes.filter(({ state }) => state === "closed").length;
  const again = opened.filter((message, i) => {
    const before = opened.slice(0, i).findLast((one) => one.alert_id === message.alert_id);
    return before !== undefined && !isDue(before, message);
  });
  return [
    ...(alerts === episodes.length ? [] : [`${vehicleId}: ${episodes.length} episodes, and messages about ${alerts}`]),
    ...(cleared === ended ? [] : [`${vehicleId}: ${ended} episodes ended, and ${cleared} messages say so`]),
    ...again.map(({ timestamp }) => `${vehicleId}: told again at ${timestamp} without a reason`),
  ];
}
interface Told {
  readonly type: "ROUTE_DEVIATION" | "ROUTE_DEVIATION_CLEARED";
  readonly alert_id: string;
  readonly vehicle_id: string;
  readonly timestamp: string;
  readonly deviation_km: number;
}
const RENOTIFY_MS = 15 * 60_000;
const isDue = (before: Told, message: Told): boolean =>
  Date.parse(message.timestamp) - Date.parse(before.timestamp) >= RENOTIFY_MS || message.deviation_km >= 2 * before.deviation_km;

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
