import { text } from "node:stream/consumers";
import type { FunctionName } from "../../config/config.ts";
import { FleetlogixError } from "../../errors.ts";
import { functionName } from "../functions.ts";
import { parsed, readFile } from "../input.ts";
import { withSpinner } from "../progress.ts";
import type { Action, Run } from "../run.ts";
import { sampleEvent } from "../sample-event.ts";
import { configOf, openAppFor } from "../session.ts";

/** The response goes to stdout, the log tail to stderr: the one can be piped, the other read. */
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
  if (result.logTail) run.note(result.logTail.trimEnd(), "dim");
  const { status, functionError, payload, logTail, version } = result;
  return {
    text: payload,
    json: {
      command: run.command,
      ok: failure === undefined,
      status,
      function_error: functionError,
      version,
      payload: parsed(payload),
      log_tail: logTail,
      error: failure ? { code: failure.code, message: failure.message, hint: failure.detail.hint } : null,
    },
    failure,
  };
};

async function eventOf(run: Run, name: FunctionName, { event, sample }: { event?: string; sample?: string }): Promise<string> {
  if (sample === undefined) return readEvent(run, event);
  return sampleEvent(name, sample, new Date());
}

/** --event FILE, `-` or a pipe; `{}` when a person typed no event. USAGE when it is not JSON. */
async function readEvent(run: Run, file: string | undefined): Promise<string> {
  const piped = file === "-" || (file === undefined && run.io.stdin.isTTY !== true);
  const content = file !== undefined && file !== "-" ? readFile(file, "The event file") : piped ? await text(run.io.stdin) : "";
  const event = content.trim() === "" ? "{}" : content;
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
