import type { Plan, PlannedResource } from "../../app.ts";
import type { Change } from "../../engine/contract.ts";
import type { Decision, Notes } from "../../engine/decide.ts";
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

/** Where a thing's details begin. */
const INDENT = " ".repeat(6);

/**
 * The plan like a diff: every resource that something happens to, every attribute with both values; the rest is counted. Nothing is
 * wider than `width`, but for names and reasons that nobody may cut. Pure.
 */
export function planText(plan: Plan, paint: Paint, width = Number.POSITIVE_INFINITY): string {
  const shown = plan.resources.filter((r) => r.decision.action !== "keep" || r.orphan || notesOf(r.decision).length > 0);
  const heads = headsOf(shown, width - 4);
  const blocks = shown.map((r, i) => [`${signOf(r, paint)} ${heads[i]}`, ...detailsOf(r, paint, width)].join("\n"));
  return [...blocks, ...(blocks.length > 0 ? [""] : []), planSummary(plan, paint)].join("\n");
}

/** Id and name in columns; where they do not fit, the name has its own line. What the configuration no longer names has no id that means anything. */
function headsOf(resources: readonly PlannedResource[], width: number): readonly string[] {
  const cells = resources.map(({ id, kind, name, orphan }) => [orphan ? kind : id, name === id ? "" : name]);
  const rows = columns(cells);
  if (rows.every((row) => row.length <= width)) return rows;
  return cells.map(([id = "", name = ""]) =>
    id.length + name.length + 2 <= width || !name ? `${id}  ${name}`.trimEnd() : `${id}\n${INDENT}${name}`,
  );
}
function signOf({ decision }: PlannedResource, paint: Paint): string {
  const look = LOOK[decision.action];
  return paint(look.style, look.sign);
}

function detailsOf(resource: PlannedResource, paint: Paint, width: number): string[] {
  const { decision, inventory, cost, orphan } = resource;
  const facts = (...all: (string | undefined)[]) => {
    const said = all.filter((one) => one !== undefined);
    const together = said.join("; ");
    return (INDENT.length + together.length <= width ? [together] : said).filter(Boolean).map((one) => paint("dim", `${INDENT}${one}`));
  };
  const notes = notesOf(decision).map((note) => paint("warn", `${INDENT}${note}`));
  const origin = facts(orphan ? "no longer in the configuration" : undefined);
  switch (decision.action) {
    case "update":
    case "replace":
      return [...decision.changes.flatMap((change) => changeLines(change, paint, width)), ...notes];
    case "refuse":
      return [`${INDENT}${decision.code}: ${decision.why}`, `${INDENT}${decision.hint}`];
    case "retain":
      return [...origin, ...facts(inventory, cost), ...facts(decision.why)];
    default:
      return [...origin, ...facts(inventory, cost), ...notes];
  }
}
/** What people must know about it and what changes nothing: a sentence each. */
export const notesOf = (decision: Decision): Notes => ("notes" in decision ? (decision.notes ?? []) : []);

/** On one line where it fits, else a line for each value. */
function changeLines({ path, from, to, forces }: Change, paint: Paint, width: number): readonly string[] {
  if (path.startsWith("(after ")) return [`${INDENT}what it becomes is known when ${path.slice("(after ".length, -1)} is there`];
  const force = forces ? paint("bad", "  (forces the replacement)") : "";
  const arrow = paint("dim", "→");
  return leaves(path, from, to).flatMap(([at, before, after]) => {
    const [old, next] = [brief(before, width), brief(after, width)];
    const plainLength = INDENT.length + at.length + old.length + next.length + 5 + (forces ? 26 : 0);
    if (plainLength <= width) return [`${INDENT}${at}: ${old} ${arrow} ${next}${force}`];
    const room = Math.min(width - INDENT.length - 4, LONGEST_VALUE);
    return [`${INDENT}${at}:${force}`, `${INDENT}    ${brief(before, room)}`, `${INDENT}  ${arrow} ${brief(after, room)}`];
  });
}
const LONGEST_VALUE = 500;

/** Of two objects, or two lists of one length, only what differs: everything else hides it. */
function leaves(path: string, from: unknown, to: unknown): readonly (readonly [path: string, from: unknown, to: unknown])[] {
  if (!isTree(from) || !isTree(to) || Array.isArray(from) !== Array.isArray(to)) return [[path, from, to]];
  if (Array.isArray(from) && Array.isArray(to) && from.length !== to.length) return [[path, from, to]];
  const [before, after] = [from as Record<string, unknown>, to as Record<string, unknown>];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const different = keys.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  if (different.length === 0) return [[path, from, to]];
  return different.flatMap((key) => leaves(Array.isArray(from) ? `${path}[${key}]` : `${path}.${key}`, before[key], after[key]));
}
const isTree = (value: unknown): boolean => typeof value === "object" && value !== null;

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
