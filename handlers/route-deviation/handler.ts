import { makeDynamoDB } from "../shared/aws/dynamodb.ts";
import { openBucket } from "../shared/aws/s3.ts";
import { makePublish } from "../shared/aws/sns.ts";
import { makeRuntime, required, requiredNumber, trackingRules } from "../shared/environment.ts";
import { makePending } from "../shared/pending.ts";
import { serve } from "../shared/serve.ts";
import { makeOperations } from "./operations.ts";

const { env } = process;
const runtime = makeRuntime(env);

/** The Lambda handler. Clients are created once and serve every invocation of this execution environment. */
export const handler = serve(
  "route-deviation",
  makeOperations({
    dynamodb: makeDynamoDB(env),
    publish: makePublish(env),
    bucket: openBucket(required(env, "DATA_BUCKET"), env),
    pending: makePending(),
    vehiclesTable: required(env, "VEHICLES_TABLE"),
    routesTable: required(env, "ROUTES_TABLE"),
    alertsTable: required(env, "ALERTS_TABLE"),
    topicArn: required(env, "TOPIC_ARN"),
    thresholdKm: requiredNumber(env, "DEVIATION_THRESHOLD_KM"),
    rules: { renotifyMs: requiredNumber(env, "RENOTIFY_MINUTES") * 60_000, confirmFixes: requiredNumber(env, "CONFIRM_FIXES") },
    tracking: trackingRules(env),
    silentAfterMinutes: requiredNumber(env, "SILENT_AFTER_MINUTES"),
    locale: { language: required(env, "ALERT_LANGUAGE") === "en" ? "en" : "es", timeZone: required(env, "ALERT_TIME_ZONE") },
    runtime,
  }),
  runtime,
);
