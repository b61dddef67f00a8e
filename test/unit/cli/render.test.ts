import { describe, expect, test } from "vitest";
import type { Outputs, Plan } from "../../../src/app.ts";
import { outputsJson, reportJson } from "../../../src/cli/render/document.ts";
import { linesRenderer } from "../../../src/cli/render/lines.ts";
import { plain } from "../../../src/cli/render/paint.ts";
import { planText } from "../../../src/cli/render/plan.ts";
import { advance, IDLE } from "../../../src/cli/render/progress.ts";
import { liveText } from "../../../src/cli/render/terminal.ts";
import { duration } from "../../../src/cli/render/words.ts";
import type { EngineEvent } from "../../../src/engine/events.ts";
import { Secret } from "../../../src/secret.ts";

const decided = (id: string, name: string, action: "create" | "keep" | "delete"): EngineEvent => ({
  type: "resource.decided",
  id,
  kind: "k",
  name,
  decision: { action },
});
const RUN: readonly EngineEvent[] = [
  { type: "run.started", total: 4 },
  decided("bucket", "the-bucket", "keep"),
  { type: "resource.done", id: "bucket", action: "keep", elapsedMs: 5, settling: false },
  decided("database", "fleetlogix-db", "create"),
  { type: "resource.acting", id: "database", verb: "create" },
  { type: "resource.waiting", id: "database", state: "creating", elapsedMs: 1_000 },
  { type: "resource.waiting", id: "database", state: "creating", elapsedMs: 31_000 },
  { type: "resource.waiting", id: "database", state: "creating", elapsedMs: 91_000 },
  { type: "resource.waiting", id: "database", state: "creating", elapsedMs: 121_000 },
  { type: "resource.waiting", id: "database", state: "backing-up", elapsedMs: 192_000 },
  decided("function.calculate-eta", "fleetlogix-calculate-eta", "create"),
  { type: "resource.acting", id: "function.calculate-eta", verb: "create" },
  {
    type: "resource.retrying",
    id: "function.calculate-eta",
    why: "propagation",
    code: "InvalidParameterValueException",
    waitMs: 2_000,
    attempt: 1,
  },
  {
    type: "resource.retrying",
    id: "function.calculate-eta",
    why: "propagation",
    code: "InvalidParameterValueException",
    waitMs: 8_000,
    attempt: 2,
  },
  { type: "resource.pacing", id: "api", operation: "DeleteRestApi", waitMs: 22_000 },
  { type: "resource.forgets", id: "table.alerts", name: "Alerts", changes: [{ path: "pitr", from: false, to: true }] },
  { type: "resource.done", id: "database", action: "create", elapsedMs: 300_000, settling: false },
  { type: "resource.failed", id: "function.calculate-eta", code: "AWS_FAULT", message: "it broke", hint: "mend it" },
  { type: "resource.skipped", id: "api", because: ["function.calculate-eta"] },
  { type: "run.finished", ok: false, elapsedMs: 301_000 },
];
const linesOf = (verbose: boolean): string[] => {
  const lines: string[] = [];
  const emit = linesRenderer((line) => lines.push(line), verbose);
  for (const event of RUN) emit(event);
  return lines;
};

describe("lines", () => {
  test("one for each state and minute, none for each read", () => {
    expect(linesOf(false)).toEqual([
      "Looking at 4 resources",
      "database                     creating fleetlogix-db",
      "database                     creating (1 m 31 s)",
      "database                     backing-up (3 m 12 s)",
      "function.calculate-eta       creating fleetlogix-calculate-eta",
      "function.calculate-eta       AWS has not propagated the change yet (InvalidParameterValueException); retry in 8.0 s",
      "api                          AWS limits DeleteRestApi; next in 22 s",
      "table.alerts                 ENDPOINT_FORGETS  Alerts: the endpoint does not keep pitr",
      "database                     created    5 m 0 s  fleetlogix-db",
      "function.calculate-eta       AWS_FAULT  it broke",
      "api                          skipped: needs function.calculate-eta",
    ]);
  });
  test("show every event with --verbose, and have no escape codes", () => {
    const lines = linesOf(true);
    expect(lines).toContain("bucket                       keep the-bucket");
    expect(lines).toContain("bucket                       unchanged");
    expect(lines.filter((line) => line.includes("retry in"))).toHaveLength(2);
    expect(lines.join("")).not.toContain("\u001b");
  });
});

describe("the live part of a terminal", () => {
  test("counts, and shows the running resources with their age, the oldest first, cut to the width", () => {
    let progress = IDLE;
    for (const [i, event] of RUN.slice(0, 14).entries()) progress = advance(progress, event, 1_000 * i);
    expect(liveText(progress, 200_000, 60, plain).split("\n")).toEqual([
      "1 of 4 done, 2 at work  3 m 20 s",
      "    database                3 m 16 s  backing-up",
      "    function.calculate-eta  3 m 9 s   AWS has not propagate…",
    ]);
    progress = advance(progress, RUN[16] as EngineEvent, 0);
    expect(liveText(progress, 200_000, 60, plain)).toContain("2 of 4 done, 1 at work");
  });
});

