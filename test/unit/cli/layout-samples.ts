import type { ApiKeyInfo, Audit, Finding, Plan, ResourceStatus } from "../../../src/app.ts";
import type { Mail } from "../../../src/cli/render/mail.ts";
import type { Change } from "../../../src/engine/contract.ts";

/** Sample contents of the screens: realistic long names and sentences. */
const ready = (id: string, kind: string, name: string, more: Partial<ResourceStatus> = {}): ResourceStatus => ({
  ...{ id, kind, name, state: "ready", condition: "ready", healthy: true },
  ...more,
});
const since = "2026-11-25T08:00:00.000Z";

export const RESOURCES: readonly ResourceStatus[] = [
  ready("network.database", "ec2.security-group", "fleetlogix-db-access"),
  ready("database.main", "rds.instance", "fleetlogix-db", {
    state: "creating",
    condition: "changing",
    healthy: false,
    detail: "PostgreSQL 17.10, db.t4g.micro, 20 GB",
    since,
  }),
  ready("bucket.data", "s3.bucket", "fleetlogix-data-000000000000-us-east-1", { items: 5000, at_least: true, bytes: 3_100_000_000, since }),
  ready("table.deliveries", "dynamodb.table", "FleetLogix_Deliveries_Status", { items: 1204, bytes: 512_000, since }),
  ready("table.alerts", "dynamodb.table", "FleetLogix_Alerts", { state: "absent", condition: "absent", healthy: false }),
  ready("role.verify-delivery", "iam.role", "fleetlogix-verify-delivery-role"),
  ready("role.calculate-eta", "iam.role", "fleetlogix-calculate-eta-role"),
  ready("function.verify-delivery", "lambda.function", "fleetlogix-verify-delivery", {
    bytes: 120_000,
    since,
    detail: "version 3, nodejs24.x",
  }),
  ready("function.calculate-eta", "lambda.function", "fleetlogix-calculate-eta", {
    condition: "wrong",
    healthy: false,
    trouble: "stopped: reserved concurrency 0 (`aws lambda delete-function-concurrency --function-name fleetlogix-calculate-eta`)",
  }),
  ready("api.stage", "apigateway.stage", "prod", { address: "https://abcdef1234.execute-api.us-east-1.amazonaws.com/prod", since }),
  ready("permission.postDelivery", "lambda.permission", "fleetlogix-verify-delivery fleetlogix-postDelivery"),
  ready("topic.alerts", "sns.topic", "fleetlogix-alerts"),
  ready("alarm.no-fix", "cloudwatch.alarm", "fleetlogix-no-fix", { state: "ALARM" }),
  ready("alarm.api-errors", "cloudwatch.alarm", "fleetlogix-api-errors", { state: "OK" }),
];

const rule = (id: string, days: number) => ({ ID: id, Status: "Enabled", Transitions: [{ Days: days, StorageClass: "GLACIER" }] });
const swapped = ({ ID, Status, Transitions }: ReturnType<typeof rule>) => ({ Transitions, Status, ID });
const tagged: readonly Change[] = [{ path: "tags.CostCenter", from: undefined, to: "logistics" }];
const update = (changes: readonly Change[]) => ({ action: "update", changes }) as const;

export const PLAN: Plan = {
  resources: [
    {
      id: "table.routes",
      kind: "dynamodb.table",
      name: "FleetLogix_Routes_Waypoints",
      decision: {
        action: "refuse",
        code: "OWNER_FOREIGN",
        why: 'dynamodb.table "FleetLogix_Routes_Waypoints" exists already and does not carry this stack\'s tag',
        hint: "Choose another name in fleetlogix.config.json, or take it over: `fleetlogix plan --adopt`.",
      },
    },
    {
      id: "database.main",
      kind: "rds.instance",
      name: "fleetlogix-db",
      decision: { action: "create" },
      attributes: { engineVersion: "17", instanceClass: "db.t4g.micro", storageGb: 20, multiAz: false, publiclyAccessible: true },
    },
    {
      id: "bucket.data",
      kind: "s3.bucket",
      name: "fleetlogix-data-000000000000-us-east-1",
      decision: update([
        { path: "lifecycle", from: [rule("raw", 90), rule("old", 30)], to: [swapped(rule("old", 30)), rule("raw", 30)] },
        { path: "versioning", from: "Suspended", to: "Enabled" },
      ]),
    },
    {
      id: "role.verify-delivery",
      kind: "iam.role",
      name: "fleetlogix-verify-delivery-role",
      decision: update([
        {
          path: "policy",
          from: {
            Statement: [
              { Action: ["s3:PutObject"], Resource: `arn:aws:s3:::fleetlogix-data-000000000000-us-east-1/${"x".repeat(40)}/raw-data/*` },
            ],
          },
          to: {
            Statement: [
              { Action: ["s3:PutObject"], Resource: `arn:aws:s3:::fleetlogix-data-000000000000-us-east-1/${"x".repeat(40)}/lake/*` },
            ],
          },
        },
      ]),
    },
    ...["topic.alerts", "alarm.no-fix", "alarm.api-errors"].map((id) => ({
      id,
      kind: id.startsWith("alarm") ? "cloudwatch.alarm" : "sns.topic",
      name: `fleetlogix-${id}`,
      decision: update(tagged),
    })),
    ...["postDelivery", "getDelivery", "listDeliveries", "postVehicle"].map((id) => ({
      id: `permission.${id}`,
      kind: "lambda.permission",
      name: `fleetlogix-verify-delivery fleetlogix-${id}`,
      decision: { action: "create" } as const,
    })),
    { id: "bucket.keep", kind: "s3.bucket", name: "b", decision: { action: "keep" } },
  ],
  cost: { region: "us-east-1", published: true, dated: "2026-11-25", monthly_usd: 19.68, difference_usd: 14.38, unpriced: [] },
};

