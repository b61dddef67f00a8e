import { afterAll, beforeAll, expect, test } from "vitest";
import { type Deployed, deploy } from "./deployed.ts";

/** Rules of every route: keys, paths, input, limits. */
let api: Deployed;
beforeAll(async () => {
  api = await deploy();
});
afterAll(() => api?.close());

const HERE = { lat: 4.711, lon: -74.0721 };
const ROUTES = [
  ["POST", "/delivery", { delivery_id: "D", status: "pending" }],
  ["GET", "/delivery/D", undefined],
  ["POST", "/vehicle", { vehicle_id: "V", position: HERE }],
  ["GET", "/vehicle/V", undefined],
  ["GET", "/vehicle/V/alerts", undefined],
  ["GET", "/delivery?status=pending", undefined],
  ["GET", "/vehicle", undefined],
  ["GET", "/alert", undefined],
  ["PUT", "/route/R", { waypoints: [HERE, HERE] }],
  ["GET", "/route/R", undefined],
  ["POST", "/route", { vehicle_id: "V", position: HERE, route_id: "R" }],
] as const;

test.each(ROUTES)("%s %s without a valid key gets 403 and calls no function", async (method, path, body) => {
  const before = api.faults.calls().length;
  for (const key of [null, "", "wrong"]) {
    const refused = await api.call(method, path, body, { key });
    expect(refused).toMatchObject({ status: 403, body: { error: { code: "FORBIDDEN", request_id: expect.any(String) } } });
  }
  expect(api.faults.calls().slice(before)).toEqual([]);
});

test("an address without a route gets 404 in the API's format for every method", async () => {
  for (const [method, path] of [
    ["GET", "/"],
    ["GET", "/nothing"],
    ["DELETE", "/delivery"],
    ["GET", "/delivery/a/b"],
  ] as const) {
    expect(await api.call(method, path)).toMatchObject({ status: 404, body: { error: { code: "NOT_FOUND" } } });
  }
});

