import type { Finding } from "../../app.ts";
import { CODES, FleetlogixError } from "../../errors.ts";
import { toFailure } from "../failure.ts";
import { withSpinner } from "../progress.ts";
import type { Paint } from "../render/paint.ts";
import { columns } from "../render/words.ts";
import type { Action, Run } from "../run.ts";
import { configOf, openAppFor } from "../session.ts";
import { spoken } from "../speak.ts";
import { version } from "../version.ts";

/** Everything that could be in the way, each with its fix; what stops the checks is itself a finding. */
export const doctor: Action = async (run) => {
  const { config, file } = configOf(run);
  const here: Finding[] = [
    info("fleetlogix", `${version()} on ${process.platform}-${process.arch}`),
    info("configuration", `${file ?? "no file: the defaults"}; ${config.project}/${config.environment} in ${config.region}`),
  ];
  const { findings, stopped } = await examine(run, config);
  const all = [...here, ...findings];
  const bad = all.filter((f) => !f.ok && f.severity === "error");
  const failure =
    stopped ??
    (bad.length > 0
      ? new FleetlogixError("PREFLIGHT", `${bad.length} of ${all.length} checks failed: ${bad.map((f) => f.check).join(", ")}.`, {
          hint: "Each of them names its fix above.",
        })
      : undefined);
  const error = failure === undefined ? null : toFailure(failure, run.signal.aborted, (text) => spoken(text, run));
  return {
    text: findingsText(all, run.paint.out),
    json: {
      command: run.command,
      ok: error === null,
      findings: all,
      error: error && { code: error.code, message: error.message, hint: error.hint },
    },
    failure,
  };
};

const info = (check: string, message: string): Finding => ({ check, ok: true, severity: "info", message, fix: null });

async function examine(run: Run, config: Parameters<typeof openAppFor>[1]): Promise<{ findings: readonly Finding[]; stopped?: unknown }> {
  try {
    const app = await openAppFor(run, config);
    return { findings: await withSpinner(run, "Examining", () => app.doctor()) };
  } catch (error) {
    const { code, message, hint } = toFailure(error, run.signal.aborted, (text) => spoken(text, run));
    if (code === "INTERRUPTED" || code === "INTERNAL") throw error;
    return {
      findings: [{ check: code === "CREDENTIALS" ? "credentials" : CODES[code].means, ok: false, severity: "error", message, fix: hint }],
      stopped: error,
    };
  }
}

/** Pure. */
function findingsText(findings: readonly Finding[], paint: Paint): string {
  const rows = columns(findings.map((f) => [f.check, f.message]));
  return findings.map((finding, i) => `${markOf(finding, paint)} ${rows[i]}${fixOf(finding, paint)}`).join("\n");
}
const markOf = ({ ok, severity }: Finding, paint: Paint): string =>
  ok ? paint("good", "✔") : severity === "error" ? paint("bad", "✖") : paint("warn", "!");
const fixOf = ({ ok, fix }: Finding, paint: Paint): string => (ok || !fix ? "" : `\n    ${paint("accent", "fix")}  ${fix}`);
