import { makeDynamoDB, makeS3 } from "../shared/clients.ts";
import { ofProcess, required } from "../shared/environment.ts";
import { makePending } from "../shared/pending.ts";
import { serve } from "../shared/serve.ts";
import { makeOperations } from "./operations.ts";

const { env } = process;
const around = ofProcess(env);

/** Lambda's entry. What is made here is made once and serves every invocation of this execution environment. */
export const handler = serve(
  "verify-delivery",
  makeOperations({
    dynamodb: makeDynamoDB(),
    s3: makeS3(env),
    bucket: required(env, "DATA_BUCKET"),
    pending: makePending(),
    deliveriesTable: required(env, "DELIVERIES_TABLE"),
    around,
  }),
  around,
);
