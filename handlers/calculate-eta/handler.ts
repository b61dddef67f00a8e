import { makeDynamoDB } from "../shared/aws/dynamodb.ts";
import { openBucket } from "../shared/aws/s3.ts";
import { makeRuntime, required, requiredNumber, trackingRules } from "../shared/environment.ts";
import { makePending } from "../shared/pending.ts";
import { serve } from "../shared/serve.ts";
import { makeOperations } from "./operations.ts";

const { env } = process;
const runtime = makeRuntime(env);

/** The Lambda handler. Clients are created once and serve every invocation of this execution environment. */
export const handler = serve(
  "calculate-eta",
  makeOperations({
    dynamodb: makeDynamoDB(env),
    bucket: openBucket(required(env, "DATA_BUCKET"), env),
    pending: makePending(),
    vehiclesTable: required(env, "VEHICLES_TABLE"),
    routesTable: required(env, "ROUTES_TABLE"),
    rules: trackingRules(env),
    silentAfterMinutes: requiredNumber(env, "SILENT_AFTER_MINUTES"),
    thresholdKm: requiredNumber(env, "DEVIATION_THRESHOLD_KM"),
    runtime,
  }),
  runtime,
);
