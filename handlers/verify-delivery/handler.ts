import { makeDynamoDB } from "../shared/aws/dynamodb.ts";
import { openBucket } from "../shared/aws/s3.ts";
import { makeRuntime, required } from "../shared/environment.ts";
import { makePending } from "../shared/pending.ts";
import { serve } from "../shared/serve.ts";
import { makeOperations } from "./operations.ts";

const { env } = process;
const runtime = makeRuntime(env);

/** The Lambda handler. Clients are created once and serve every invocation of this execution environment. */
export const handler = serve(
  "verify-delivery",
  makeOperations({
    dynamodb: makeDynamoDB(env),
    bucket: openBucket(required(env, "DATA_BUCKET"), env),
    pending: makePending(),
    deliveriesTable: required(env, "DELIVERIES_TABLE"),
    runtime,
  }),
  runtime,
);
