import { SECRET_OUTPUTS } from "../../app/results.ts";
import type { Outputs, PlanCost, PlannedResource, ResourceResult } from "../../app.ts";
import { defined } from "../../defined.ts";
import { Secret } from "../../secret.ts";
import { type Failure, toErrorJson } from "../failure.ts";
import { countActions, notesOf } from "./plan.ts";

/** Input of the documents of provisioning commands. */
export interface ProvisioningReport {
  readonly command: string;
  readonly stack: string | null;
  readonly account: string | null;
  readonly region: string | null;
  readonly resources: readonly (PlannedResource & Partial<ResourceResult>)[];
  readonly outputs: Outputs | null;
  readonly cost?: PlanCost | undefined;
  readonly failure: Failure | undefined;
  readonly warnings: readonly string[];
  readonly durationMs: number;
}

/** The document of `up`, `setup`, `deploy-lambdas`, `create-api`, `teardown` and `plan`. Pure. */
export function reportJson(report: ProvisioningReport): Record<string, unknown> {
  const { create, update, replace, delete: deletes, keep } = countActions(report.resources);
  return {
    command: report.command,
    stack: report.stack,
    account: report.account,
    region: report.region,
    ok: report.failure === undefined,
    changes: report.resources.map(changeJson),
    summary: { create, update, replace, delete: deletes, keep },
    outputs: report.outputs && outputsJson(report.outputs, false),
    ...defined({ cost: report.cost }),
    error: report.failure ? toErrorJson(report.failure) : null,
    ...defined({ warnings: report.warnings.length > 0 ? report.warnings : undefined }),
    duration_ms: Math.round(report.durationMs),
  };
}

function changeJson(resource: ProvisioningReport["resources"][number]): Record<string, unknown> {
  const { decision } = resource;
  const notes = notesOf(decision);
  const refusal = decision.action === "refuse" ? decision : undefined;
  return defined({
    id: resource.id,
    kind: resource.kind,
    name: resource.name,
    action: decision.action,
    changes: "changes" in decision ? decision.changes.map(({ path, from, to }) => ({ path, from: from ?? null, to: to ?? null })) : [],
    status: resource.status ?? "planned",
    duration_ms: Math.round(resource.durationMs ?? 0),
    attributes: resource.attributes,
    arn: resource.arn || undefined,
    why: "why" in decision ? decision.why : undefined,
    notes: notes.length > 0 ? notes : undefined,
    code: refusal?.code,
    hint: refusal?.hint,
    inventory: resource.inventory,
    cost: resource.cost,
    orphan: resource.orphan,
    settling: resource.settling,
    final_snapshot: resource.finalSnapshot,
    error: resource.error,
  });
}

/** Without `secrets` the document does not have the secret values. */
export const outputsJson = (outputs: Outputs, secrets: boolean): Record<string, unknown> =>
  opened(outputs, secrets) as Record<string, unknown>;
function opened(value: unknown, secrets: boolean): unknown {
  if (value instanceof Secret) return value.reveal();
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key, child]) => secrets || !(child instanceof Secret || SECRET_KEYS.has(key)));
  return Object.fromEntries(kept.map(([key, child]) => [key, opened(child, secrets)]));
}
/** True for a secret output, also when it is null because it was not read. */
const SECRET_KEYS = new Set(SECRET_OUTPUTS.map((path) => path.split(".").at(-1)));
