import { expect, test } from "vitest";
import { ERROR_CODES, type ErrorCode } from "../../../handlers/contract/error-codes.ts";
import { deliveryUpdate, plannedRoute, routeFix, vehicleFix } from "../../../handlers/contract/schemas.ts";
import { retryContended } from "../../../handlers/shared/contention.ts";
import { ApiError, toApiError } from "../../../handlers/shared/errors.ts";
import { check, LARGEST_BODY_BYTES, type ProxyEvent, parseBody, pathId } from "../../../handlers/shared/gateway.ts";
import { type Operation, serve } from "../../../handlers/shared/serve.ts";

const post = (body: unknown): ProxyEvent => ({
  httpMethod: "POST",
  resource: "/delivery",
  body: JSON.stringify(body),
  requestContext: { requestId: "req-1" },
});
const context = { awsRequestId: "lambda-1", getRemainingTimeInMillis: () => 9_000 };

function harness(run: Operation["run"], env: NodeJS.ProcessEnv = {}) {
  const lines: Record<string, unknown>[] = [];
  const runtime = {
    clock: () => new Date("2026-03-01T12:00:00.000Z"),
    write: (line: string) => void lines.push(JSON.parse(line)),
    sleep: () => Promise.resolve(),
    random: () => 0.5,
    stopwatch: () => 0,
    env,
  };
  const handler = serve("verify-delivery", { "POST /delivery": { run } }, runtime);
  return { lines, call: (event: ProxyEvent) => handler(event, context) };
}
const failing = (error: unknown) => harness(() => Promise.reject(error)).call(post({}));
const detailsOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return { code: (error as ApiError).code, details: (error as ApiError).details };
  }
  return undefined;
};

test("an answer is JSON with the correlation id that the client sent", async () => {
  const { call } = harness(async () => ({ ok: true }));
  const result = await call({ ...post({}), headers: { "X-Correlation-ID": "trip-9" } });
  expect(result).toMatchObject({
    statusCode: 200,
    body: '{"ok":true}',
    headers: { "Content-Type": "application/json", "X-Correlation-Id": "trip-9" },
  });
  expect((await call({ ...post({}), headers: { "x-correlation-id": "a\nb" } })).headers["X-Correlation-Id"]).toBe("req-1");
});

test("the body may be plain or base64, and must be JSON in UTF-8", () => {
  const body = { delivery_id: "D", notes: "Bogotá" };
  expect(parseBody(post(body))).toEqual(body);
  expect(parseBody({ body: Buffer.from(JSON.stringify(body)).toString("base64"), isBase64Encoded: true })).toEqual(body);
  for (const event of [
    { body: null },
    {},
    { body: "  " },
    { body: "{" },
    { body: Buffer.from([0x22, 0xff, 0x22]).toString("base64"), isBase64Encoded: true },
  ]) {
    expect(detailsOf(() => parseBody(event))).toMatchObject({ code: "INVALID_REQUEST", details: [{ path: "" }] });
  }
});

test("a byte order mark is ignored; a compressed body, another charset and an unknown query parameter are refused with a clear error", async () => {
  expect(parseBody({ body: "\ufeff{}" })).toEqual({});
  for (const headers of [{ "Content-Encoding": "gzip" }, { "content-type": "application/json; charset=iso-8859-1" }])
    expect(detailsOf(() => parseBody({ ...post({}), headers }))).toMatchObject({
      code: "INVALID_REQUEST",
      details: [{ message: expect.stringContaining("UTF-8, without compression") }],
    });
  expect(
    parseBody({ ...post({}), headers: { "content-type": 'application/json; charset="UTF-8"', "content-encoding": "identity" } }),
  ).toEqual({});
  const reply = await harness(async () => ({})).call({ ...post({}), queryStringParameters: { debug: "1", __proto__x: "2" } });
  expect(JSON.parse(reply.body).error.details.map(({ path }: { path: string }) => path)).toEqual(["debug", "__proto__x"]);
});