export const FINDINGS: readonly Finding[] = [
  { check: "credentials", ok: true, severity: "info", message: "account 000000000000 (aws) at http://127.0.0.1:4566", fix: null },
  {
    check: "database quota",
    ok: false,
    severity: "warning",
    message: "All 40 databases that the account may have in us-east-1 are there.",
    fix: "`aws service-quotas request-service-quota-increase --service-code rds --quota-code L-7B6409FD --desired-value 50`",
  },
  {
    check: "network",
    ok: false,
    severity: "error",
    message: "There is no default VPC in us-east-1, so the database has no network.",
    fix: "`aws ec2 create-default-vpc`",
  },
];

export const MAILS: readonly Mail[] = [
  {
    at: "2026-11-25T10:05:01.123Z",
    protocol: "email",
    to: "despacho@ejemplo.co",
    subject: "El vehículo V-12 se desvió 3,2 km de la ruta R-7 (umbral: 2 km)",
    body: "El vehículo V-12 del conductor DR-7 está a 3,2 km de su ruta R-7 y el umbral son 2 km.\nMapa: https://www.openstreetmap.org/?mlat=4.65&mlon=-74.1#map=16/4.65/-74.1\n",
  },
  { at: "2026-11-25T10:06:00.000Z", protocol: "sms", to: "+57 300 000 0000", body: "V-12: 3,2 km fuera de R-7" },
];

export const KEYS: readonly ApiKeyInfo[] = [
  { name: "partner-a", id: "k1", state: "enabled", rate_limit: 10, burst_limit: 20 },
  { name: "depot-bogotá-fontibón-norte", id: null, state: "incomplete", rate_limit: null, burst_limit: null },
];

const control = { service: "s3", severity: "high", class: "default", resources: [] } as const;
export const AUDIT: Audit = {
  stack: "FleetLogix/dev",
  hardening: "development",
  ok: false,
  summary: { pass: 67, fail: 1, declined: 2 },
  controls: [
    {
      ...control,
      id: "s3.tls-only",
      title: "Requests without TLS are refused",
      status: "fail",
      reason: null,
      resources: [{ name: "fleetlogix-data-000000000000-us-east-1", ok: false, message: "its policy lets requests without TLS in" }],
    },
    {
      ...control,
      id: "s3.replication",
      title: "",
      status: "declined",
      reason: "it doubles the storage; the lake can be loaded again, and versions cover deletes",
    },
    {
      ...control,
      id: "dynamodb.deletion-protection",
      title: "",
      status: "declined",
      reason: "required in production only: development stacks are deleted often",
    },
  ],
};

export const OUTPUTS: readonly (readonly string[])[] = [
  ["api_url", "https://abcdef1234.execute-api.us-east-1.amazonaws.com/prod"],
  ["tables.deliveries", "FleetLogix_Deliveries_Status"],
  ["functions.route-deviation.arn", "arn:aws:lambda:us-east-1:000000000000:function:fleetlogix-route-deviation"],
  ["database.host", "-"],
];

export const SETTINGS = {
  settings: {
    project: "FleetLogix",
    region: "eu-west-1",
    alerts: { emails: ["despacho@ejemplo.co", "operaciones.nocturnas@ejemplo.co"], timeZone: "America/Bogota" },
    tables: { deliveries: "FleetLogix_Deliveries_Status_staging" },
    tags: { "cost.center": "logistics" },
    warehouse: { snowflake: { notificationArn: null } },
  },
  origins: new Map([
    ["project", "default"],
    ["region", "--region"],
    ["alerts.emails", "environments.staging"],
    ["alerts.timeZone", "default"],
    ["tables.deliveries", "default"],
    ["tags.cost.center", "file"],
    ["warehouse.snowflake.notificationArn", "default"],
  ]),
};

export const COUNTERS: readonly string[] = [
  ...["1840/1840 accepted", "3 alerts", "1 error", "p50 12 ms", "p95 41 ms", "22 late", "4 after the end", "31 duplicates"],
  ...["9 implausible", "5 wrong clocks", "2 refused", "7 batches", "3 × 429", "12 lost on the way, as planned"],
];
export const DIFFERENCES: readonly string[] = [
  "delivery D-1-17: status is in_transit, sent was delivered at 2026-11-25T10:05:01.123Z",
  ...Array.from({ length: 24 }, (_, i) => `vehicle V-${i + 1}: remaining_distance_km is 12.4, sent was 11.9`),
];

export const POLICY = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Action: ["lambda:GetFunction"],
      Resource: ["arn:aws:lambda:us-east-1:000000000000:function:fleetlogix-route-deviation"],
    },
  ],
};
