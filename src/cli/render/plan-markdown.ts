import type { Plan } from "../../app.ts";
import { aroundDifference, differencesOf, isSecurity, valueText } from "./difference.ts";
import { plain } from "./paint.ts";
import { costText, notesOf, planSummary, shownGroups } from "./plan.ts";
import type { PlanGroup } from "./plan-groups.ts";

const WORDS = {
  create: "create",
  update: "update",
  replace: "**replace**",
  delete: "**delete**",
  retain: "keep",
  refuse: "**refuse**",
  keep: "",
};
/** A value in a table of a pull request. */
const LONGEST = 60;

/** The plan as a comment of a pull request: a table in GitHub's Markdown. Pure. */
export function planMarkdown(plan: Plan, title: string): string {
  const rows = shownGroups(plan).map(
    (group) => `| ${WORDS[group.first.decision.action]} | ${resourceCell(group)} | ${changeCell(group).join("<br>")} |`,
  );
  return [
    `### Plan of ${escaped(title)}`,
    "",
    `**${planSummary(plan, plain)}**`,
    ...(rows.length > 0 ? ["", "| | resource | what |", "|---|---|---|", ...rows] : []),
    ...(plan.cost ? ["", `<sub>${escaped(costText(plan.cost))}</sub>`] : []),
  ].join("\n");
}

function resourceCell({ first, ids, title }: PlanGroup): string {
  if (title === undefined)
    return `${code(first.orphan ? first.kind : first.id)}${first.name === first.id ? "" : ` ${escaped(first.name)}`}`;
  if (ids.length === 0) return title.split(", ").map(code).join(" ");
  return `<details><summary>${title}</summary>${ids.map(code).join(" ")}</details>`;
}

function changeCell({ first }: PlanGroup): readonly string[] {
  const { decision, attributes, inventory, cost, orphan, kind } = first;
  const notes = notesOf(decision).map(escaped);
  if (decision.action === "refuse") return [`${code(decision.code)} ${escaped(decision.why)}`, escaped(decision.hint)];
  if (decision.action === "retain") return [inventory, cost, decision.why].flatMap((text) => (text ? [escaped(text)] : []));
  if (decision.action !== "update" && decision.action !== "replace") {
    const values = Object.entries(attributes ?? {}).map(
      ([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`,
    );
    return [...(orphan ? ["no longer in the configuration"] : []), ...(values.length > 0 ? [escaped(values.join("; "))] : []), ...notes];
  }
  const differences = differencesOf(decision.changes).map(({ path, from, to, forces, after }) => {
    if (after !== undefined) return `the new value is known when ${code(after)} exists`;
    const [before, next] = aroundDifference(valueText(from), valueText(to), LONGEST);
    return `${code(path)}: ${code(before)} → ${code(next)}${forces ? " **forces the replacement**" : ""}${isSecurity(kind, path) ? " 🔒 security" : ""}`;
  });
  return [...differences, ...notes];
}

/** Escapes foreign text (names, tags), so that it cannot end a cell or begin an HTML tag. */
const escaped = (text: string): string =>
  text
    .split(/(`[^`\n]+`)/)
    .map((part, i) => (i % 2 === 1 ? code(part.slice(1, -1)) : plainWords(part)))
    .join("")
    .trim();
const plainWords = (text: string): string =>
  text.replace(/[\\`*_{}[\]<>|]/g, (sign) => (sign === "<" ? "&lt;" : sign === ">" ? "&gt;" : `\\${sign}`)).replace(/\s+/g, " ");
function code(text: string): string {
  const fence = text.includes("`") ? "``" : "`";
  return `${fence}${text.replaceAll("|", "\\|").replace(/\s+/g, " ")}${fence}`;
}
