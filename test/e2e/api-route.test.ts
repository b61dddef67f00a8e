import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { SetSubscriptionAttributesCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Deployed, deploy } from "./deployed.ts";

let api: Deployed;
beforeAll(async () => {
  api = await deploy({
    alerts: { deviationThresholdKm: 2, renotifyMinutes: 15, language: "en", emails: ["ops@example.com"], sms: ["+573001234567"] },
  });
  await api.call("PUT", "/route/R", { waypoints: [BOGOTA, NORTH] });
});
afterAll(() => api?.close());

const BOGOTA = { lat: 4.711, lon: -74.0721 };
const NORTH = { lat: 5.711, lon: -74.0721 };
const at = (second: number) => new Date(Date.UTC(2026, 2, 1, 10, 0, second)).toISOString();
/** A position about this many km west of route R. */
const west = (km: number) => ({ lat: 5.2, lon: -74.0721 - km / 110.7336 });
const post = async (body: object) => (await api.call("POST", "/route", { route_id: "R", ...body })).body;
const types = (vehicle: string) => api.published(vehicle).map(({ machines }) => machines.type);

test("a planned route is stored, answered and replaced as a whole", async () => {
  const waypoints = [BOGOTA, { lat: 5, lon: -74.2 }, NORTH];
  const first = await api.call("PUT", "/route/plan:1", { waypoints, name: "north", threshold_km: 1.5 });
  const route = { route_id: "plan:1", name: "north", waypoint_count: 3, length_km: expect.closeTo(115.2, 0), threshold_km: 1.5 };
  expect(first).toMatchObject({ status: 200, body: { ...route, updated_at: expect.stringMatching(/Z$/) } });
  expect((await api.call("GET", "/route/plan:1")).body).toEqual({ ...first.body, waypoints });
  const second = (await api.call("PUT", "/route/plan:1", { waypoints: [BOGOTA, NORTH] })).body;
  expect(second).toMatchObject({ name: null, waypoint_count: 2, length_km: 111.195, threshold_km: null });
  expect((await api.items("routes", { route_id: "plan:1" }))[0]).toMatchObject({ waypoints: [BOGOTA, NORTH] });
});

test("the deviation is the distance to the nearest point of the route, segments included", async () => {
  const fix = { vehicle_id: "near", position: west(1), recorded_at: at(0), event_id: "near-0" };
  const answer = await post(fix);
  expect(answer).toEqual({
    vehicle_id: "near",
    route_id: "R",
    recorded_at: at(0),
    deviation_km: expect.closeTo(1, 2),
    threshold_km: 2,
    is_deviated: false,
    nearest_point: { lat: expect.closeTo(5.2, 3), lon: -74.0721 },
    alert: null,
    applied: true,
    reason: null,
    duplicate: false,
    time_source: "client",
    raw_key: "raw-data/routes/year=2026/month=03/day=01/20260301T100000000Z-near-near-0.json",
  });
  expect(await api.raw(answer.raw_key)).toMatchObject({ event_id: "near-0", route: "POST /route", payload: { route_id: "R", ...fix } });
  expect(await post(fix)).toEqual({ ...answer, applied: false, duplicate: true });
  expect((await api.call("GET", "/vehicle/near")).body).toMatchObject({ position: west(1), recorded_at: at(0), route_id: "R", eta: null });
  expect((await api.call("POST", "/route", { route_id: "R", ...fix, position: west(2) })).status).toBe(409);
});

test("the threshold is that of the call, else of the route, else of the configuration", async () => {
  await api.call("PUT", "/route/strict", { waypoints: [BOGOTA, NORTH], threshold_km: 0.5 });
  const fix = { vehicle_id: "threshold", position: west(1) };
  expect(await post({ ...fix, threshold_km: 0.2, route_id: "strict" })).toMatchObject({ threshold_km: 0.2, is_deviated: true });
  expect(await post({ ...fix, route_id: "strict" })).toMatchObject({ threshold_km: 0.5, is_deviated: true });
  expect(await post(fix)).toMatchObject({ threshold_km: 2, is_deviated: false });
});

