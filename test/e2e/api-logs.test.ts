import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FUNCTION_NAMES } from "../../handlers/contract/functions.ts";
import { type Deployed, deploy } from "./deployed.ts";

/** The functions' logs in CloudWatch: metrics in the embedded format and ids of calls, but no personal data. */
let api: Deployed;
beforeAll(async () => {
  api = await deploy({ alerts: { emails: ["ops@example.com"], sms: ["+573001234567"] } });
});
afterAll(() => api?.close());

/** Personal data that must not be in the logs: notes, names and positions. */
const SECRET = { notes: "Call Ana Pérez, +57 300 765 4321", lat: 5.2718281, lon: -74.3141592, name: "Casa de Ana" };
const at = (minute: number) => new Date(Date.UTC(2026, 2, 1, 10, minute)).toISOString();
const here = { lat: SECRET.lat, lon: SECRET.lon };
const route = (minute: number, lon: number, event_id: string) => ({
  vehicle_id: "V-9",
  route_id: "R-9",
  driver_id: "C-9",
  position: { lat: SECRET.lat, lon },
  recorded_at: at(minute),
  event_id,
});
const delivery = { delivery_id: "D-9", status: "delivered", occurred_at: at(5), event_id: "d-1", notes: SECRET.notes, position: here };
const fix = { vehicle_id: "V-9", position: here, destination: { lat: 6, lon: SECRET.lon }, recorded_at: at(5), event_id: "v-1" };

/** In order: [path, body, what is counted]. */
const CALLS: readonly (readonly [path: string, body: object, counted: Readonly<Record<string, number>>])[] = [
  ["delivery", delivery, { ColdStart: 1, Accepted: 1 }],
  ["delivery", delivery, { Accepted: 1, Duplicate: 1 }],
  ["delivery", { ...delivery, occurred_at: at(1), event_id: "d-2" }, { Accepted: 1, Late: 1 }],
  ["delivery", { ...delivery, phone: SECRET.notes }, { Rejected: 1 }],
  ["vehicle", fix, { ColdStart: 1, Accepted: 1 }],
  ["vehicle", fix, { Accepted: 1, Duplicate: 1 }],
  ["vehicle", { ...fix, recorded_at: at(1), event_id: "v-2" }, { Accepted: 1, Late: 1 }],
  ["route", route(5, SECRET.lon, "r-1"), { Accepted: 1, Deviated: 1, Notified: 1 }],
  ["route", route(6, SECRET.lon, "r-2"), { Accepted: 1, Deviated: 1 }],
  ["route", route(6, SECRET.lon, "r-2"), { Accepted: 1, Duplicate: 1 }],
  ["route", route(1, SECRET.lon, "r-3"), { Accepted: 1, Late: 1 }],
  ["route", route(7, -74, "r-4"), { Accepted: 1, Implausible: 1 }],
  ["route", route(50, -74, "r-5"), { Accepted: 1, Notified: 1 }],
];

interface Line {
  readonly _aws?: { readonly CloudWatchMetrics: readonly { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[] };
  readonly message?: string;
  readonly [field: string]: unknown;
}

test("the log of a function contains metrics and ids of each call, and no name, note, phone, position or key", async () => {
  const waypoints = [
    { lat: 5, lon: -74 },
    { lat: 6, lon: -74 },
  ];
  const counted: Record<string, Record<string, number>[]> = { "route-deviation": [{ ColdStart: 1, Accepted: 1 }] };
  await api.call("PUT", "/route/R-9", { waypoints, name: SECRET.name });
  for (const [i, [path, body, counts]] of CALLS.entries()) {
    await api.call("POST", `/${path}`, body, { headers: { "x-correlation-id": `trip-${i}` } });
    const fn = { delivery: "verify-delivery", vehicle: "calculate-eta", route: "route-deviation" }[path] ?? "";
    counted[fn] = [...(counted[fn] ?? []), counts];
  }
  const logs = api.aws.client(CloudWatchLogs);
  const read = async (logGroupName: string) => (await logs.filterLogEvents({ logGroupName })).events?.map((one) => one.message ?? "") ?? [];
  const all: string[] = [];
  for (const name of FUNCTION_NAMES) {
    const metricsIn = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as Line).filter((line) => line._aws);
    const group = `/aws/lambda/fleetlogix-${name}`;
    await expect.poll(async () => metricsIn(await read(group)).length, { timeout: 20_000 }).toBe(counted[name]?.length);
    const lines = await read(group);
    all.push(...lines);
    const metrics = metricsIn(lines);
    for (const { _aws: aws, function: fn, ...counts } of metrics) {
      expect(fn).toBe(`fleetlogix-${name}`);
      expect(aws?.CloudWatchMetrics).toEqual([
        { Namespace: "FleetLogix", Dimensions: [["function"]], Metrics: Object.keys(counts).map((Name) => ({ Name, Unit: "Count" })) },
      ]);
    }
    expect(metrics.map(({ _aws, function: _, ...counts }) => counts)).toEqual(counted[name]);
  }
  const answered = all.map((line) => JSON.parse(line) as Line).filter(({ message }) => message === "answered" || message === "refused");
  expect(answered).toHaveLength(CALLS.length + 1);
  for (const line of answered)
    expect(line).toMatchObject({ request_id: expect.any(String), correlation_id: expect.any(String), trace_id: expect.any(String) });
  const correlated = answered.map((line) => line.correlation_id);
  expect(correlated).toEqual(expect.arrayContaining(CALLS.map((_, i) => `trip-${i}`)));

  const { logGroups = [] } = await logs.describeLogGroups({});
  const text = (await Promise.all(logGroups.map(({ logGroupName = "" }) => read(logGroupName)))).flat().join("\n");
  expect(text).toContain("trip-0");
  expect(logGroups.map(({ logGroupName }) => logGroupName)).toContain("/aws/apigateway/fleetlogix-api-access");
  const secrets = [SECRET.notes, SECRET.name, "Ana", "300 765", "573001234567", "ops@example.com", api.key, "-74.31"];
  for (const word of secrets) expect(text).not.toContain(word);
  // The latitude, also when it is rounded. A time may contain 05.27 seconds.
  expect(text).not.toMatch(/(?<!\d)5\.27/);
});
