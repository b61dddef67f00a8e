import type { PatchOperation } from "@aws-sdk/client-api-gateway";
import { badRequest } from "../state.ts";

/** Applies one patch operation. `value` is undefined for `remove`; `parts` are the unescaped segments matched by the rule's `*`. */
export type Rule<T> = (draft: T, value: string | undefined, parts: readonly string[], op: string) => void;
/** Path pattern → rule. `*` is one segment. */
export type Rules<T> = Readonly<Record<string, Rule<T>>>;

export const segmentsOf = (path: string): string[] =>
  path
    .split("/")
    .slice(1)
    .map((segment) => segment.replaceAll("~1", "/").replaceAll("~0", "~"));

/**
 * Applies JSON patches by rules. Throws AWS's BadRequestException for a path without a rule, and where only `replace` is supported
 * (recorded for resources, models and validators) for another operation.
 */
export function applyPatches<T>(
  draft: T,
  patches: readonly PatchOperation[] | undefined,
  rules: Rules<T>,
  { onlyReplace = false }: { readonly onlyReplace?: boolean } = {},
): T {
  for (const { op = "replace", path = "", value } of patches ?? []) {
    if (onlyReplace && op !== "replace")
      throw badRequest(`Invalid patch path  '${path}' specified for op '${op}'. Please choose supported operations`);
    const segments = segmentsOf(path);
    const found = Object.entries(rules).find(([pattern]) => matches(pattern.split("/").slice(1), segments));
    if (!found || !["add", "replace", "remove"].includes(op))
      throw badRequest(`Invalid patch path  '${path}' specified for op '${op}'. Must be one of: [${Object.keys(rules).join(", ")}]`);
    const [pattern, rule] = found;
    const parts = segments.filter((_, i) => pattern.split("/")[i + 1] === "*");
    // `remove` of a list item may name the item in `value`.
    rule(draft, op === "remove" && !value ? undefined : value, parts, op);
  }
  return draft;
}
const matches = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.length === segments.length && pattern.every((part, i) => part === "*" || part === segments[i]);

/** Rules for plain members of a draft. */
export const text =
  <T>(name: keyof T): Rule<T> =>
  (draft, value) => {
    (draft as Record<keyof T, unknown>)[name] = value;
  };
export const flag =
  <T>(name: keyof T): Rule<T> =>
  (draft, value) => {
    (draft as Record<keyof T, unknown>)[name] = value === "true";
  };
export const amount =
  <T>(name: keyof T): Rule<T> =>
  (draft, value) => {
    if (value !== undefined && !Number.isFinite(Number(value))) throw badRequest(`Invalid value '${value}'`);
    (draft as Record<keyof T, unknown>)[name] = value === undefined ? undefined : Number(value);
  };
/** A map's entry: `/variables/*`. */
export const entry =
  <T>(name: keyof T): Rule<T> =>
  (draft, value, [key = ""], op) => {
    const { [key]: _before, ...rest } = (draft[name] ?? {}) as Record<string, unknown>;
    (draft as Record<keyof T, unknown>)[name] = value === undefined || op === "remove" ? rest : { ...rest, [key]: value };
  };
/** A list's item, named in the path: `/binaryMediaTypes/*`. */
export const item =
  <T>(name: keyof T): Rule<T> =>
  (draft, value, [key = ""], op) => {
    const rest = ((draft[name] ?? []) as string[]).filter((one) => one !== key);
    (draft as Record<keyof T, unknown>)[name] = op === "remove" ? rest : [...rest, op === "replace" ? (value ?? key) : key];
  };
