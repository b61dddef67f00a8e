import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { S3 } from "@aws-sdk/client-s3";
import { type App, type AppOptions, openApp } from "../../src/app.ts";
import type { Config } from "../../src/config/config.ts";
import { virtualClock } from "../../src/local/core/clock.ts";
import { ConnectionCut, type Faults, faultPlan } from "../../src/local/core/faults.ts";
import { startLocalAws } from "../../src/local/index.ts";

/** `collection key` → document: everything that the local AWS keeps of its control planes. */
export type Documents = ReadonlyMap<string, unknown>;
export interface World {
  readonly faults: Faults;
  /** One start of the command; all of its calls fail once `kill` was called, as if the process were gone. */
  start(concurrency: number): Promise<Started>;
  documents(): Documents;
  readonly s3: S3;
  readonly dynamodb: DynamoDB;
  close(): Promise<void>;
}
export interface Started {
  readonly app: App;
  /** The connection is cut and nothing more goes out: the in-process likeness of SIGKILL. */
  kill(): never;
  isDead(): boolean;
}
/** A hanging call is given up after this long; real time, so kept short. */
const REQUEST_TIMEOUT_MS = 400;

export async function makeWorld(config: Config, artifacts: AppOptions["artifacts"]): Promise<World> {
  const faults = faultPlan([], { keepCalls: 50_000 });
  const clock = virtualClock();
  const aws = await startLocalAws({ faults, clock, settings: { databases: "none" } });
  for (const [service, operation, input] of FOREIGN) await aws.env.dispatch(service, operation, input);
  faults.clear();
  const own = { region: config.region, endpoint: aws.url, credentials: { accessKeyId: "other", secretAccessKey: "other" } };
  const s3 = new S3({ ...own, forcePathStyle: true });
  const dynamodb = new DynamoDB(own);
  return {
    faults,
    s3,
    dynamodb,
    async start(concurrency) {
      let dead = false;
      const app = await openApp(config, {
        endpoint: aws.url,
        local: true,
        concurrency,
        signal: new AbortController().signal,
        clock,
        artifacts,
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        onCall: () => {
          if (dead) throw new Error("the process was killed");
        },
      });
      return {
        app,
        isDead: () => dead,
        kill: () => {
          dead = true;
          throw new ConnectionCut();
        },
      };
    },
    documents: () => replay(join(aws.env.dataDir, "journal.jsonl")),
    async close() {
      s3.destroy();
      dynamodb.destroy();
      await aws.close();
    },
  };
}

type Seed = readonly [service: string, operation: string, input: Record<string, unknown>];
/** Things of somebody else: no run may touch them. */
const FOREIGN: readonly Seed[] = [
  ["apigateway", "CreateRestApi", { name: "SomeoneElsesAPI" }],
  ["apigateway", "CreateUsagePlan", { name: "someone-elses" }],
  ["apigateway", "CreateApiKey", { name: "someone-elses" }],
  ["sns", "CreateTopic", { Name: "someone-elses" }],
  ["logs", "CreateLogGroup", { logGroupName: "/aws/lambda/someone-elses" }],
  ["ec2", "DescribeVpcs", {}],
  [
    "dynamodb",
    "CreateTable",
    {
      TableName: "someone_elses",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
    },
  ],
  ["s3", "CreateBucket", { Bucket: "someone-elses-data" }],
];

function replay(file: string): Documents {
  const documents = new Map<string, unknown>();
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (!line) continue;
    const [collection, key, ...rest] = JSON.parse(line) as [string, string, unknown?];
    if (rest.length > 0) documents.set(`${collection} ${key}`, rest[0]);
    else documents.delete(`${collection} ${key}`);
  }
  return documents;
}
