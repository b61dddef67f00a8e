import { IAM } from "@aws-sdk/client-iam";
import { S3 } from "@aws-sdk/client-s3";
import { STS } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type App, openApp } from "../../../src/app.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { localAws } from "../../support/local-aws.ts";

/** The access of Snowflake to the stack: a role that reads the packed lake, and notifications about its files. */
const { config } = loadConfig({ cwd: "/nowhere", variables: {} });
const all = { part: "all" } as const;
const how = { adopt: false, allowDataLoss: [] as string[], wait: true };
const RoleName = "fleetlogix-snowflake-role";
const Bucket = "fleetlogix-data-000000000000-us-east-1";
const QUEUE = "arn:aws:sqs:us-east-1:210987654321:sf-snowpipe-AIDA-abc";
const snowflake = { userArn: "arn:aws:iam::210987654321:user/snow-1", externalId: "FL_SFCRole=2_abc=", notificationArn: QUEUE };
const LONG = 240_000;
let aws: Awaited<ReturnType<typeof localAws>>;
beforeAll(async () => {
  aws = await localAws();
  process.env.AWS_ACCESS_KEY_ID = "test";
  process.env.AWS_SECRET_ACCESS_KEY = "test";
});
afterAll(() => aws.close());
const open = (changed: object = {}) =>
  openApp({ ...config, ...changed }, { endpoint: aws.url, local: true, concurrency: 8, signal: new AbortController().signal });

const apply = async (app: App) => expect(await app.apply(all, how, () => {})).toMatchObject({ ok: true });

test(
  "the role and the notification come with the configuration, are mended, and go with it",
  async () => {
    const iam = aws.client(IAM);
    const s3 = aws.client(S3, { forcePathStyle: true });
    await apply(await open());
    await expect(iam.getRole({ RoleName })).rejects.toMatchObject({ name: "NoSuchEntityException" });
    expect((await s3.getBucketNotificationConfiguration({ Bucket })).QueueConfigurations).toBeUndefined();

    const app = await open({ warehouse: { snowflake } });
    await apply(app);
    const { Role } = await iam.getRole({ RoleName });
    expect(JSON.parse(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? "")).Statement).toEqual([
      {
        Effect: "Allow",
        Principal: { AWS: snowflake.userArn },
        Action: "sts:AssumeRole",
        Condition: { StringEquals: { "sts:ExternalId": snowflake.externalId } },
      },
    ]);
    await expect(aws.client(STS).assumeRole({ RoleArn: Role?.Arn, RoleSessionName: "laptop" })).rejects.toMatchObject({
      name: "AccessDenied",
    });
    const { PolicyNames: [PolicyName = ""] = [] } = await iam.listRolePolicies({ RoleName });
    const { PolicyDocument = "" } = await iam.getRolePolicy({ RoleName, PolicyName });
    const statements = JSON.parse(decodeURIComponent(PolicyDocument)).Statement as {
      Action: string | string[];
      Resource: string | string[];
    }[];
    const actions = statements.flatMap(({ Action }) => Action).filter((action) => !action.startsWith("kms:"));
    expect(actions.toSorted()).toEqual(["s3:GetBucketLocation", "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"]);
    const objects = statements.filter(({ Action }) => [Action].flat().includes("s3:GetObject")).flatMap(({ Resource }) => Resource);
    expect(objects).toEqual([`arn:aws:s3:::${Bucket}/lake/*`]);

    const told = {
      QueueArn: QUEUE,
      Events: ["s3:ObjectCreated:*"],
      Filter: {
        Key: {
          FilterRules: [
            { Name: "prefix", Value: "lake/" },
            { Name: "suffix", Value: ".parquet" },
          ],
        },
      },
    };
    expect((await s3.getBucketNotificationConfiguration({ Bucket })).QueueConfigurations).toMatchObject([told]);
    expect((await app.plan(all, how)).resources.filter(({ decision }) => decision.action !== "keep")).toEqual([]);

    await s3.putBucketNotificationConfiguration({ Bucket, NotificationConfiguration: {} });
    await iam.deleteRolePolicy({ RoleName, PolicyName });
    await apply(app);
    expect((await s3.getBucketNotificationConfiguration({ Bucket })).QueueConfigurations).toMatchObject([told]);
    expect((await iam.listRolePolicies({ RoleName })).PolicyNames).toEqual([PolicyName]);

    await apply(await open());
    expect((await s3.getBucketNotificationConfiguration({ Bucket })).QueueConfigurations).toBeUndefined();
  },
  LONG,
);
