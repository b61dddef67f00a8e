import { APIGateway } from "@aws-sdk/client-api-gateway";
import { EC2 } from "@aws-sdk/client-ec2";
import { Lambda } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type App, openApp } from "../../../src/app.ts";
import type { CommandContext } from "../../../src/cli/context.ts";
import { toTypedCommands } from "../../../src/cli/typed-commands.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { faultPlan } from "../../../src/local/core/faults.ts";
import { localAws } from "../../support/local-aws.ts";
import { offeredCommands } from "../../support/offered-commands.ts";
import { wordsOf } from "../../support/typed.ts";

/**
 * Each `aws …` command that a message prints carries endpoint, region, profile and what it is about; read as the `aws` command reads it
 * and sent with the SDK, it does what the message says.
 */
const { config } = loadConfig({ cwd: "/nowhere", variables: {} });
const how = { adopt: false, allowDataLoss: [], wait: true };
const all = { part: "all" } as const;
const LONG = 240_000;
const FunctionName = "fleetlogix-calculate-eta";
const faults = faultPlan();
const proven = new Set<string>();
let aws: Awaited<ReturnType<typeof localAws>>;
let app: App;
beforeAll(async () => {
  aws = await localAws({ faults });
  process.env.AWS_ACCESS_KEY_ID = "test";
  process.env.AWS_SECRET_ACCESS_KEY = "test";
  app = await openApp(config, { endpoint: aws.url, local: true, concurrency: 8, signal: new AbortController().signal });
  expect((await app.apply(all, how, () => {})).error).toBeUndefined();
}, LONG);
afterAll(() => aws.close());

/** The first `aws` command of a text, as a user of the profile `desk` in Ireland sees it. */
function printedAws(text: string | undefined): string {
  const run = {
    command: "up",
    argv: ["up"],
    flags: { profile: "desk" },
    reached: { endpoint: aws.url, region: "us-east-1", local: false },
    io: { env: {}, cwd: "/", script: "/usr/bin/fleetlogix" },
  };
  const found = /`(aws [^`]+)`/.exec(toTypedCommands(text ?? "", run as unknown as CommandContext))?.[1];
  if (!found) throw new Error(`no aws command in: ${text}`);
  expect(found).toContain(`--endpoint-url ${aws.url}`);
  expect(found).toContain("--profile desk");
  expect(found).toMatch(/--region us-east-1(\s|$)/);
  return found;
}
interface Called {
  readonly service: string;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}
const NOT_INPUT = new Set(["EndpointUrl", "Region", "Profile"]);
const LISTS = new Set(["NetworkInterfaceIds", "PatchOperations"]);
/** As the `aws` command reads its words: `--flag value`, `--flag` alone is true, JSON and `key=value` shorthand are structures. */
function read(line: string): Called {
  const [, service = "", operation = "", ...rest] = wordsOf(line);
  const pascal = (word: string) => word.replace(/(^|-)([a-z])/g, (_all, _dash, letter: string) => letter.toUpperCase());
  const input: Record<string, unknown> = {};
  for (let at = 0; at < rest.length; at++) {
    const name = pascal((rest[at] ?? "").slice(2)).replace(/^Db/, "DB");
    const next = rest[at + 1];
    const value = next === undefined || next.startsWith("--") ? true : valueFrom(name, next);
    if (value !== true) at++;
    if (!NOT_INPUT.has(name)) input[name] = value;
  }
  return { service, operation: pascal(operation).replace(/Db(?=[A-Z])/g, "DB"), input };
}
function valueFrom(name: string, word: string): unknown {
  if (/^[[{]/.test(word)) return JSON.parse(word);
  if (/^op=/.test(word)) return [Object.fromEntries(word.split(",").map((pair) => pair.split("=")))];
  return LISTS.has(name) ? [word] : word;
}
/** Sends the call with the SDK. */
async function send(line: string, template: string): Promise<unknown> {
  proven.add(template);
  const { service, operation, input } = read(line);
  const packages: Readonly<Record<string, () => Promise<object>>> = {
    lambda: () => import("@aws-sdk/client-lambda"),
    ec2: () => import("@aws-sdk/client-ec2"),
    rds: () => import("@aws-sdk/client-rds"),
    apigateway: () => import("@aws-sdk/client-api-gateway"),
    sts: () => import("@aws-sdk/client-sts"),
  };
  const sdk = (await packages[service]?.()) as Readonly<Record<string, new (input: object) => object>>;
  const own = Object.fromEntries(
    Object.entries(input).map(([key, value]) => [service === "apigateway" ? key.replace(/^./, (c) => c.toLowerCase()) : key, value]),
  );
  const Client = Object.entries(sdk).find(([name]) => /^[A-Z][A-Za-z0-9]*Client$/.test(name) && name !== "__Client")?.[1];
  const Command = sdk[`${operation}Command`];
  if (!Client || !Command) throw new Error(`${service} knows no ${operation}`);
  const client = new Client({ region: "us-east-1", endpoint: aws.url, credentials: { accessKeyId: "a", secretAccessKey: "b" } }) as {
    send(command: object): Promise<unknown>;
  };
  return client.send(new Command(own));
}

test("a stopped function runs again", async () => {
  const lambda = aws.client(Lambda);
  await lambda.putFunctionConcurrency({ FunctionName, ReservedConcurrentExecutions: 0 });
  const { trouble } = (await app.status()).find((r) => r.id === "function.calculate-eta") ?? {};
  await send(printedAws(trouble), "aws lambda delete-function-concurrency --function-name …");
  expect((await lambda.getFunctionConcurrency({ FunctionName })).ReservedConcurrentExecutions).toBeUndefined();
});

test("a statement that allows every account is removed", async () => {
  await aws
    .client(Lambda)
    .addPermission({ FunctionName, Action: "lambda:InvokeFunction", Qualifier: "live", StatementId: "public", Principal: "*" });
  const planned = async () => (await app.plan(all, how)).resources.find((r) => r.id === "function.calculate-eta")?.decision;
  const before = await planned();
  const note = before && "notes" in before ? before.notes?.find((text) => text.includes("Every account")) : undefined;
  await send(printedAws(note), "aws lambda remove-permission --function-name … --statement-id ……");
  expect(await planned()).toEqual({ action: "keep" });
});

test("for a database with a failed creation the commands print its events and delete it", { timeout: LONG }, async () => {
  faults.add({
    service: "rds",
    operation: "DescribeDBInstances",
    times: null,
    fault: {
      kind: "hook",
      after(_call, output) {
        for (const one of (output?.DBInstances ?? []) as object[]) Object.assign(one, { DBInstanceStatus: "failed" });
      },
    },
  });
  const error = (await app.apply(all, how, () => {})).error as Error;
  expect(error).toMatchObject({ code: "SETTLE_FAILED" });
  for (const rule of faults.rules()) Object.assign(rule, { times: 0 });
  const events = printedAws(error.message);
  expect(read(events).input).toEqual({ SourceType: "db-instance", SourceIdentifier: "fleetlogix-db" });
  // The local AWS has no events. Its error shows that it recognized the operation.
  await expect(send(events, "aws rds describe-events --source-type db-instance …")).rejects.toThrow("rds:DescribeEvents");
  const rest = error.message.slice(error.message.indexOf("says why"));
  await send(printedAws(rest), "aws rds delete-db-instance … --skip-final-snapshot");
  await expect.poll(async () => (await app.status()).find((r) => r.id === "database.main")?.state, { timeout: 30_000 }).toBe("absent");
  expect((await app.apply(all, how, () => {})).error).toBeUndefined();
});

test("for a foreign role with the name of the logging role the command sets another one", {
  timeout: LONG,
}, async () => {
  const gateway = aws.client(APIGateway);
  const { cloudwatchRoleArn = "" } = await gateway.getAccount({});
  const [template = ""] = [...offeredCommands("src", /^src\/local/).keys()].filter((one) => one.startsWith("aws apigateway"));
  const line = printedAws(`\`${template.replace("ROLE_ARN", cloudwatchRoleArn)}\``);
  await send(line, template);
  expect((await gateway.getAccount({})).cloudwatchRoleArn).toBe(cloudwatchRoleArn);
});