test("a function with a timeout of one second keeps a part of it for its work", async () => {
  const runtime = { clock: () => new Date(), write: () => {}, sleep: async () => {}, random: () => 0, stopwatch: () => 0, env: {} };
  const run: Operation["run"] = async ({ signal }) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { aborted: signal.aborted };
  };
  const handler = serve("verify-delivery", { "POST /delivery": { run } }, runtime);
  const result = await handler(post({}), { awsRequestId: "l", getRemainingTimeInMillis: () => 1_000 });
  expect(JSON.parse(result.body)).toEqual({ aborted: false });
});

test("a body above 1 MiB gets 413, a body of 1 MiB does not", () => {
  expect(detailsOf(() => parseBody({ body: `"${"x".repeat(LARGEST_BODY_BYTES)}"` }))).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  expect(parseBody({ body: `"${"x".repeat(LARGEST_BODY_BYTES - 2)}"` })).toHaveLength(LARGEST_BODY_BYTES - 2);
});

test("an id may be an integer, which becomes its decimal string; other characters and lengths are refused", () => {
  const id = (delivery_id: unknown) => check(deliveryUpdate, { delivery_id, status: "pending" }).delivery_id;
  expect(id(42)).toBe("42");
  expect(id(-7)).toBe("-7");
  expect(id("A-Z.a_z:09")).toBe("A-Z.a_z:09");
  expect(id("x".repeat(64))).toHaveLength(64);
  for (const bad of ["", ".", "..", "x".repeat(65), "a b", "a/b", "ñ", 1.5, 2 ** 53, null, true, {}]) {
    expect(detailsOf(() => id(bad))).toMatchObject({ code: "INVALID_REQUEST", details: [{ path: "delivery_id" }] });
  }
});

test("times are RFC 3339 with Z or an offset in upper or lower case, and are returned in UTC; null counts as no time", () => {
  const time = (occurred_at: unknown) => check(deliveryUpdate, { delivery_id: "D", status: "pending", occurred_at }).occurred_at;
  expect(time("2026-03-01T14:05:00Z")).toBe("2026-03-01T14:05:00Z");
  expect(time("2028-02-29T23:59:59.123456Z")).toBe("2028-02-29T23:59:59.123456Z");
  expect(time("2026-03-01t09:05:00-05:00")).toBe("2026-03-01T14:05:00.000Z");
  expect(time("2026-03-01t14:05:00z")).toBe("2026-03-01T14:05:00Z");
  expect(time(null)).toBeUndefined();
  for (const bad of [
    "1999-12-31T23:59:59Z",
    "2026-03-01T14:05:00+0500",
    "2026-03-01T14:05:00",
    "2026-02-30T00:00:00Z",
    "2026-03-01",
    "yesterday",
    1_772_000_000,
  ]) {
    expect(detailsOf(() => time(bad))).toMatchObject({ details: [{ path: "occurred_at" }] });
  }
});

test("every error is reported with its path, also for unknown fields", () => {
  const bad = { delivery_id: "D", status: "lost", position: { lat: 91, lon: 0, alt: 3 }, notes: "x".repeat(1001), speed: 3 };
  const found = detailsOf(() => check(deliveryUpdate, bad));
  expect(found?.details?.map((detail) => detail.path).sort()).toEqual(["notes", "position.alt", "position.lat", "speed", "status"]);
  expect(detailsOf(() => check(deliveryUpdate, []))).toMatchObject({ details: [{ path: "" }] });
  expect(detailsOf(() => check(deliveryUpdate, { delivery_id: "D", status: "failed", notes: "\ud800" }))).toMatchObject({
    details: [{ path: "notes" }],
  });
});

