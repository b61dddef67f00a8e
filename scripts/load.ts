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
 * `npm run load -- --vehicles 200 --minutes 5`: simulates a fleet on the local AWS in this process. Every vehicle sends one message a
 * second. A message waits for the answer to the one before, and while CALLS_IN_FLIGHT calls are in flight. So on a slow machine the run
 * takes longer, and no message is left out. Exits with 1 when the API answered anything but 200, or when the state differs from what was
 * sent.
 */
interface Load {
  readonly vehicles: number;
  readonly minutes: number;
  readonly seed: number;
}
/** A message a second: each step sends a pair, to `/vehicle` and to `/route`. */
const INTERVAL_S = 2;
/**
 * The number of calls in flight at 200 calls a second of half a second each. With more, calls would reach API Gateway's limit of 29 s while
 * they wait.
 */
const CALLS_IN_FLIGHT = 100;

export interface Outcome {
  readonly numbers: ReturnType<typeof numbersOf> & { readonly max_ms: number; readonly seconds: number; readonly calls_per_second: number };
  /** One line for each problem. */
  readonly problems: readonly string[];
}

export async function load(api: Deployed, { vehicles, minutes, seed }: Load, watch: (tally: Tally) => void = () => {}): Promise<Outcome> {
  const beganMs = Date.now();
  const plan = makePlan({ vehicles, minutes, seed, interval: INTERVAL_S, rate: vehicles * 2 }, beganMs);
  const tally = newTally();
  const { signal } = new AbortController();
  const call = atMost(CALLS_IN_FLIGHT, caller({ url: api.url, key: api.key, rate: Number.POSITIVE_INFINITY, signal }, tally));
  const messages = messageLog(api);
  const timers = [setInterval(() => watch(tally), 10_000), setInterval(messages.read, 1_000)];
  const began = performance.now();
  await drive(plan, call, tally, signal).finally(() => timers.forEach(clearInterval));
  const seconds = (performance.now() - began) / 1000;
  const numbers = {
    ...numbersOf(tally),
    max_ms: tally.latencies.max,
    seconds: Math.round(seconds),
    calls_per_second: Math.round(tally.latencies.count / seconds),
  };
  return { numbers, problems: await problemsOf(plan, messages.read(), call, tally, beganMs) };
}

/** Makes the same calls, at most `limit` at once. The others wait in order. */
function atMost(limit: number, call: Call): Call {
  let free = limit;
  const waiting: (() => void)[] = [];
  return async (...args) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await call(...args);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

/** Keeps the messages that SNS accepted, because the log of all calls drops its oldest entries. */
function messageLog({ faults }: Deployed): { readonly read: () => readonly SentMessage[] } {
  const calls = new Map<number, LoggedCall>();
  return {
    read: () => {
      for (const one of faults.calls()) if (one.service === "sns") calls.set(one.sequence, one);
      return publishedIn([...calls.values()]).map(({ machines }) => machines as unknown as SentMessage);
    },
  };
}

async function problemsOf(plan: Plan, messages: readonly SentMessage[], call: Call, tally: Tally, beganMs: number): Promise<string[]> {
  const refusals = Object.entries(tally.refusals).map(([why, times]) => `${times} × ${why}; the calls were sent again`);
  const sent = plan.trips.flatMap((trip) =>
    messageProblems(
      trip,
      messages.filter((message) => message.vehicle_id === trip.vehicleId),
    ),
  );
  return [...refusals, ...tally.errors, ...sent, ...(await differencesOf(plan, call, { beganMs }))];
}

/** Compares the messages about a vehicle with its episodes: each episode has its messages, and none is repeated without a reason. */
function messageProblems(trip: Trip, messages: readonly SentMessage[]): string[] {
  const { vehicleId } = trip;
  const { episodes } = expectedFixes(trip);
  const opened = messages.filter(({ type }) => type === "ROUTE_DEVIATION");
  const alerts = new Set(opened.map((message) => message.alert_id)).size;
  const cleared = messages.length - opened.length;
  const ended = episodes.filter(({ state }) => state === "closed").length;
  const repeated = opened.filter((message, i) => {
    const before = opened.slice(0, i).findLast((one) => one.alert_id === message.alert_id);
    return before !== undefined && !isDue(before, message);
  });
  return [
    ...(alerts === episodes.length ? [] : [`${vehicleId}: ${episodes.length} episodes, and messages about ${alerts}`]),
    ...(cleared === ended ? [] : [`${vehicleId}: ${ended} episodes ended, and ${cleared} messages say so`]),
    ...repeated.map(({ timestamp }) => `${vehicleId}: a message at ${timestamp} repeats an earlier one without a reason`),
  ];
}
interface SentMessage {
  readonly type: "ROUTE_DEVIATION" | "ROUTE_DEVIATION_CLEARED";
  readonly alert_id: string;
  readonly vehicle_id: string;
  readonly timestamp: string;
  readonly deviation_km: number;
}
const RENOTIFY_MS = 15 * 60_000;
const isDue = (before: SentMessage, message: SentMessage): boolean =>
  Date.parse(message.timestamp) - Date.parse(before.timestamp) >= RENOTIFY_MS || message.deviation_km >= 2 * before.deviation_km;

/** Limits that are higher than any load. The functions keep their default timeout. */
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
  const print = (line: string) => process.stdout.write(`${line}\n`);
  try {
    const fleet = { vehicles: Number(values.vehicles), minutes: Number(values.minutes), seed: Number(values.seed) };
    const { numbers, problems } = await load(api, fleet, (tally) => print(JSON.stringify(numbersOf(tally))));
    const loop = { event_loop_p99_ms: Math.round(delay.percentile(99) / 1e6), event_loop_max_ms: Math.round(delay.max / 1e6) };
    print(JSON.stringify({ ...numbers, ...loop, rss_mb: Math.round(process.memoryUsage.rss() / 1e6) }));
    print(problems.length === 0 ? "The state equals what was sent, and every message was sent once." : problems.join("\n"));
    process.exitCode = problems.length === 0 ? 0 : 1;
  } finally {
    await api.close();
  }
}
if (import.meta.filename === process.argv[1]) await main();
