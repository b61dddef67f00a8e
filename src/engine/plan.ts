import { FleetlogixError } from "../errors.ts";
import type { Decision } from "./decide.ts";
import { decisionOn, type Seen } from "./observe.ts";
import type { Run } from "./run.ts";

/** Plain data: it can be printed, saved, compared. It holds no clients and no functions. */
export interface Planned {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly decision: Decision;
  readonly arn?: string | undefined;
}

export function plan(seen: readonly Seen[], run: Pick<Run, "ctx" | "policy">): readonly Planned[] {
  return seen.map((one) => planned(one, decisionOn(one, run)));
}

export function planned(seen: Seen, decision: Decision): Planned {
  const arn = arnOf(seen);
  return { id: seen.id, kind: seen.node.kind.kind, name: seen.subject.label, decision, ...(arn === undefined ? {} : { arn }) };
}

/** The live ARN, or the one that AWS will compute from the name. */
function arnOf({ observation, subject, out }: Seen): string | undefined {
  if (observation.state !== "absent") return subject.kind.describe(observation.live).arn;
  const arn = typeof out === "object" && out !== null && "arn" in out ? out.arn : undefined;
  return typeof arn === "string" ? arn : undefined;
}

/** Everything that must not be touched is named before anything is: all of it, at once. */
export function refuseBeforeWriting(resources: readonly Planned[]): void {
  const refused = resources.flatMap((r) => (r.decision.action === "refuse" ? [{ id: r.id, ...r.decision }] : []));
  const [first] = refused;
  if (!first) return;
  const code = refused.some((r) => r.code === "OWNER_FOREIGN") ? "OWNER_FOREIGN" : first.code;
  const hints = [...new Set(refused.map((r) => r.hint))].join(" ");
  const text =
    refused.length === 1 ? first.why : `${refused.length} resources must not be touched:\n${refused.map((r) => `  ${r.why}`).join("\n")}`;
  throw new FleetlogixError(code, text, { hint: hints, resource: first.id });
}
