import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FUNCTIONS } from "../../handlers/contract/functions.ts";
import { INDEXES } from "../../handlers/contract/indexes.ts";
import type { FaultRule } from "../../src/local/core/fault-rules.ts";
import { type Deployed, deploy } from "./deployed.ts";

/** The functions' behaviour when AWS fails, and calls for which they have no permission. */
let api: Deployed;
beforeAll(async () => {
  api = await deploy({ api: {} });
  await api.call("PUT", "/route/R", { waypoints: [BOGOTA, { lat: 5.711, lon: -74.0721 }] });
});
afterAll(() => api?.close());

const BOGOTA = { lat: 4.711, lon: -74.0721 };
const WEST = { lat: 5.2, lon: -74.1 };
const T0 = "2026-03-01T10:00:00Z";
const EVENTS = {
  delivery: (id: string) => ({ delivery_id: id, status: "delivered", occurred_at: T0, event_id: id }),
  vehicle: (id: string) => ({ vehicle_id: id, position: BOGOTA, route_id: "R", recorded_at: T0, event_id: id }),
  route: (id: string) => ({ vehicle_id: id, position: WEST, route_id: "R", recorded_at: T0, event_id: id }),
} as const;
type Path = keyof typeof EVENTS;
/** The AWS calls of each event, in order. A number marks the second or third call of an operation. */
const CALLS: Record<Path, readonly string[]> = {
  delivery: ["dynamodb GetItem", "s3 PutObject", "dynamodb UpdateItem"],
  vehicle: ["dynamodb GetItem", "s3 PutObject", "dynamodb GetItem 2", "dynamodb UpdateItem"],
  route: [
    "dynamodb GetItem",
    "s3 PutObject",
    "dynamodb GetItem 2",
    "dynamodb TransactWriteItems",
    "sns Publish",
    "dynamodb GetItem 3",
    "dynamodb TransactWriteItems 2",
  ],
};
const cases = (Object.keys(CALLS) as Path[]).flatMap((path) => CALLS[path].map((call) => [path, call] as const));
/** Adds a fault rule that meets this call `times` times. */
function breakCall(call: string, times: number, fault: FaultRule["fault"]): void {
  const [service, operation, nth = "1"] = call.split(" ");
  api.faults.add({ service, operation, nth: Number(nth), times, fault });
}
/** The number of attempts of one call: three, and two for SNS. After them the function answers without having sent the message. */
const outage = (call: string): number => (call.includes("Publish") ? 2 : 3);
const FAILS = { kind: "fail", status: 500 } as const;

/** Sends the same event until it is accepted, as a phone does. */
async function persist(path: Path, event: object) {
  const refused: number[] = [];
  const time = path === "delivery" ? "occurred_at" : "recorded_at";
  for (let tries = 0; tries < 4; tries++) {
    // A phone's retry has a new time.
    const stamped = tries === 0 ? event : { ...event, [time]: `2026-03-01T10:00:0${tries}Z` };
    const reply = await api.call("POST", `/${path}`, stamped);
    if (reply.status === 200) return { reply, refused };
    refused.push(reply.status);
    expect(reply).toMatchObject({ status: 503, body: { error: { code: "UNAVAILABLE" } } });
    expect(reply.headers.get("retry-after")).toBe("1");
    expect(JSON.stringify(reply.body)).not.toMatch(/arn:|s3|dynamo|fault plan/i);
  }
  throw new Error(`never accepted: ${refused}`);
}
const state = async (path: Path, id: string) =>
  path === "delivery" ? api.items("deliveries", { delivery_id: id }) : api.items("vehicles", { vehicle_id: id });
/** Checks that each fault rule has met as many calls as it should. */
const expectHit = () => expect(api.faults.rules().filter((rule) => rule.matched < rule.nth + (rule.times ?? 1) - 1)).toEqual([]);

