/**
 * Runs inside a sandbox, with the semantics of AWS's Node.js runtime interface client. It is a bundle of its own, because it runs as a
 * separate process with only the function's environment.
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { Socket } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";
import { Worker } from "node:worker_threads";
import { CALLS_FD, type CallHeader, frameOf, frameReader, OUTPUT, type ResultHeader, SERVER_LIFE_FD } from "./sandbox-protocol.ts";

type Handler = (event: unknown, context: object, callback: (error: unknown, result?: unknown) => void) => unknown;
interface Call {
  readonly header: CallHeader;
  readonly payload: Buffer;
}

const env = process.env;
const taskRoot = env.LAMBDA_TASK_ROOT as string;
const writeOut = process.stdout.write.bind(process.stdout);
const writeError = process.stderr.write.bind(process.stderr);
const runtimeMajor = Number(/nodejs(\d+)/.exec(env.AWS_EXECUTION_ENV ?? "")?.[1] ?? 22);
let requestId: string | undefined;

const channel = new Socket({ fd: CALLS_FD, readable: true, writable: true });
let onCall: (call: Call) => void = () => {};
channel.on("error", () => process.exit(1));
channel.on(
  "data",
  frameReader<CallHeader>(Number.POSITIVE_INFINITY, (header, payload) => onCall({ header, payload: payload as Buffer })),
);
// While a function runs, the channel alone does not keep the event loop alive: the function ends when the loop is empty.
channel.unref();

function nextCall(): Promise<Call> {
  channel.ref();
  return new Promise((taken) => {
    onCall = (call) => {
      channel.unref();
      taken(call);
    };
  });
}

function send(header: ResultHeader, body = ""): Promise<void> {
  return new Promise((sent) => channel.write(frameOf(header, Buffer.from(body)), () => sent()));
}

/** Kills this process when the server ends. It runs in another thread, which a busy function cannot block. */
function killWithServer(): void {
  const end = `try{process.kill(-process.pid,"SIGKILL")}catch{process.kill(process.pid,"SIGKILL")}`;
  const source = `new (require("node:net").Socket)({fd:${SERVER_LIFE_FD}}).on("error",()=>{}).on("close",()=>{${end}}).resume()`;
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
  writeOut(`${OUTPUT.message}${line.replaceAll("\n", OUTPUT.newline)}\n`);
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

function contextOf({ functionArn, deadlineMs, clientContext }: CallHeader, settings: { waits: boolean }): object {
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
    invokedFunctionArn: functionArn,
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

/** Settles when the function ends: by promise, by callback, or because the event loop is empty. */
function run(handler: Handler, event: unknown, header: CallHeader): Promise<unknown> {
  const settings = { waits: true };
  let onIdle: () => void = () => {};
  return new Promise<unknown>((done, failed) => {
    let answered: (() => void) | undefined;
    const callback = (error: unknown, result?: unknown): void => {
      answered ??= () => (error === null || error === undefined ? done(result) : failed(error));
      if (!settings.waits) answered();
    };
    const returned = handler(event, contextOf(header, settings), callback);
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
  const line = `${OUTPUT.done}${requestId} ${process.resourceUsage().maxRSS}\n`;
  writeOut(line);
  writeError(line);
}
/** `next`: this process can take another call. */
async function report(type: "error" | "init-error", failure: Failure, next: boolean): Promise<void> {
  outputComplete();
  const errorType = failure.errorType.replace(/[^\x20-\x7e]/g, "?");
  await send({ type, requestId, errorType, next }, JSON.stringify(failure));
}

async function once(handler: Handler): Promise<void> {
  const { header, payload } = await nextCall();
  requestId = header.requestId;
  env._X_AMZN_TRACE_ID = header.traceId;
  let answer: string;
  try {
    const result = await run(handler, JSON.parse(payload.toString("utf8")), header);
    answer = JSON.stringify(result === undefined ? null : result) ?? "null";
  } catch (error) {
    const failure = failureOf(error);
    logFailure("Invoke Error ", failure);
    void report("error", failure, true);
    return;
  }
  // The caller waits for the response, and nobody for the marker.
  void send({ type: "response", requestId, next: true }, answer);
  outputComplete();
}

function exitWith(title: string, failure: Failure, code: number): void {
  logFailure(title, failure);
  if (!requestId) process.exit(code);
  report("error", failure, false).finally(() => process.exit(code));
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
    await report("init-error", failure, false);
    process.exit(1);
  }
  void send({ type: "ready", next: true });
  for (;;) await once(handler);
}
void main();
