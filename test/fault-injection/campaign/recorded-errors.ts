import { readFileSync } from "node:fs";
import type { FaultRule } from "../../../src/local/core/faults.ts";
import { errorOf } from "../invariants/invariants.ts";
import { drifted } from "./drifts.ts";
import { type Life, life, type Scenario } from "./lifecycle.ts";

/** What AWS was seen to say, played in its own words (test/recordings/aws.json): a new entry there is a new scenario here. */
interface RecordedRule {
  readonly operation: string;
  readonly about: string;
  readonly error?: { readonly code: string; readonly message: string; readonly status?: number };
  /** It is over by itself after a while; else nothing but a change of the caller's mends it. */
  readonly passes?: boolean;
}
const { rules } = JSON.parse(readFileSync(new URL("../../recordings/aws.json", import.meta.url), "utf8")) as {
  readonly rules: readonly RecordedRule[];
};

/** Calls that a first `up` does not make: the drift that they mend. */
const WHILE_MENDING: Readonly<Record<string, string>> = {
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
    const ends: NonNullable<Life["ends"]> = (ending) => {
      const said = errorOf(ending);
      if (passes) return ending.result?.ok ? undefined : "what passes by itself made the run fail";
      return said === undefined ? "it calls a refusal a success" : undefined;
    };
    const drift = WHILE_MENDING[operation];
    const when = drift === undefined ? { during: "up" as const } : drifted(drift);
    return [life({ ...when, name: `F11 recorded: ${operation} says ${about}`, concurrency: 1 + (index % 8), rules: played, ends })];
  });
}