test.each(cases)("POST /%s answers at most 503 while %s fails, and a retry with the same event completes it", async (path, call) => {
  const id = `out-${path}-${call.replaceAll(" ", "-")}`;
  breakCall(call, outage(call), FAILS);
  const { reply } = await persist(path, EVENTS[path](id));
  expect(reply.body.applied || reply.body.duplicate).toBe(true);
  expect(await state(path, id)).toHaveLength(1);
  expect(await api.rawKeys(`-${id}.json`)).toHaveLength(1);
  if (path === "route") {
    // The next call of the vehicle sends the message that was not sent.
    await persist(path, { ...EVENTS.route(id), recorded_at: "2026-03-01T10:00:09Z", event_id: `${id}-next` });
    expect(await api.alertItems(id)).toHaveLength(1);
    expect(api.published(id).map(({ machines }) => machines.type)).toEqual(["ROUTE_DEVIATION"]);
  }
  expectHit();
});

test.each(cases)("POST /%s reports its effect when the answer of %s is lost, and a retry repeats nothing", async (path, call) => {
  const id = `lost-${path}-${call.replaceAll(" ", "-")}`;
  breakCall(call, 1, { kind: "lose" });
  const reply = await api.call("POST", `/${path}`, EVENTS[path](id));
  expect(reply).toMatchObject({ status: 200, body: { applied: true, duplicate: false } });
  expect(await api.rawKeys(`-${id}.json`)).toHaveLength(1);
  if (path === "route") expect(new Set(api.published(id).map(({ machines }) => machines.alert_id)).size).toBe(1);
  expectHit();
});

test.each([
  ["fails", 3, FAILS],
  ["is lost", 1, { kind: "lose" }],
] as const)(
  "POST /route for a fix on the route while UpdateItem %s stores the fix once and sends no message",
  async (how, times, fault) => {
    const id = `on-route-${times}`;
    breakCall("dynamodb UpdateItem", times, fault);
    const { reply, refused } = await persist("route", { ...EVENTS.route(id), position: BOGOTA });
    expect(reply.body).toMatchObject({ is_deviated: false, alert: null, applied: true, duplicate: false });
    expect(refused).toEqual(how === "fails" ? [503] : []);
    expect(await state("route", id)).toMatchObject([
      { deviation: { last_fix: { recorded_at: expect.stringMatching(/^2026-03-01T10:00:00(\.000)?Z$/) }, outbox: [] } },
    ]);
    expect(await api.rawKeys(`-${id}.json`)).toHaveLength(1);
    expect(api.published(id)).toEqual([]);
    expectHit();
  },
);

test.each([
  ["PUT", "/route/P", "dynamodb PutItem", { waypoints: [BOGOTA, WEST] }],
  ["GET", "/route/R", "dynamodb GetItem", undefined],
  ["GET", "/delivery/lost-delivery-s3-PutObject", "dynamodb GetItem", undefined],
  ["GET", "/vehicle/lost-vehicle-s3-PutObject", "dynamodb GetItem", undefined],
  ["GET", "/vehicle/lost-route-s3-PutObject/alerts", "dynamodb Query", undefined],
] as const)("%s %s answers 503 with a retry hint while %s fails, and works afterwards", async (method, path, call, body) => {
  breakCall(call, 3, FAILS);
  const refused = await api.call(method, path, body);
  expect(refused).toMatchObject({ status: 503, body: { error: { code: "UNAVAILABLE" } } });
  expect(refused.headers.get("retry-after")).toBe("1");
  expect((await api.call(method, path, body)).status).toBe(200);
  expectHit();
});

