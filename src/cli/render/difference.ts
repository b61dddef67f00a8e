import { isDeepStrictEqual } from "node:util";
import type { Change } from "../../engine/contract.ts";
import { normalForm } from "../../normal-form.ts";
import { displayWidth } from "./layout.ts";

/** One attribute that changes, at the deepest place where the two sides differ. */
export interface Difference {
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
  readonly forces: boolean;
  /** Ids of what must exist before the new value is known; `from` and `to` say nothing then. */
  readonly after?: string | undefined;
}

/** What differs, and nothing else: neither the order of keys nor that of a list's equal members is a difference. Deepest path first. Pure. */
export function differencesOf(changes: readonly Change[]): readonly Difference[] {
  const all = changes.flatMap(({ path, from, to, forces }): Difference[] => {
    const after = /^\(after (.+)\)$/.exec(path)?.[1];
    if (after !== undefined) return [{ path, from, to, forces: false, after }];
    const told = leaves(path, from, to);
    // The engine calls it a change: it is told even where only the order of a list differs.
    return (told.length > 0 ? told : [[path, from, to] as const]).map(([at, before, next]) => ({
      ...{ path: at, from: before, to: next },
      forces: forces !== undefined,
    }));
  });
  return all.toSorted((a, b) => depthOf(b.path) - depthOf(a.path));
}
const depthOf = (path: string): number => path.split(/[.[]/).length;

/** As the engine compares: two values that mean the same to it are no difference. */
const same = (a: unknown, b: unknown): boolean => isDeepStrictEqual(normalForm(a), normalForm(b));

type Leaf = readonly [path: string, from: unknown, to: unknown];
function leaves(path: string, from: unknown, to: unknown): readonly Leaf[] {
  if (same(from, to)) return [];
  if (Array.isArray(from) && Array.isArray(to)) return listLeaves(path, from, to);
  if (!isObject(from) || !isObject(to)) return [[path, from, to]];
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return keys.flatMap((key) => leaves(`${path}.${key}`, from[key], to[key]));
}

/** Members that both lists have are no difference. The others are matched by their name, else told as gone and as new. */
function listLeaves(path: string, from: readonly unknown[], to: readonly unknown[]): readonly Leaf[] {
  const gone = without(from, to);
  const added = without(to, from);
  if (gone.length === 1 && added.length === 1 && from.length === 1) return leaves(`${path}[0]`, gone[0], added[0]);
  const matched = gone.flatMap((before) => {
    const name = nameOf(before);
    const after = name === undefined ? undefined : added.find((one) => nameOf(one) === name);
    return after === undefined ? [] : [{ name, before, after }];
  });
  const left = gone.filter((one) => !matched.some(({ before }) => before === one));
  const fresh = added.filter((one) => !matched.some(({ after }) => after === one));
  return [
    ...matched.flatMap(({ name, before, after }) => leaves(`${path}[${name}]`, before, after)),
    ...left.map((one): Leaf => [`${path}[-]`, one, undefined]),
    ...fresh.map((one): Leaf => [`${path}[+]`, undefined, one]),
  ];
}
/** Members of `all` that `others` lacks; a member that stands twice must stand twice there, too. */
function without(all: readonly unknown[], others: readonly unknown[]): readonly unknown[] {
  const rest = [...others];
  return all.filter((one) => {
    const at = rest.findIndex((other) => same(one, other));
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}
const NAMES = ["Sid", "ID", "Id", "id", "Name", "name", "Key"];
function nameOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const name = NAMES.map((key) => value[key]).find((one) => typeof one === "string" && one !== "");
  return name as string | undefined;
}
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A value in one line. */
export const shown = (value: unknown): string =>
  value === undefined || value === null ? "unset" : (JSON.stringify(value) ?? String(value));

/** Characters of the common text that stay around a difference. */
const CONTEXT = 12;
/** Two long texts, cut to where they differ: `…ata-1/raw/* → …ata-2/raw/*`. Each is at most `room` columns wide. */
export function aroundDifference(before: string, after: string, room: number): readonly [string, string] {
  if (displayWidth(before) <= room && displayWidth(after) <= room) return [before, after];
  const [a, b] = [[...before], [...after]];
  let start = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const context = Math.min(CONTEXT, Math.max(3, Math.floor(room / 4)));
  return [window(a, start, end, context, room), window(b, start, end, context, room)];
}
function window(text: readonly string[], start: number, end: number, context: number, room: number): string {
  const from = start > context ? start - context : 0;
  const to = end > context ? text.length - end + context : text.length;
  const head = from > 0 ? "…" : "";
  const kept = text.slice(from, to);
  const tail = to < text.length ? "…" : "";
  if (kept.length + head.length + tail.length <= room) return `${head}${kept.join("")}${tail}`;
  return `${head}${kept.slice(0, Math.max(1, room - head.length - 1)).join("")}…`;
}

/** Parts of an attribute's name that decide who may do what, who sees it, or whether it can be lost. */
const SECURITY =
  /polic|trust|principal|public|cidr|ingress|egress|encrypt|kms|tls|ssl|certificate|authoriz|apikey|cors|deletionprotection|ownership|grant|secret|rotation|firewall|webacl|accesslog|backup|pointintime|versioning/i;
/** Kinds all of whose settings are about access. */
const GUARDS = new Set(["ec2.security-group", "iam.role", "kms.key", "lambda.permission", "wafv2.web-acl", "wafv2.association"]);

/** Whether a change of this attribute wants a second look by whoever cares for security. */
export const isSecurity = (kind: string, path: string): boolean =>
  SECURITY.test(path) || (GUARDS.has(kind) && !/^tags\.|^description|^\(after /.test(path));