test("a route has 2 to 2000 positions, and a fix needs route_id or planned_route", () => {
  const here = { lat: 4, lon: -74 };
  const waypoints = (n: number) => Array.from({ length: n }, () => here);
  expect(check(plannedRoute, { waypoints: waypoints(2000) }).waypoints).toHaveLength(2000);
  for (const n of [0, 1, 2001])
    expect(detailsOf(() => check(plannedRoute, { waypoints: waypoints(n) }))).toMatchObject({ details: [{ path: "waypoints" }] });
  expect(detailsOf(() => check(routeFix, { vehicle_id: 1, position: here }))).toMatchObject({ details: [{ path: "route_id" }] });
  expect(check(routeFix, { vehicle_id: 1, position: here, planned_route: waypoints(2) }).vehicle_id).toBe("1");
  expect(detailsOf(() => check(routeFix, { vehicle_id: 1, position: here, route_id: 1, threshold_km: 0 }))).toMatchObject({
    details: [{ path: "threshold_km" }],
  });
  expect(check(vehicleFix, { vehicle_id: 1, position: here, speed_kmh: -1, heading_deg: null })).toMatchObject({ speed_kmh: undefined });
  expect(detailsOf(() => check(vehicleFix, { vehicle_id: 1, position: here, speed_kmh: 1001 }))).toMatchObject({
    details: [{ path: "speed_kmh" }],
  });
  const big = { a: "x".repeat(2048) };
  expect(detailsOf(() => check(vehicleFix, { vehicle_id: 1, position: here, extra: big }))).toMatchObject({ details: [{ path: "extra" }] });
  expect(detailsOf(() => check(vehicleFix, { vehicle_id: 1, position: here, extra: [1] }))).toMatchObject({ details: [{ path: "extra" }] });
});

test("ids in the path are checked, encoded or decoded", () => {
  const event = (delivery_id: string): ProxyEvent => ({ pathParameters: { delivery_id } });
  expect(pathId(event("a:b"), "delivery_id")).toBe("a:b");
  expect(pathId(event("a%3Ab"), "delivery_id")).toBe("a:b");
  expect(pathId({ pathParameters: { delivery_id: 5 as never } }, "delivery_id")).toBe("5");
  for (const bad of ["a%2Fb", "%zz", ""])
    expect(detailsOf(() => pathId(event(bad), "delivery_id"))).toMatchObject({ details: [{ path: "delivery_id" }] });
});

test.each(Object.keys(ERROR_CODES) as ErrorCode[])(
  "%s is answered with its status and body, and a retry hint where retrying helps",
  async (code) => {
    const result = await failing(new ApiError(code, "said so", { details: [{ path: "a", message: "b" }] }));
    expect(result.statusCode).toBe(ERROR_CODES[code].status);
    expect(JSON.parse(result.body)).toEqual({
      error: { code, message: "said so", details: [{ path: "a", message: "b" }], request_id: "req-1" },
    });
    expect(result.headers["Retry-After"]).toBe(code === "UNAVAILABLE" ? "1" : undefined);
  },
);

const aws = (name: string, httpStatusCode: number) =>
  Object.assign(new Error("arn:aws:dynamodb:us-east-1:000000000000:table/secret"), {
    name,
    $metadata: { httpStatusCode, requestId: "aws-1" },
  });

test.each([
  aws("ThrottlingException", 400),
  aws("ProvisionedThroughputExceededException", 400),
  aws("SlowDown", 503),
  aws("InternalServerError", 500),
  aws("TransactionConflictException", 400),
  aws("ConditionalRequestConflict", 409),
  aws("AbortError", 0),
  aws("TimeoutError", 0),
  Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
])("$name $code of AWS is 503 with Retry-After", async (error) => {
  const result = await failing(error);
  expect(result.statusCode).toBe(503);
  expect(result.headers["Retry-After"]).toBe("1");
  expect(result.body).not.toContain("arn:");
});

test.each([
  aws("AccessDeniedException", 400),
  aws("AccessDenied", 403),
  aws("ResourceNotFoundException", 400),
  aws("ValidationException", 400),
  new TypeError("x is not a function"),
  "a string",
  undefined,
])("%s is 500 and says nothing of our inside", async (error) => {
  const result = await failing(error);
  expect(result.statusCode).toBe(500);
  expect(JSON.parse(result.body)).toEqual({
    error: { code: "INTERNAL", message: "Something went wrong on our side.", request_id: "req-1" },
  });
});