test("the commands of doctor for quotas, networks and versions are valid AWS calls in the right region", { timeout: LONG }, async () => {
  const altered = async (service: string, operation: string, change: (output: Record<string, unknown>) => void) => {
    faults.add({ service, operation, times: null, fault: { kind: "hook", after: (_call, output) => change(output ?? {}) } });
    const fix = (await app.doctor()).find((finding) => !finding.ok)?.fix ?? "";
    for (const rule of faults.rules()) Object.assign(rule, { times: 0 });
    return printedAws(fix);
  };
  const vpc = await altered("ec2", "DescribeVpcs", (output) => Object.assign(output, { Vpcs: [] }));
  await expect(send(vpc, "aws ec2 create-default-vpc --region …")).rejects.toThrow("ec2:CreateDefaultVpc");
  const subnet = await altered("ec2", "DescribeSubnets", (output) =>
    Object.assign(output, { Subnets: (output.Subnets as object[]).slice(0, 1) }),
  );
  expect(read(subnet).input).toEqual({ AvailabilityZone: "us-east-1b" });
  await expect(send(subnet, "aws ec2 create-default-subnet --region … --availability-zone …")).rejects.toThrow("ec2:CreateDefaultSubnet");
  const versions = await altered("rds", "DescribeDBEngineVersions", (output) => Object.assign(output, { DBEngineVersions: [] }));
  expect(await send(versions, "aws rds describe-db-engine-versions --engine postgres --region …")).toMatchObject({
    DBEngineVersions: [expect.anything()],
  });
  const classes = await altered("rds", "DescribeOrderableDBInstanceOptions", (output) =>
    Object.assign(output, { OrderableDBInstanceOptions: [] }),
  );
  expect(await send(classes, "aws rds describe-orderable-db-instance-options --engine postgres")).toMatchObject({
    OrderableDBInstanceOptions: expect.anything(),
  });
  const quota = await altered("lambda", "GetAccountSettings", (output) =>
    Object.assign(output, { AccountLimit: { UnreservedConcurrentExecutions: 1 } }),
  );
  // Members of Service Quotas' RequestServiceQuotaIncrease (botocore service-quotas 2019-06-24).
  expect(read(quota)).toEqual({
    service: "service-quotas",
    operation: "RequestServiceQuotaIncrease",
    input: { ServiceCode: "lambda", QuotaCode: "L-B99A9384", DesiredValue: "1000" },
  });
  proven.add("aws service-quotas request-service-quota-increase --service-code … --quota-code … --desired-value … --region …");
  await send(printedAws("`aws sts get-caller-identity`"), "aws sts get-caller-identity");
});

