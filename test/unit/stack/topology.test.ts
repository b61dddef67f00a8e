import { expect, test } from "vitest";
import { FUNCTIONS } from "../../../handlers/contract/functions.ts";
import type { ResourceNode } from "../../../src/engine/contract.ts";
import { inOrder } from "../../../src/engine/graph.ts";
import type { PolicyDocument } from "../../../src/resources/index.ts";
import { topology } from "../../../src/stack/topology.ts";
import { configOf, place } from "./config.ts";

const stackOf = (settings: object = {}, callerCidr: string | undefined = "203.0.113.7/32", privateSubnets: readonly string[] = []) =>
  topology(configOf(settings), { place, local: false, callerCidr, privateSubnets, artifacts: undefined });
const ids = (nodes: readonly ResourceNode[]) => nodes.map((n) => n.id);
const node = (nodes: readonly ResourceNode[], id: string) => {
  const found = nodes.find((n) => n.id === id);
  if (!found) throw new Error(`no ${id}`);
  return found;
};
const outs = { arn: "arn:x", name: "x", id: "x", apiId: "x", stage: "prod", aliasArn: "arn:alias" };
/** The outputs of the node's dependencies. `spec` can see nothing else. */
const given = ({ needs }: ResourceNode) => Object.fromEntries(Object.keys(needs).map((need) => [need, outs])) as never;
const specOf = (nodes: readonly ResourceNode[], id: string) => node(nodes, id).spec(given(node(nodes, id))) as Record<string, unknown>;
const identityOf = (nodes: readonly ResourceNode[], id: string) =>
  node(nodes, id).identity(given(node(nodes, id))) as Record<string, unknown>;

test("the default configuration gives this stack", () => {
  expect(ids(stackOf().nodes)).toEqual([
    "network.database",
    "parameters.database",
    "logs.database",
    "logs.database-upgrade",
    "database.main",
    "bucket.data",
    "table.deliveries",
    "table.alerts",
    "table.vehicles",
    "table.routes",
    "topic.alerts",
    ...["verify-delivery", "calculate-eta", "route-deviation"].flatMap((fn) => [`role.${fn}`, `logs.${fn}`, `function.${fn}`]),
    "api.account",
    "api.logs",
    "api.rest",
    "api.execution-logs",
    ...[
      "postDelivery",
      "getDelivery",
      "listDeliveries",
      "postVehicle",
      "getVehicle",
      "listVehicles",
      "getVehicleAlerts",
      "listAlerts",
      "putRoute",
      "getRoute",
      "postRoute",
    ].map((operation) => `permission.${operation}`),
    "api.stage",
    "api.key",
    "api.plan",
    "topic.alarms",
    "alarm.api-errors",
    "alarm.api-latency",
    ...FUNCTIONS.flatMap(({ name }) => ["errors", "throttles", "duration"].map((what) => `alarm.${name}-${what}`)),
    ...["deliveries", "alerts", "vehicles", "routes"].flatMap((table) => [
      `alarm.${table}-reads-throttled`,
      `alarm.${table}-writes-throttled`,
    ]),
    ...["cpu", "storage", "connections"].map((what) => `alarm.database-${what}`),
    "alarm.no-fix",
    "dashboard.main",
  ]);
});

test("the alarms have their own topic, and can be left out with all their resources", () => {
  const { nodes } = stackOf({ alarms: { emails: ["ops@example.com"] } });
  expect(identityOf(nodes, "topic.alarms")).toEqual({ name: "fleetlogix-alarms" });
  expect(identityOf(nodes, "dashboard.main")).toEqual({ name: "FleetLogix-dev" });
  expect(specOf(nodes, "alarm.calculate-eta-errors")).toMatchObject({
    metric: { namespace: "AWS/Lambda", name: "Errors", dimensions: { FunctionName: "fleetlogix-calculate-eta" } },
    topic: "arn:x",
  });
  const mails = nodes.filter(({ id }) => id.startsWith("subscription."));
  expect(mails.map(({ needs }) => needs.topic?.id)).toEqual(["topic.alarms"]);
  const without = ids(stackOf({ alarms: { enabled: false, emails: ["ops@example.com"] } }).nodes);
  expect(without.filter((id) => /alarm|dashboard|subscription/.test(id))).toEqual([]);
});

