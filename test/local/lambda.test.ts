import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IAM } from "@aws-sdk/client-iam";
import { type InvokeCommandOutput, Lambda } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";
import { functionZip } from "../support/function-zip.ts";
import { localAws } from "../support/local-aws.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let lambda: Lambda;
let role: string;
beforeAll(async () => {
  process.env.LEAKS = "yes";
  // The data folder lies inside a project with "type": "module", as when the command runs in one.
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  aws = await localAws({ dataDir: join(folder, "data") });
  lambda = aws.client(Lambda);
  const made = await aws.client(IAM).createRole({ RoleName: "runner", AssumeRolePolicyDocument: TRUST });
  role = made.Role?.Arn as string;
});
afterAll(async () => {
  await aws.close();
  removeFolder(folder);
});
const folder = mkdtempSync(join(tmpdir(), "lambda-test-"));
// Where the tests run as root, functions run as an unprivileged user.
chmodSync(folder, 0o777);

const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});
interface Made {
  readonly name?: string;
  readonly timeout?: number;
  readonly runtime?: string;
  readonly memory?: number;
  readonly variables?: Record<string, string>;
  readonly handler?: string;
}
let count = 0;
async function make(files: string | Record<string, string>, options: Made = {}): Promise<string> {
  const FunctionName = options.name ?? `fn-${++count}`;
  await lambda.createFunction({
    FunctionName,
    Role: role,
    Runtime: (options.runtime ?? "nodejs24.x") as never,
    Handler: options.handler ?? "index.handler",
    Timeout: options.timeout ?? 10,
    MemorySize: options.memory ?? 256,
    Code: { ZipFile: await functionZip(typeof files === "string" ? { "index.mjs": files } : files) },
    ...(options.variables ? { Environment: { Variables: options.variables } } : {}),
  });
  return FunctionName;
}
const payloadOf = (output: InvokeCommandOutput): unknown => JSON.parse(output.Payload?.transformToString() ?? "null");
const invoke = async (FunctionName: string, event: unknown = {}): Promise<unknown> =>
  payloadOf(await lambda.invoke({ FunctionName, Payload: Buffer.from(JSON.stringify(event)) }));
const tailOf = (output: InvokeCommandOutput): string => Buffer.from(output.LogResult ?? "", "base64").toString();

