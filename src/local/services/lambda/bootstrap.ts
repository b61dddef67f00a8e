/**
 * Runs inside a sandbox, with the semantics of AWS's Node.js runtime interface client. It imports nothing of this project,
 * because it runs as a separate process with only the function's environment.
 */
import { existsSync } from "node:fs";
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { Worker } from "node:worker_threads";

/** Markers in the output: before a console message, for a line break within it, and before the end of a call's output. */
export interface Channel {
  readonly message: "\u0001";
  readonly newline: "\u0002";
  readonly done: "\u0003";
}
const CHANNEL: Channel = { message: "\u0001", newline: "\u0002", done: "\u0003" };

type Handler = (event: unknown, context: object, callback: (error: unknown, result?: unknown) => void) => unknown;
interface RuntimeResponse {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const env = process.env;
const api = env.AWS_LAMBDA_RUNTIME_API as string;
const taskRoot = env.LAMBDA_TASK_ROOT as string;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const writeOut = process.stdout.write.bind(process.stdout);
const writeError = process.stderr.write.bind(process.stderr);
const runtimeMajor = Number(/nodejs(\d+)/.exec(env.AWS_EXECUTION_ENV ?? "")?.[1] ?? 22);
let requestId: string | undefined;

function call(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<RuntimeResponse> {
  return new Promise((done, failed) => {
    const outgoing = request(`http://${api}/2018-06-01/runtime/${path}`, { method, agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => done({ headers: response.headers, body: Buffer.concat(chunks).toString("utf8") }));
    });
    outgoing.on("error", failed);
    outgoing.end(body);
  });
}

/** Kills this process when the server ends. It runs in another thread, which a busy function cannot block. */
function killWithServer(): void {
  const [host, port] = api.split(":");
  const end = `try{process.kill(-process.pid,"SIGKILL")}catch{process.kill(process.pid,"SIGKILL")}`;
  const source = `require("node:net").connect(${port},"${host}").on("error",()=>{}).on("close",()=>{${end}})`;
  new Worker(source, {
    eval: true,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 4, maxYoungGenerationSizeMb: 1 },
  }).unref();
}

const LEVELS = ["trace", "debug", "info", "warn", "error"] as const;
function patchConsole(): void {
  const json = env.AWS_LAMBDA_LOG_FORMAT === "JSON";
  const lowest = json ? Math.max(0, (LEVELS as readonly string[]).indexOf((env.AWS_LAMBDA_LOG_LEVEL ?? "info").toLowerCase())) : 0;
  for (const method of [...LEVELS, "log"] as const) {
    const level = method === "log" ? "info" : method;
    console[method] = (...parts: unknown[]) => {
      if (LEVELS.indexOf(level) < lowest) return;
      writeLog(level.toUpperCase(), json ? jsonMessage(parts) : { message: format(...parts) });
    };
  }
}
function jsonMessage(parts: unknown[]): { message: unknown } {
  const [first] = parts;
  if (parts.length === 1 && typeof first === "object" && first !== null && !(first instanceof Error)) {
    try {
      JSON.stringify(first);
      return { message: first };
    } catch {
      return { message: format(first) };
    }
  }
  const error = parts.find((part): part is Error => part instanceof Error);
  const details = error && { errorType: error.name, errorMessage: error.message, stackTrace: error.stack?.split("\n") ?? [] };
  return { message: format(...parts), ...details };
}
function writeLog(level: string, { message, ...more }: { message: unknown }): void {
  const timestamp = new Date().toISOString();
  const line =
    env.AWS_LAMBDA_LOG_FORMAT === "JSON"
      ? JSON.stringify({ timestamp, level, requestId, message, ...more })
      : `${timestamp}\t${requestId}\t${level}\t${message}`;
  writeOut(`${CHANNEL.message}${line.replaceAll("\n", CHANNEL.newline)}\n`);
}

interface Failure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}
function failureOf(error: unknown): Failure {
  if (error instanceof Error || (typeof error === "object" && error !== null && "message" in error && "stack" in error)) {
    const { name, message, stack } = error as Error;
    return { errorType: name, errorMessage: message, trace: (stack ?? "").split("\n") };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}
function logFailure(title: string, { trace, ...failure }: Failure): void {
  const json = env.AWS_LAMBDA_LOG_FORMAT === "JSON";
  const message = json ? { ...failure, stackTrace: trace } : `${title}\t${JSON.stringify({ ...failure, stack: trace })}`;
  writeLog("ERROR", { message });
}
const named = (name: string, message: string): Error => Object.assign(new Error(message), { name });

async function load(): Promise<Handler> {
  const full = env._HANDLER ?? "";
  const parts = /^([^.]*)\.(.+)$/.exec(basename(full));
  if (!parts || full.includes(".."))
    throw named(
      "Runtime.MalformedHandlerName",
      full.includes("..")
        ? `'${full}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`
        : "Bad handler",
    );
  const [, file, path] = parts as unknown as [string, string, string];
  const module = await loadModule(resolve(taskRoot, dirname(full), file), join(dirname(full), file));
  const found = path.split(".").reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], module);
  if (found === undefined) throw named("Runtime.HandlerNotFound", `${full} is undefined or not exported`);
  if (typeof found !== "function") throw named("Runtime.HandlerNotFound", `${full} is not a function`);
  if (runtimeMajor >= 24 && found.length >= 3)
    throw named(
      "Runtime.CallbackHandlerDeprecated",
      "AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later.",
    );
  return found as Handler;
}

