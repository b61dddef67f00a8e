import type { Plan, PlannedResource } from "../../app.ts";
import type { Decision } from "../../engine/decide.ts";
import type { Paint, Style } from "./paint.ts";
import { brief, columns } from "./words.ts";

type Action = Decision["action"];
const LOOK: Readonly<Record<Action, { sign: string; style: Style; word: string }>> = {
  create: { sign: "  +", style: "good", word: "to create" },
  update: { sign: "  ~", style: "warn", word: "to update" },
  replace: { sign: "-/+", style: "bad", word: "to replace" },
  delete: { sign: "  -", style: "bad", word: "to delete" },
  retain: { sign: "  =", style: "accent", word: "kept" },
  refuse: { sign: "  !", style: "bad", word: "refused" },
  keep: { sign: "   ", style: "dim", word: "unchanged" },
};
const ORDER: readonly Action[] = ["create", "update", "replace", "delete", "retain", "refuse", "keep"];

/** The plan like a diff: every resource that something happens to, every attribute with both values; the rest is counted. Pure. */
export function planText(plan: Plan, paint: Paint): string {
  const shown = plan.resources.filter((r) => r.decision.action !== "keep" || r.orphan);
  const heads = columns(shown.map((r) => [r.id, r.name, ...noteOf(r)]));
  const blocks = shown.map((r, i) => [headOf(r, heads[i] ?? "", paint), ...detailsOf(r, paint)].join("\n"));
  return [...blocks, ...(blocks.length > 0 ? [""] : []), planSummary(plan, paint)].join("\n");
}

function headOf(resource: PlannedResource, text: string, paint: Paint): string {
  const look = LOOK[resource.decision.action];
  return `${paint(look.style, look.sign)} ${text}`;
}
const noteOf = ({ orphan }: PlannedResource): string[] => (orphan ? ["ours by tag, no longer in the configuration"] : []);

function detailsOf({ decision, inventory, cost }: PlannedResource, paint: Paint): string[] {
  const facts = (...all: (string | undefined)[]) => {
    const said = all.filter(Boolean).join("; ");
    return said ? [paint("dim", `      ${said}`)] : [];
  };
  switch (decision.action) {
    case "update":
    case "replace":
      return decision.changes.map(
        (c) =>
          `      ${c.path}: ${brief(c.from)} ${paint("dim", "→")} ${brief(c.to)}${c.forces ? paint("bad", "  (forces the replacement)") : ""}`,
      );
    case "refuse":
      return [`      ${decision.code}: ${decision.why}`, `      ${decision.hint}`];
    case "retain":
      return [...facts(inventory, cost), ...facts(decision.why)];
    default:
      return facts(inventory, cost);
  }
}

export function countActions(resources: readonly PlannedResource[]): Readonly<Record<Action, number>> {
  const counts: Record<Action, number> = { create: 0, update: 0, replace: 0, delete: 0, retain: 0, refuse: 0, keep: 0 };
  for (const { decision } of resources) counts[decision.action]++;
  return counts;
}

/** `2 to create, 1 to update, 18 unchanged`. */
export function planSummary(plan: Plan, paint: Paint): string {
  const counts = countActions(plan.resources);
  const parts = ORDER.filter((action) => counts[action] > 0).map((action) =>
    paint(LOOK[action].style, `${counts[action]} ${LOOK[action].word}`),
  );
  return parts.length > 0 ? parts.join(", ") : "nothing there";
}
