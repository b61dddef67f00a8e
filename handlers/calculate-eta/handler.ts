import { makeDynamoDB, makeS3 } from "../shared/clients.ts";
import { ofProcess, required } from "../shared/environment.ts";
import { serve } from "../shared/serve.ts";
import { makeOperations } from "./operations.ts";

const { env } = process;
const around = ofProcess(env);

/** Lambda's entry. What is made here is made once and serves every invocation of this execution environment. */
export const handler = serve(
  "calculate-eta",
  makeOperations({
    dynamodb: makeDynamoDB(),
    s3: makeS3(env),
    bucket: required(env, "DATA_BUCKET"),
    vehiclesTable: required(env, "VEHICLES_TABLE"),
    routesTable: required(env, "ROUTES_TABLE"),
    around,
  }),
  around,
);
