import { APIGateway } from "@aws-sdk/client-api-gateway";
import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { IAM } from "@aws-sdk/client-iam";
import { Lambda } from "@aws-sdk/client-lambda";
import type { DBInstance } from "@aws-sdk/client-rds";
import { S3 } from "@aws-sdk/client-s3";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { SNS } from "@aws-sdk/client-sns";
import pg from "pg";
import { functionZip } from "./function-zip.ts";

/** One kind of stored data. Each stored item has a number. */
interface Kind {
  readonly name: string;
  put(n: number): Promise<unknown>;
  remove?(n: number): Promise<unknown>;
  /** The numbers of the items that exist and are complete. */
  present(): Promise<Set<number>>;
  end?(): Promise<void>;
}

export const config = (endpoint: string) => ({
  region: "us-east-1",
  endpoint,
  credentials: { accessKeyId: "a", secretAccessKey: "b" },
  maxAttempts: 1,
});
export const ROLE = "arn:aws:iam::000000000000:role/worker";
const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const NAMES = { logGroupName: "log", logStreamName: "stream" };

/** Creates the containers of the items. */
export async function setUp(url: string): Promise<void> {
  await new S3(config(url)).createBucket({ Bucket: "bucket" });
  await new DynamoDB(config(url)).createTable({
    TableName: "table",
    AttributeDefinitions: [{ AttributeName: "n", AttributeType: "N" }],
    KeySchema: [{ AttributeName: "n", KeyType: "HASH" }],
    BillingMode: "PAY_PER_REQUEST",
  });
  const logs = new CloudWatchLogs(config(url));
  await logs.createLogGroup({ logGroupName: NAMES.logGroupName });
  await logs.createLogStream(NAMES);
  await new IAM(config(url)).createRole({ RoleName: "worker", AssumeRolePolicyDocument: TRUST });
}

const text = (n: number): string => `value ${n} `.repeat(500);
const numbers = (names: readonly (string | undefined)[]): Set<number> =>
  new Set(names.flatMap((name) => (/-?(\d+)$/.exec(name ?? "")?.[1] ? [Number(/(\d+)$/.exec(name ?? "")?.[1])] : [])));

export const kindsOf = async (url: string, database: DBInstance): Promise<Kind[]> => [
  objects(url),
  items(url),
  topics(url),
  roles(url),
  logLines(url),
  apis(url),
  await functions(url),
  secrets(url),
  await rows(database),
];

function objects(url: string): Kind {
  const s3 = new S3(config(url));
  const at = (n: number) => ({ Bucket: "bucket", Key: `object-${n}` });
  const isComplete = async (n: number) => (await (await s3.getObject(at(n))).Body?.transformToString()) === text(n);
  return {
    name: "S3 objects",
    put: (n) => s3.putObject({ ...at(n), Body: text(n) }),
    remove: (n) => s3.deleteObject(at(n)),
    async present() {
      const listed = [...numbers(((await s3.listObjectsV2({ Bucket: "bucket" })).Contents ?? []).map((one) => one.Key))];
      const checked = await Promise.all(listed.map(async (n) => [n, await isComplete(n)] as const));
      return new Set(checked.flatMap(([n, ok]) => (ok ? [n] : [])));
    },
  };
}

function items(url: string): Kind {
  const dynamodb = new DynamoDB(config(url));
  const key = (n: number) => ({ n: { N: String(n) } });
  return {
    name: "DynamoDB items",
    put: (n) => dynamodb.putItem({ TableName: "table", Item: { ...key(n), text: { S: text(n) } } }),
    remove: (n) => dynamodb.deleteItem({ TableName: "table", Key: key(n) }),
    async present() {
      const present = new Set<number>();
      for (let ExclusiveStartKey: Record<string, { N: string }> | undefined; ; ) {
        const page = await dynamodb.scan({ TableName: "table", ExclusiveStartKey });
        for (const { n, text: value } of page.Items ?? []) if (value?.S === text(Number(n?.N))) present.add(Number(n?.N));
        ExclusiveStartKey = page.LastEvaluatedKey as typeof ExclusiveStartKey;
        if (!ExclusiveStartKey) return present;
      }
    },
  };
}

