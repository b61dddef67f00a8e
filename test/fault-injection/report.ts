import type { InvariantId } from "./catalogue.ts";
import type { Violation } from "./invariants/invariants.ts";

/** The form in which both suites report. */

/** Counts one check of an invariant; `violation` says what is wrong, or is undefined where the invariant holds. */
export type Check = (invariant: InvariantId, violation: Violation) => void;
export type Counts = Readonly<Record<string, number>>;
export interface Report {
  /** How many scenarios of each family were played: F1 to F22, I13. */
  readonly scenarios: Counts;
  /** How often each invariant was checked. */
  readonly checks: Counts;
  /** How many scenarios were chosen; fewer were played when the time was over. */
  readonly chosen: number;
  readonly violations: readonly { readonly scenario: string; readonly violation: string }[];
}
export interface OpenReport {
  /** Plays one scenario. Its name begins with the number of its fault. */
  play(name: string, scenario: (check: Check) => Promise<void>): Promise<void>;
  readonly report: () => Report;
}

export function openReport(chosen: number, print: (line: string) => void): OpenReport {
  const [scenarios, checks] = [new Map<string, number>(), new Map<string, number>()];
  const violations: Report["violations"][number][] = [];
  return {
    async play(name, scenario) {
      const violated = (violation: string): void => {
        violations.push({ scenario: name, violation });
        print(`VIOLATION ${name}\n  ${violation}`);
      };
      count(scenarios, name.split(" ")[0] ?? "");
      await scenario((invariant, violation) => {
        count(checks, invariant);
        if (violation !== undefined) violated(`${invariant}: ${violation}`);
      }).catch((error) => violated(`the scenario itself failed: ${error?.stack ?? error}`));
    },
    report: () => ({ scenarios: Object.fromEntries(scenarios), checks: Object.fromEntries(checks), chosen, violations }),
  };
}
function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

export function joinReports(reports: readonly Report[]): Report {
  return {
    scenarios: added(reports.map(({ scenarios }) => scenarios)),
    checks: added(reports.map(({ checks }) => checks)),
    chosen: reports.reduce((sum, { chosen }) => sum + chosen, 0),
    violations: reports.flatMap(({ violations }) => violations),
  };
}
function added(parts: readonly Counts[]): Counts {
  const names = [...new Set(parts.flatMap((part) => Object.keys(part)))];
  return Object.fromEntries(names.map((name) => [name, parts.reduce((sum, part) => sum + (part[name] ?? 0), 0)]));
}

/** The report as text. The last line is the summary. */
export function reportText({ scenarios, checks, chosen, violations }: Report, seeds: string): string {
  const played = total(scenarios);
  return [
    ...violations.map(({ scenario, violation }) => `VIOLATION ${scenario}\n  ${violation}`),
    `Scenarios: ${listed(scenarios)}`,
    `Checks: ${listed(checks)}`,
    `${played} of ${chosen} scenarios, ${total(checks)} checks, ${violations.length} violations, ${seeds}`,
  ].join("\n");
}
function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, number) => sum + number, 0);
}
function listed(counts: Counts): string {
  return Object.entries(counts)
    .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .map(([name, number]) => `${name} ${number}`)
    .join(", ");
}
