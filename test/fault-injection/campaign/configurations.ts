import type { Config } from "../../../src/config/config.ts";
import { lifecycle, runUndisturbed, type Scenario } from "./lifecycle.ts";

/** F19: a changed configuration gives the same stack as the new configuration from nothing. */

type Change = (config: Config) => Config;
const database =
  (change: Partial<Config["database"]>): Change =>
  (config) => ({ ...config, database: { ...config.database, ...change } });
const functions =
  (change: Partial<Config["functions"]>): Change =>
  (config) => ({ ...config, functions: { ...config.functions, ...change } });
const alerts =
  (change: Partial<Config["alerts"]>): Change =>
  (config) => ({ ...config, alerts: { ...config.alerts, ...change } });
const api =
  (change: Partial<Config["api"]>): Change =>
  (config) => ({ ...config, api: { ...config.api, ...change } });
const bucket =
  (change: Partial<Config["bucket"]>): Change =>
  (config) => ({ ...config, bucket: { ...config.bucket, ...change } });

/** Settings that can be changed and changed back. */
const BOTH_WAYS: Readonly<Record<string, Change>> = {
  "functions.memoryMb": functions({ memoryMb: 512 }),
  "functions.timeoutSeconds": functions({ timeoutSeconds: 20 }),
  "functions.logRetentionDays": functions({ logRetentionDays: 90 }),
  "functions.names": (config) => functions({ names: { ...config.functions.names, "calculate-eta": "fleetlogix-arrival" } })(config),
  "alerts.deviationThresholdKm": alerts({ deviationThresholdKm: 5 }),
  "alerts.renotifyMinutes": alerts({ renotifyMinutes: 60 }),
  "topic.name": (config) => ({ ...config, topic: { name: "fleetlogix-warnings" } }),
  "alarms.enabled": (config) => ({ ...config, alarms: { ...config.alarms, enabled: false } }),
  "api.name": api({ name: "FleetAPI" }),
  "api.auth iam": api({ auth: "iam" }),
  "api.auth none": api({ auth: "none" }),
  "api.rateLimit": api({ rateLimit: 20, burstLimit: 40 }),
  "api.corsOrigins": api({ corsOrigins: ["https://app.example.com"] }),
  "bucket.glacierAfterDays": bucket({ glacierAfterDays: 30 }),
  "bucket.noncurrentExpireDays": bucket({ noncurrentExpireDays: 7 }),
  "database.instanceClass": database({ instanceClass: "db.t4g.small" }),
  "database.backupRetentionDays": database({ backupRetentionDays: 1 }),
  "database.publiclyAccessible": database({ publiclyAccessible: false }),
  "database.allowedCidrs": database({ allowedCidrs: ["10.0.0.0/8"] }),
};
/** RDS storage only grows. SNS deletes an unconfirmed subscription by itself, after days. A removed tag stays: somebody may use it. */
const ONE_WAY: Readonly<Record<string, Change>> = {
  "alerts.emails": alerts({ emails: ["ops@example.com"] }),
  "database.storageGb": database({ storageGb: 30 }),
  tags: (config) => ({ ...config, tags: { CostCenter: "7" } }),
};

export function configurations(first: Config): readonly Scenario[] {
  const pair = (name: string, from: Config, to: Config, index: number): Scenario =>
    lifecycle({
      name: `F19 ${name}`,
      during: "up",
      concurrency: 1 + (index % 8),
      config: to,
      hasHistory: true,
      before: (fixture) => runUndisturbed(fixture, "up", from),
      expectEnd: ({ result }) => (result?.ok ? undefined : "it fails without a fault"),
    });
  const changes = Object.entries({ ...BOTH_WAYS, ...ONE_WAY });
  return [
    ...changes.map(([name, change], index) => pair(`${name} is changed`, first, change(first), index)),
    ...Object.entries(BOTH_WAYS).map(([name, change], index) => pair(`${name} is changed back`, change(first), first, index)),
    ...changes.map(([name, change], index) =>
      lifecycle({
        name: `F19 ${name} is changed, killed half-way and run again`,
        during: "up",
        concurrency: 1 + (index % 8),
        config: change(first),
        hasHistory: true,
        before: (fixture) => runUndisturbed(fixture, "up", first),
        rules: (started) => [{ write: true, nth: 3, fault: { kind: "hook", after: () => started.kill() } }],
      }),
    ),
  ];
}
