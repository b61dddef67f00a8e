import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { SNS } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type App, openApp, type Plan } from "../../../src/app.ts";
import { buildFunctions } from "../../../src/artifacts/build.ts";
import type { Config } from "../../../src/config/config.ts";
import { loadConfig } from "../../../src/config/load.ts";
import type { EngineEvent } from "../../../src/engine/events.ts";
import { virtualClock } from "../../../src/local/core/clock.ts";
import { faultPlan } from "../../../src/local/core/faults.ts";
import { localAws } from "../../support/local-aws.ts";

/** A stack with a changed configuration, and the resources that it no longer names. */
const { config: first } = loadConfig({ cwd: "/nowhere", variables: {} });
const second: Config = {
  ...first,
  topic: { name: "fleetlogix-warnings" },
  tables: { ...first.tables, routes: "FleetLogix_Planned_Routes" },
  functions: { ...first.functions, names: { ...first.functions.names, "calculate-eta": "fleetlogix-arrival" } },
  api: { ...first.api, name: "FleetAPI", auth: "iam" },
};
const third: Config = { ...second, database: { ...second.database, identifier: "fleetlogix-pg" } };
const how = { adopt: false, allowDataLoss: [], wait: true };
const all = { part: "all" } as const;
const down = { deleteData: true, skipFinalSnapshot: true, wait: true };

const faults = faultPlan();
const clock = virtualClock();
const artifacts = buildFunctions(["verify-delivery", "calculate-eta", "route-deviation"]);
let aws: Awaited<ReturnType<typeof localAws>>;
const calls: string[] = [];
const writes = () => calls.splice(0).filter((operation) => !/:(Get|List|Describe|Head|Filter|Scan)/.test(operation));
const open = (config: Config, signal = new AbortController().signal): Promise<App> =>
  openApp(config, {
    endpoint: aws.url,
    local: true,
    concurrency: 8,
    signal,
    clock,
    artifacts: () => artifacts,
    onCall: (operation) => calls.push(operation),
  });
const orphansIn = ({ resources }: Plan) => Object.fromEntries(resources.flatMap((r) => (r.orphan ? [[r.name, r.decision.action]] : [])));
const TABLE = "FleetLogix_Routes_Waypoints";
const GONE = {
  "fleetlogix-alerts": "delete",
  "fleetlogix-calculate-eta": "delete",
  "/aws/lambda/fleetlogix-calculate-eta": "delete",
  FleetLogixAPI: "delete",
  "fleetlogix-api-key": "delete",
  "fleetlogix-usage-plan": "delete",
};

beforeAll(async () => {
  aws = await localAws({ faults, clock });
  expect((await (await open(first)).apply(all, how, () => {})).error).toBeUndefined();
  await aws.client(SNS).createTopic({ Name: "fleetlogix-other", Tags: [{ Key: "fleetlogix:stack", Value: "FleetLogix/other" }] });
  await aws.client(SNS).createTopic({ Name: "fleetlogix-untagged" });
});
afterAll(() => aws.close());

test("the plan shows orphans: those that are deleted, and those that are kept with their data", async () => {
  writes();
  const plan = await (await open(second)).plan(all, how);
  const found = orphansIn(plan);
  expect(found).toMatchObject({ ...GONE, [TABLE]: "retain" });
  const others = Object.keys(found).filter((name) => !(name in GONE) && name !== TABLE);
  expect(others).toEqual([expect.stringMatching(/^API-Gateway-Execution-Logs_\w+\/prod$/)]);
  const kept = plan.resources.find((r) => r.name === TABLE);
  expect(kept?.decision).toMatchObject({ why: expect.stringContaining("teardown --orphans --delete-data") });
  expect(writes()).toEqual([]);
});

test("a failed `up` deletes no orphan, and neither does a run of one part", async () => {
  faults.add({ service: "dynamodb", operation: "CreateTable", times: null, fault: { kind: "deny" } });
  const app = await open(second);
  const { ok, resources } = await app.apply(all, how, () => {});
  expect([ok, writes().filter((operation) => operation.includes(":Delete"))]).toEqual([false, ["s3:DeleteObject"]]);
  expect(resources.filter((r) => r.orphan && r.decision.action === "delete").map((r) => r.status)).toEqual(Array(7).fill("skipped"));
  faults.clear();
  for (const part of ["data", "functions", "api"] as const) expect((await app.apply({ part }, how, () => {})).error).toBeUndefined();
  expect(writes().filter((operation) => operation.includes(":Delete") && operation !== "s3:DeleteObject")).toEqual([]);
});