test("thresholds follow the configuration", () => {
  const database = { storageGb: 100, instanceClass: "db.r6g.xlarge" };
  const { nodes } = stackOf({ database, functions: { timeoutSeconds: 20 } });
  const threshold = (what: string) => specOf(nodes, `alarm.${what}`).threshold;
  expect(threshold("database-storage")).toBe(10 * 1024 ** 3);
  expect(threshold("database-connections")).toBe(Math.floor(Math.floor((32 * 1024 ** 3) / 9_531_392) * 0.6));
  expect(threshold("calculate-eta-duration")).toBe(16_000);
});

test("only CloudWatch and RDS of this account may publish to the alarms' topic", () => {
  const { policy } = specOf(stackOf().nodes, "topic.alarms") as { policy: PolicyDocument };
  const services = policy.Statement.filter(({ Principal }) => typeof Principal === "object" && "Service" in Principal);
  expect(services.map(({ Principal, Condition }) => [Principal, Condition?.StringEquals])).toEqual(
    ["cloudwatch", "events.rds"].map((name) => [{ Service: `${name}.amazonaws.com` }, { "aws:SourceAccount": "123456789012" }]),
  );
});

test("names are the documented ones, and another environment has its own", () => {
  const dev = stackOf().nodes;
  expect(identityOf(dev, "bucket.data")).toEqual({ name: "fleetlogix-data-123456789012-eu-west-1" });
  expect(identityOf(dev, "table.alerts")).toEqual({ name: "FleetLogix_Alerts" });
  expect(identityOf(dev, "role.calculate-eta")).toEqual({ name: "fleetlogix-calculate-eta-role" });
  expect(identityOf(dev, "logs.calculate-eta")).toEqual({ name: "/aws/lambda/fleetlogix-calculate-eta" });
  const shared = ["api.account"];
  const other = stackOf({ environment: "staging" }).nodes;
  for (const { id } of dev.filter((n) => !shared.includes(n.id) && !/^(permission|api\.(stage|execution))/.test(n.id)))
    expect([id, identityOf(other, id)]).not.toEqual([id, identityOf(dev, id)]);
  expect(stackOf({ environment: "staging" }).tags["fleetlogix:stack"]).toBe("FleetLogix/staging");
});

test("resources carry the user's tags, which cannot replace ours", () => {
  const { tags } = stackOf({ tags: { CostCenter: "7" } });
  expect(tags).toEqual({
    CostCenter: "7",
    Project: "FleetLogix",
    Environment: "dev",
    ManagedBy: "fleetlogix",
    "fleetlogix:stack": "FleetLogix/dev",
    "fleetlogix:region": "eu-west-1",
  });
});

test("a part includes its dependencies and nothing else", () => {
  const stack = stackOf();
  const withNeeds = (...part: Parameters<typeof stack.part>) => ids(inOrder(stack.part(...part))).toSorted();
  expect(withNeeds("functions", ["calculate-eta"])).toEqual(["function.calculate-eta", "logs.calculate-eta", "role.calculate-eta"]);
  expect(withNeeds("data").every((id) => /^(network|parameters|logs\.database|database|bucket|table|topic)/.test(id))).toBe(true);
  expect(withNeeds("api")).toContain("function.route-deviation");
  expect(withNeeds("api").filter((id) => /^(table|bucket|database)/.test(id))).toEqual([]);
});

test("the statements of one function are added one after the other", () => {
  const { nodes } = stackOf();
  const permissions = nodes.filter((n) => n.id.startsWith("permission."));
  const first = permissions.filter((n) => n.needs.before === undefined);
  expect(first.map((n) => n.needs.function?.id)).toEqual([
    "function.verify-delivery",
    "function.calculate-eta",
    "function.route-deviation",
  ]);
});

