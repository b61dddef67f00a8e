import type { Audit, AuditRow } from "../../app.ts";

const LEVELS = { critical: "error", high: "error", medium: "warning", low: "note" } as const;
/** Severities in the scale of GitHub's code scanning. */
const RANKS = { critical: "9.5", high: "8.0", medium: "5.5", low: "3.0" } as const;
const PAGE = "docs/operations.md";

/** The audit as a SARIF 2.1.0 log: a rule a control, a result for each that fails, suppressed where it is declined. Pure. */
export function sarifOf({ stack, hardening, controls }: Audit, version: string): object {
  const results = controls.flatMap((row, ruleIndex) => resultsOf(row, ruleIndex));
  const driver = {
    name: "fleetlogix audit",
    version,
    informationUri: "https://www.npmjs.com/package/fleetlogix",
    rules: controls.map(ruleOf),
  };
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver }, automationDetails: { id: `${stack}/${hardening}` }, columnKind: "utf16CodeUnits", results }],
  };
}
const ruleOf = ({ id, title, service, severity, class: kind }: AuditRow): object => ({
  id,
  shortDescription: { text: title },
  defaultConfiguration: { level: LEVELS[severity] },
  properties: { "security-severity": RANKS[severity], tags: ["security", service, kind] },
});
function resultsOf(row: AuditRow, ruleIndex: number): readonly object[] {
  const { id, severity, status, title, reason, resources } = row;
  const result = (text: string, name: string, more: object): object => ({
    ...{ ruleId: id, ruleIndex, level: LEVELS[severity], message: { text } },
    // SARIF needs a file and a resource has none, so the location is the page with the corrections.
    locations: [{ physicalLocation: { artifactLocation: { uri: PAGE } }, logicalLocations: [{ name, kind: "resource" }] }],
    ...more,
  });
  if (status === "declined")
    return [result(title, row.service, { kind: "fail", suppressions: [{ kind: "external", status: "accepted", justification: reason }] })];
  return resources.filter(({ ok }) => !ok).map(({ name, message }) => result(`${title}: ${name}: ${message}`, name, { kind: "fail" }));
}