describe("running", () => {
  test("a .js file is CommonJS, whatever the surrounding project's package.json says", async () => {
    const name = await make({ "index.js": "exports.handler = async () => typeof require" });
    expect(await invoke(name)).toBe("function");
  });
  test("the handler gets event and context, and the caller gets its result", async () => {
    const name = await make(`export const handler = async (event, context) => ({ event, arn: context.invokedFunctionArn,
      left: context.getRemainingTimeInMillis() > 9000, memory: context.memoryLimitInMB, id: context.awsRequestId.length })`);
    const output = await lambda.invoke({ FunctionName: name, Payload: '{"a":1}' });
    expect(output).toMatchObject({ StatusCode: 200, ExecutedVersion: "$LATEST" });
    expect(output.FunctionError).toBeUndefined();
    expect(payloadOf(output)).toEqual({
      event: { a: 1 },
      arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
      left: true,
      memory: "256",
      id: 36,
    });
  });

  test("the package type decides between CommonJS and ES modules; a handler may be nested", async () => {
    const name = await make(
      {
        "src/app.js": "const { two } = require('./lib'); exports.api = { go: async () => two }",
        "src/lib.js": "exports.two = 2",
        "package.json": '{"type":"commonjs"}',
      },
      { handler: "src/app.api.go" },
    );
    expect(await invoke(name)).toBe(2);
    const esm = await make({
      "index.js": "export const handler = async () => import.meta.url.startsWith('file:')",
      "package.json": '{"type":"module"}',
    });
    expect(await invoke(esm)).toBe(true);
  });

  test("callbacks work up to nodejs22.x and wait for the event loop", async () => {
    const source = { "index.js": "exports.handler = (e, c, done) => { done(null, 'first'); setTimeout(() => { global.late = 1 }, 50) }" };
    expect(await invoke(await make(source, { runtime: "nodejs22.x" }))).toBe("first");
    expect(await invoke(await make(source))).toMatchObject({ errorType: "Runtime.CallbackHandlerDeprecated" });
  });

  test("a function's environment holds its own variables and Lambda's, none of the server's", async () => {
    const name = await make("export const handler = async () => ({ ...process.env, cwd: process.cwd() })", {
      variables: { COLOUR: "red" },
    });
    const env = (await invoke(name)) as Record<string, string>;
    expect(env).toMatchObject({
      COLOUR: "red",
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL: aws.url,
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
      TZ: ":UTC",
      _HANDLER: "index.handler",
    });
    expect(env.cwd).toBe(env.LAMBDA_TASK_ROOT);
    expect(env.AWS_ACCESS_KEY_ID).toMatch(/^ASIA/);
    const foreign = Object.keys(env).filter((key) => !/^(AWS_|_X_AMZN|LAMBDA_|_HANDLER|TZ|TMPDIR|PATH|LANG|COLOUR|cwd)/.test(key));
    expect(foreign).toEqual([]);
  });

  test.runIf(process.getuid?.() === 0)(
    "as `nobody` where root runs the local AWS, with the code readable and a folder of its own",
    async () => {
      const name = await make({
        "index.mjs": `import { readFileSync, writeFileSync } from "node:fs";
        const tried = (work) => { try { return work() ?? "done"; } catch (error) { return error.code; } };
        export const handler = async () => ({
          ids: [process.getuid(), process.getgid(), process.getgroups()],
          data: readFileSync(process.env.LAMBDA_TASK_ROOT + "/lib/data.txt", "utf8"),
          own: tried(() => writeFileSync(process.env.TMPDIR + "/x", "1")),
          code: tried(() => writeFileSync(process.env.LAMBDA_TASK_ROOT + "/x", "1")),
          journal: tried(() => readFileSync(${JSON.stringify(join(aws.env.dataDir, "journal.jsonl"))}).length),
          shadow: tried(() => readFileSync("/etc/shadow").length),
        });`,
        "lib/data.txt": "from the zip",
      });
      expect(await invoke(name)).toEqual({
        ids: [65_534, 65_534, [65_534]],
        data: "from the zip",
        own: "done",
        code: "EACCES",
        journal: "EACCES",
        shadow: "EACCES",
      });
    },
  );

  test("sequential calls share a sandbox, concurrent calls do not", async () => {
    const meeting = join(folder, "meeting");
    const name = await make(
      `import { appendFileSync, readFileSync } from "node:fs";
      let n = 0;
      export const handler = async ({ meet }) => {
        n++;
        if (meet) appendFileSync(meet, "x");
        while (meet && readFileSync(meet).length < 2) await new Promise((r) => setTimeout(r, 10));
        return [process.pid, n];
      }`,
    );
    const [first, second] = [(await invoke(name)) as number[], (await invoke(name)) as number[]];
    expect(second).toEqual([first[0], 2]);
    const both = (await Promise.all([invoke(name, { meet: meeting }), invoke(name, { meet: meeting })])) as number[][];
    expect(new Set(both.map(([pid]) => pid)).size).toBe(2);
  });

  test("a waiting call does not start after its caller disconnects", async () => {
    const name = await make(
      `await new Promise((r) => setTimeout(r, 1500));
      let n = 0;
      export const handler = async () => ++n;`,
    );
    const gone = AbortSignal.timeout(100);
    await expect(lambda.invoke({ FunctionName: name }, { abortSignal: gone })).rejects.toThrow("aborted");
    expect(await invoke(name)).toBe(1);
  });

  test("an update of code or configuration starts new sandboxes", async () => {
    const name = await make("export const handler = async () => process.env.MODE ?? 'old'");
    expect(await invoke(name)).toBe("old");
    await lambda.updateFunctionConfiguration({ FunctionName: name, Environment: { Variables: { MODE: "set" } } });
    expect(await invoke(name)).toBe("set");
    await lambda.updateFunctionCode({
      FunctionName: name,
      ZipFile: await functionZip({ "index.mjs": "export const handler = () => 'new'" }),
    });
    expect(await invoke(name)).toBe("new");
  });

  test("the log tail holds START, the function's lines, END and REPORT", async () => {
    const name = await make(
      "export const handler = async () => { console.log('hello\\nworld'); process.stdout.write('raw'); console.error('bad') }",
    );
    const output = await lambda.invoke({ FunctionName: name, LogType: "Tail" });
    const lines = tailOf(output);
    expect(lines).toMatch(/^START RequestId: \S+ Version: \$LATEST\n/);
    expect(lines).toMatch(/Z\t\S+\tINFO\thello\nworld\n/);
    expect(lines).toContain("\nraw");
    expect(lines).toMatch(/ERROR\tbad\n/);
    expect(lines).toMatch(/END RequestId: \S+\nREPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\t/);
  });

  test("a JSON log holds platform records and structured console lines", async () => {
    const name = await make("export const handler = async () => { console.warn({ a: 1 }); console.debug('hidden') }");
    await lambda.updateFunctionConfiguration({ FunctionName: name, LoggingConfig: { LogFormat: "JSON" } });
    const records = tailOf(await lambda.invoke({ FunctionName: name, LogType: "Tail" }))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(records.map((record) => record.type ?? record.level)).toEqual(["platform.start", "WARN", "platform.report"]);
    expect(records[1]).toMatchObject({ message: { a: 1 } });
    expect(records[2].record).toMatchObject({ status: "success", metrics: { memorySizeMB: 256 } });
  });
});