test.each(FUNCTIONS)("the role of $name allows exactly the actions of its manifest", async ({ name, grants }) => {
  const iam = api.aws.client(IAMClient);
  const RoleName = `fleetlogix-${name}-role`;
  const { PolicyNames: names = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  expect(names).toHaveLength(1);
  const { bucket, tables, topic_arn: topic } = api.outputs;
  const table = (of: keyof typeof tables) => `arn:aws:dynamodb:us-east-1:000000000000:table/${tables[of]}`;
  const resources = {
    "table.deliveries": table("deliveries"),
    "table.vehicles": table("vehicles"),
    "table.routes": table("routes"),
    "table.alerts": table("alerts"),
    topic: topic ?? "",
  };
  const indexes = (["deliveries", "alerts"] as const).flatMap((of) =>
    Object.values(INDEXES[of]).map((index) => ({ resource: `table.${of}`, index: index.name, arn: `${table(of)}/index/${index.name}` })),
  );
  const keys = ["raw-data/deliveries/", "raw-data/vehicles/", "raw-data/routes/", "other/"];
  const targets = [
    ...Object.entries(resources).map(([resource, arn]) => ({ resource, index: undefined, prefix: undefined as string | undefined, arn })),
    ...indexes.map((one) => ({ ...one, prefix: undefined })),
    ...keys.map((prefix) => ({ resource: "bucket.raw", index: undefined, prefix, arn: `arn:aws:s3:::${bucket}/${prefix}x.json` })),
  ];
  const actions = [...new Set(FUNCTIONS.flatMap((one) => one.grants.flatMap((grant) => grant.actions)))];
  const further = ["dynamodb:DeleteItem", "dynamodb:Scan", "s3:DeleteObject", "s3:PutObjectAcl", "sns:Subscribe", "iam:PassRole"];
  const account = "000000000000";
  const arn = `arn:aws:sts::${account}:assumed-role/${RoleName}/s`;
  const role = { type: "role", arn, roleArn: `arn:aws:iam::${account}:role/${RoleName}`, roleName: RoleName, session: "s" } as const;
  for (const { resource, prefix, index, arn } of targets) {
    const granted = grants
      .filter(
        (grant) =>
          grant.resource === resource &&
          grant.prefix === prefix &&
          (index === undefined ? grant.indexes === undefined : grant.indexes?.includes(index)),
      )
      .flatMap((grant) => grant.actions);
    const allowed = [...new Set([...actions, ...further])].filter((action) => api.aws.env.decide(role, { action, resource: arn }).allowed);
    expect({ arn, allowed: allowed.toSorted() }).toEqual({ arn, allowed: granted.toSorted() });
  }
});

test("a function without a permission answers 500 without details", async () => {
  const iam = api.aws.client(IAMClient);
  const place = { RoleName: "fleetlogix-verify-delivery-role", PolicyName: "fleetlogix" };
  const { PolicyDocument: encoded = "" } = await iam.send(new GetRolePolicyCommand(place));
  const document = decodeURIComponent(encoded);
  await iam.send(
    new PutRolePolicyCommand({ ...place, PolicyDocument: document.replaceAll("dynamodb:UpdateItem", "dynamodb:DescribeTable") }),
  );
  const refused = await api.call("POST", "/delivery", EVENTS.delivery("denied"));
  expect(refused).toMatchObject({ status: 500, body: { error: { code: "INTERNAL", request_id: expect.any(String) } } });
  expect(JSON.stringify(refused.body)).not.toMatch(/arn:|authorized|dynamo/i);
  await iam.send(new PutRolePolicyCommand({ ...place, PolicyDocument: document }));
  expect(await api.call("POST", "/delivery", EVENTS.delivery("denied"))).toMatchObject({ status: 200, body: { applied: true } });
});

// This test is the last one, because the limits stay.
test("calls above the limits of the usage plan get 429 with a hint; later calls with the key work", async () => {
  await api.change({ api: { rateLimit: 1, burstLimit: 2 } });
  const replies = await Promise.all(Array.from({ length: 12 }, () => api.call("GET", "/vehicle/V/alerts")));
  const refused = replies.filter((reply) => reply.status === 429);
  expect(replies.filter((reply) => reply.status === 200).length).toBeGreaterThanOrEqual(2);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]).toMatchObject({ body: { error: { code: "TOO_MANY_REQUESTS" } } });
  expect(refused[0]?.headers.get("retry-after")).toBe("1");
  await expect.poll(async () => (await api.call("GET", "/vehicle/V/alerts")).status, { timeout: 20_000, interval: 500 }).toBe(200);
});