test("each method may call its function only from this stage", () => {
  expect(specOf(stackOf().nodes, "permission.getVehicleAlerts")).toMatchObject({
    service: "apigateway.amazonaws.com",
    sourceArn: "arn:aws:execute-api:eu-west-1:123456789012:x/prod/GET/vehicle/*/alerts",
    sourceAccount: "123456789012",
  });
});

test("a function has exactly the permissions of its manifest, on the stack's resources", () => {
  const { nodes } = stackOf();
  for (const { name, grants } of FUNCTIONS) {
    const { policy, trust } = specOf(nodes, `role.${name}`) as { policy: PolicyDocument; trust: PolicyDocument };
    const actions = policy.Statement.flatMap((s) => s.Action).toSorted();
    const extra = ["logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords", "xray:PutTraceSegments"];
    expect(actions).toEqual([...grants.flatMap((g) => g.actions), ...extra].toSorted());
    expect(actions.filter((a) => String(a).includes("*"))).toEqual([]);
    const everywhere = policy.Statement.filter((s) => s.Resource === "*").flatMap((s) => s.Action);
    expect(everywhere).toEqual(["xray:PutTelemetryRecords", "xray:PutTraceSegments"]);
    expect(trust.Statement[0]?.Condition).toEqual({ StringEquals: { "aws:SourceAccount": "123456789012" } });
  }
  const eta = specOf(nodes, "role.calculate-eta").policy as PolicyDocument;
  expect(eta.Statement.map((s) => s.Resource)).toContain("arn:aws:s3:::fleetlogix-data-123456789012-eu-west-1/raw-data/vehicles/*");
});

test("a function has the environment variables of its manifest", () => {
  const { nodes } = stackOf({ api: { corsOrigins: ["https://fleet.example"] } });
  for (const { name, environment } of FUNCTIONS) {
    const given = specOf(nodes, `function.${name}`).environment as Record<string, string>;
    expect(Object.keys(given).toSorted()).toEqual([...environment, "CORS_ORIGINS"].toSorted());
    expect(Object.values(given).every((value) => value !== "")).toBe(true);
  }
  expect(specOf(stackOf().nodes, "function.calculate-eta").environment).not.toHaveProperty("CORS_ORIGINS");
});

test("the database accepts the caller's address or a list; when the address is unknown, its rules stay", () => {
  const cidrs = (settings: object, callerCidr?: string) =>
    specOf(
      topology(configOf(settings), { place, local: false, callerCidr, privateSubnets: [], artifacts: undefined }).nodes,
      "network.database",
    ).cidrs;
  expect(cidrs({}, "203.0.113.7/32")).toEqual(["203.0.113.7/32"]);
  expect(cidrs({ database: { allowedCidrs: ["198.51.100.0/24"] } }, "203.0.113.7/32")).toEqual(["198.51.100.0/24"]);
  expect(cidrs({})).toBeUndefined();
});

test("production is hardened", () => {
  const { nodes } = stackOf({ hardening: "production", environment: "live", api: { auth: "iam" } });
  expect(specOf(nodes, "database.main")).toMatchObject({
    multiAz: true,
    publiclyAccessible: false,
    deletionProtection: true,
    monitoringRoleArn: "arn:x",
  });
  expect(specOf(nodes, "table.alerts")).toMatchObject({ deletionProtection: true });
  expect(specOf(nodes, "logs.calculate-eta")).toEqual({ retentionDays: 365, kmsKey: "arn:x" });
  expect(specOf(nodes, "api.stage")).toMatchObject({ logLevel: "ERROR" });
  expect(ids(nodes).filter((id) => id === "api.key" || id === "api.plan")).toEqual([]);
  expect(specOf(stackOf().nodes, "database.main")).toMatchObject({ multiAz: false, publiclyAccessible: true, deletionProtection: false });
});

