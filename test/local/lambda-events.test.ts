import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { IAM } from "@aws-sdk/client-iam";
import { Lambda } from "@aws-sdk/client-lambda";
import { SNS } from "@aws-sdk/client-sns";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import { removeFolder } from "../support/folders.ts";
import { functionZip } from "../support/function-zip.ts";
import { localAws } from "../support/local-aws.ts";

const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
const folder = mkdtempSync(join(tmpdir(), "lambda-events-"));
// Where the tests run as root, functions run as an unprivileged user.
chmodSync(folder, 0o777);
const bundle = resolve("node_modules", ".cache", `lambda-events-${process.pid}`);
beforeAll(async () => {
  await build({
    entryPoints: { bootstrap: "src/local/services/lambda/bootstrap.ts", index: "src/local/index.ts" },
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    outdir: bundle,
  });
  writeFileSync(
    join(bundle, "server.js"),
    `import { startLocalAws } from "./index.js";
     const aws = await startLocalAws({ dataDir: process.argv[2], settings: { databases: "none" } });
     process.stdout.write(aws.url);`,
  );
});
const servers: ChildProcess[] = [];
afterAll(() => {
  for (const server of servers) server.kill("SIGKILL");
  for (const path of [folder, bundle]) removeFolder(path);
});

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((done) => setTimeout(done, 20));
}
async function makeFunction(lambda: Lambda, iam: IAM, name: string, source: string, policy?: object): Promise<void> {
  await iam.createRole({ RoleName: name, AssumeRolePolicyDocument: TRUST });
  if (policy)
    await iam.putRolePolicy({
      RoleName: name,
      PolicyName: "p",
      PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [policy] }),
    });
  await lambda.createFunction({
    FunctionName: name,
    Role: `arn:aws:iam::000000000000:role/${name}`,
    Runtime: "nodejs24.x",
    Handler: "index.handler",
    Timeout: 60,
    Code: { ZipFile: await functionZip({ "index.mjs": source }) },
  });
}
const APPEND = (file: string, what: string): string =>
  `import { appendFileSync } from "node:fs"; export const handler = async (event, context) => { ${what.replace("SAY", `appendFileSync(${JSON.stringify(file)}, JSON.stringify([context.awsRequestId, event]) + "\\n")`)} }`;
/** Reads whole lines only, because another process is writing. */
const linesOf = (file: string): [string, Record<string, unknown>][] =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line))
    : [];

test("a failing asynchronous call is attempted three times, one and two minutes apart, then reported to the destination", async () => {
  const clock = virtualClock();
  const aws = await localAws({ clock });
  try {
    const [lambda, iam] = [aws.client(Lambda), aws.client(IAM)];
    const [tries, told] = [join(folder, "tries"), join(folder, "told")];
    await makeFunction(lambda, iam, "told", APPEND(told, "SAY"));
    const arn = "arn:aws:lambda:us-east-1:000000000000:function:told";
    await makeFunction(lambda, iam, "fails", APPEND(tries, "SAY; throw new Error('never')"), {
      Effect: "Allow",
      Action: "lambda:InvokeFunction",
      Resource: arn,
    });
    await lambda.putFunctionEventInvokeConfig({ FunctionName: "fails", DestinationConfig: { OnFailure: { Destination: arn } } });
    const accepted = await lambda.invoke({ FunctionName: "fails", InvocationType: "Event", Payload: '{"n":1}' });
    expect(accepted.StatusCode).toBe(202);
    const waiting = () => aws.env.store.collection<{ attempts: number }>("lambda.events").values()[0]?.attempts;
    await until(() => waiting() === 1);
    expect(linesOf(tries)).toHaveLength(1);
    clock.advance(60_000);
    await until(() => waiting() === 2);
    clock.advance(120_000);
    await until(() => linesOf(told).length === 1);
    const attempts = linesOf(tries);
    expect(attempts).toHaveLength(3);
    expect(new Set(attempts.map(([id]) => id)).size).toBe(1);
    expect(linesOf(told)[0]?.[1]).toMatchObject({
      requestContext: { condition: "RetriesExhausted", approximateInvokeCount: 3, requestId: attempts[0]?.[0] },
      requestPayload: { n: 1 },
      responseContext: { functionError: "Unhandled", executedVersion: "$LATEST" },
      responsePayload: { errorMessage: "never" },
    });
  } finally {
    await aws.close();
  }
});

