import { IAM } from "@aws-sdk/client-iam";
import { STS } from "@aws-sdk/client-sts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type App, openApp } from "../../../src/app.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { KINDS } from "../../../src/resources/index.ts";
import { localAws } from "../../support/local-aws.ts";

/** Each command on the local AWS, which enforces IAM, as a role that has exactly the policy that `permissions` prints. */
const how = { adopt: false, allowDataLoss: [], wait: true };
const gone = { deleteData: true, skipFinalSnapshot: true, wait: true };
const LONG = 240_000;
let made = 0;
let aws: Awaited<ReturnType<typeof localAws>>;
beforeAll(async () => {
  aws = await localAws();
});
afterAll(() => aws.close());

describe.each(["development", "production"] as const)("%s", (hardening) => {
  const { config } = loadConfig({ cwd: "/nowhere", variables: {} });
  const own = { ...config, hardening, database: { ...config.database, publiclyAccessible: hardening === "development" } };
  const open = (local: boolean, signal = new AbortController().signal) =>
    openApp(own, { endpoint: aws.url, local, concurrency: 8, signal });

  /** Opens the application as a deployer with exactly the permissions for `command`. */
  async function as(command: string): Promise<App> {
    const iam = aws.client(IAM);
    const RoleName = `deployer-${hardening}-${command}-${++made}`;
    const parts = (await open(true)).permissionParts(command);
    expect(parts.every((part) => JSON.stringify(part).length <= 6_144)).toBe(true);
    expect(parts.length).toBeLessThanOrEqual(10);
    const trust = { Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "sts:AssumeRole" };
    const { Role } = await iam.createRole({
      RoleName,
      AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [trust] }),
    });
    for (const [n, part] of parts.entries()) {
      const PolicyDocument = JSON.stringify(part);
      const { Policy } = await iam.createPolicy({ PolicyName: `${RoleName}-${n}`, PolicyDocument });
      await iam.attachRolePolicy({ RoleName, PolicyArn: Policy?.Arn });
    }
    const { Credentials } = await aws.client(STS).assumeRole({ RoleArn: Role?.Arn, RoleSessionName: "test" });
    process.env.AWS_ACCESS_KEY_ID = Credentials?.AccessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = Credentials?.SecretAccessKey;
    process.env.AWS_SESSION_TOKEN = Credentials?.SessionToken;
    return open(false);
  }
  const fine = ({ ok, error }: { readonly ok: boolean; readonly error: unknown }) =>
    expect({ ok, error }).toEqual({ ok: true, error: undefined });

  test("setup, deploy-lambdas and create-api, one after the other, and up over it", { timeout: LONG }, async () => {
    fine(await (await as("setup")).apply({ part: "data" }, how, () => {}));
    fine(await (await as("deploy-lambdas")).apply({ part: "functions" }, how, () => {}));
    fine(await (await as("create-api")).apply({ part: "api" }, how, () => {}));
    fine(await (await as("up")).apply({ part: "all" }, how, () => {}));
  });
  test("plan, status, outputs with secrets, doctor", { timeout: LONG }, async () => {
    const { resources } = await (await as("plan")).plan({ part: "all" }, how);
    expect(resources.filter((r) => r.decision.action !== "keep").map((r) => [r.id, r.decision])).toEqual([]);
    // Where the network has no private subnets there is no group of them.
    const absent = (await (await as("status")).status()).filter((r) => r.state === "absent" && r.kind !== "rds.subnet-group");
    expect(absent).toEqual([]);
    expect((await (await as("outputs")).outputs({ secrets: true })).api_url).not.toBeNull();
    expect((await (await as("doctor")).doctor()).filter((f) => !f.ok)).toEqual([]);
  });
  test("dashboard", { timeout: LONG }, async () => {
    const controller = new AbortController();
    const app = await as("dashboard");
    const { url, ended } = await (await open(false, controller.signal)).dashboard({});
    const cookie = (await fetch(url)).headers.get("set-cookie")?.split(";")[0] ?? "";
    const stream = await fetch(new URL("/events", url), { headers: { cookie } });
    let said = "";
    const decoder = new TextDecoder();
    for await (const part of stream.body as unknown as AsyncIterable<Uint8Array>) {
      said += decoder.decode(part, { stream: true });
      if (said.includes('"deliveries":{') && said.includes('"traffic":{')) break;
    }
    expect(said).not.toContain('"failing":{');
    expect(said).not.toContain((await app.outputs({ secrets: true, only: ["api_url", "api_key"] })).api_key?.reveal());
    controller.abort();
    await ended;
  });
  test("a reader cannot write", { timeout: LONG }, async () => {
    const refused = await (await as("status")).teardown(gone, () => {}).catch((error) => ({ error }));
    expect(refused.error).toMatchObject({ code: "ACCESS_DENIED" });
  });
  test("only a teardown may delete resources with data, and functions and tables are named one by one", async () => {
    const app = await open(true);
    const allowed = app.permissions("up").Statement;
    const actions = allowed.flatMap(({ Action }) => Action);
    for (const lost of ["dynamodb:DeleteTable", "rds:DeleteDBInstance", "s3:DeleteBucket"]) expect(actions).not.toContain(lost);
    expect(app.permissions("teardown").Statement.flatMap(({ Action }) => Action)).toContain("dynamodb:DeleteTable");
    const writers = allowed.filter(({ Action }) => Action.includes("lambda:UpdateFunctionCode") || Action.includes("dynamodb:CreateTable"));
    expect(writers.flatMap(({ Resource }) => Resource).filter((arn) => /(function|table)[:/]fleetlogix[-_]\*/i.test(arn))).toEqual([]);
    expect(app.permissionParts("up").flatMap(({ Statement }) => Statement)).toEqual(allowed);
  });
  test("teardown, and up from nothing", { timeout: LONG }, async () => {
    fine(await (await as("teardown")).teardown(gone, () => {}));
    process.env.AWS_SESSION_TOKEN = undefined;
  });
});

test("every kind declares its actions without wildcards", () => {
  for (const { kind, access } of KINDS) {
    const { everywhere = {} } = access ?? {};
    const actions = [access, everywhere].flatMap((part) => [...(part?.read ?? []), ...(part?.write ?? []), ...(part?.delete ?? [])]);
    expect([kind, actions.length > 0, actions.filter((action) => !/^[a-z0-9]+:[A-Za-z]+$/.test(action))]).toEqual([kind, true, []]);
  }
});
