import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AwsClients } from "../../src/aws/clients.ts";
import type { FunctionName } from "../../src/config/config.ts";
import { deriveConfig } from "../../src/config/derive.ts";
import { settingsSchema } from "../../src/config/schema.ts";
import { virtualClock } from "../../src/local/core/clock.ts";
import { violations } from "../../src/local/core/model.ts";
import { loadModel } from "../../src/local/core/validation.ts";
import { type LocalAws, startLocalAws } from "../../src/local/index.ts";
import { topology } from "../../src/stack/topology.ts";
import { makeRig, type Rig } from "../contract/rig.ts";
import { functionZip } from "../support/function-zip.ts";

/**
 * The published service models allow every request of a stack's lifecycle: required, type, enum, pattern, length and range.
 * The inputs are recorded before the SDK serializes them. So a member that no model has is found too; the SDK would leave it out.
 */
const SERVICES = [
  ...(["s3", "dynamodb", "rds", "lambda", "apigateway", "sns", "iam", "sts", "ec2", "logs", "secretsmanager", "kms"] as const),
  ...(["cloudwatch", "wafv2"] as const),
] satisfies readonly (keyof AwsClients)[];
const place = { partition: "aws", region: "us-east-1", account: "000000000000" };
const zips = await Promise.all([1, 2].map((n) => functionZip({ "index.mjs": `export const handler = async () => ${n};` })));

const stackOf = (settings: object, code = 0) => {
  const config = deriveConfig(settingsSchema.parse(settings));
  const zip = zips[code] as Uint8Array;
  const artifact = { zip, sha256: createHash("sha256").update(zip).digest("base64") };
  const artifacts = new Map((Object.keys(config.functions.names) as FunctionName[]).map((name) => [name, artifact]));
  return topology(config, { place, local: true, callerCidr: "203.0.113.7/32", privateSubnets: [], artifacts });
};
/** Configurations of a lifecycle. Each option differs from its default in at least one of them. */
const LIFECYCLE = {
  "everything by default": stackOf({}),
  "every option changed": stackOf(
    {
      bucket: { glacierAfterDays: 30, noncurrentExpireDays: 7 },
      database: {
        instanceClass: "db.t4g.small",
        storageGb: 500,
        backupRetentionDays: 14,
        publiclyAccessible: false,
        allowedCidrs: ["198.51.100.0/24", "2001:db8:1::/48"],
      },
      functions: { memoryMb: 512, timeoutSeconds: 20, logRetentionDays: 90 },
      alerts: {
        emails: ["ops@example.com"],
        sms: ["+573001234567"],
        deviationThresholdKm: 1.5,
        renotifyMinutes: 30,
        confirmFixes: 2,
        timeZone: "UTC",
        language: "en",
      },
      alarms: { emails: ["alarms@example.com"] },
      api: { rateLimit: 0.7, burstLimit: 5, corsOrigins: ["https://fleet.example.com"] },
      tracking: { speedWindowMinutes: 5, stoppedAfterMinutes: 3, maxSpeedKmh: 150, maxAccuracyM: 100, silentAfterMinutes: 30 },
      tags: { CostCenter: "7" },
    },
    1,
  ),
  "signed calls, no alarms": stackOf({ api: { auth: "iam" }, alarms: { enabled: false }, database: { storageGb: 600 } }),
  "open calls": stackOf({ api: { auth: "none" }, database: { storageGb: 600 } }),
  production: stackOf({ hardening: "production", alerts: { emails: ["ops@example.com"] }, database: { storageGb: 600 } }),
  "production without a web ACL": stackOf({ hardening: "production", api: { waf: false }, database: { storageGb: 600 } }),
  "development again": stackOf({ database: { storageGb: 600 } }),
} as const;

let aws: LocalAws;
let rig: Rig;
const sent = new Map<string, Set<string>>();
const wrong: string[] = [];
beforeAll(async () => {
  const clock = virtualClock();
  aws = await startLocalAws({ clock, settings: { databases: "none" } });
  const { name, tags } = LIFECYCLE["everything by default"];
  rig = makeRig({ endpoint: aws.url, clock, stack: { name, tags } });
  for (const service of SERVICES) await record(service);
});
afterAll(async () => {
  rig.close();
  await aws.close();
});

/** Checks every input of a service's client against its model. */
async function record(service: (typeof SERVICES)[number]): Promise<void> {
  const model = await loadModel(service);
  const { add } = (await rig.world[service]()).middlewareStack as { add: (middleware: unknown, where: object) => void };
  type Next = (args: { readonly input: object }) => Promise<unknown>;
  const middleware = (next: Next, context: { readonly commandName?: string }): Next => {
    const operation = (context.commandName ?? "").replace(/Command$/, "");
    return (args) => {
      sent.set(service, (sent.get(service) ?? new Set()).add(operation));
      if (!model || !Object.hasOwn(model.operations, operation)) wrong.push(`${service}:${operation} is in no table`);
      else for (const found of violations(model, operation, args.input)) wrong.push(inWords(`${service}:${operation}`, found));
      return next(args);
    };
  };
  add(middleware, { step: "initialize", name: "requests" });
}
const inWords = (call: string, { path, rule, text, value }: ReturnType<typeof violations>[number]): string =>
  `${call} ${path.join(".")}: ${rule}: ${text}; ${JSON.stringify(value)?.slice(0, 120)}`;

/** Writing operations of the services that write only when something differs. */
const WRITTEN: Readonly<Record<string, readonly string[]>> = {
  rds: ["CreateDBInstance", "ModifyDBInstance", "ModifyDBParameterGroup", "DeleteDBInstance"],
  lambda: ["CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishVersion", "UpdateAlias", "AddPermission"],
  apigateway: [
    "CreateRestApi",
    "PutRestApi",
    "CreateStage",
    "UpdateStage",
    "CreateUsagePlan",
    "UpdateUsagePlan",
    "UpdateAccount",
    "DeleteRestApi",
  ],
  dynamodb: ["CreateTable", "UpdateTable", "UpdateTimeToLive", "DeleteTable"],
  s3: ["CreateBucket", "PutBucketLifecycleConfiguration", "PutBucketEncryption", "DeleteBucket"],
  kms: ["CreateKey", "CreateAlias", "EnableKeyRotation"],
};

test("the service models allow every request of a stack's lifecycle", { timeout: 600_000 }, async () => {
  for (const [about, stack] of Object.entries(LIFECYCLE)) {
    const outcome = await rig.up(stack.nodes);
    expect([about, outcome.error]).toEqual([about, undefined]);
    expect(wrong).toEqual([]);
  }
  for (const deleteData of [false, true]) {
    const down = await rig.down(LIFECYCLE["development again"].nodes, { deleteData, finalSnapshot: "fleetlogix-db-final" });
    expect(down.error).toBeUndefined();
  }
  expect(wrong).toEqual([]);
  // The record is complete: it contains every writing operation of a lifecycle.
  for (const [service, operations] of Object.entries(WRITTEN))
    expect([...(sent.get(service) ?? [])]).toEqual(expect.arrayContaining([...operations]));
});