test("a call may contain its route", async () => {
  const body = { vehicle_id: "carried", position: west(3), planned_route: [BOGOTA, NORTH], recorded_at: at(0) };
  const { body: answer } = await api.call("POST", "/route", body);
  expect(answer).toMatchObject({ route_id: null, is_deviated: true, alert: { state: "open", notified: true } });
  expect((await api.call("GET", "/vehicle/carried/alerts")).body.alerts).toMatchObject([{ route_id: null }]);
});

test("an episode is opened, kept, escalated, renewed and closed within 80 %, with one item and four messages", async () => {
  const fix = (second: number, km: number) => post({ vehicle_id: "E", driver_id: "C-1", position: west(km), recorded_at: at(second) });
  const opened = await fix(0, 3);
  const { alert_id } = opened.alert;
  expect(opened).toMatchObject({ is_deviated: true, applied: true, alert: { state: "open", notified: true } });
  const silent = { alert: { alert_id, state: "open", notified: false } };
  expect(await fix(60, 5)).toMatchObject(silent);
  expect(await fix(120, 5.9)).toMatchObject(silent);
  // The deviation has doubled since the last message.
  expect(await fix(180, 6.1)).toMatchObject({ alert: { alert_id, state: "open", notified: true } });
  expect(await fix(180 + 899, 4)).toMatchObject(silent);
  // A quarter of an hour after the last message.
  expect(await fix(180 + 900, 4)).toMatchObject({ alert: { notified: true } });
  // Between 80 % of the threshold and the threshold the episode stays open, without a message.
  expect(await fix(1200, 1.8)).toMatchObject({ is_deviated: false, ...silent });
  expect(await fix(1300, 1.59)).toMatchObject({ alert: { alert_id, state: "closed", notified: true } });
  expect(await fix(1400, 1.9)).toMatchObject({ alert: null });
  expect(types("E")).toEqual(["ROUTE_DEVIATION", "ROUTE_DEVIATION", "ROUTE_DEVIATION", "ROUTE_DEVIATION_CLEARED"]);
  const [item, ...more] = await api.alertItems("E");
  expect(more).toEqual([]);
  expect(item).toMatchObject({
    vehicle_id: "E",
    timestamp: at(0),
    alert_id,
    type: "ROUTE_DEVIATION",
    state: "closed",
    route_id: "R",
    driver_id: "C-1",
    deviation_km: expect.closeTo(3, 1),
    max_deviation_km: expect.closeTo(6.1, 1),
    threshold_km: 2,
    position: west(3),
    closed_at: at(1300),
    close_reason: "back_on_route",
    notified_at: expect.any(String),
  });
  // The item expires 90 days after the closing. When the closing is reported much later, it expires 90 days after the report.
  const from = Date.now() - Date.parse(at(0)) > 60 * 86_400_000 ? Date.now() : Date.parse(at(0));
  expect((Number(item?.expires_at) * 1000 - from) / 86_400_000).toBeCloseTo(90, 1);
  // The next deviation is another episode.
  expect((await fix(1500, 3)).alert.alert_id).not.toBe(alert_id);
});

test("a fix older than the last one gets its distance and changes nothing", async () => {
  const fix = (second: number, km: number, event_id: string) =>
    post({ vehicle_id: "order", position: west(km), recorded_at: at(second), event_id });
  const { alert } = await fix(100, 3, "o1");
  expect(await fix(0, 0, "o2")).toMatchObject({
    is_deviated: false,
    deviation_km: expect.closeTo(0, 2),
    applied: false,
    reason: "late",
    duplicate: false,
  });
  expect((await api.alertItems("order"))[0]).toMatchObject({ state: "open" });
  expect(await fix(200, 0, "o3")).toMatchObject({ applied: true, alert: { alert_id: alert.alert_id, state: "closed" } });
  expect(await fix(150, 2.5, "o4")).toMatchObject({ is_deviated: true, applied: false, reason: "late" });
  expect(await fix(100, 3, "o1")).toMatchObject({ applied: false, duplicate: true });
  expect(await api.alertItems("order")).toHaveLength(1);
  expect(types("order")).toEqual(["ROUTE_DEVIATION", "ROUTE_DEVIATION_CLEARED"]);
});

