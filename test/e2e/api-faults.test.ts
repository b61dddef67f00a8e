import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FUNCTIONS } from "../../handlers/contract/functions.ts";
import type { FaultRule } from "../../src/local/core/fault-rules.ts";
import { type Deployed, deploy } from "./deployed.ts";

/** What happens when AWS does not play along, and what the functions may not do even if they wanted. */
let api: Deployed;
beforeAll(async () => {
  api = await deploy();
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
const CALLS: Record<Path, readonly Pick<FaultRule, "service" | "operation">[]> = {
  delivery: [
    { service: "s3", operation: "PutObject" },
    { service: "dynamodb", operation: "GetItem" },
    { service: "dynamodb", operation: "UpdateItem" },
  ],
  vehicle: [
    { service: "s3", operation: "PutObject" },
    { service: "dynamodb", operation: "GetItem" },
    { service: "dynamodb", operation: "UpdateItem" },
  ],
  route: [
    { service: "s3", operation: "PutObject" },
    { service: "dynamodb", operation: "GetItem" },
    { service: "dynamodb", operation: "TransactWriteItems" },
    { service: "sns", operation: "Publish" },
  ],
};
const cases = (Object.keys(CALLS) as Path[]).flatMap((path) => CALLS[path].map((call) => [path, call.operation, call] as const));
/** Beyond the SDK's own tries: three, and two with SNS, after which the call does without. */
const outage = (operation: string | undefined): number => (operation === "Publish" ? 2 : 4);

/** As a phone does: the same event until it is accepted. */
async function persist(path: Path, event: object) {
  const refused: number[] = [];
  for (let tries = 0; tries < 4; tries++) {
    const reply = await api.call("POST", `/${path}`, event);
    if (reply.status === 200) return { reply, refused };
    refused.push(reply.status);
    expect(reply).toMatchObject({ status: 503, body: { error: { code: "UNAVAILABLE" } } });
    expect(reply.headers.get("retry-after")).toBe("1");
    expect(JSON.stringify(reply.body)).not.toMatch(/arn:|s3|dynamo|told to fail/i);
  }
  throw new Error(`never accepted: ${refused}`);
}
const state = async (path: Path, id: string) =>
  path === "delivery" ? api.items("deliveries", { delivery_id: id }) : api.items("vehicles", { vehicle_id: id });

test.each(cases)("POST /%s while %s fails: a 503 at most, and the same event sent again completes it", async (path, operation, call) => {
  const id = `out-${path}-${operation}`;
  api.faults.add({ ...call, times: outage(operation), fault: { kind: "fail", status: 500 } });
  const { reply } = await persist(path, EVENTS[path](id));
  expect(reply.body.applied || reply.body.duplicate).toBe(true);
  expect(await state(path, id)).toHaveLength(1);
  expect(await api.rawKeys(`-${id}.json`)).toHaveLength(1);
  if (path !== "route") return;
  // The next call of the vehicle sends what is owed.
  await persist(path, { ...EVENTS.route(id), recorded_at: "2026-03-01T10:00:01Z", event_id: `${id}-2` });
  expect(await api.alertItems(id)).toHaveLength(1);
  expect(api.published(id).map(({ machines }) => machines.type)).toEqual(["ROUTE_DEVIATION"]);
});

test.each(cases)(
  "POST /%s while the answer of %s is lost: the call says what it did, and nothing is done twice",
  async (path, operation, call) => {
    const id = `lost-${path}-${operation}`;
    api.faults.add({ ...call, times: 1, fault: { kind: "lose" } });
    const reply = await api.call("POST", `/${path}`, EVENTS[path](id));
    expect(reply).toMatchObject({ status: 200, body: { applied: true, duplicate: false } });
    expect(await api.rawKeys(`-${id}.json`)).toHaveLength(1);
    if (path === "route") expect(new Set(api.published(id).map(({ machines }) => machines.alert_id)).size).toBe(1);
  },
);

test.each(FUNCTIONS)("the role of $name may do what its manifest says and nothing else", async ({ name, grants }) => {
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
  const keys = ["raw-data/deliveries/", "raw-data/vehicles/", "raw-data/routes/", "other/"];
  const targets = [
    ...Object.entries(resources).map(([resource, arn]) => ({ resource, prefix: undefined as string | undefined, arn })),
    ...keys.map((prefix) => ({ resource: "bucket.raw", prefix, arn: `arn:aws:s3:::${bucket}/${prefix}x.json` })),
  ];
  const actions = [...new Set(FUNCTIONS.flatMap((one) => one.grants.flatMap((grant) => grant.actions)))];
  const further = ["dynamodb:DeleteItem", "dynamodb:Scan", "s3:DeleteObject", "s3:PutObjectAcl", "sns:Subscribe", "iam:PassRole"];
  const account = "000000000000";
  const arn = `arn:aws:sts::${account}:assumed-role/${RoleName}/s`;
  const role = { type: "role", arn, roleArn: `arn:aws:iam::${account}:role/${RoleName}`, roleName: RoleName, session: "s" } as const;
  for (const { resource, prefix, arn } of targets) {
    const granted = grants.filter((grant) => grant.resource === resource && grant.prefix === prefix).flatMap((grant) => grant.actions);
    const allowed = [...actions, ...further].filter((action) => api.aws.env.decide(role, { action, resource: arn }).allowed);
    expect({ arn, allowed: allowed.toSorted() }).toEqual({ arn, allowed: granted.toSorted() });
  }
});

test("what its role does not allow a function cannot do: the caller gets a 500 that says nothing", async () => {
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

test("more calls than the plan allows are 429 with a hint; then the key may call again", async () => {
  const tight = await deploy({ api: { rateLimit: 1, burstLimit: 2 } });
  try {
    const replies = await Promise.all(Array.from({ length: 12 }, () => tight.call("GET", "/vehicle/V/alerts")));
    const refused = replies.filter((reply) => reply.status === 429);
    expect(replies.filter((reply) => reply.status === 200).length).toBeGreaterThanOrEqual(2);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ body: { error: { code: "TOO_MANY_REQUESTS" } } });
    expect(refused[0]?.headers.get("retry-after")).toBe("1");
    await expect.poll(async () => (await tight.call("GET", "/vehicle/V/alerts")).status, { timeout: 20_000, interval: 500 }).toBe(200);
  } finally {
    await tight.close();
  }
});
