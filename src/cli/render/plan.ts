import type { Plan, PlanCost, PlannedResource } from "../../app.ts";
import type { Decision, Notes } from "../../engine/decide.ts";
import { aroundDifference, type Difference, differencesOf, isSecurity, valueText } from "./difference.ts";
import { columns, cut, displayWidth, wrapped } from "./layout.ts";
import type { Paint, Style } from "./paint.ts";
import { groupsOf, type PlanGroup } from "./plan-groups.ts";

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

/** Indentation of the details of a resource. */
const INDENT = " ".repeat(6);

/**
 * The plan as a diff: every resource that changes, every attribute at the deepest path where it differs, refusals last. Equal changes are
 * one group, unchanged resources are counted. Only text that users copy may be wider than `width`. Pure.
 */
export function planText(plan: Plan, paint: Paint, width = Number.POSITIVE_INFINITY): string {
  const groups = shownGroups(plan);
  const heads = headsOf(groups, width - 4);
  const blocks = groups.map((group, i) => [`${signOf(group.first, paint)} ${heads[i]}`, ...detailsOf(group, paint, width)].join("\n"));
  return [...blocks, ...(blocks.length > 0 ? [""] : []), planSummary(plan, paint), ...costLines(plan.cost, width)].join("\n");
}

/** Changed resources, then notes, then refusals: these are next to the error that follows. */
export function shownGroups({ resources }: Plan): readonly PlanGroup[] {
  const shownResources = resources.filter((r) => r.decision.action !== "keep" || r.orphan || notesOf(r.decision).length > 0);
  const isRefused = (r: PlannedResource) => r.decision.action === "refuse";
  return groupsOf([...shownResources.filter((r) => !isRefused(r)), ...shownResources.filter(isRefused)]);
}

/** Id and name in columns; where they do not fit, the name has its own line. The id of an orphan is not shown, because it has no meaning for users. */
function headsOf(groups: readonly PlanGroup[], width: number): readonly string[] {
  const cells = groups.map(({ first: { id, kind, name, orphan } }) => [orphan ? kind : id, name === id ? "" : name]);
  const single = cells.filter((_, i) => groups[i]?.title === undefined);
  const rows = columns(single, Number.POSITIVE_INFINITY);
  const fits = rows.every((row) => displayWidth(row) <= width);
  return groups.map(({ title }, i) => {
    if (title !== undefined) return wrapped(title, width).join(`\n${INDENT}`);
    const [id = "", name = ""] = cells[i] ?? [];
    if (fits) return rows[single.indexOf(cells[i] ?? [])] ?? "";
    return displayWidth(id) + displayWidth(name) + 2 <= width || !name ? `${id}  ${name}`.trimEnd() : `${id}\n${INDENT}${name}`;
  });
}
function signOf({ decision }: PlannedResource, paint: Paint): string {
  const look = LOOK[decision.action];
  return paint(look.style, look.sign);
}

function detailsOf({ first, ids }: PlanGroup, paint: Paint, width: number): string[] {
  const { decision, inventory, cost, orphan, attributes } = first;
  const lines = (text: string, style?: Style) =>
    wrapped(text, width - INDENT.length).map((line) => `${INDENT}${style ? paint(style, line) : line}`);
  const facts = (...all: (string | undefined)[]) => {
    const present = all.filter((one) => one !== undefined && one !== "");
    return present.length > 0 ? lines(present.join("; "), "dim") : [];
  };
  const members = ids.length > 1 ? lines(ids.join(", "), "dim") : [];
  const notes = notesOf(decision).flatMap((note) => lines(note, "warn"));
  const origin = facts(orphan ? "no longer in the configuration" : undefined);
  switch (decision.action) {
    case "update":
    case "replace":
      return [...differencesOf(decision.changes).flatMap((one) => differenceLines(one, first.kind, paint, width)), ...notes, ...members];
    case "refuse":
      return [...lines(`${decision.code}: ${decision.why}`), ...lines(decision.hint)];
    case "retain":
      return [...origin, ...facts(inventory, cost), ...facts(decision.why)];
    default:
      return [...members, ...origin, ...attributeLines(attributes, paint, width), ...facts(inventory, cost), ...notes];
  }
}
/** Notes about a resource, one sentence each; they are not changes. */
export const notesOf = (decision: Decision): Notes => ("notes" in decision ? (decision.notes ?? []) : []);

function attributeLines(attributes: PlannedResource["attributes"], paint: Paint, width: number): string[] {
  if (!attributes) return [];
  const values = Object.entries(attributes).map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return wrapped(values.join("; "), width - INDENT.length).map((line) => `${INDENT}${paint("dim", line)}`);
}

/** One line where it fits, otherwise one for each value, cut around the difference. */
function differenceLines(difference: Difference, kind: string, paint: Paint, width: number): readonly string[] {
  const { path, from, to, forces, after } = difference;
  if (after !== undefined) return [`${INDENT}the new value is known when ${after} exists`];
  const marks = [...(forces ? ["(forces the replacement)"] : []), ...(isSecurity(kind, path) ? ["(security)"] : [])];
  const mark = marks.map((text) => paint(text === "(security)" ? "warn" : "bad", `  ${text}`)).join("");
  const used = INDENT.length + marks.reduce((sum, text) => sum + text.length + 2, 0);
  const [, list, side] = /^(.*)\[([+-])\]$/.exec(path) ?? [];
  if (list !== undefined) {
    const value = cut(valueText(side === "+" ? to : from), Math.max(20, width - used - displayWidth(list) - 4));
    return [`${INDENT}${list}: ${paint(side === "+" ? "good" : "bad", `${side} ${value}`)}${mark}`];
  }
  const arrow = paint("dim", "→");
  const [old, next] = [valueText(from), valueText(to)];
  if (used + displayWidth(`${path}: ${old} → ${next}`) <= width) return [`${INDENT}${path}: ${old} ${arrow} ${next}${mark}`];
  const room = width - INDENT.length - 4;
  const [before, following] = aroundDifference(old, next, room);
  return [`${INDENT}${path}:${mark}`, `${INDENT}    ${before}`, `${INDENT}  ${arrow} ${following}`];
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
  return parts.length > 0 ? parts.join(", ") : "no resources";
}

function costLines(cost: PlanCost | undefined, width: number): readonly string[] {
  return cost ? wrapped(costText(cost), width) : [];
}
/** `about $26.42 a month (+$3.00) …`: the estimated cost. */
export function costText({ monthly_usd: monthly, difference_usd: difference, region, published, dated, unpriced }: PlanCost): string {
  const change = difference === 0 ? "no difference" : `${difference > 0 ? "+" : "-"}$${Math.abs(difference).toFixed(2)}`;
  const source = published ? `list prices of ${region}, ${dated}` : `prices of ${region} estimated from us-east-1's, ${dated}`;
  const without = unpriced.length > 0 ? ` Not included, because the price is not known: ${unpriced.join(", ")}.` : "";
  return `Estimate: about $${monthly.toFixed(2)} a month (${change}) before any use; ${source}. Calls, storage and logs come on top.${without}`;
}