test("`up` deletes the planned orphans at its end, and no foreign resource", async () => {
  const events: EngineEvent[] = [];
  const app = await open({ ...second, functions: { ...second.functions, memoryMb: 512 } });
  const planned = orphansIn(await app.plan(all, how));
  writes();
  const { error, resources } = await app.apply(all, how, (event) => events.push(event));
  expect(error).toBeUndefined();
  const made = writes().filter((operation) => operation !== "s3:PutObject" && operation !== "s3:DeleteObject");
  const removes = made.map((operation) => /:(Delete|DetachRole)|UpdateUsagePlan/.test(operation));
  expect(removes).toEqual(removes.toSorted());
  expect(orphansIn({ resources })).toEqual(planned);
  expect(resources.filter((r) => r.orphan).map((r) => r.status)).toEqual(Array(8).fill("done"));
  const { Topics = [] } = await aws.client(SNS).listTopics({});
  expect(Topics.map(({ TopicArn = "" }) => TopicArn.split(":").pop()).toSorted()).toEqual([
    "fleetlogix-alarms",
    "fleetlogix-other",
    "fleetlogix-untagged",
    "fleetlogix-warnings",
  ]);
});

test("afterwards there is nothing to do, and orphans with data still exist and are shown", async () => {
  const app = await open({ ...second, functions: { ...second.functions, memoryMb: 512 } });
  writes();
  const again = await app.apply(all, how, () => {});
  expect([again.ok, writes()]).toEqual([true, []]);
  expect(orphansIn({ resources: again.resources })).toEqual({ [TABLE]: "retain" });
});

test("dependencies of an orphaned database are kept; only a teardown of the orphans deletes data, and the stack stays", async () => {
  const app = await open(third);
  const kept = {
    "fleetlogix-db": "retain",
    "fleetlogix-db-postgres17": "retain",
    "/aws/rds/instance/fleetlogix-db/postgresql": "retain",
    "/aws/rds/instance/fleetlogix-db/upgrade": "retain",
    [TABLE]: "retain",
  };
  expect(orphansIn(await app.plan(all, how))).toEqual(kept);
  const up = await app.apply(all, how, () => {});
  expect([up.error, orphansIn(up)]).toEqual([undefined, kept]);
  const removed = await app.teardown({ ...down, orphansOnly: true }, () => {});
  expect(removed.error).toBeUndefined();
  expect(orphansIn(removed)).toEqual(Object.fromEntries(Object.keys(kept).map((name) => [name, "delete"])));
  expect(removed.resources.every((r) => r.orphan)).toBe(true);
  const { TableNames = [] } = await aws.client(DynamoDB).listTables({});
  expect([TableNames.includes(TABLE), TableNames.length]).toEqual([false, 4]);
  writes();
  const { ok, resources } = await app.apply(all, how, () => {});
  expect([ok, orphansIn({ resources }), writes()]).toEqual([true, {}, []]);
});

test("another environment adds few calls to a plan, and what this one no longer names is found all the same", async () => {
  const callsOf = async (config: Config) => {
    const app = await open(config);
    calls.splice(0);
    const plan = await app.plan(all, how);
    return { count: calls.splice(0).length, orphans: Object.keys(orphansIn(plan)) };
  };
  await (await open(third)).apply(all, how, () => {});
  const alone = await callsOf(third);
  const { config: staging } = loadConfig({ cwd: "/nowhere", variables: {}, env: "staging" });
  const other = await open(staging);
  expect((await other.apply(all, how, () => {})).error).toBeUndefined();
  const beside = await callsOf(third);
  expect(beside.orphans).toEqual(alone.orphans);
  // Reading all 63 resources of the other environment would take 117 calls. Names that this configuration changed are read one by one.
  expect(beside.count - alone.count).toBeLessThan(40);
  const changed = await callsOf({ ...staging, topic: { name: "fleetlogix-warnings-staging" } });
  expect(changed.orphans).toContain("fleetlogix-alerts-staging");
  expect((await other.teardown(down, () => {})).error).toBeUndefined();
}, 120_000);

test.each([
  ["up", "s3:CreateBucket"],
  ["up", "lambda:CreateFunction"],
  ["teardown", "dynamodb:DeleteTable"],
  ["teardown", "lambda:DeleteFunction"],
])("after an interruption of an %s at %s no call begins except the release of the lock", async (command, at) => {
  const settled = await open(third);
  if (command === "up") expect((await settled.teardown(down, () => {})).error).toBeUndefined();
  else expect((await settled.apply(all, how, () => {})).error).toBeUndefined();
  const stop = new AbortController();
  const app = await open(third, stop.signal);
  faults.add({ service: at.split(":")[0], operation: at.split(":")[1], fault: { kind: "hook", after: () => stop.abort() } });
  stop.signal.addEventListener("abort", () => calls.splice(0));
  const { error } = await (command === "up" ? app.apply(all, how, () => {}) : app.teardown(down, () => {}));
  const late = calls.splice(0);
  faults.clear();
  expect(error).toMatchObject({ code: "INTERRUPTED", exit: 130 });
  expect(late.filter((operation) => operation !== "s3:DeleteObject")).toEqual([]);
});
