import { text } from "node:stream/consumers";
import { noApiYet } from "../../app/not-deployed.ts";
import type { App } from "../../app.ts";
import type { Config } from "../../config/config.ts";
import { oneOf } from "../../config/one-of.ts";
import { defined } from "../../defined.ts";
import { FleetlogixError } from "../../errors.ts";
import type { Action, Answer, CommandContext } from "../context.ts";
import { toErrorJson, toFailure } from "../failure.ts";
import { jsonOrText, readFile } from "../input.ts";
import { nextCommand } from "../next-command.ts";
import { withSpinner } from "../progress.ts";
import { configOf, openAppFor } from "../session.ts";
import { toTypedCommands } from "../typed-commands.ts";

const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"] as const;
/** `fetch` throws a TypeError for a body with one of these methods (Fetch standard, constructor of Request). */
const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD"]);
/** API Gateway waits up to 29 s for a function; the rest is for the network. */
const TIMEOUT_MS = 35_000;

/** Calls the deployed API with its address and key, or SigV4. Prints the body to stdout and the status to stderr. */
export const api: Action = async (run, [method, path], options) => {
  if (method === undefined) throw missing(run, "The method and the path of the call are missing.");
  const verb = oneOf("method", String(method).toUpperCase(), METHODS);
  const route = pathOf(run, path as string | undefined);
  if (options.data !== undefined && BODILESS.has(verb))
    throw new FleetlogixError("USAGE", `${verb} has no body.`, {
      hint: "Leave out -d and write the search in the path, such as /delivery?status=failed.",
    });
  const body = await readBody(run, options.data as string | undefined);
  const { config } = configOf(run);
  const app = await openAppFor(run, config);
  const call = await callOf(app, config, { method: verb, path: route, body });
  const began = performance.now();
  const response = await withSpinner(run, `${verb} ${route}`, () => send(run, call));
  const content = await response.text();
  run.note(`${response.status} ${response.statusText} in ${Math.round(performance.now() - began)} ms`, "dim");
  return answerOf(run, response, content);
};

/** Prints the OpenAPI document, for generators of clients. Makes no call. */
export const apiSpec: Action = async () => {
  const { openApiDocument } = await import("../../app.ts");
  const document = openApiDocument();
  return { json: document, text: JSON.stringify(document, null, 2) };
};

function pathOf(run: CommandContext, path: string | undefined): string {
  if (path !== undefined && !/^[a-z]+:\/\//i.test(path)) return path.startsWith("/") ? path : `/${path}`;
  throw missing(
    run,
    path === undefined
      ? "The path of the call is missing."
      : "The path contains a host: give only the path, and fleetlogix adds the address of the API.",
  );
}
const missing = (run: CommandContext, message: string) =>
  new FleetlogixError("USAGE", message, { hint: `Write, for instance, \`${nextCommand(run, "api", "GET", "/vehicle")}\`.` });

interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}
async function callOf(
  app: App,
  { api: { auth } }: Config,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body: string | undefined },
): Promise<Call> {
  const { api_url: url, api_key: key } = await app.outputs({ secrets: auth === "apiKey", only: ["api_url", "api_key"] });
  if (!url) throw noApiYet();
  const headers = {
    accept: "application/json",
    ...defined({ "content-type": body === undefined ? undefined : "application/json", "x-api-key": key?.reveal() }),
  };
  const call = { method, url: `${url}${path}`, headers, ...defined({ body }) };
  return auth === "iam" ? { ...call, headers: await app.signCall(call) } : call;
}

async function send(run: CommandContext, { url, ...call }: Call): Promise<Response> {
  try {
    return await fetch(url, { ...call, redirect: "manual", signal: AbortSignal.any([run.signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  } catch (cause) {
    run.signal.throwIfAborted();
    throw new FleetlogixError("ENDPOINT_UNREACHABLE", `${call.method} ${url} got no answer.`, {
      hint: `Check with \`${nextCommand(run, "status")}\` whether the API exists, then run the same command again.`,
      cause,
    });
  }
}

function answerOf(run: CommandContext, { status, headers }: Response, content: string): Answer {
  const body = jsonOrText(content);
  const ok = status < 400;
  const failure = ok ? undefined : refusal(run, status, headers.get("x-amzn-requestid"));
  const printed = typeof body === "object" && run.io.stdout.isTTY ? JSON.stringify(body, null, 2) : content;
  return {
    text: printed,
    json: {
      command: run.command,
      ok,
      status,
      body,
      error: failure ? toErrorJson(toFailure(failure, false, (text) => toTypedCommands(text, run))) : null,
    },
    failure,
  };
}
function refusal(run: CommandContext, status: number, requestId: string | null): FleetlogixError {
  const hint =
    status >= 500
      ? `Read the logs of the functions with \`${nextCommand(run, "logs", "--since", "5m")}\`.`
      : "Correct the call; the answer above names the error.";
  return new FleetlogixError("CALL_REFUSED", `The API answered ${status}.`, { hint, requestId: requestId ?? undefined });
}

/** `-d JSON`, `-d @file`, `-d @-` (standard input). USAGE when it is not JSON. */
async function readBody(run: CommandContext, data: string | undefined): Promise<string | undefined> {
  if (data === undefined) return undefined;
  const content = data === "@-" ? await text(run.io.stdin) : data.startsWith("@") ? readFile(data.slice(1), "The body") : data;
  try {
    JSON.parse(content.replace(/^\uFEFF/, ""));
    return content;
  } catch (cause) {
    throw new FleetlogixError("USAGE", `The body is not JSON: ${(cause as Error).message}.`, {
      hint: `Quote it for the shell, such as -d '{"delivery_id":"D-1","status":"in_transit"}', or name a file with -d @FILE.`,
      cause,
    });
  }
}