test("production has a customer key for all stored data, and development has none", () => {
  const { nodes } = stackOf({ hardening: "production", environment: "live" });
  expect(identityOf(nodes, "key.stack")).toEqual({ alias: "alias/fleetlogix-live" });
  const keyed = nodes.filter((n) => Object.hasOwn(specOf(nodes, n.id), "kmsKey"));
  expect(keyed.map((n) => n.kind.kind).filter((kind, i, all) => all.indexOf(kind) === i)).toEqual([
    "logs.group",
    "rds.instance",
    "s3.bucket",
    "dynamodb.table",
    "sns.topic",
    "lambda.function",
  ]);
  for (const { id } of keyed) expect([id, specOf(nodes, id).kmsKey]).toEqual([id, "arn:x"]);
  const development = stackOf().nodes;
  expect(ids(development)).not.toContain("key.stack");
  for (const { id } of development)
    expect([id, specOf(development, id).kmsKey]).toEqual([id, id === "topic.alerts" ? "alias/aws/sns" : undefined]);
});

test("the key's policy allows the account, its services, and services that publish and log for it", () => {
  const { policy } = specOf(stackOf({ hardening: "production" }).nodes, "key.stack") as { policy: PolicyDocument };
  const uses = /^kms:(\*|Decrypt|Encrypt|GenerateDataKey|ReEncrypt)/;
  const using = policy.Statement.filter((s) => [s.Action].flat().some((action) => uses.test(action)));
  const services = ["dynamodb", "lambda", "rds", "s3", "secretsmanager", "sns"].map((name) => `${name}.eu-west-1.amazonaws.com`);
  expect(using.map((s) => [s.Principal, s.Condition])).toEqual([
    [{ AWS: "arn:aws:iam::123456789012:root" }, { StringEquals: { "kms:CallerAccount": "123456789012", "kms:ViaService": services } }],
    [
      { Service: "logs.eu-west-1.amazonaws.com" },
      { ArnLike: { "kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:123456789012:log-group:*" } },
    ],
    [{ Service: "cloudwatch.amazonaws.com" }, { StringEquals: { "aws:SourceAccount": "123456789012" } }],
    [{ Service: "events.rds.amazonaws.com" }, { StringEquals: { "aws:SourceAccount": "123456789012" } }],
  ]);
});

test("production logs accesses to the lake, reports events of the database and has a firewall", () => {
  const { nodes } = stackOf({ hardening: "production", api: { rateLimit: 20 } });
  const added = ["bucket.logs", "events.database", "events.parameters", "events.network", "api.firewall", "api.firewall-stage"];
  expect(ids(nodes).filter((id) => added.includes(id))).toEqual(added.toSorted((a, b) => ids(nodes).indexOf(a) - ids(nodes).indexOf(b)));
  expect(ids(stackOf().nodes).filter((id) => added.includes(id))).toEqual([]);
  expect(specOf(nodes, "bucket.data").accessLog).toEqual({ bucket: "x", prefix: "data/" });
  expect(specOf(nodes, "bucket.logs")).toMatchObject({ expireDays: 365, s3Keys: true });
  expect(specOf(nodes, "api.firewall").ratePerAddress).toBe(6_000);
  const open = stackOf({ hardening: "production", api: { waf: false }, alarms: { enabled: false } });
  expect(ids(open.nodes).filter((id) => /firewall|events\./.test(id))).toEqual([]);
});

test("a production database is in the private subnets if there are any", () => {
  const production = (subnets: readonly string[]) => stackOf({ hardening: "production" }, undefined, subnets).nodes;
  expect(specOf(production(["subnet-1", "subnet-2"]), "subnets.database").subnets).toEqual(["subnet-1", "subnet-2"]);
  expect(specOf(production(["subnet-1", "subnet-2"]), "database.main").subnetGroup).toBe("x");
  expect(ids(production([]))).not.toContain("subnets.database");
});