describe("failing", () => {
  const failing = async (source: string | Record<string, string>, options: Made = {}) => {
    const output = await lambda.invoke({ FunctionName: await make(source, options), LogType: "Tail" });
    expect(output).toMatchObject({ StatusCode: 200, FunctionError: "Unhandled" });
    return payloadOf(output) as { errorType: string; errorMessage: string; trace?: string[] };
  };
  test("a thrown error is returned with its type, message and trace", async () => {
    const error = await failing("export const handler = async () => { throw new TypeError('no') }");
    expect(error).toMatchObject({ errorType: "TypeError", errorMessage: "no" });
    expect(error.trace?.[0]).toBe("TypeError: no");
  });
  test("a missing handler, a missing module and a syntax error give AWS's error types", async () => {
    expect(await failing("export const other = 1")).toMatchObject({
      errorType: "Runtime.HandlerNotFound",
      errorMessage: "index.handler is undefined or not exported",
    });
    expect(await failing("import 'not-there'; export const handler = 1")).toMatchObject({ errorType: "Runtime.ImportModuleError" });
    expect(await failing({ "other.js": "" })).toMatchObject({
      errorType: "Runtime.ImportModuleError",
      errorMessage: "Error: Cannot find module 'index'",
    });
    expect(await failing("export const handler = (")).toMatchObject({ errorType: "Runtime.UserCodeSyntaxError" });
    expect(await failing("throw new RangeError('at start')")).toMatchObject({ errorType: "RangeError", errorMessage: "at start" });
  });
  test("a waiting function and a busy loop time out", async () => {
    const error = await failing("export const handler = async () => { for (;;); }", { timeout: 1 });
    expect(error).toEqual({
      errorType: "Sandbox.Timedout",
      errorMessage: expect.stringMatching(/^RequestId: \S+ Error: Task timed out after 1.00 seconds$/),
    });
  });
  test("an exit, an unhandled rejection and exhausted memory give AWS's errors", async () => {
    expect(await failing("export const handler = async () => process.exit(3)")).toMatchObject({
      errorType: "Runtime.ExitError",
      errorMessage: expect.stringMatching(/Error: Runtime exited with error: exit status 3$/),
    });
    expect(
      await failing("export const handler = () => new Promise(() => { Promise.reject(new Error('lost')); setTimeout(() => {}, 5000) })"),
    ).toMatchObject({
      errorType: "Runtime.UnhandledPromiseRejection",
      errorMessage: "Error: lost",
    });
    expect(await failing("export const handler = () => new Promise(() => {})")).toMatchObject({ errorType: "Runtime.NodeJsExit" });
    const hungry = "export const handler = async () => { const all = []; for (;;) all.push(new Array(1e5).fill(Math.random())) }";
    expect(await failing(hungry, { memory: 128, timeout: 30 })).toMatchObject({
      errorType: "Runtime.ExitError",
      errorMessage: expect.stringMatching(/signal: aborted$/),
    });
  });
  test("a response and a request above the limit are refused", async () => {
    expect(await failing("export const handler = async () => 'x'.repeat(6300000)")).toEqual({
      errorType: "Function.ResponseSizeTooLarge",
      errorMessage: "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    });
    const name = await make("export const handler = async (e) => e.length");
    await expect(lambda.invoke({ FunctionName: name, Payload: JSON.stringify("x".repeat(6_300_000)) })).rejects.toMatchObject({
      name: "RequestTooLargeException",
      $metadata: { httpStatusCode: 413 },
    });
    await expect(lambda.invoke({ FunctionName: name, Payload: "{" })).rejects.toMatchObject({ name: "InvalidRequestContentException" });
    expect(await invoke(name, "abc")).toBe(3);
  });
  test("the next call after an uncaught exception gets a new sandbox", async () => {
    const name = await make(
      "export const handler = async (e) => { if (e.die) { setTimeout(() => { throw new Error('late') }); await new Promise((r) => setTimeout(r, 5000)) } return process.pid }",
    );
    const before = await invoke(name);
    expect(await invoke(name, { die: true })).toMatchObject({ errorType: "Error", errorMessage: "late" });
    expect(await invoke(name)).not.toBe(before);
  });
  test("calls above the reserved concurrency are throttled", async () => {
    const gate = join(folder, "gate");
    const name = await make(
      `import { existsSync } from "node:fs";
      export const handler = async () => { while (!existsSync(${JSON.stringify(gate)})) await new Promise((r) => setTimeout(r, 10)) }`,
    );
    await lambda.putFunctionConcurrency({ FunctionName: name, ReservedConcurrentExecutions: 1 });
    const calls = [lambda.invoke({ FunctionName: name }), lambda.invoke({ FunctionName: name })];
    const open = () => writeFileSync(gate, "");
    for (const call of calls) call.then(open, open);
    const results = await Promise.allSettled(calls);
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const { reason } = results.find((result): result is PromiseRejectedResult => result.status === "rejected") ?? {};
    expect(reason).toMatchObject({ name: "TooManyRequestsException", Reason: "ReservedFunctionConcurrentInvocationLimitExceeded" });
    await expect(lambda.putFunctionConcurrency({ FunctionName: name, ReservedConcurrentExecutions: 950 })).rejects.toMatchObject({
      message:
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    });
  });
});