test("for a security group in use the commands remove the holder's rule and show the holder's interface", { timeout: LONG }, async () => {
  const ec2 = aws.client(EC2);
  const gone = { deleteData: true, skipFinalSnapshot: true, wait: true };
  const { SecurityGroups = [] } = await ec2.describeSecurityGroups({ GroupNames: ["fleetlogix-db-access"] });
  const ours = SecurityGroups[0]?.GroupId ?? "";
  const { GroupId = "" } = await ec2.createSecurityGroup({ GroupName: "other", Description: "of others", VpcId: SecurityGroups[0]?.VpcId });
  const IpPermissions = [{ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, UserIdGroupPairs: [{ GroupId: ours }] }];
  await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions });
  const hintOf = (result: Awaited<ReturnType<App["teardown"]>>) => result.resources.find((r) => r.status === "failed")?.error?.hint;
  const held = await app.teardown(gone, () => {});
  await send(printedAws(hintOf(held)), "aws ec2 revoke-security-group-ingress --group-id … --ip-permissions '…'");
  const { SecurityGroups: after = [] } = await ec2.describeSecurityGroups({ GroupIds: [GroupId] });
  expect(after[0]?.IpPermissions).toEqual([]);
  await expect.poll(async () => (await ec2.describeSecurityGroups({})).SecurityGroups?.some((group) => group.GroupId === ours)).toBe(true);
  // An interface of somebody's server has the group, too.
  const NetworkInterface = {
    NetworkInterfaceId: "eni-0123456789abcdef0",
    Status: "in-use",
    InterfaceType: "interface",
    Groups: [{ GroupId: ours }],
  };
  faults.add({
    service: "ec2",
    operation: "DescribeNetworkInterfaces",
    times: null,
    fault: { kind: "hook", after: (_call, output) => void Object.assign(output ?? {}, { NetworkInterfaces: [NetworkInterface] }) },
  });
  faults.add({
    service: "ec2",
    operation: "DeleteSecurityGroup",
    times: 1,
    fault: { kind: "fail", code: "DependencyViolation", status: 400, message: `resource ${ours} has a dependent object` },
  });
  const interfaceHeld = await app.teardown(gone, () => {});
  const shown = await send(printedAws(hintOf(interfaceHeld)), "aws ec2 describe-network-interfaces --network-interface-ids …");
  expect(shown).toMatchObject({ NetworkInterfaces: [{ NetworkInterfaceId: "eni-0123456789abcdef0" }] });
  for (const rule of faults.rules()) Object.assign(rule, { times: 0 });

  // An interface that RDS releases is deleted without help. The run waits for it and names it meanwhile.
  faults.add({
    service: "ec2",
    operation: "DescribeNetworkInterfaces",
    times: null,
    fault: {
      kind: "hook",
      after: (_call, output) =>
        void Object.assign(output ?? {}, {
          NetworkInterfaces: [{ ...NetworkInterface, RequesterManaged: true, Description: "RDSNetworkInterface" }],
        }),
    },
  });
  faults.add({
    service: "ec2",
    operation: "DeleteSecurityGroup",
    times: 2,
    fault: { kind: "fail", code: "DependencyViolation", status: 400, message: `resource ${ours} has a dependent object` },
  });
  const said: string[] = [];
  const waited = await app.teardown(gone, (event) => {
    if (event.type === "resource.retrying" && event.holder) said.push(event.holder);
  });
  expect(waited).toMatchObject({ ok: true });
  expect(said).toEqual([
    "the network interface eni-0123456789abcdef0 (RDSNetworkInterface)",
    "the network interface eni-0123456789abcdef0 (RDSNetworkInterface)",
  ]);
});

/** Commands for the user's own computer. They have no region and no endpoint, and a test cannot send them. */
const WITH_THE_USER = ["aws configure", "aws configure --profile NAME", "aws sso login"];
test("every aws command in a message was parsed and sent by a test", () => {
  const printed = [
    ...offeredCommands("src", /^src\/(local\/(services|wire|core|models)|cli\/(next-command|typed-commands))/).keys(),
  ].filter((one) => one.startsWith("aws "));
  expect(printed.filter((one) => !WITH_THE_USER.includes(one)).toSorted()).toEqual([...proven].toSorted());
});