test("a vehicle that reports on another route closes its episode, with one message each", async () => {
  const fix = (route: number, km: number, minute: number) =>
    post({ vehicle_id: "tramp", route_id: `T${route}`, planned_route: [BOGOTA, NORTH], position: west(km), recorded_at: at(minute * 60) });
  const opened: string[] = [];
  for (let i = 0; i < 4; i++) opened.push((await fix(i, 3, i)).alert.alert_id);
  expect((await api.alertItems("tramp")).map(({ state, close_reason }) => close_reason ?? state)).toEqual([
    "route_changed",
    "route_changed",
    "route_changed",
    "open",
  ]);
  expect(await fix(3, 0, 10)).toMatchObject({ alert: { alert_id: opened[3], state: "closed", notified: true } });
  expect(types("tramp").filter((type) => type === "ROUTE_DEVIATION_CLEARED")).toHaveLength(4);
});

test("two concurrent fixes open one episode", async () => {
  const fix = { vehicle_id: "two", position: west(3) };
  const both = await Promise.all([0, 1].map((i) => post({ ...fix, recorded_at: at(i), event_id: `two-${i}` })));
  expect(new Set(both.map(({ alert }) => alert?.alert_id).filter(Boolean)).size).toBe(1);
  expect(await api.alertItems("two")).toHaveLength(1);
  expect(types("two")).toHaveLength(1);
});

test("alerts are listed in pages, newest first", async () => {
  for (let i = 0; i < 5; i++) {
    await post({ vehicle_id: "P", position: west(3), recorded_at: at(i * 200) });
    await post({ vehicle_id: "P", position: west(0), recorded_at: at(i * 200 + 100) });
  }
  const page = async (query: string) => (await api.call("GET", `/vehicle/P/alerts${query}`)).body;
  const times = ({ alerts }: { alerts: { timestamp: string }[] }) => alerts.map((alert) => alert.timestamp);
  const first = await page("?limit=2");
  expect(times(first)).toEqual([at(800), at(600)]);
  const second = await page(`?limit=2&cursor=${encodeURIComponent(first.next)}`);
  expect(times(second)).toEqual([at(400), at(200)]);
  const last = await page(`?limit=2&cursor=${encodeURIComponent(second.next)}`);
  expect(last).toMatchObject({ alerts: [{ timestamp: at(0), state: "closed", closed_at: at(100), vehicle_id: "P" }], next: null });
  expect((await page("?limit=100")).alerts).toHaveLength(5);
  expect(await page("")).toMatchObject({ next: null });
  expect((await api.call("GET", "/vehicle/nobody/alerts")).body).toEqual({ alerts: [], next: null });
  for (const query of ["limit=0", "limit=101", "limit=x", "cursor=made-up"]) {
    const refused = await api.call("GET", `/vehicle/P/alerts?${query}`);
    expect(refused).toMatchObject({ status: 400, body: { error: { details: [{ path: query.split("=")[0] }] } } });
  }
});

