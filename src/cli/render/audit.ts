import type { Audit, AuditRow } from "../../app.ts";
import { columns, hanging, wrapped } from "./layout.ts";
import type { Paint } from "./paint.ts";

/** Failed controls by severity, then declined ones, then one line for those that pass. Pure. */
export function auditText({ stack, hardening, summary, controls }: Audit, paint: Paint, width: number): string {
  const failing = controls
    .filter(({ status }) => status === "fail")
    .toSorted((a, b) => GRAVITY.indexOf(a.severity) - GRAVITY.indexOf(b.severity));
  const declined = controls.filter(({ status }) => status === "declined");
  const reasons = columns(
    declined.map(({ id, reason }) => ["-", id, reason ?? ""]),
    width,
  );
  return [
    ...wrapped(`${stack}, ${hardening}: ${summary.pass} pass, ${summary.fail} fail, ${summary.declined} declined`, width),
    ...(failing.length > 0 ? ["", ...failing.flatMap((row) => failureLines(row, paint, width))] : []),
    "",
    paint("dim", "# declined, each with its reason"),
    ...reasons,
  ].join("\n");
}
const GRAVITY: readonly AuditRow["severity"][] = ["critical", "high", "medium", "low"];
const failureLines = ({ id, severity, title, resources }: AuditRow, paint: Paint, width: number): readonly string[] => [
  ...hanging("✖", `${severity}  ${id}  ${title}`, width, (sign) => paint("bad", sign), " "),
  ...resources.filter(({ ok }) => !ok).flatMap(({ name, message }) => hanging("   ", `${name}: ${message}`, width, undefined, " ")),
];