test("dead letters and failures reach topics with the reason; a sandbox ends after five idle minutes", async () => {
  const clock = virtualClock();
  const aws = await localAws({ clock });
  try {
    const [lambda, iam, sns] = [aws.client(Lambda), aws.client(IAM), aws.client(SNS)];
    const topic = async (Name: string, to: string, filter?: object) => {
      const { TopicArn } = await sns.createTopic({ Name });
      const Attributes = filter ? { FilterPolicy: JSON.stringify(filter) } : {};
      await sns.subscribe({ TopicArn, Protocol: "sms", Endpoint: to, Attributes });
      return TopicArn as string;
    };
    const dead = await topic("dead", "+15550001", { ErrorCode: [{ numeric: ["=", 200] }], ErrorMessage: ["never"] });
    const failed = await topic("failed", "+15550002");
    const source = "export const handler = async (event) => { if (event.bad) throw new Error('never'); return process.pid; };";
    await makeFunction(lambda, iam, "fails", source, { Effect: "Allow", Action: "sns:Publish", Resource: "*" });
    await lambda.updateFunctionConfiguration({ FunctionName: "fails", DeadLetterConfig: { TargetArn: dead } });
    const OnFailure = { Destination: failed };
    await lambda.putFunctionEventInvokeConfig({ FunctionName: "fails", MaximumRetryAttempts: 0, DestinationConfig: { OnFailure } });
    await lambda.invoke({ FunctionName: "fails", InvocationType: "Event", Payload: '{"bad":true}' });
    const received = async (to: string) =>
      ((await (await fetch(`${aws.url}/_local/mail`)).json()) as { to: string; body: string }[]).find((mail) => mail.to === to)?.body;
    await until(async () => (await received("+15550001")) !== undefined && (await received("+15550002")) !== undefined);
    expect(await received("+15550001")).toBe('{"bad":true}');
    expect(JSON.parse((await received("+15550002")) ?? "{}")).toMatchObject({
      requestContext: { condition: "RetriesExhausted", requestId: expect.any(String) },
      requestPayload: { bad: true },
    });
    const queue = "arn:aws:sqs:us-east-1:000000000000:q";
    await expect(
      lambda.updateFunctionConfiguration({ FunctionName: "fails", DeadLetterConfig: { TargetArn: queue } }),
    ).rejects.toMatchObject({
      name: "NotImplemented",
    });

    const pidOf = async () => Number((await lambda.invoke({ FunctionName: "fails" })).Payload?.transformToString());
    const pid = await pidOf();
    clock.advance(4 * 60_000);
    expect(await pidOf()).toBe(pid);
    // The sandbox is idle again some time after its answer.
    await until(() => {
      clock.advance(5 * 60_000);
      return !isAlive(pid);
    });
    expect(await pidOf()).not.toBe(pid);
  } finally {
    await aws.close();
  }
});

async function serve(): Promise<{ child: ChildProcess; lambda: Lambda; iam: IAM }> {
  const child = spawn(process.execPath, [join(bundle, "server.js"), join(folder, "data")], { stdio: ["ignore", "pipe", "inherit"] });
  servers.push(child);
  const endpoint = await new Promise<string>((done, fail) => {
    child.stdout?.once("data", (data: Buffer) => done(data.toString()));
    child.once("exit", (code) => fail(new Error(`the server ended with ${code}`)));
  });
  const options = { region: "us-east-1", endpoint, credentials: { accessKeyId: "test", secretAccessKey: "test" }, maxAttempts: 1 };
  return { child, lambda: new Lambda(options), iam: new IAM(options) };
}
const killed = (child: ChildProcess): Promise<void> =>
  new Promise((done) => {
    child.once("exit", () => done());
    child.kill("SIGKILL");
  });
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test("after kill -9 of the server running functions end, and the next server retries the accepted call", async () => {
  const file = join(folder, "pids");
  const first = await serve();
  await makeFunction(
    first.lambda,
    first.iam,
    "busy",
    APPEND(file, "event.pid = process.pid; SAY; if (event.first) for (;;);").replace(
      "event.first",
      `!(await import("node:fs")).existsSync(${JSON.stringify(`${file}.second`)})`,
    ),
  );
  await first.lambda.invoke({ FunctionName: "busy", InvocationType: "Event", Payload: "{}" });
  await until(() => linesOf(file).length === 1);
  const pid = linesOf(file)[0]?.[1].pid as number;
  expect(isAlive(pid)).toBe(true);
  await killed(first.child);
  await until(() => !isAlive(pid));
  writeFileSync(`${file}.second`, "");
  const second = await serve();
  await until(() => linesOf(file).length === 2);
  expect(linesOf(file)[1]?.[0]).toBe(linesOf(file)[0]?.[0]);
  await killed(second.child);
});
