import type { Audit } from "../../app.ts";
import { FleetlogixError } from "../../errors.ts";
import type { Action } from "../context.ts";
import { toFailure } from "../failure.ts";
import { withSpinner } from "../progress.ts";
import { auditText } from "../render/audit.ts";
import { widthOf } from "../render/layout.ts";
import { sarifOf } from "../render/sarif.ts";
import { openCommandSession } from "../session.ts";
import { toTypedCommands } from "../typed-commands.ts";
import { version } from "../version.ts";

/** Checks the live stack against every control; fails where one of critical or high severity fails. */
export const audit: Action = async (run, _, options) => {
  const { app } = await openCommandSession(run);
  const found = await withSpinner(run, "Auditing", () => app.audit());
  const failure = found.ok ? undefined : failed(found);
  const error = failure && toFailure(failure, run.signal.aborted, (text) => toTypedCommands(text, run));
  if (options.sarif === true) {
    const document = sarifOf(found, version());
    return { text: JSON.stringify(document, null, 2), json: document, failure };
  }
  const { ok, ...rest } = found;
  return {
    text: auditText(found, run.paint.out, widthOf(run.io.stdout)),
    json: { command: run.command, ...rest, ok, error: error ? { code: error.code, message: error.message, hint: error.hint } : null },
    failure,
  };
};

function failed({ controls }: Audit): FleetlogixError {
  const grave = controls.filter(({ status, severity }) => status === "fail" && (severity === "critical" || severity === "high"));
  return new FleetlogixError(
    "AUDIT_FAILED",
    `${grave.length} controls of critical or high severity fail: ${grave.map(({ id }) => id).join(", ")}.`,
    {
      hint: "`fleetlogix plan` shows the changes, and `fleetlogix up` corrects them; the lines above name those that it cannot correct.",
    },
  );
}
