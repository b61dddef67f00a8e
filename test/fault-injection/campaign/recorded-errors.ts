import { readFileSync } from "node:fs";
import type { FaultRule } from "../../../src/local/core/faults.ts";
import { errorOf } from "../invariants/invariants.ts";
import { drifted } from "./drifts.ts";
import { type Lifecycle, lifecycle, type Scenario } from "./lifecycle.ts";

/** An error that was seen on AWS, from test/recordings/aws.json: each entry there is a scenario here. */
interface RecordedRule {
  readonly operation: string;
  readonly about: string;
  readonly error?: { readonly code: string; readonly message: string; readonly status?: number };
  /** The error passes by itself; otherwise the caller has to change something. */
  readonly passes?: boolean;
}
const { rules } = JSON.parse(readFileSync(new URL("../../recordings/aws.json", import.meta.url), "utf8")) as {
  readonly rules: readonly RecordedRule[];
};

/** Calls that a first `up` does not make, and the drift that they repair. */
const WHILE_REPAIRING: Readonly<Record<string, string>> = {
  "rds:ModifyDBInstance": "database.main instanceClass",
  "dynamodb:UpdateTable": "table.routes deletionProtection",
};

export function recordedErrors(): readonly Scenario[] {
  return rules.flatMap(({ operation, about, error, passes = false }, index) => {
    if (error === undefined) return [];
    const [service = "", name = ""] = operation.split(":");
    const { code, message, status = 400 } = error;
    const times = passes ? 3 : null;
    const played = (): readonly FaultRule[] => [{ service, operation: name, times, fault: { kind: "fail", code, status, message } }];
    const expectEnd: NonNullable<Lifecycle["expectEnd"]> = (ending) => {
      const error = errorOf(ending);
      if (passes) return ending.result?.ok ? undefined : "an error that passes by itself made the run fail";
      return error === undefined ? "it reports success after a refusal" : undefined;
    };
    const drift = WHILE_REPAIRING[operation];
    const timing = drift === undefined ? { during: "up" as const } : drifted(drift);
    return [
      lifecycle({ ...timing, name: `F11 recorded: ${operation} says ${about}`, concurrency: 1 + (index % 8), rules: played, expectEnd }),
    ];
  });
}
