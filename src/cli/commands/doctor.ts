import type { Finding } from "../../app.ts";
import type { Config } from "../../config/config.ts";
import { stackNameOf } from "../../config/names.ts";
import { type Code, FleetlogixError } from "../../errors.ts";
import type { Action, CommandContext } from "../context.ts";
import { toFailure } from "../failure.ts";
import { findingText } from "../render/findings.ts";
import { widthOf } from "../render/layout.ts";
import { configOf, openAppFor } from "../session.ts";
import { toTypedCommands } from "../typed-commands.ts";
import { version } from "../version.ts";

/** Milliseconds: one call takes at most 5 s, and no retry begins later than 4 s after the first call. So a check ends within 10 s. */
const LIMITS = { requestTimeoutMs: 5_000, patienceMs: 4_000 };

/** Checks the environment and prints each finding with its fix at once. An error that stops the checks is itself a finding. */
export const doctor: Action = async (run) => {
  const { config, file } = configOf(run);
  const all: Finding[] = [];
  const report = (findings: readonly Finding[]) => {
    all.push(...findings);
    if (run.flags.json) return;
    for (const finding of findings) run.voice.out.write(`${findingText(finding, run.paint.out, widthOf(run.io.stdout))}\n`);
  };
  report([
    info("fleetlogix", `${version()} on ${process.platform}-${process.arch}`),
    info("configuration", `${file ?? "no file: the defaults"}; ${stackNameOf(config)} in ${config.region}`),
  ]);
  const stopped = await runChecks(run, config, report);
  const errors = all.filter((f) => !f.ok && f.severity === "error");
  const failure = errors.length > 0 ? failed(errors, all.length, stopped) : undefined;
  const error = failure === undefined ? null : toFailure(failure, run.signal.aborted, (text) => toTypedCommands(text, run));
  return {
    text: "",
    json: {
      command: run.command,
      ok: error === null,
      findings: all,
      error: error && { code: error.code, message: error.message, hint: error.hint },
    },
    failure,
  };
};

/** The failure has the code of the error that stopped the checks. */
function failed(errors: readonly Finding[], count: number, stopped: Code | undefined): FleetlogixError {
  const names = [...new Set(errors.map((f) => f.check))].join(", ");
  return new FleetlogixError(stopped ?? "PREFLIGHT", `${errors.length} of ${count} checks failed: ${names}.`, {
    hint: "Each failed check above names its fix; then run `fleetlogix doctor` again.",
  });
}

const info = (check: string, message: string): Finding => ({ check, ok: true, severity: "info", message, fix: null });

/** The check that an error belongs to; the checks after it do not run. */
const CHECK_OF_ERROR: Partial<Record<Code, string>> = {
  CREDENTIALS: "credentials",
  ACCESS_DENIED: "permissions",
  LOCAL_REFUSED: "local AWS",
};

/** The code of the error that stopped the checks; undefined: none. */
async function runChecks(run: CommandContext, config: Config, report: (findings: readonly Finding[]) => void): Promise<Code | undefined> {
  try {
    const app = await openAppFor(run, config, LIMITS);
    await app.doctor(report);
    return undefined;
  } catch (error) {
    const { code, message, hint } = toFailure(error, run.signal.aborted, (text) => toTypedCommands(text, run));
    if (code === "INTERRUPTED" || code === "INTERNAL") throw error;
    report([{ check: CHECK_OF_ERROR[code] ?? "connection", ok: false, severity: "error", message, fix: hint }]);
    return code;
  }
}
