import { isDeepStrictEqual } from "node:util";
import type { Change } from "../../engine/contract.ts";
import { normalForm } from "../../normal-form.ts";
import { displayWidth } from "./layout.ts";

/** One change of an attribute, at the deepest path where the two values differ. */
export interface Difference {
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
  readonly forces: boolean;
  /** Ids of the resources that have to exist before the new value is known; `from` and `to` have no meaning then. */
  readonly after?: string | undefined;
}

/** The differences of two values. The order of keys, and the order of list members, is not a difference. Deepest path first. Pure. */
export function differencesOf(changes: readonly Change[]): readonly Difference[] {
  const all = changes.flatMap(({ path, from, to, forces }): Difference[] => {
    const after = /^\(after (.+)\)$/.exec(path)?.[1];
    if (after !== undefined) return [{ path, from, to, forces: false, after }];
    const differing = leaves(path, from, to);
    // The engine decided that it is a change, so it is shown also where only the order of a list differs.
    return (differing.length > 0 ? differing : [[path, from, to] as const]).map(([at, before, next]) => ({
      ...{ path: at, from: before, to: next },
      forces: forces !== undefined,
    }));
  });
  return all.toSorted((a, b) => depthOf(b.path) - depthOf(a.path));
}
const depthOf = (path: string): number => path.split(/[.[]/).length;

/** Compares as the engine does: values that are equal for it are not a difference. */
const same = (a: unknown, b: unknown): boolean => isDeepStrictEqual(normalForm(a), normalForm(b));

type Leaf = readonly [path: string, from: unknown, to: unknown];
function leaves(path: string, from: unknown, to: unknown): readonly Leaf[] {
  if (same(from, to)) return [];
  if (Array.isArray(from) && Array.isArray(to)) return listLeaves(path, from, to);
  if (!isObject(from) || !isObject(to)) return [[path, from, to]];
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return keys.flatMap((key) => leaves(`${path}.${key}`, from[key], to[key]));
}

/** Members in both lists are not a difference. Others are matched by name, or shown as removed and added. */
function listLeaves(path: string, from: readonly unknown[], to: readonly unknown[]): readonly Leaf[] {
  const removed = without(from, to);
  const added = without(to, from);
  if (removed.length === 1 && added.length === 1 && from.length === 1) return leaves(`${path}[0]`, removed[0], added[0]);
  const matched = removed.flatMap((before) => {
    const name = nameOf(before);
    const after = name === undefined ? undefined : added.find((one) => nameOf(one) === name);
    return after === undefined ? [] : [{ name, before, after }];
  });
  const left = removed.filter((one) => !matched.some(({ before }) => before === one));
  const fresh = added.filter((one) => !matched.some(({ after }) => after === one));
  return [
    ...matched.flatMap(({ name, before, after }) => leaves(`${path}[${name}]`, before, after)),
    ...left.map((one): Leaf => [`${path}[-]`, one, undefined]),
    ...fresh.map((one): Leaf => [`${path}[+]`, undefined, one]),
  ];
}
/** Members of `all` that are not in `others`. Duplicates count: each member of `others` cancels one equal member. */
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
export const valueText = (value: unknown): string =>
  value === undefined || value === null ? "unset" : (JSON.stringify(value) ?? String(value));

/** Number of characters of the common text that are shown around a difference. */
const CONTEXT = 12;
/** Two long texts, cut around their difference: `…ata-1/raw/* → …ata-2/raw/*`. Each has at most `room` columns. */
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

/** Words in names of attributes that are about permissions, public access or loss of data. */
const SECURITY =
  /polic|trust|principal|public|cidr|ingress|egress|encrypt|kms|tls|ssl|certificate|authoriz|apikey|cors|deletionprotection|ownership|grant|secret|rotation|firewall|webacl|accesslog|backup|pointintime|versioning/i;
/** Kinds that are about access only. */
const ACCESS_KINDS = new Set(["ec2.security-group", "iam.role", "kms.key", "lambda.permission", "wafv2.web-acl", "wafv2.association"]);

/** True for an attribute whose change matters for security. */
export const isSecurity = (kind: string, path: string): boolean =>
  SECURITY.test(path) || (ACCESS_KINDS.has(kind) && !/^tags\.|^description|^\(after /.test(path));