test("a long wait for a new database shows an estimate", () => {
  const events: readonly EngineEvent[] = [
    { type: "run.started", total: 1 },
    { type: "resource.decided", id: "database.main", kind: "rds.instance", name: "fleetlogix-db", decision: { action: "create" } },
    { type: "resource.acting", id: "database.main", verb: "create" },
    { type: "resource.waiting", id: "database.main", state: "creating", elapsedMs: 1_000 },
  ];
  let progress = IDLE;
  for (const event of events) progress = advance(progress, event, 0);
  expect(liveText(progress, 5_000, 80, plain)).not.toContain("5 to 20 minutes");
  expect(liveText(progress, 60_000, 80, plain)).toContain("a new database may take some 5 to 20 minutes on AWS");
});

test("resources of one kind with the same work are one row; kinds without a row are counted", () => {
  const waits = (kind: string, id: string, waitMs: number): readonly EngineEvent[] => [
    { type: "resource.decided", id, kind, name: id, decision: { action: "create" } },
    { type: "resource.acting", id, verb: "create" },
    { type: "resource.retrying", id, why: "propagation", code: "InvalidParameterValueException", attempt: 1, waitMs },
  ];
  const events: readonly EngineEvent[] = [
    { type: "run.started", total: 9 },
    ...["a", "b", "c"].flatMap((name, i) => waits("lambda.function", `function.${name}`, 1_000 + i * 500)),
    ...["1", "2", "3", "4", "5", "6"].flatMap((name) => waits(`kind-${name}`, name, 1_000)),
  ];
  const progress = events.reduce((known, event, i) => advance(known, event, i * 100), IDLE);
  const lines = liveText(progress, 10_000, 120, plain).split("\n");
  expect(lines[0]).toMatch(/^0 of 9 done, 9 at work/);
  expect(lines[1]).toMatch(/^ {4}3 functions +9\.8 s +AWS has not propagated the change yet \(InvalidParameterValueException\); retry in/);
  expect(lines).toHaveLength(8);
  expect(lines[7]).toBe("    and 1 more");
});

const PLAN: Plan = {
  resources: [
    { id: "bucket", kind: "s3.bucket", name: "b", decision: { action: "keep" } },
    { id: "table.alerts", kind: "dynamodb.table", name: "Alerts", decision: { action: "create" } },
    {
      id: "topic",
      kind: "sns.topic",
      name: "t",
      decision: { action: "update", changes: [{ path: "tags.Project", from: undefined, to: "FleetLogix" }] },
    },
    {
      id: "api",
      kind: "apigateway.rest-api",
      name: "A",
      decision: { action: "replace", changes: [{ path: "endpoint", from: "EDGE", to: "REGIONAL", forces: "replace" }] },
    },
    { id: "role.x", kind: "iam.role", name: "r", decision: { action: "delete" }, orphan: true },
    {
      id: "database",
      kind: "rds.instance",
      name: "d",
      decision: { action: "retain", why: "it holds data" },
      inventory: "20 GB",
      cost: "about $14 a month",
    },
    {
      id: "table.routes",
      kind: "dynamodb.table",
      name: "R",
      decision: { action: "refuse", code: "OWNER_FOREIGN", why: "it is not ours", hint: "Use --adopt." },
    },
  ],
};

test("a plan reads like a diff", () => {
  expect(planText(PLAN, plain).split("\n")).toEqual([
    "  + table.alerts  Alerts",
    "  ~ topic         t",
    '      tags.Project: unset → "FleetLogix"',
    "-/+ api           A",
    '      endpoint: "EDGE" → "REGIONAL"  (forces the replacement)',
    "  - iam.role      r",
    "      no longer in the configuration",
    "  = database      d",
    "      20 GB; about $14 a month",
    "      it holds data",
    "  ! table.routes  R",
    "      OWNER_FOREIGN: it is not ours",
    "      Use --adopt.",
    "",
    "1 to create, 1 to update, 1 to replace, 1 to delete, 1 kept, 1 refused, 1 unchanged",
  ]);
});

