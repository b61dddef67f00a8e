import { IAM } from "@aws-sdk/client-iam";
import { STS } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import { type LocalAws, startLocalAws } from "../../src/local/index.ts";

const clock = virtualClock();
let aws: LocalAws;
const config = (credentials = { accessKeyId: "test", secretAccessKey: "test" } as object) => ({
  region: "us-east-1",
  endpoint: aws.url,
  credentials: credentials as { accessKeyId: string; secretAccessKey: string },
  maxAttempts: 1,
});
beforeAll(async () => {
  aws = await startLocalAws({ clock });
  const iam = new IAM(config());
  await iam.createRole({ RoleName: "open", AssumeRolePolicyDocument: trust({ AWS: "arn:aws:iam::000000000000:root" }) });
  await iam.createRole({ RoleName: "lambda", AssumeRolePolicyDocument: trust({ Service: "lambda.amazonaws.com" }) });
});
afterAll(() => aws.close());

const trust = (Principal: object) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal, Action: "sts:AssumeRole" }] });
const arn = (role: string) => `arn:aws:iam::000000000000:role/${role}`;
async function assumed(seconds = 3600) {
  const { Credentials: c, AssumedRoleUser } = await new STS(config()).assumeRole({
    RoleArn: arn("open"),
    RoleSessionName: "me",
    DurationSeconds: seconds,
  });
  return {
    keys: { accessKeyId: c?.AccessKeyId ?? "", secretAccessKey: c?.SecretAccessKey ?? "", sessionToken: c?.SessionToken ?? "" },
    expiration: c?.Expiration,
    user: AssumedRoleUser,
  };
}

test("the machine's user is the account's root", async () => {
  const who = await new STS(config()).getCallerIdentity({});
  expect(who).toMatchObject({ Account: "000000000000", Arn: "arn:aws:iam::000000000000:root", UserId: "000000000000" });
});

test("a caller with a role's credentials is that role's session until they expire", async () => {
  const { keys, user, expiration } = await assumed(900);
  expect(expiration).toEqual(new Date(clock.now() + 900_000));
  expect(user?.Arn).toBe("arn:aws:sts::000000000000:assumed-role/open/me");
  const sts = new STS(config(keys));
  expect(await sts.getCallerIdentity({})).toMatchObject({ Arn: user?.Arn, UserId: user?.AssumedRoleId });
  await expect(new IAM(config(keys)).listRoles({})).rejects.toMatchObject({
    name: "AccessDenied",
    message: expect.stringMatching(/^User: arn:aws:sts::000000000000:assumed-role\/open\/me is not authorized to perform: iam:ListRoles/),
  });
  clock.advance(900_000);
  await expect(sts.getCallerIdentity({})).rejects.toMatchObject({ name: "ExpiredToken", $metadata: { httpStatusCode: 403 } });
  await assumed();
  await expect(new IAM(config(keys)).listRoles({})).rejects.toMatchObject({ name: "ExpiredToken" });
});

test("a role that trusts only a service cannot be assumed by others", async () => {
  await expect(new STS(config()).assumeRole({ RoleArn: arn("lambda"), RoleSessionName: "me" })).rejects.toMatchObject({
    name: "AccessDenied",
    message: `User: arn:aws:iam::000000000000:root is not authorized to perform: sts:AssumeRole on resource: ${arn("lambda")}`,
  });
  await expect(new STS(config()).assumeRole({ RoleArn: arn("none"), RoleSessionName: "me" })).rejects.toThrow("not authorized");
  expect(
    aws.env.decide(
      { type: "service", service: "lambda.amazonaws.com" },
      { action: "sts:AssumeRole", resource: arn("lambda"), policy: trust({ Service: "lambda.amazonaws.com" }) },
    ),
  ).toEqual({ allowed: true });
});

test("a session longer than the role's maximum is refused", async () => {
  await expect(assumed(7200)).rejects.toThrow("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  await expect(assumed(60)).rejects.toThrow("Member must have value greater than or equal to 900");
});

test("session credentials of the machine's user are the same user", async () => {
  const { Credentials: c } = await new STS(config()).getSessionToken({});
  const keys = { accessKeyId: c?.AccessKeyId, secretAccessKey: c?.SecretAccessKey, sessionToken: c?.SessionToken };
  expect((await new STS(config(keys)).getCallerIdentity({})).Arn).toBe("arn:aws:iam::000000000000:root");
});
