import {
  CreateTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { makeOperations as etaOperations } from "../../../handlers/calculate-eta/operations.ts";
import { INDEXES, type IndexSpec } from "../../../handlers/contract/indexes.ts";
import { makeOperations as deviationOperations } from "../../../handlers/route-deviation/operations.ts";
import { fromItem, toItem } from "../../../handlers/shared/attributes.ts";
import { makeDynamoDB } from "../../../handlers/shared/aws/dynamodb.ts";
import { openBucket } from "../../../handlers/shared/aws/s3.ts";
import { makePublish } from "../../../handlers/shared/aws/sns.ts";
import type { ProxyEvent } from "../../../handlers/shared/gateway.ts";
import { makePending } from "../../../handlers/shared/pending.ts";
import { type Handler, serve } from "../../../handlers/shared/serve.ts";
import { makeOperations as deliveryOperations } from "../../../handlers/verify-delivery/operations.ts";
import { faultPlan } from "../../../src/local/core/faults.ts";
import { localAws } from "../../support/local-aws.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

const TABLES = {
  deliveries: ["delivery_id"],
  vehicles: ["vehicle_id"],
  routes: ["route_id"],
  alerts: ["vehicle_id", "timestamp"],
} as const;
const INDEXES_OF = new Map<string, readonly IndexSpec[]>([
  ["deliveries", Object.values(INDEXES.deliveries)],
  ["alerts", Object.values(INDEXES.alerts)],
]);
const TRACKING = { speedWindowMinutes: 10, stoppedAfterMinutes: 5, maxSpeedKmh: 200, maxAccuracyM: 200 };

async function makeTable(dynamodb: DynamoDBClient, name: string, keys: readonly string[]): Promise<void> {
  const indexes = INDEXES_OF.get(name) ?? [];
  const attributes = new Set([...keys, ...indexes.flatMap(({ hash, range }) => [hash, range])]);
  const schema = (names: readonly string[]) =>
    names.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? ("HASH" as const) : ("RANGE" as const) }));
  await dynamodb.send(
    new CreateTableCommand({
      TableName: name,
      AttributeDefinitions: [...attributes].map((AttributeName) => ({ AttributeName, AttributeType: "S" as const })),
      KeySchema: schema(keys),
      GlobalSecondaryIndexes:
        indexes.length === 0
          ? undefined
          : indexes.map(({ name: IndexName, hash, range }) => ({
              IndexName,
              KeySchema: schema([hash, range]),
              Projection: { ProjectionType: "ALL" as const },
            })),
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  await waitUntilTableExists({ client: dynamodb, maxWaitTime: 30, minDelay: 0.1, maxDelay: 0.2 } as never, { TableName: name });
}

export interface FleetOptions {
  readonly maxAttempts?: number;
  readonly confirmFixes?: number;
  readonly language?: "es" | "en";
}

/** The three functions over the real SDK on a local AWS, called with the gateway's events; `time` is their clock and deadline. */
export async function startFleet({ maxAttempts = 1, confirmFixes = 1, language = "en" }: FleetOptions = {}) {
  const faults = faultPlan();
  const aws = await localAws({ faults });
  const dynamodb = aws.client(DynamoDBClient);
  const s3 = aws.client(S3Client, { forcePathStyle: true });
  const sns = aws.client(SNSClient);
  await s3.send(new CreateBucketCommand({ Bucket: "data" }));
  const { TopicArn: topicArn = "" } = await sns.send(new CreateTopicCommand({ Name: "alerts" }));
  for (const [name, keys] of Object.entries(TABLES)) await makeTable(dynamodb, name, keys);
  const time = { now: new Date("2026-03-01T12:00:00.000Z"), remainingMs: 10_000 };
  const lines: string[] = [];
  const runtime = {
    clock: () => time.now,
    write: (line: string) => void lines.push(line),
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    random: Math.random,
    stopwatch: () => performance.now(),
    env: {},
  };
  const tables = { vehiclesTable: "vehicles", routesTable: "routes", deliveriesTable: "deliveries", alertsTable: "alerts" };
  const settings = { rules: TRACKING, tracking: TRACKING, silentAfterMinutes: 15, thresholdKm: 2 };
  const env = {
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_MAX_ATTEMPTS: String(maxAttempts),
  };
  const stores = { dynamodb: makeDynamoDB(env), bucket: openBucket("data", env), runtime, ...tables, ...settings };
  const alerting = {
    publish: makePublish(env),
    topicArn,
    locale: { language, timeZone: "America/Bogota" },
    rules: { renotifyMs: 900_000, confirmFixes },
  };
  const handlers: Record<string, Handler> = {
    delivery: serve("verify-delivery", deliveryOperations({ ...stores, pending: makePending() }), runtime),
    vehicle: serve("calculate-eta", etaOperations({ ...stores, pending: makePending() }), runtime),
    route: serve("route-deviation", deviationOperations({ ...stores, ...alerting, pending: makePending() }), runtime),
  };
  let calls = 0;
  async function call(name: string, event: ProxyEvent): Promise<Reply> {
    calls += 1;
    const request = { ...event, requestContext: { requestId: `req-${calls}` } };
    const result = await (handlers[name] as Handler)(request, {
      awsRequestId: `l-${calls}`,
      getRemainingTimeInMillis: () => time.remainingMs,
    });
    return { status: result.statusCode, headers: result.headers, body: JSON.parse(result.body) };
  }
  return {
    faults,
    lines,
    time,
    post: (name: "delivery" | "vehicle" | "route", body: unknown) =>
      call(name, { httpMethod: "POST", resource: `/${name}`, body: JSON.stringify(body) }),
    putRoute: (route_id: string, body: unknown) =>
      call("route", { httpMethod: "PUT", resource: "/route/{route_id}", pathParameters: { route_id }, body: JSON.stringify(body) }),
    get: (name: "delivery" | "vehicle" | "route", id: string) =>
      call(name, { httpMethod: "GET", resource: `/${name}/{${name}_id}`, pathParameters: { [`${name}_id`]: id } }),
    list: (name: "delivery" | "vehicle" | "alert", queryStringParameters: Record<string, string> = {}) =>
      call(name === "alert" ? "route" : name, { httpMethod: "GET", resource: `/${name}`, queryStringParameters }),
    dynamodb,
    alerts: (vehicle_id: string, queryStringParameters: Record<string, string> = {}) =>
      call("route", { httpMethod: "GET", resource: "/vehicle/{vehicle_id}/alerts", pathParameters: { vehicle_id }, queryStringParameters }),
    async item(table: "deliveries" | "vehicles" | "routes", id: string): Promise<Record<string, unknown> | undefined> {
      const key = { [TABLES[table][0]]: { S: id } };
      const { Item: found } = await dynamodb.send(new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }));
      return found && fromItem(found);
    },
    async alertItems(vehicleId: string): Promise<Record<string, unknown>[]> {
      const values = { ":v": { S: vehicleId } };
      const query = new QueryCommand({ TableName: "alerts", KeyConditionExpression: "vehicle_id = :v", ExpressionAttributeValues: values });
      return ((await dynamodb.send(query)).Items ?? []).map((found) => fromItem(found));
    },
    async rawKeys(containing: string): Promise<string[]> {
      const { Contents: found = [] } = await s3.send(new ListObjectsV2Command({ Bucket: "data" }));
      return found.map((one) => one.Key ?? "").filter((key) => key.includes(containing));
    },
    async raw(key: string): Promise<unknown> {
      const { Body: body } = await s3.send(new GetObjectCommand({ Bucket: "data", Key: key }));
      return JSON.parse((await body?.transformToString()) ?? "");
    },
    async put(table: string, item: Record<string, unknown>): Promise<void> {
      await dynamodb.send(new PutItemCommand({ TableName: table, Item: toItem(item) }));
    },
    async putObject(Key: string, Body: string, Metadata: Record<string, string>): Promise<void> {
      await s3.send(new PutObjectCommand({ Bucket: "data", Key, Body, Metadata }));
    },
    /** Messages about a vehicle that SNS accepted, whatever the sender's answer was. */
    published: (vehicleId: string): { type: string; alert_id: string; deviation_km: number }[] =>
      faults
        .calls()
        .filter((one) => one.service === "sns" && one.operation === "Publish" && one.effect)
        .map((one) => JSON.parse(JSON.parse(String(one.input.Message)).default))
        .filter((message) => message.vehicle_id === vehicleId),
    close: () => aws.close(),
  };
}
export type Fleet = Awaited<ReturnType<typeof startFleet>>;
