import type { LockHolder, ResourceStatus } from "../../app.ts";
import { bytes } from "../../printable.ts";
import { nameOfKind } from "./kinds.ts";
import { type Cell, type Column, hanging, table } from "./layout.ts";
import type { Paint, Style } from "./paint.ts";
import { age, plural } from "./words.ts";

/** Input of the status screen. */
export interface Screen {
  readonly stack: string;
  readonly account: string;
  readonly region: string;
  readonly resources: readonly ResourceStatus[];
  readonly lock?: LockHolder | undefined;
}
export interface ScreenStyle {
  readonly paint: Paint;
  readonly width: number;
  readonly now: number;
  /** One line for each resource, also for auxiliary ones. */
  readonly all: boolean;
}
type Condition = ResourceStatus["condition"];

/** Three signs: ready; AWS works on it; not ready. */
const LOOK: Readonly<Record<Condition, { readonly sign: string; readonly style: Style }>> = {
  ready: { sign: "✔", style: "good" },
  changing: { sign: "…", style: "warn" },
  absent: { sign: "✖", style: "bad" },
  wrong: { sign: "✖", style: "bad" },
};
const PARTS: readonly (readonly [title: string, of: RegExp])[] = [
  ["Data", /^(bucket|table|database|network|parameters|subnets|key)\.|^logs\.database/],
  ["Functions", /^(function|role|logs)\./],
  ["API", /^(api|permission)\./],
  ["Messages and alarms", /./],
];
/** Main kinds. Auxiliary resources are counted only, while they are ready. */
const MAIN_KINDS = new Set([
  "s3.bucket",
  "dynamodb.table",
  "rds.instance",
  "lambda.function",
  "apigateway.stage",
  "sns.topic",
  "sns.subscription",
]);

/** The whole stack on one screen, by part. Pure. */
export function statusText(screen: Screen, style: ScreenStyle): string {
  const { resources, lock } = screen;
  const { paint, width } = style;
  const listed = new Set<string>();
  const parts = PARTS.map(([title, of]) => {
    const own = resources.filter(({ id }) => of.test(id) && !listed.has(id));
    for (const { id } of own) listed.add(id);
    return [title, own] as const;
  }).filter(([, own]) => own.length > 0);
  return [
    `${paint("strong", screen.stack)}  ${paint("dim", `account ${screen.account}, ${screen.region}`)}`,
    ...(lock ? hanging("…", lockText(lock, style.now), width, (sign) => paint("warn", sign), " ") : []),
    ...parts.flatMap(([title, own]) => ["", paint("strong", title), ...partLines(own, style)]),
    ...["", ...troubles(resources, style), summaryOf(resources)],
  ].join("\n");
}
const lockText = ({ who, command, since }: LockHolder, now: number): string =>
  `${who} runs \`fleetlogix ${command}\` on this stack since ${age(now - Date.parse(since))}`;

const COLUMNS: readonly Column[] = [
  {},
  {},
  { spare: 3 },
  {},
  { right: true, spare: 1 },
  { right: true, spare: 1 },
  { spare: 2 },
  { wraps: true },
];

function partLines(own: readonly ResourceStatus[], style: ScreenStyle): readonly string[] {
  const isRow = (r: ResourceStatus) => style.all || MAIN_KINDS.has(r.kind) || (r.condition !== "ready" && r.condition !== "absent");
  const rows = own.filter(isRow).map((r) => rowOf(r, style.now));
  const auxiliary = own.filter((r) => !isRow(r));
  return [...table(COLUMNS, rows, style), ...auxiliaryLines(auxiliary, style)];
}

function rowOf(r: ResourceStatus, now: number): readonly Cell[] {
  const { sign, style } = LOOK[r.condition];
  const more = r.at_least ? "> " : "";
  return [
    { text: sign, style },
    shortId(r.id),
    r.name === shortId(r.id) ? "" : { text: r.name, style: "dim" },
    r.condition === "ready" ? "ready" : { text: wordOf(r), style },
    r.items === undefined ? "" : `${more}${plural(r.items, r.kind === "s3.bucket" ? "object" : "item")}`,
    r.bytes === undefined || r.kind === "rds.instance" ? "" : `${more}${bytes(r.bytes)}`,
    r.since === undefined ? "" : { text: age(now - Date.parse(r.since)), style: "dim" },
    r.address ? [r.address, r.detail].filter(Boolean).join("  ") : r.detail ? { text: r.detail, style: "dim" } : "",
  ];
}
const shortId = (id: string): string =>
  id.replace(/^(table|function|bucket|permission|role|alarm)\./, "").replace(/^database\.main$/, "database");

/** The state in one vocabulary; for a change, AWS's own word in lower case. */
function wordOf({ condition, state, trouble }: ResourceStatus): string {
  if (condition === "absent") return "absent";
  if (condition === "changing") return state === "ready" ? "changing" : state.toLowerCase();
  return trouble !== undefined && /^stopped/.test(trouble) ? "stopped" : state === "foreign" || state.startsWith("in ") ? state : "failed";
}

/** `✔ 3 roles, 11 permissions`: auxiliary resources, counted by kind, one line for each sign. */
function auxiliaryLines(auxiliary: readonly ResourceStatus[], { paint, width }: ScreenStyle): readonly string[] {
  const conditions: readonly Condition[] = ["ready", "absent"];
  return conditions.flatMap((condition) => {
    const these = auxiliary.filter((r) => r.condition === condition);
    if (these.length === 0) return [];
    const counts = new Map<string, number>();
    for (const { kind } of these) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const kinds = [...counts].map(([kind, count]) => nameOfKind(kind, count)).join(", ");
    const { sign, style } = LOOK[condition];
    return hanging(sign, `${kinds}${condition === "absent" ? ": absent" : alarmText(these)}`, width, (text) => paint(style, text));
  });
}
const alarmText = (these: readonly ResourceStatus[]): string => {
  const active = these.filter(isActiveAlarm).length;
  return these.some(({ kind }) => kind === "cloudwatch.alarm")
    ? `; ${active === 0 ? "no alarm is active" : `${plural(active, "alarm is", "alarms are")} active`}`
    : "";
};
const isActiveAlarm = ({ kind, state }: ResourceStatus): boolean => kind === "cloudwatch.alarm" && state === "ALARM";

/** Resources that are not ready, with reasons, and active alarms. */
function troubles(resources: readonly ResourceStatus[], { paint, width }: ScreenStyle): readonly string[] {
  const lines = resources.flatMap((r) => {
    if (r.trouble) return hanging("✖", `${r.id}  ${r.trouble}`, width, (sign) => paint("bad", sign), " ");
    return isActiveAlarm(r) ? hanging("✖", `${r.id}  the alarm ${r.name} is active`, width, (sign) => paint("bad", sign), " ") : [];
  });
  return lines.length > 0 ? [...lines, ""] : [];
}

function summaryOf(resources: readonly ResourceStatus[]): string {
  const count = (condition: Condition) => resources.filter((r) => r.condition === condition).length;
  const words: readonly (readonly [Condition, string])[] = [
    ["ready", "ready"],
    ["changing", "changing"],
    ["absent", "absent"],
    ["wrong", "not serving"],
  ];
  const parts = words.filter(([condition]) => count(condition) > 0).map(([condition, word]) => `${count(condition)} ${word}`);
  return `${plural(resources.length, "resource")}: ${parts.join(", ")}.`;
}
