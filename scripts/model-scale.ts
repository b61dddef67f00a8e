import { HOURS_A_MONTH, PRICES_DATED, pricesOf } from "../src/stack/prices.ts";

/**
 * `npm run model:scale [region]`: the load on AWS and the monthly cost of a fleet of each size, at a fix every 5 s. The assumptions are the
 * constants below. docs/scaling.md has the table and its consequences.
 */
const FLEETS = [200, 1_000, 5_000, 20_000, 200_000];
const SECONDS_A_MONTH = HOURS_A_MONTH * 3600;
const FIX_EVERY_S = 5;
/** Hours a day in which a vehicle reports: a working day, not 24 hours. */
const HOURS_A_DAY = 10;
const DELIVERIES_A_DAY = 40;
const UPDATES_A_DELIVERY = 3;
const CALL = { ms: 40, memoryGb: 0.25, logBytes: 900, rawBytes: 500, writeUnits: 2, readUnits: 1 };
/** Share of the calls that X-Ray traces: the first one each second, and 5 % of the others. */
const TRACED = 0.05;
/** Fixes in a POST with a batch. */
const BATCH = 60;
const LIMITS = { tableWritesPerS: 40_000, partitionWritesPerS: 1_000, lambdaConcurrency: 1_000, apiPerS: 10_000, s3PutsPerS: 3_500 };

const region = process.argv[2] ?? "us-east-1";
const p = pricesOf(region);

interface Load {
  readonly perS: number;
  readonly perMonth: number;
}
function loadOf(vehicles: number): Load {
  const fixes = vehicles / FIX_EVERY_S;
  const deliveries = (vehicles * DELIVERIES_A_DAY * UPDATES_A_DELIVERY) / (HOURS_A_DAY * 3600);
  const perS = fixes + deliveries;
  return { perS, perMonth: perS * SECONDS_A_MONTH * (HOURS_A_DAY / 24) };
}
/** The price of REST API calls, which falls in steps. */
function apiCost(requests: number): number {
  const first = Math.min(requests, 333e6);
  return (first / 1e6) * p.apiGateway.perMillionRequests + ((requests - first) / 1e6) * p.apiGateway.perMillionRequestsBeyond333M;
}
/**
 * `single`: one call and one object for each event, as today. `batched`: the phone sends batches. `firehose`: batches, and Firehose instead
 * of one object for each event.
 */
type Way = "single" | "batched" | "firehose";
function costOf({ perMonth: events }: Load, way: Way): Readonly<Record<string, number>> {
  const calls = way === "single" ? events : events / BATCH;
  const millions = (n: number) => n / 1e6;
  // A batch writes a vehicle's state once; its events cost processor time each.
  const writes = way === "single" ? events * CALL.writeUnits : calls * 4;
  const seconds = way === "single" ? (calls * CALL.ms) / 1000 : (calls * (CALL.ms + BATCH * 4)) / 1000;
  const firehoseGb = (events * p.firehose.roundsUpToKb) / 1e6;
  const objects = way === "firehose" ? 0 : events;
  const logsGb = (calls * CALL.logBytes) / 1e9;
  return {
    api: apiCost(calls),
    lambda: millions(calls) * p.lambda.perMillionRequests + seconds * CALL.memoryGb * p.lambda.perGbSecondArm,
    dynamodb: millions(writes) * p.dynamodb.perMillionWriteUnits + millions(calls * CALL.readUnits) * p.dynamodb.perMillionReadUnits,
    s3:
      (objects / 1000) * p.s3.perThousandWrites +
      (objects / 1000) * p.s3.perThousandReads +
      ((events * CALL.rawBytes) / 1e9) * p.s3.standardPerGbMonth,
    firehose: way === "firehose" ? firehoseGb * p.firehose.perGbIngested : 0,
    logs: logsGb * p.cloudwatch.logsPerGb + 15 * p.cloudwatch.perAlarmMonth + p.cloudwatch.perDashboardMonth,
    xray: millions(calls * TRACED) * p.xray.perMillionTraces,
    database: (p.rds.perHour.get("db.t4g.micro") ?? 0) * HOURS_A_MONTH + 20 * p.rds.gp3PerGbMonth,
  };
}
const total = (cost: Readonly<Record<string, number>>): number => Object.values(cost).reduce((sum, value) => sum + value, 0);
const number = (value: number): string => (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString("en-US"));
const row = (cells: readonly (string | number)[]): string =>
  `| ${cells.map((cell) => (typeof cell === "number" ? number(cell) : cell)).join(" | ")} |`;
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [row(head), row(head.map(() => "---:")), ...rows.map(row)].join("\n");

console.log(`Prices of ${PRICES_DATED}, ${region}${p.published ? "" : " (estimated)"}, US$ a month.\n`);
const loads = FLEETS.map((vehicles) => ({ vehicles, ...loadOf(vehicles) }));
console.log("Load, one call for each event:\n");
console.log(
  table(
    [
      "vehicles",
      "calls/s",
      "calls/month (million)",
      "functions at once",
      "write units/s",
      "objects/month (million)",
      "write units/s of one vehicle",
    ],
    loads.map(({ vehicles, perS, perMonth }) => [
      vehicles,
      perS,
      perMonth / 1e6,
      (perS * CALL.ms) / 1000,
      perS * CALL.writeUnits,
      perMonth / 1e6,
      CALL.writeUnits / FIX_EVERY_S,
    ]),
  ),
);
for (const way of ["single", "batched", "firehose"] as const) {
  console.log(
    `\nCost, ${way === "single" ? "one call for each event" : way === "batched" ? `batches of ${BATCH} events` : `batches of ${BATCH}, Firehose in place of one object for each event`}:\n`,
  );
  const parts = Object.keys(costOf(loadOf(1), way));
  console.log(
    table(
      ["vehicles", ...parts, "total"],
      loads.map((load) => [load.vehicles, ...Object.values(costOf(load, way)), total(costOf(load, way))]),
    ),
  );
}
console.log("\nLimits that a size passes first (default quotas):\n");
const passes = (limit: number, perVehicle: number) => Math.floor(limit / perVehicle);
const one = loadOf(1).perS;
console.log(
  table(
    ["limit", "value", "reached at vehicles"],
    [
      ["api.rateLimit of the configuration, calls/s", 50, passes(50, one)],
      ["S3 writes of one prefix, /s", LIMITS.s3PutsPerS, passes(LIMITS.s3PutsPerS, one)],
      ["API Gateway of a region, calls/s", LIMITS.apiPerS, passes(LIMITS.apiPerS, one)],
      ["DynamoDB table, write units/s", LIMITS.tableWritesPerS, passes(LIMITS.tableWritesPerS, one * CALL.writeUnits)],
      ["functions at once", LIMITS.lambdaConcurrency, passes(LIMITS.lambdaConcurrency, (one * CALL.ms) / 1000)],
      [
        "DynamoDB partition: index by status, write units/s",
        LIMITS.partitionWritesPerS,
        passes(LIMITS.partitionWritesPerS, (DELIVERIES_A_DAY * UPDATES_A_DELIVERY * 2) / (HOURS_A_DAY * 3600)),
      ],
    ],
  ),
);
