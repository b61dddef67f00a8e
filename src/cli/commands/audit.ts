import type { Audit, AuditRow } from "../../app.ts";
import { FleetlogixError } from "../../errors.ts";
import { toFailure } from "../failure.ts";
import { withSpinner } from "../progress.ts";
import type { Paint } from "../render/paint.ts";
import { sarifOf } from "../render/sarif.ts";
import { columns } from "../render/words.ts";
import type { Action } from "../run.ts";
import { openSession } from "../session.ts";
import { spoken } from "../speak.ts";
import { version } from "../version.ts";

/** The live stack against every control; fails on one of critical or high severity. */
export const audit: Action = async (run, _, options) => {
  const { app } = await openSession(run);
  const found = await withSpinner(run, "Auditing", () => app.audit());
  const failure = found.ok ? undefined : failed(found);
  const error = failure && toFailure(failure, run.signal.aborted, (text) => spoken(text, run));
  if (options.sarif === true) {
    const document = sarifOf(found, version());
    return { text: JSON.stringify(document, null, 2), json: document, failure };
  }
  const { ok, ...rest } = found;
  return {
    text: auditText(found, run.paint.out),
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
      hint: "`fleetlogix plan` shows what has changed, and `fleetlogix up` mends it; what it cannot mend says so above.",
    },
  );
}

/** What fails first, by severity; then what is declined, and what passes in one line. Pure. */
function auditText({ stack, hardening, summary, controls }: Audit, paint: Paint): string {
  const failing = controls
    .filter(({ status }) => status === "fail")
    .toSorted((a, b) => GRAVITY.indexOf(a.severity) - GRAVITY.indexOf(b.severity));
  const declined = controls.filter(({ status }) => status === "declined");
  const reasons = columns(declined.map(({ id, reason }) => [id, reason ?? ""]));
  return [
    `${stack}, ${hardening}: ${summary.pass} pass, ${summary.fail} fail, ${summary.declined} declined`,
    ...(failing.length > 0 ? ["", ...failing.flatMap((row) => failureLines(row, paint))] : []),
    "",
    paint("dim", "# declined, each with its reason"),
    ...reasons.map((line) => `${paint("dim", "-")} ${line}`),
  ].join("\n");
}
const GRAVITY: readonly AuditRow["severity"][] = ["critical", "high", "medium", "low"];
const failureLines = ({ id, severity, title, resources }: AuditRow, paint: Paint): readonly string[] => [
  `${paint("bad", "✖")} ${severity}  ${id}  ${title}`,
  ...resources.filter(({ ok }) => !ok).map(({ name, message }) => `    ${name}: ${message}`),
];
