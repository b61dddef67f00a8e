import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type App, openApp } from "../../../src/app.ts";
import { buildFunctions } from "../../../src/artifacts/build.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { virtualClock } from "../../../src/local/core/clock.ts";
import { faultPlan } from "../../../src/local/core/faults.ts";
import { localAws } from "../../support/local-aws.ts";

/** Requirements that an account may lack, in AWS's answers. `doctor` reports each with its fix, and no run starts that cannot succeed. */
const { config } = loadConfig({ cwd: "/nowhere", variables: {} });
const how = { adopt: false, allowDataLoss: [], wait: true };
const data = { part: "data" } as const;
const faults = faultPlan();
const clock = virtualClock();
let aws: Awaited<ReturnType<typeof localAws>>;
let app: App;
const calls: string[] = [];
const writes = () => calls.splice(0).filter((operation) => !/:(Get|List|Describe|Head|Filter|Scan)/.test(operation));

type Answer = Record<string, unknown>;
/** Changes every answer of this operation before it is sent. */
const answering = (service: string, operation: string, alter: (answer: Answer) => void) =>
  faults.add({ service, operation, times: null, fault: { kind: "hook", after: (_call, answer) => void (answer && alter(answer)) } });
const databases = (status: string) =>
  answering("rds", "DescribeDBInstances", ({ DBInstances }) => {
    for (const one of DBInstances as Answer[]) one.DBInstanceStatus = status;
  });

beforeAll(async () => {
  aws = await localAws({ faults, clock });
  app = await openApp(config, {
    endpoint: aws.url,
    local: true,
    concurrency: 8,
    signal: new AbortController().signal,
    clock,
    artifacts: buildFunctions,
    onCall: (operation) => calls.push(operation),
  });
});
afterEach(() => faults.clear());
afterAll(() => aws.close());

const none =
  (list: string) =>
  (answer: Answer): void => {
    answer[list] = [];
  };
test.each([
  ["no default network", "ec2", "DescribeVpcs", none("Vpcs"), "error", "no default VPC in us-east-1", "create-default-vpc"],
  [
    "a network in one zone",
    "ec2",
    "DescribeSubnets",
    (answer: Answer) => {
      for (const one of answer.Subnets as Answer[]) one.AvailabilityZone = "us-east-1a";
    },
    "error",
    "1 zone; the database needs two",
    "create-default-subnet",
  ],
  ["a withdrawn version", "rds", "DescribeDBEngineVersions", none("DBEngineVersions"), "error", "no PostgreSQL 17", "engineVersion"],
  [
    "a class that is not sold",
    "rds",
    "DescribeOrderableDBInstanceOptions",
    none("OrderableDBInstanceOptions"),
    "error",
    "on db.t4g.micro",
    "instanceClass",
  ],
  [
    "no room for a database",
    "rds",
    "DescribeAccountAttributes",
    (answer: Answer) => {
      answer.AccountQuotas = [{ AccountQuotaName: "DBInstances", Used: 40, Max: 40 }];
    },
    "warning",
    "All 40 databases",
    "L-7B6409FD",
  ],
] as const)("%s: doctor names the fix, and nothing is written", async (_, service, operation, alter, severity, says, fix) => {
  answering(service, operation, alter);
  const wrong = (await app.doctor()).filter((finding) => !finding.ok);
  expect(wrong).toEqual([expect.objectContaining({ severity, message: expect.stringContaining(says), fix: expect.stringContaining(fix) })]);
  writes();
  const refusal = await app.apply(data, how, () => {}).catch((error) => error);
  expect(refusal).toMatchObject({
    code: "PREFLIGHT",
    message: expect.stringContaining(says),
    detail: { hint: expect.stringContaining(fix) },
  });
  expect(writes()).toEqual([]);
});

test.each([
  [
    "few functions at once",
    "lambda",
    "GetAccountSettings",
    (answer: Answer) => {
      answer.AccountLimit = { ConcurrentExecutions: 10, UnreservedConcurrentExecutions: 10 };
    },
    "Only 10 functions",
  ],
  [
    "hardly any room for roles",
    "iam",
    "GetAccountSummary",
    (answer: Answer) => {
      answer.SummaryMap = { Roles: 998, RolesQuota: 1000 };
    },
    "998 of the 1000 roles",
  ],
] as const)("%s is a warning", async (_, service, operation, alter, says) => {
  answering(service, operation, alter);
  const wrong = (await app.doctor()).filter((finding) => !finding.ok);
  expect(wrong).toEqual([expect.objectContaining({ severity: "warning", message: expect.stringContaining(says) })]);
});

test("doctor shows the logging role of API Gateway, or that there is none yet", async () => {
  const told = async () => (await app.doctor()).find((finding) => finding.check === "api logging")?.message;
  expect(await told()).toContain("`up` sets one");
  answering("apigateway", "GetAccount", (answer) => {
    answer.cloudwatchRoleArn = "arn:aws:iam::000000000000:role/somebody";
  });
  expect(await told()).toContain("role/somebody");
});

test("a service that refuses the caller is named with the missing permission", async () => {
  faults.add({ service: "sns", operation: "ListTopics", times: null, fault: { kind: "deny" } });
  const wrong = (await app.doctor()).filter((finding) => !finding.ok);
  expect(wrong).toEqual([
    expect.objectContaining({ check: "permissions: sns", severity: "error", fix: expect.stringMatching(/sns:ListTopics/i) }),
  ]);
});

test("a bucket of another account is refused, and --adopt is not offered and has no effect", async () => {
  faults.add({ service: "s3", operation: "HeadBucket", times: null, fault: { kind: "deny" } });
  writes();
  for (const adopt of [false, true]) {
    const refusal = await app.apply(data, { ...how, adopt }, () => {}).catch((error) => error);
    expect(refusal).toMatchObject({ code: "OWNER_FOREIGN", exit: 4, message: expect.stringContaining("another account") });
    expect(refusal.detail.hint).not.toContain("--adopt");
  }
  expect(writes()).toEqual([]);
});

test("with --no-wait the next run finds the database; a failed creation is reported with a hint", async () => {
  databases("creating");
  const { ok, resources } = await app.apply(data, { ...how, wait: false }, () => {});
  expect(ok).toBe(true);
  expect(resources.filter((r) => r.settling).map((r) => r.id)).toEqual(["database.main"]);
  expect((await app.status()).find((r) => r.id === "database.main")).toMatchObject({ state: "creating", healthy: false });
  faults.clear();
  databases("failed");
  expect((await app.apply(data, how, () => {})).error).toMatchObject({
    code: "SETTLE_FAILED",
    message: expect.stringMatching(/fleetlogix-db.*failed.*describe-events.*delete-db-instance/),
  });
  const down = await app.teardown({ deleteData: true, skipFinalSnapshot: false, wait: true }, () => {});
  expect(down.error).toMatchObject({ code: "DATA_PROTECTED", detail: { hint: expect.stringContaining("--skip-final-snapshot") } });
  faults.clear();
  expect((await app.apply(data, how, () => {})).ok).toBe(true);
});