test("an unknown operation gets 404, also one with the name of an object's own member", async () => {
  const { call } = harness(async () => ({}));
  for (const event of [{ httpMethod: "DELETE", resource: "/delivery" }, {}, null as unknown as ProxyEvent]) {
    expect((await call(event)).statusCode).toBe(404);
  }
});

test("the log names request, correlation and trace, and the first cold start; the metrics are one line", async () => {
  const { call, lines } = harness(
    async ({ count }) => {
      count("Accepted");
      count("Notified", 2);
      count("Late", 0);
      return {};
    },
    { _X_AMZN_TRACE_ID: "Root=1-2-3" },
  );
  await call({ ...post({ notes: "private" }), headers: { "x-correlation-id": "trip" } });
  await call(post({}));
  expect(lines[0]).toMatchObject({
    level: "INFO",
    function: "verify-delivery",
    operation: "POST /delivery",
    request_id: "req-1",
    lambda_request_id: "lambda-1",
    correlation_id: "trip",
    trace_id: "Root=1-2-3",
    cold_start: true,
  });
  const names = [{ Name: "ColdStart" }, { Name: "Accepted" }, { Name: "Notified" }];
  const directive = { Namespace: "FleetLogix", Dimensions: [["function"]], Metrics: names };
  expect(lines[1]).toMatchObject({
    _aws: { CloudWatchMetrics: [directive] },
    function: "verify-delivery",
    ColdStart: 1,
    Accepted: 1,
    Notified: 2,
  });
  expect(lines[2]).toMatchObject({ cold_start: false });
  expect(lines[3]).not.toHaveProperty("ColdStart");
  expect(JSON.stringify(lines)).not.toContain("private");
});

test("only the configured origins get CORS headers", async () => {
  const { call } = harness(async () => ({}), { CORS_ORIGINS: "https://a.example, https://b.example" });
  const from = async (origin: string) => (await call({ ...post({}), headers: { Origin: origin } })).headers["Access-Control-Allow-Origin"];
  expect(await from("https://b.example")).toBe("https://b.example");
  expect(await from("https://c.example")).toBeUndefined();
  expect((await harness(async () => ({})).call({ ...post({}), headers: { Origin: "" } })).headers).not.toHaveProperty(
    "Access-Control-Allow-Origin",
  );
});

test("work that still runs shortly before Lambda's timeout is aborted with a 503", async () => {
  const runtime = {
    clock: () => new Date(),
    write: () => {},
    sleep: () => Promise.resolve(),
    random: () => 0,
    stopwatch: () => 0,
    env: {},
  };
  const endless: Operation["run"] = ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(Object.assign(new Error("aborted"), { name: "AbortError" }))));
  const handler = serve("verify-delivery", { "POST /delivery": { run: endless } }, runtime);
  const result = await handler(post({}), { awsRequestId: "l", getRemainingTimeInMillis: () => 20 });
  expect(result.statusCode).toBe(503);
});

test("on contention the write is repeated from the conflicting item, at once and after growing random pauses in turn, and ends with a 503", async () => {
  const waits: number[] = [];
  let now = 0;
  const pacing = { sleep: async (ms: number) => void waits.push(ms), random: () => 1, stopwatch: () => now };
  const given: unknown[] = [];
  const attempt = async (conflicting: number | undefined) => {
    given.push(conflicting);
    now += 30;
    return given.length === 7 ? { done: "done" } : { conflicting: given.length };
  };
  expect(await retryContended(attempt, pacing)).toBe("done");
  expect(given).toEqual([undefined, 1, 2, 3, 4, 5, 6]);
  expect(waits).toEqual([30, 60, 120]);
  await expect(retryContended(async () => ({ conflicting: undefined }), pacing)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(Math.max(...waits)).toBeLessThanOrEqual(2_000);
  await expect(retryContended(async () => Promise.reject(aws("AccessDenied", 403)), pacing)).rejects.toMatchObject({
    name: "AccessDenied",
  });
  expect(toApiError(aws("AccessDenied", 403)).code).toBe("INTERNAL");
});