function topics(url: string): Kind {
  const sns = new SNS(config(url));
  return {
    name: "SNS topics",
    put: (n) => sns.createTopic({ Name: `topic-${n}` }),
    remove: (n) => sns.deleteTopic({ TopicArn: `arn:aws:sns:us-east-1:000000000000:topic-${n}` }),
    async present() {
      const arns: (string | undefined)[] = [];
      for (let NextToken: string | undefined; ; ) {
        const page = await sns.listTopics({ NextToken });
        arns.push(...(page.Topics ?? []).map((one) => one.TopicArn));
        NextToken = page.NextToken;
        if (!NextToken) return numbers(arns);
      }
    },
  };
}

function roles(url: string): Kind {
  const iam = new IAM(config(url));
  return {
    name: "IAM roles",
    put: (n) => iam.createRole({ RoleName: `role-${n}`, AssumeRolePolicyDocument: TRUST }),
    remove: (n) => iam.deleteRole({ RoleName: `role-${n}` }),
    present: async () => numbers(((await iam.listRoles({ MaxItems: 1000 })).Roles ?? []).map((one) => one.RoleName)),
  };
}

function logLines(url: string): Kind {
  const logs = new CloudWatchLogs(config(url));
  return {
    name: "log lines",
    put: (n) => logs.putLogEvents({ ...NAMES, logEvents: [{ timestamp: Date.now(), message: `line-${n}` }] }),
    present: async () => numbers(((await logs.getLogEvents({ ...NAMES, startFromHead: true })).events ?? []).map((one) => one.message)),
  };
}

function apis(url: string): Kind {
  const apigateway = new APIGateway(config(url));
  const all = async () => (await apigateway.getRestApis({ limit: 500 })).items ?? [];
  return {
    name: "REST APIs",
    put: (n) => apigateway.createRestApi({ name: `api-${n}` }),
    remove: async (n) => apigateway.deleteRestApi({ restApiId: (await all()).find((one) => one.name === `api-${n}`)?.id }),
    present: async () => numbers((await all()).map((one) => one.name)),
  };
}

async function functions(url: string): Promise<Kind> {
  const lambda = new Lambda(config(url));
  const ZipFile = await functionZip({ "index.mjs": "export const handler = () => 1;" });
  const all = async () => {
    const names: (string | undefined)[] = [];
    for (let Marker: string | undefined; ; ) {
      const page = await lambda.listFunctions({ Marker });
      names.push(...(page.Functions ?? []).map((one) => one.FunctionName));
      Marker = page.NextMarker;
      if (!Marker) return names;
    }
  };
  return {
    name: "functions",
    put: (n) =>
      lambda.createFunction({ FunctionName: `f-${n}`, Runtime: "nodejs22.x", Handler: "index.handler", Role: ROLE, Code: { ZipFile } }),
    remove: (n) => lambda.deleteFunction({ FunctionName: `f-${n}` }),
    present: async () => numbers(await all()),
  };
}

function secrets(url: string): Kind {
  const manager = new SecretsManager(config(url));
  const value = async (n: number) => (await manager.getSecretValue({ SecretId: `secret-${n}` })).SecretString === text(n);
  return {
    name: "secrets",
    put: (n) => manager.createSecret({ Name: `secret-${n}`, SecretString: text(n) }),
    remove: (n) => manager.deleteSecret({ SecretId: `secret-${n}`, ForceDeleteWithoutRecovery: true }),
    async present() {
      const names: (string | undefined)[] = [];
      for (let NextToken: string | undefined; ; ) {
        const page = await manager.listSecrets({ NextToken, MaxResults: 100 });
        names.push(...(page.SecretList ?? []).map((one) => one.Name));
        NextToken = page.NextToken;
        if (!NextToken) break;
      }
      const checked = await Promise.all([...numbers(names)].map(async (n) => [n, await value(n)] as const));
      return new Set(checked.flatMap(([n, ok]) => (ok ? [n] : [])));
    },
  };
}

/** Each row has its own transaction. */
async function rows({ Endpoint }: DBInstance): Promise<Kind> {
  const connection = { host: "127.0.0.1", user: "boss", password: "correct-horse", database: "postgres" };
  const client = new pg.Client({ ...connection, port: Endpoint?.Port ?? 0, ssl: { rejectUnauthorized: false } });
  client.on("error", () => {});
  await client.connect();
  await client.query("create table if not exists t (n int primary key, text text)");
  return {
    name: "committed rows",
    put: (n) => client.query("insert into t values ($1, $2)", [n, text(n)]),
    remove: (n) => client.query("delete from t where n = $1", [n]),
    async present() {
      const { rows: all } = await client.query("select n, text from t");
      return new Set(all.flatMap((row) => (row.text === text(row.n) ? [row.n] : [])));
    },
    end: () => client.end(),
  };
}
