import { text } from "node:stream/consumers";
import type { FunctionName } from "../../config/config.ts";
import { FleetlogixError } from "../../errors.ts";
import type { Action, CommandContext } from "../context.ts";
import { functionName } from "../functions.ts";
import { jsonOrText, readFile } from "../input.ts";
import { withSpinner } from "../progress.ts";
import { widthOf } from "../render/layout.ts";
import { entryOf, prettyLine } from "../render/log-line.ts";
import { sampleEvent, samplesOf } from "../sample-event.ts";
import { configOf, openAppFor } from "../session.ts";

/** Prints the response to stdout and the log tail to stderr, so that the response can be piped. */
export const invoke: Action = async (run, [name], options) => {
  const { config } = configOf(run);
  const short = functionName(name as string, config);
  const event = await eventOf(run, short, options as { event?: string; sample?: string });
  const app = await openAppFor(run, config);
  const result = await withSpinner(run, `Calling ${short}`, () => app.invoke(short, event));
  const failure = result.functionError
    ? new FleetlogixError("FUNCTION_FAILED", `${config.functions.names[short]} answered with an error (${result.functionError}).`, {
        hint: `Read its response above, and \`fleetlogix logs ${short}\`.`,
        resource: `function.${short}`,
      })
    : undefined;
  if (result.logTail) printLog(run, short, result.logTail);
  if (event === NO_EVENT)
    run.note(`The event was {}; \`fleetlogix invoke ${short} --sample ${samplesOf(short)[0]}\` sends the example of an API call.`);
  const { status, functionError, payload, logTail, version } = result;
  return {
    text: run.io.stdout.isTTY ? readable(payload) : payload,
    json: {
      command: run.command,
      ok: failure === undefined,
      status,
      function_error: functionError,
      version,
      payload: jsonOrText(payload),
      log_tail: logTail,
      error: failure ? { code: failure.code, message: failure.message, hint: failure.detail.hint } : null,
    },
    failure,
  };
};

/** A terminal gets the log in the format of `fleetlogix logs`; elsewhere the lines are unchanged. */
function printLog(run: CommandContext, name: FunctionName, tail: string): void {
  if (run.flags.quiet || run.flags.json) return;
  if (!run.io.stderr.isTTY) run.note(tail.trimEnd(), "dim");
  else
    for (const message of tail.trimEnd().split("\n")) {
      const entry = entryOf({ function: name, timestamp: timeOf(message), message });
      if (run.flags.verbose || (!entry.isMetric && entry.level !== "debug"))
        run.voice.err.write(`${prettyLine(entry, run.paint.err, widthOf(run.io.stderr))}\n`);
    }
}
/** The time in the line; the log tail has no other. */
function timeOf(message: string): number {
  const { timestamp } = (jsonOrText(message) ?? {}) as { timestamp?: unknown };
  const time = Date.parse(String(timestamp));
  return Number.isNaN(time) ? Date.now() : time;
}

/** Indented JSON. The body of an API Gateway answer is JSON in a string; it is shown as JSON. */
function readable(payload: string): string {
  const answer = jsonOrText(payload);
  if (typeof answer !== "object" || answer === null) return payload;
  const { body } = answer as { body?: unknown };
  return JSON.stringify(typeof body === "string" ? { ...answer, body: jsonOrText(body) } : answer, null, 2);
}

async function eventOf(run: CommandContext, name: FunctionName, { event, sample }: { event?: string; sample?: string }): Promise<string> {
  if (sample === undefined) return readEvent(run, event);
  return sampleEvent(name, sample, new Date());
}

const NO_EVENT = "{}";
/** --event FILE, `-` or a pipe; `{}` in a terminal without an event. USAGE when it is not JSON. */
async function readEvent(run: CommandContext, file: string | undefined): Promise<string> {
  const piped = file === "-" || (file === undefined && run.io.stdin.isTTY !== true);
  const content = file !== undefined && file !== "-" ? readFile(file, "The event file") : piped ? await text(run.io.stdin) : "";
  const event = content.trim() === "" ? NO_EVENT : content;
  try {
    JSON.parse(event);
  } catch (cause) {
    throw new FleetlogixError("USAGE", `The event is not JSON: ${(cause as Error).message}.`, {
      hint: "Give a file with --event FILE, or JSON on standard input.",
      cause,
    });
  }
  return event;
}
