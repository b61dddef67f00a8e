import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IAM } from "@aws-sdk/client-iam";
import { Lambda } from "@aws-sdk/client-lambda";
import { SNS } from "@aws-sdk/client-sns";
import { STS } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { functionZip } from "../support/function-zip.ts";
import { localAws } from "../support/local-aws.ts";

/** Waits long enough for asynchronous deliveries on a busy machine. */
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

/** A folder that functions can write to. Where the tests run as root, they run as an unprivileged user. */
const told = mkdtempSync(join(tmpdir(), "sns-access-"));
chmodSync(told, 0o777);
let aws: Awaited<ReturnType<typeof localAws>>;
let sns: SNS;
let TopicArn: string;
let roleArn: string;
const document = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
beforeAll(async () => {
  aws = await localAws();
  sns = aws.client(SNS);
  TopicArn = (await sns.createTopic({ Name: "alerts" })).TopicArn as string;
  const trust = document({ Effect: "Allow", Principal: { AWS: "*", Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" });
  roleArn = (await aws.client(IAM).createRole({ RoleName: "runner", AssumeRolePolicyDocument: trust })).Role?.Arn as string;
});
afterAll(() => aws.close());
const mail = async () => (await fetch(`${aws.url}/_local/mail`)).json() as Promise<{ to: string; body: string }[]>;

test("a function that permits SNS gets the message as AWS's record; another one does not", async () => {
  const lambda = aws.client(Lambda);
  const code = `import { writeFileSync } from "node:fs";
    export const handler = async (event) => writeFileSync(process.env.FILE, JSON.stringify(event));`;
  const make = async (FunctionName: string): Promise<string> => {
    const made = await lambda.createFunction({
      FunctionName,
      Role: roleArn,
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      Code: { ZipFile: await functionZip({ "index.mjs": code }) },
      Environment: { Variables: { FILE: `${told}/${FunctionName}.json` } },
    });
    return made.FunctionArn as string;
  };
  const permitted = await make("permitted");
  const forbidden = await make("forbidden");
  await lambda.addPermission({
    FunctionName: "permitted",
    StatementId: "sns",
    Action: "lambda:InvokeFunction",
    Principal: "sns.amazonaws.com",
    SourceArn: TopicArn,
  });
  const { SubscriptionArn } = await sns.subscribe({ TopicArn, Protocol: "lambda", Endpoint: forbidden });
  const subscribed = await sns.subscribe({ TopicArn, Protocol: "lambda", Endpoint: permitted });
  const { MessageId } = await sns.publish({
    TopicArn,
    Message: "m",
    MessageAttributes: { vehicle_id: { DataType: "String", StringValue: "v1" } },
  });
  const { existsSync, readFileSync } = await import("node:fs");
  await soon(() => existsSync(`${told}/permitted.json`)).toBe(true);
  await soon(() => JSON.parse(readFileSync(`${told}/permitted.json`, "utf8") || "null")).toMatchObject({
    Records: [
      {
        EventSource: "aws:sns",
        EventVersion: "1.0",
        EventSubscriptionArn: subscribed.SubscriptionArn,
        Sns: {
          Type: "Notification",
          MessageId,
          TopicArn,
          Subject: null,
          Message: "m",
          SignatureVersion: "1",
          SigningCertUrl: expect.any(String),
          UnsubscribeUrl: expect.any(String),
          MessageAttributes: { vehicle_id: { Type: "String", Value: "v1" } },
        },
      },
    ],
  });
  expect(existsSync(`${told}/forbidden.json`)).toBe(false);
  await sns.unsubscribe({ SubscriptionArn });
  await sns.unsubscribe({ SubscriptionArn: subscribed.SubscriptionArn });
});

test("a role publishes where its policy or the topic's policy allows; a TLS-only topic accepts loopback", async () => {
  const iam = aws.client(IAM);
  const own = { Effect: "Allow", Action: "sns:Publish", Resource: TopicArn };
  await iam.putRolePolicy({ RoleName: "runner", PolicyName: "p", PolicyDocument: document(own) });
  const { Credentials } = await aws.client(STS).assumeRole({ RoleArn: roleArn, RoleSessionName: "test" });
  const credentials = {
    accessKeyId: Credentials?.AccessKeyId as string,
    secretAccessKey: Credentials?.SecretAccessKey as string,
    sessionToken: Credentials?.SessionToken as string,
  };
  const role = aws.client(SNS, { credentials } as object);
  await sns.subscribe({ TopicArn, Protocol: "sms", Endpoint: "+15550100" });
  const tlsOnly = {
    Effect: "Deny",
    Principal: "*",
    Action: "sns:Publish",
    Resource: TopicArn,
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
  await sns.setTopicAttributes({ TopicArn, AttributeName: "Policy", AttributeValue: document(tlsOnly) });
  await role.publish({ TopicArn, Message: "from the role" });
  await soon(async () => (await mail()).map(({ body }) => body)).toEqual(["from the role"]);

  const { TopicArn: other } = await sns.createTopic({ Name: "other" });
  await expect(role.publish({ TopicArn: other, Message: "m" })).rejects.toMatchObject({
    name: "AuthorizationErrorException",
    message: expect.stringContaining("sns:Publish"),
  });
  const open = { Effect: "Allow", Principal: { AWS: roleArn }, Action: "sns:Publish", Resource: other };
  await sns.setTopicAttributes({ TopicArn: other, AttributeName: "Policy", AttributeValue: document(open) });
  await role.publish({ TopicArn: other, Message: "m" });
  await expect(role.deleteTopic({ TopicArn: other })).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
});