describe("a plan of long values", () => {
  const policy = (last: string) => ({
    Statement: [{ Effect: "Allow", Action: ["a:one", "a:two"], Resource: last }],
    Version: "2012-10-17",
  });
  const long: Plan = {
    resources: [
      {
        id: "permission.getVehicleAlerts",
        kind: "lambda.permission",
        name: "fleetlogix-route-deviation fleetlogix-getVehicleAlerts",
        decision: { action: "update", changes: [{ path: "(after api.rest)", from: "as it is", to: "known after create" }] },
      },
      {
        id: "role.x",
        kind: "iam.role",
        name: "r",
        decision: {
          action: "update",
          changes: [
            { path: "policy", from: policy("arn:aws:dynamodb:us-east-1:0:table/A"), to: policy("arn:aws:dynamodb:us-east-1:0:table/B") },
          ],
        },
      },
      { id: "api.stage", kind: "apigateway.stage", name: "api.stage", decision: { action: "create" } },
    ],
  };
  test("names only the different parts, with both values", () => {
    expect(planText(long, plain)).toContain(
      '      policy.Statement[0].Resource: "arn:aws:dynamodb:us-east-1:0:table/A" → "arn:aws:dynamodb:us-east-1:0:table/B"',
    );
  });
  test("outside of a terminal contains both values completely", () => {
    const [from, to] = ["one", "two"].map((last) => ({ Statement: [...Array(40).keys()].map((n) => `statement ${n}`).concat(last) }));
    const update = { action: "update", changes: [{ path: "policy", from: [from], to: [from, to] }] } as const;
    const text = planText({ resources: [{ id: "role.x", kind: "iam.role", name: "r", decision: update }] }, plain);
    expect(text).toContain(`policy: + ${JSON.stringify(to)}`);
  });
  test("fits the terminal: values that do not fit on one line have a line each", () => {
    expect(planText(long, plain, 80).split("\n")).toEqual([
      "  ~ permission.getVehicleAlerts",
      "      fleetlogix-route-deviation fleetlogix-getVehicleAlerts",
      "      the new value is known when api.rest exists",
      "  ~ role.x  r",
      "      policy.Statement[0].Resource:  (security)",
      '          "arn:aws:dynamodb:us-east-1:0:table/A"',
      '        → "arn:aws:dynamodb:us-east-1:0:table/B"',
      "  + api.stage",
      "",
      "1 to create, 2 to update",
    ]);
  });
});

const OUTPUTS: Outputs = {
  api_url: "http://x/prod",
  api_id: "x",
  api_key: new Secret("k-secret"),
  bucket: null,
  tables: { deliveries: "D", alerts: "A", vehicles: "V", routes: "R" },
  topic_arn: null,
  functions: { "verify-delivery": { name: "n", arn: "a", version: "1" }, "calculate-eta": null, "route-deviation": null },
  database: {
    identifier: "i",
    status: "available",
    host: "h",
    port: 5432,
    name: "n",
    username: "u",
    secret_arn: "s",
    password: new Secret("p-secret"),
    url: new Secret("u-secret"),
  },
};

describe("documents", () => {
  test("have the documented form", () => {
    const story = {
      command: "up",
      stack: "FleetLogix/dev",
      account: "0",
      region: "us-east-1",
      outputs: OUTPUTS,
      failure: undefined,
      warnings: [],
      durationMs: 4200.4,
    };
    const resources = PLAN.resources.slice(0, 3).map((r) => ({ ...r, status: "done" as const, durationMs: 811.6 }));
    expect(reportJson({ ...story, resources })).toEqual({
      command: "up",
      stack: "FleetLogix/dev",
      account: "0",
      region: "us-east-1",
      ok: true,
      changes: [
        { id: "bucket", kind: "s3.bucket", name: "b", action: "keep", changes: [], status: "done", duration_ms: 812 },
        { id: "table.alerts", kind: "dynamodb.table", name: "Alerts", action: "create", changes: [], status: "done", duration_ms: 812 },
        {
          id: "topic",
          kind: "sns.topic",
          name: "t",
          action: "update",
          changes: [{ path: "tags.Project", from: null, to: "FleetLogix" }],
          status: "done",
          duration_ms: 812,
        },
      ],
      summary: { create: 1, update: 1, replace: 0, delete: 0, keep: 1 },
      outputs: outputsJson(OUTPUTS, false),
      error: null,
      duration_ms: 4200,
    });
  });
  test("contain secrets only on request", () => {
    expect(JSON.stringify(outputsJson(OUTPUTS, false))).not.toMatch(/secret"|api_key|password|"url"/);
    expect(outputsJson(OUTPUTS, true)).toMatchObject({ api_key: "k-secret", database: { password: "p-secret", url: "u-secret" } });
    const unfetched = { ...OUTPUTS, api_key: null };
    expect(outputsJson(unfetched, false)).not.toHaveProperty("api_key");
  });
});

test.each([
  [812, "0.8 s"],
  [9_960, "10 s"],
  [59_600, "1 m 0 s"],
  [192_000, "3 m 12 s"],
  [3_840_000, "1 h 4 m"],
])("%i ms is %s", (ms, text) => expect(duration(ms)).toBe(text));
