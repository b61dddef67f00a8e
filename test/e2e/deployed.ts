import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, QueryCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { fromItem } from "../../handlers/shared/attributes.ts";
import { type App, type Outputs, openApp } from "../../src/app.ts";
import { loadConfig } from "../../src/config/load.ts";
import { type Faults, faultPlan, type LoggedCall } from "../../src/local/core/faults.ts";
import { removeFolder } from "../support/folders.ts";
import { localAws } from "../support/local-aws.ts";

type Aws = Awaited<ReturnType<typeof localAws>>;
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}
export interface CallOptions {
  /** null: none. */
  readonly key?: string | null | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as it is, in place of JSON. */
  readonly text?: string | undefined;
}
/** The texts of a published message for each protocol. */
export interface Published {
  readonly machines: Record<string, unknown>;
  readonly email: string;
  readonly sms: string;
  readonly attributes: Record<string, { StringValue: string }>;
}
export interface Deployed {
  readonly url: string;
  readonly key: string;
  readonly aws: Aws;
  readonly app: App;
  readonly outputs: Outputs;
  readonly faults: Faults;
  /** One call through the deployed API; `path` begins with a slash. */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Reply>;
  /** Every item of a table that has these attributes. */
  items(table: keyof Outputs["tables"], like: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>[]>;
  /** Alerts of a vehicle, oldest first. */
  alertItems(vehicleId: string): Promise<Record<string, unknown>[]>;
  rawKeys(containing: string): Promise<string[]>;
  raw(key: string): Promise<unknown>;
  /** Messages about a vehicle that SNS accepted, whatever the sender's answer was. */
  published(vehicleId: string): Published[];
  /** Runs `up` on the same back end with other settings. Its address stays the same. */
  change(settings: object): Promise<App>;
  close(): Promise<void>;
}

/** The tests make more calls a second than the default limits allow. A test of the limits sets `api` itself. */
const WIDE_LIMITS = { rateLimit: 10_000, burstLimit: 5_000 };
/**
 * The whole back end with a database that is a control plane only, deployed by the product's own code on a local AWS in this process.
 * `settings` are those of fleetlogix.config.json; without `api`, the API has wide limits.
 */
export async function deploy(settings: object = {}): Promise<Deployed> {
  const faults = faultPlan([], { keepCalls: 20_000 });
  const aws = await localAws({ faults });
  try {
    const app = await bringUp(aws, { api: WIDE_LIMITS, ...settings });
    const outputs = await app.outputs({ secrets: true });
    const [url, key] = [outputs.api_url ?? "", outputs.api_key?.reveal() ?? ""];
    const call: Deployed["call"] = (method, path, body, options) => callApi({ url, key }, method, path, body, options);
    const change = (other: object) => bringUp(aws, { api: WIDE_LIMITS, ...other });
    return { url, key, aws, app, outputs, faults, call, ...readers(aws, outputs, faults), change, close: () => aws.close() };
  } catch (error) {
    await aws.close();
    throw error;
  }
}

async function bringUp(aws: Aws, settings: object): Promise<App> {
  const folder = mkdtempSync(join(tmpdir(), "deployed-"));
  try {
    writeFileSync(join(folder, "fleetlogix.config.json"), JSON.stringify(settings));
    const { config } = loadConfig({ cwd: folder, variables: {} });
    const app = await openApp(config, { endpoint: aws.url, local: true, concurrency: 8, signal: new AbortController().signal });
    const result = await app.apply({ part: "all" }, { adopt: false, allowDataLoss: [], wait: true }, () => {});
    if (!result.ok) throw result.error;
    return app;
  } finally {
    removeFolder(folder);
  }
}

async function callApi(
  { url, key }: { readonly url: string; readonly key: string },
  method: string,
  path: string,
  body: unknown,
  options: CallOptions = {},
): Promise<Reply> {
  const text = options.text ?? (body === undefined ? undefined : JSON.stringify(body));
  const sentKey = options.key === undefined ? key : options.key;
  const headers = { ...(text !== undefined && { "content-type": "application/json" }), ...(sentKey !== null && { "x-api-key": sentKey }) };
  const request = { method, headers: { ...headers, ...options.headers }, ...(text !== undefined && { body: text }) };
  const response = await fetch(`${url}${path}`, request);
  const answer = await response.text();
  return { status: response.status, headers: response.headers, body: answer === "" ? undefined : JSON.parse(answer) };
}

function readers(aws: Aws, { bucket, tables }: Outputs, faults: Faults) {
  const dynamodb = aws.client(DynamoDBClient);
  const s3 = aws.client(S3Client, { forcePathStyle: true });
  const Bucket = bucket ?? "";
  return {
    async items(table: keyof Outputs["tables"], like: Readonly<Record<string, unknown>>) {
      const { Items: found = [] } = await dynamodb.send(new ScanCommand({ TableName: tables[table] ?? "", ConsistentRead: true }));
      const items = found.map((item) => fromItem<Record<string, unknown>>(item));
      return items.filter((item) => Object.entries(like).every(([name, value]) => item[name] === value));
    },
    async alertItems(vehicleId: string) {
      const query = new QueryCommand({
        TableName: tables.alerts ?? "",
        KeyConditionExpression: "vehicle_id = :v",
        ExpressionAttributeValues: { ":v": { S: vehicleId } },
      });
      return ((await dynamodb.send(query)).Items ?? []).map((item) => fromItem<Record<string, unknown>>(item));
    },
    async rawKeys(containing: string) {
      const { Contents: found = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "raw-data/" }));
      return found.map((one) => one.Key ?? "").filter((key) => key.includes(containing));
    },
    async raw(key: string) {
      const { Body: body } = await s3.send(new GetObjectCommand({ Bucket, Key: key }));
      return JSON.parse((await body?.transformToString()) ?? "");
    },
    published: (vehicleId: string) => publishedIn(faults.calls()).filter(({ machines }) => machines.vehicle_id === vehicleId),
  };
}

export const publishedIn = (calls: readonly LoggedCall[]): Published[] =>
  calls
    .filter((one) => one.service === "sns" && one.operation === "Publish" && one.effect)
    .map(({ input }) => {
      const { default: machines, email, sms } = JSON.parse(String(input.Message));
      return { machines: JSON.parse(machines), email, sms, attributes: input.MessageAttributes as Published["attributes"] };
    });