interface Fault {
  readonly why: string;
  readonly path: readonly [method: "POST" | "PUT", path: string];
  readonly body: object;
  readonly at: readonly string[];
}
const fix = { vehicle_id: "V", position: HERE };
const FAULTS: readonly Fault[] = [
  { why: "a missing id and status", path: ["POST", "/delivery"], body: {}, at: ["delivery_id", "status"] },
  { why: "an unknown status", path: ["POST", "/delivery"], body: { delivery_id: "D", status: "lost" }, at: ["status"] },
  { why: "unknown fields", path: ["POST", "/delivery"], body: { delivery_id: "D", status: "failed", x: 1, y: 2 }, at: ["x", "y"] },
  {
    why: "an unknown field in a nested object",
    path: ["POST", "/delivery"],
    body: { delivery_id: "D", status: "failed", position: { ...HERE, alt: 2600 } },
    at: ["position.alt"],
  },
  { why: "an id with a slash", path: ["POST", "/delivery"], body: { delivery_id: "a/b", status: "failed" }, at: ["delivery_id"] },
  { why: "an empty id", path: ["POST", "/delivery"], body: { delivery_id: "", status: "failed" }, at: ["delivery_id"] },
  {
    why: "an id of 65 characters",
    path: ["POST", "/delivery"],
    body: { delivery_id: "x".repeat(65), status: "failed" },
    at: ["delivery_id"],
  },
  { why: "a fraction for an id", path: ["POST", "/delivery"], body: { delivery_id: 1.5, status: "failed" }, at: ["delivery_id"] },
  {
    why: "notes of 1001",
    path: ["POST", "/delivery"],
    body: { delivery_id: "D", status: "failed", notes: "x".repeat(1001) },
    at: ["notes"],
  },
  {
    why: "a signature that is no boolean",
    path: ["POST", "/delivery"],
    body: { delivery_id: "D", status: "failed", recipient_signature: "yes" },
    at: ["recipient_signature"],
  },
  {
    why: "a time before 2000",
    path: ["POST", "/delivery"],
    body: { delivery_id: "D", status: "failed", occurred_at: "1999-12-31T23:59:59Z" },
    at: ["occurred_at"],
  },
  { why: "latitude 90.001", path: ["POST", "/vehicle"], body: { ...fix, position: { lat: 90.001, lon: 0 } }, at: ["position.lat"] },
  { why: "longitude −180.001", path: ["POST", "/vehicle"], body: { ...fix, position: { lat: 0, lon: -180.001 } }, at: ["position.lon"] },
  { why: "half a position", path: ["POST", "/vehicle"], body: { vehicle_id: "V", position: { lat: 1 } }, at: ["position.lon"] },
  { why: "an extra of 2 KB and more", path: ["POST", "/vehicle"], body: { ...fix, extra: { a: "x".repeat(2048) } }, at: ["extra"] },
  { why: "an unknown query parameter", path: ["POST", "/vehicle?debug=1"], body: fix, at: ["debug"] },
  { why: "an empty batch", path: ["POST", "/vehicle"], body: { events: [] }, at: ["events"] },
  { why: "a batch of 501 events", path: ["POST", "/vehicle"], body: { events: Array(501).fill(fix) }, at: ["events"] },
  { why: "a batch with another field", path: ["POST", "/vehicle"], body: { events: [fix], vehicle_id: "V" }, at: ["vehicle_id"] },
  { why: "text for a distance", path: ["POST", "/vehicle"], body: { ...fix, remaining_distance_km: "12" }, at: ["remaining_distance_km"] },
  { why: "one waypoint", path: ["PUT", "/route/R"], body: { waypoints: [HERE] }, at: ["waypoints"] },
  { why: "2001 waypoints", path: ["PUT", "/route/R"], body: { waypoints: Array(2001).fill(HERE) }, at: ["waypoints"] },
  { why: "a bad waypoint", path: ["PUT", "/route/R"], body: { waypoints: [HERE, { lat: 91, lon: 0 }] }, at: ["waypoints.1.lat"] },
  { why: "a threshold of 0", path: ["PUT", "/route/R"], body: { waypoints: [HERE, HERE], threshold_km: 0 }, at: ["threshold_km"] },
  { why: "no route", path: ["POST", "/route"], body: fix, at: ["route_id"] },
  { why: "a planned route of one position", path: ["POST", "/route"], body: { ...fix, planned_route: [HERE] }, at: ["planned_route"] },
  { why: "a path id with a space", path: ["PUT", "/route/a%20b"], body: { waypoints: [HERE, HERE] }, at: ["route_id"] },
];

test.each(FAULTS)("$why gets 400 with the path of the error", async ({ path: [method, path], body, at }) => {
  const reply = await api.call(method, path, body);
  expect(reply).toMatchObject({ status: 400, body: { error: { code: "INVALID_REQUEST", request_id: expect.any(String) } } });
  expect(Object.keys(reply.body)).toEqual(["error"]);
  expect(Object.keys(reply.body.error).sort()).toEqual(["code", "details", "message", "request_id"]);
  expect(reply.body.error.details.map((detail: { path: string }) => detail.path)).toEqual(at);
  expect(reply.body.error.message).toBeTruthy();
  expect(JSON.stringify(reply.body)).not.toMatch(/zod|dynamo|arn:|node_modules/i);
});

test("each invalid field gets one message in plain words", async () => {
  const half = (await api.call("POST", "/vehicle", { vehicle_id: "V", position: { lat: 1 } })).body.error;
  expect(half).toMatchObject({ message: "position.lon: Is required.", details: [{ path: "position.lon", message: "Is required." }] });
  const { details } = (await api.call("PUT", "/route/R", { waypoints: "x" })).body.error;
  expect(details).toEqual([{ path: "waypoints", message: "Invalid input: expected array, received string" }]);
  const message = "Must be 1–64 characters of A–Z a–z 0–9 . _ : - or an integer, but not . or ..";
  for (const delivery_id of ["a b", 2 ** 53, null])
    expect((await api.call("POST", "/delivery", { delivery_id, status: "failed" })).body.error.details).toEqual([
      { path: "delivery_id", message },
    ]);
});