test("alerts of one second are in the order of their opening, for every precision of the phone's clock", async () => {
  const times = ["2026-03-01T10:00:00Z", "2026-03-01T10:00:00.250Z", "2026-03-01T10:00:00.5Z", "2026-03-01T10:00:01Z"];
  for (const [i, recorded_at] of times.entries()) {
    await api.call("PUT", `/route/second-${i}`, { waypoints: [BOGOTA, NORTH] });
    await post({ vehicle_id: "second", route_id: `second-${i}`, position: west(3), recorded_at });
  }
  const pages: { timestamp: string; route_id: string }[] = [];
  for (let cursor = ""; cursor !== "end"; ) {
    const { body } = await api.call("GET", `/vehicle/second/alerts?limit=1${cursor}`);
    pages.push(...body.alerts);
    cursor = body.next === null ? "end" : `&cursor=${body.next}`;
  }
  expect(pages.map(({ route_id }) => route_id)).toEqual(["second-3", "second-2", "second-1", "second-0"]);
  expect(pages.map(({ timestamp }) => Date.parse(timestamp))).toEqual(times.map((time) => Date.parse(time)).reverse());
});

test("HTTPS, mail and SMS subscribers get the message in their own format; attributes filter", async () => {
  const received: Record<string, unknown>[] = [];
  const server = createServer(async (request, response) => {
    const message = (await json(request)) as Record<string, unknown>;
    if (message.Type === "SubscriptionConfirmation") await fetch(String(message.SubscribeURL));
    received.push(message);
    response.end();
  }).listen(0, "127.0.0.1");
  try {
    await once(server, "listening");
    const sns = api.aws.client(SNSClient);
    const { port } = server.address() as AddressInfo;
    const subscription = { TopicArn: api.outputs.topic_arn ?? "", Protocol: "http", Endpoint: `http://127.0.0.1:${port}/alerts` };
    const { SubscriptionArn: arn } = await sns.send(new SubscribeCommand({ ...subscription, ReturnSubscriptionArn: true }));
    await expect.poll(() => received.length, { timeout: 30_000 }).toBe(1);
    const policy = { AttributeName: "FilterPolicy", AttributeValue: JSON.stringify({ vehicle_id: ["M"], type: ["ROUTE_DEVIATION"] }) };
    await sns.send(new SetSubscriptionAttributesCommand({ SubscriptionArn: arn, ...policy }));
    const mail = async () => (await (await fetch(`${api.aws.url}/_local/mail`)).json()) as Record<string, string>[];
    const confirmation = (await mail()).find((one) => one.confirmUrl);
    await fetch(String(confirmation?.confirmUrl));

    await post({ vehicle_id: "other", position: west(3), recorded_at: at(0) });
    const { alert, deviation_km } = await post({ vehicle_id: "M", driver_id: "C-9", position: west(3), recorded_at: at(0) });
    await post({ vehicle_id: "M", driver_id: "C-9", position: west(0), recorded_at: at(120) });
    await expect.poll(async () => (await mail()).filter((one) => one.body?.includes(" M ")).length, { timeout: 30_000 }).toBe(4);
    await expect.poll(() => received.length, { timeout: 30_000 }).toBe(2);

    const expected = {
      type: "ROUTE_DEVIATION",
      alert_id: alert.alert_id,
      vehicle_id: "M",
      route_id: "R",
      driver_id: "C-9",
      deviation_km,
      threshold_km: 2,
      position: west(3),
      timestamp: at(0),
    };
    expect(JSON.parse(String(received[1]?.Message))).toEqual(expected);
    expect(received[1]).toMatchObject({
      Type: "Notification",
      MessageAttributes: { type: { Type: "String", Value: "ROUTE_DEVIATION" }, vehicle_id: { Type: "String", Value: "M" } },
    });
    const about = (await mail()).filter((one) => one.body?.includes(" M "));
    const letter = about.find((one) => one.protocol === "email");
    expect(letter).toMatchObject({ to: "ops@example.com", subject: "FleetLogix: M has left its route" });
    expect(letter?.body).toMatch(/M is 3(\.\d+)? km off route R[\s\S]*C-9[\s\S]*openstreetmap/);
    const text = about.find((one) => one.protocol === "sms")?.body ?? "";
    expect(text).toMatch(/^FleetLogix: Vehicle M is 3(\.\d+)? km off route R\. 2026-03-01 05:00 GMT-5 https:.*openstreetmap/);
    expect(text.length).toBeLessThanOrEqual(160);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
