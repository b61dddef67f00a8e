import { CloudWatchLogs } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { IAM } from "@aws-sdk/client-iam";
import { SecretsManager } from "@aws-sdk/client-secrets-manager";
import { STS } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let credentials: { accessKeyId: string; secretAccessKey: string; sessionToken: string };
const arn = (rest: string) => `arn:aws:dynamodb:us-east-1:000000000000:table/${rest}`;
const document = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
beforeAll(async () => {
  aws = await localAws();
  const db = aws.client(DynamoDB);
  for (const TableName of ["open", "closed"])
    await db.createTable({
      TableName,
      AttributeDefinitions: [
        { AttributeName: "id", AttributeType: "S" },
        { AttributeName: "g", AttributeType: "S" },
      ],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      GlobalSecondaryIndexes: [
        { IndexName: "by-g", KeySchema: [{ AttributeName: "g", KeyType: "HASH" }], Projection: { ProjectionType: "ALL" } },
      ],
      BillingMode: "PAY_PER_REQUEST",
    });
  const secret = await aws.client(SecretsManager).createSecret({ Name: "mine", SecretString: "s" });
  await aws.client(SecretsManager).createSecret({ Name: "theirs", SecretString: "s" });
  const logs = aws.client(CloudWatchLogs);
  for (const logGroupName of ["/aws/lambda/mine", "/aws/lambda/theirs"]) await logs.createLogGroup({ logGroupName });
  const trust = document({ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" });
  const iam = aws.client(IAM);
  const { Role } = await iam.createRole({ RoleName: "limited", AssumeRolePolicyDocument: trust });
  const PolicyDocument = document(
    {
      Effect: "Allow",
      Action: ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:BatchWriteItem"],
      Resource: arn("open"),
    },
    { Effect: "Allow", Action: "secretsmanager:GetSecretValue", Resource: secret.ARN },
    {
      Effect: "Allow",
      Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
      Resource: "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/mine:*",
    },
  );
  await iam.putRolePolicy({ RoleName: "limited", PolicyName: "p", PolicyDocument });
  const { Credentials } = await aws.client(STS).assumeRole({ RoleArn: Role?.Arn, RoleSessionName: "test" });
  credentials = {
    accessKeyId: Credentials?.AccessKeyId as string,
    secretAccessKey: Credentials?.SecretAccessKey as string,
    sessionToken: Credentials?.SessionToken as string,
  };
});
afterAll(() => aws.close());

/** The JSON protocols answer one status for all errors of the caller. */
const denied = (action: string) => ({
  name: "AccessDeniedException",
  message: expect.stringContaining(action),
  $metadata: { httpStatusCode: 400 },
});

test("permissions apply to tables and indexes; a transaction needs those of its parts", async () => {
  const db = aws.client(DynamoDB, { credentials } as object);
  const Item = { id: { S: "a" }, g: { S: "x" } };
  await db.putItem({ TableName: "open", Item });
  await db.batchWriteItem({ RequestItems: { open: [{ PutRequest: { Item } }] } });
  await db.transactWriteItems({ TransactItems: [{ Put: { TableName: "open", Item } }] });
  await expect(db.putItem({ TableName: "closed", Item })).rejects.toMatchObject(denied(`dynamodb:PutItem on resource: ${arn("closed")}`));
  await expect(db.batchWriteItem({ RequestItems: { closed: [{ PutRequest: { Item } }] } })).rejects.toMatchObject(
    denied("dynamodb:BatchWriteItem"),
  );
  const remove = { Delete: { TableName: "open", Key: { id: { S: "a" } } } };
  await expect(db.transactWriteItems({ TransactItems: [remove] })).rejects.toMatchObject(denied("dynamodb:DeleteItem"));
  const check = { ConditionCheck: { TableName: "open", Key: { id: { S: "a" } }, ConditionExpression: "attribute_exists(id)" } };
  await expect(db.transactWriteItems({ TransactItems: [check] })).rejects.toMatchObject(denied("dynamodb:ConditionCheckItem"));
  const byG = { TableName: "open", KeyConditionExpression: "g = :g", ExpressionAttributeValues: { ":g": { S: "x" } } };
  await expect(db.query({ ...byG, IndexName: "by-g" })).rejects.toMatchObject(denied(`${arn("open")}/index/by-g`));
  await expect(db.listTables({})).rejects.toMatchObject(denied("dynamodb:ListTables"));
});

test("permissions apply to secrets by ARN and to log streams by group", async () => {
  const secrets = aws.client(SecretsManager, { credentials } as object);
  expect((await secrets.getSecretValue({ SecretId: "mine" })).SecretString).toBe("s");
  await expect(secrets.getSecretValue({ SecretId: "theirs" })).rejects.toMatchObject(denied("secretsmanager:GetSecretValue"));
  const logs = aws.client(CloudWatchLogs, { credentials } as object);
  const stream = { logGroupName: "/aws/lambda/mine", logStreamName: "s" };
  await logs.createLogStream(stream);
  await logs.putLogEvents({ ...stream, logEvents: [{ timestamp: Date.now(), message: "m" }] });
  await expect(logs.createLogStream({ ...stream, logGroupName: "/aws/lambda/theirs" })).rejects.toMatchObject(
    denied("logs:CreateLogStream"),
  );
  await expect(logs.filterLogEvents({ logGroupName: "/aws/lambda/mine" })).rejects.toMatchObject(denied("logs:FilterLogEvents"));
});