test.each(["{", "", "null", "[]", '"text"', '{"delivery_id":"D","status":"pending"'])("the body %j is 400", async (text) => {
  const reply = await api.call("POST", "/delivery", undefined, { text });
  expect(reply).toMatchObject({ status: 400, body: { error: { code: "INVALID_REQUEST", details: [{ path: expect.any(String) }] } } });
});

test("a refused call stores nothing", async () => {
  expect(await api.rawKeys("raw-data/")).toEqual([]);
  expect(await api.items("deliveries", {})).toEqual([]);
});

test.each([1_100_000, 7_000_000, 11_000_000])("a body of %i bytes, more than 1 MiB, gets 413", async (length) => {
  const notes = "x".repeat(length);
  const reply = await api.call("POST", "/delivery", { delivery_id: "D", status: "pending", notes });
  expect(reply).toMatchObject({ status: 413, body: { error: { code: "PAYLOAD_TOO_LARGE" } } });
});

test("ids are stored as text: integers become decimals, and the path accepts every allowed character", async () => {
  for (const [sent, kept] of [
    [7, "7"],
    [-12, "-12"],
    ["A-Z.a_z:09", "A-Z.a_z:09"],
    ["x".repeat(64), "x".repeat(64)],
  ] as const) {
    const body = { delivery_id: sent, status: "pending", tracking_number: 99, driver_id: 1, vehicle_id: 2, route_id: 3, event_id: 4 };
    expect(await api.call("POST", "/delivery", body)).toMatchObject({ status: 200, body: { delivery_id: kept, tracking_number: "99" } });
    expect((await api.call("GET", `/delivery/${encodeURIComponent(kept)}`)).body.delivery_id).toBe(kept);
  }
  const [item] = await api.items("deliveries", { delivery_id: "7" });
  expect(item).toMatchObject({ driver_id: "1", vehicle_id: "2", route_id: "3", tracking_number: "99", event_id: "4" });
});

test("the limits of every range are valid values", async () => {
  const poles = [
    { lat: 90, lon: 180 },
    { lat: -90, lon: -180 },
  ];
  for (const position of poles) expect((await api.call("POST", "/vehicle", { vehicle_id: "edge", position })).status).toBe(200);
  const long = Array.from({ length: 2000 }, (_, i) => ({ lat: 4 + i / 10_000, lon: -74 }));
  expect(await api.call("PUT", "/route/long", { waypoints: long })).toMatchObject({ status: 200, body: { waypoint_count: 2000 } });
  const notes = "ñ".repeat(1000);
  expect((await api.call("POST", "/delivery", { delivery_id: "notes", status: "failed", notes })).status).toBe(200);
  expect(await api.items("deliveries", { notes })).toHaveLength(1);
});

test("a missing resource gets 404 with its own code", async () => {
  for (const [path, code] of [
    ["delivery", "DELIVERY_NOT_FOUND"],
    ["vehicle", "VEHICLE_NOT_FOUND"],
    ["route", "ROUTE_NOT_FOUND"],
  ] as const) {
    expect(await api.call("GET", `/${path}/nobody`)).toMatchObject({ status: 404, body: { error: { code } } });
  }
  const lost = await api.call("POST", "/route", { ...fix, route_id: "nobody" });
  expect(lost).toMatchObject({ status: 404, body: { error: { code: "ROUTE_NOT_FOUND" } } });
});

test("every answer is JSON that no cache stores, with the client's correlation id", async () => {
  const reply = await api.call("GET", "/delivery/7", undefined, { headers: { "x-correlation-id": "trip-5" } });
  expect(reply.headers.get("content-type")).toBe("application/json");
  expect(reply.headers.get("cache-control")).toBe("no-store");
  expect(reply.headers.get("x-correlation-id")).toBe("trip-5");
});

test("without allowed pages a call from another origin is refused, and answers have no CORS headers", async () => {
  const origin = "https://fleet.example.com";
  const reply = await api.call("GET", "/delivery/7", undefined, { headers: { origin } });
  expect([reply.status, reply.headers.get("access-control-allow-origin")]).toEqual([403, null]);
  expect(await api.call("OPTIONS", "/delivery", undefined, { key: null, headers: { origin } })).toMatchObject({ status: 404 });
});