async function loadModule(path: string, name: string): Promise<Record<string, unknown>> {
  const require = createRequire(join(taskRoot, "index.js"));
  try {
    for (const extension of [".js", ".mjs", ".cjs"]) {
      if (!existsSync(path + extension)) continue;
      if (extension === ".cjs" || (extension === ".js" && !isEsm(path))) return require(path + extension);
      return await import(pathToFileURL(path + extension).href);
    }
    if (existsSync(path)) return require(path);
    throw named("Runtime.ImportModuleError", `Error: Cannot find module '${name}'`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof SyntaxError) throw Object.assign(named("Runtime.UserCodeSyntaxError", String(error)), { stack: error.stack });
    if (code === "MODULE_NOT_FOUND" || code === "ERR_MODULE_NOT_FOUND") throw named("Runtime.ImportModuleError", `Error: ${message}`);
    throw error;
  }
}
/** True if the nearest package.json within the zip has `"type": "module"`. */
function isEsm(path: string): boolean {
  for (let folder = dirname(path); folder.startsWith(taskRoot); folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (existsSync(file)) return createRequire(file)(file).type === "module";
  }
  return false;
}

function contextOf(headers: IncomingHttpHeaders, settings: { waits: boolean }): object {
  const header = (name: string) => headers[`lambda-runtime-${name}`] as string | undefined;
  const deadline = Number(header("deadline-ms"));
  const clientContext = header("client-context");
  return {
    get callbackWaitsForEmptyEventLoop() {
      return settings.waits;
    },
    set callbackWaitsForEmptyEventLoop(value: boolean) {
      settings.waits = value;
    },
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: clientContext ? JSON.parse(clientContext) : undefined,
    identity: undefined,
    invokedFunctionArn: header("invoked-function-arn"),
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

/** Settles when the function ends: by promise, by callback, or because the event loop is empty. */
function run(handler: Handler, event: unknown, headers: IncomingHttpHeaders): Promise<unknown> {
  const settings = { waits: true };
  let onIdle: () => void = () => {};
  return new Promise<unknown>((done, failed) => {
    let answered: (() => void) | undefined;
    const callback = (error: unknown, result?: unknown): void => {
      answered ??= () => (error === null || error === undefined ? done(result) : failed(error));
      if (!settings.waits) answered();
    };
    const returned = handler(event, contextOf(headers, settings), callback);
    const isPromise = typeof (returned as Promise<unknown> | undefined)?.then === "function";
    onIdle = () => {
      if (answered) answered();
      else if (isPromise)
        failed(
          named(
            "Runtime.NodeJsExit",
            "The Lambda runtime client detected an unexpected Node.js exit. This is most commonly caused by a Promise that was never settled.",
          ),
        );
      else done(null);
    };
    process.on("beforeExit", onIdle);
    if (isPromise) (returned as Promise<unknown>).then(done, failed);
    else if (runtimeMajor >= 24) done(returned);
  }).finally(() => process.off("beforeExit", onIdle));
}

/** Marks the end of this call's output in both pipes, with the maximum memory used so far (kilobytes). */
function outputComplete(): void {
  const line = `${CHANNEL.done}${requestId} ${process.resourceUsage().maxRSS}\n`;
  writeOut(line);
  writeError(line);
}
function report(path: string, failure: Failure): Promise<RuntimeResponse> {
  outputComplete();
  return call("POST", path, JSON.stringify(failure), {
    "lambda-runtime-function-error-type": failure.errorType.replace(/[^\x20-\x7e]/g, "?"),
  });
}

async function once(handler: Handler): Promise<void> {
  const { headers, body } = await call("GET", "invocation/next");
  requestId = headers["lambda-runtime-aws-request-id"] as string;
  env._X_AMZN_TRACE_ID = (headers["lambda-runtime-trace-id"] as string | undefined) ?? "";
  let answer: string;
  try {
    const result = await run(handler, JSON.parse(body), headers);
    answer = JSON.stringify(result === undefined ? null : result) ?? "null";
  } catch (error) {
    const failure = failureOf(error);
    logFailure("Invoke Error ", failure);
    await report(`invocation/${requestId}/error`, failure);
    return;
  }
  outputComplete();
  await call("POST", `invocation/${requestId}/response`, answer, { "content-type": "application/json" });
}

function exitWith(title: string, failure: Failure, code: number): void {
  logFailure(title, failure);
  if (!requestId) process.exit(code);
  report(`invocation/${requestId}/error`, failure).finally(() => process.exit(code));
}

async function main(): Promise<void> {
  killWithServer();
  patchConsole();
  process.on("uncaughtException", (error) => exitWith("Uncaught Exception ", failureOf(error), 129));
  process.on("unhandledRejection", (reason) => {
    const error = Object.assign(named("Runtime.UnhandledPromiseRejection", String(reason)), { reason });
    exitWith("Unhandled Promise Rejection ", failureOf(error), 128);
  });
  (globalThis as Record<string, unknown>).awslambda = {
    streamifyResponse: () => {
      throw named("Runtime.StreamingNotSupported", "The local AWS does not stream responses.");
    },
  };
  let handler: Handler;
  try {
    handler = await load();
  } catch (error) {
    const failure = failureOf(error);
    logFailure("Uncaught Exception ", failure);
    await report("init/error", failure);
    process.exit(1);
  }
  for (;;) await once(handler);
}
void main();
