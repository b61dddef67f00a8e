import type { FunctionManifest } from "../../handlers/contract/functions.ts";
import { defined } from "../defined.ts";
import { declare } from "../engine/contract.ts";
import { iamRole, lambdaFunction } from "../resources/index.ts";
import { logGroup, type StackInput } from "./layer.ts";
import { ALIAS } from "./naming.ts";
import { functionPolicy, trustIn } from "./permissions.ts";

/** A function with its role and its log group, which are created before it. */
export function functionLayer(input: StackInput, manifest: FunctionManifest) {
  const { config, names, place, artifacts, key } = input;
  const { name } = manifest;
  const role = declare(iamRole, `role.${name}`, {
    identity: () => ({ name: names.role(name) }),
    spec: () => ({
      description: `What the function ${config.functions.names[name]} may do`,
      trust: trustIn("lambda.amazonaws.com", place),
      policy: functionPolicy(manifest, name, names),
    }),
  });
  const log = logGroup(input, `logs.${name}`, names.functionLog(name));
  const artifact = artifacts?.get(name);
  const live = declare(lambdaFunction, `function.${name}`, {
    needs: defined({ role, log, key }),
    identity: () => ({ name: config.functions.names[name] }),
    spec: (from) => ({
      description: manifest.description,
      roleArn: from.role.arn,
      roleId: from.role.id ?? null,
      runtime: "nodejs24.x" as const,
      architecture: "arm64" as const,
      handler: "index.handler",
      memoryMb: config.functions.memoryMb,
      timeoutSeconds: config.functions.timeoutSeconds,
      environment: environmentOf(input, manifest),
      logGroup: from.log.name,
      kmsKey: from.key?.arn,
      alias: ALIAS,
      code: artifact,
    }),
  });
  return { name, role, log, live };
}
/** Names and numbers only: no function has a secret in its environment. */
function environmentOf(
  { config, names }: StackInput,
  { environment, optionalEnvironment }: FunctionManifest,
): Readonly<Record<string, string>> {
  const values = {
    DATA_BUCKET: names.bucket,
    DELIVERIES_TABLE: config.tables.deliveries,
    VEHICLES_TABLE: config.tables.vehicles,
    ROUTES_TABLE: config.tables.routes,
    ALERTS_TABLE: config.tables.alerts,
    TOPIC_ARN: names.topicArn,
    DEVIATION_THRESHOLD_KM: String(config.alerts.deviationThresholdKm),
    RENOTIFY_MINUTES: String(config.alerts.renotifyMinutes),
    CONFIRM_FIXES: String(config.alerts.confirmFixes),
    ALERT_LANGUAGE: config.alerts.language,
    ALERT_TIME_ZONE: config.alerts.timeZone,
    SPEED_WINDOW_MINUTES: String(config.tracking.speedWindowMinutes),
    STOPPED_AFTER_MINUTES: String(config.tracking.stoppedAfterMinutes),
    MAX_SPEED_KMH: String(config.tracking.maxSpeedKmh),
    MAX_ACCURACY_M: String(config.tracking.maxAccuracyM),
    SILENT_AFTER_MINUTES: String(config.tracking.silentAfterMinutes),
    CORS_ORIGINS: config.api.corsOrigins.join(","),
  };
  const wanted = [...environment, ...optionalEnvironment.filter((name) => values[name] !== "")];
  return Object.fromEntries(wanted.map((name) => [name, values[name]]));
}

export type FunctionNode = ReturnType<typeof functionLayer>["live"];
