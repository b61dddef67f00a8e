import type { Config } from "./config.ts";

/** Settings from one source. A later layer overrides an earlier one. */
export interface Layer {
  /** `file`, `environments.staging`, `--region`, `AWS_REGION`. */
  readonly origin: string;
  readonly values: Readonly<Record<string, unknown>>;
}
/** Dotted path of each setting → origin of its value. */
export type Origins = ReadonlyMap<string, string>;

type Dictionary = Readonly<Record<string, unknown>>;
const isDictionary = (value: unknown): value is Dictionary => typeof value === "object" && value !== null && !Array.isArray(value);

/** Merges objects key by key; any other value, also a list, replaces the earlier one. */
export const layered = (layers: readonly Layer[]): Dictionary =>
  layers.reduce<Dictionary>((below, { values }) => mergedWith(below, values), {});
function mergedWith(below: Dictionary, above: Dictionary): Dictionary {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = merged[key];
    merged[key] = isDictionary(value) && isDictionary(under) ? mergedWith(under, value) : value;
  }
  return merged;
}

/** The origin of every setting of the effective configuration; `default` when no layer has it. */
export function originsOf(config: Config, layers: readonly Layer[]): Origins {
  const { suffix: _, ...settings } = config;
  return new Map(
    leavesOf(settings, []).map((path) => [path.join("."), layers.findLast(({ values }) => isWritten(values, path))?.origin ?? "default"]),
  );
}
function isWritten(values: Dictionary, path: readonly string[]): boolean {
  const value = path.reduce<unknown>((at, key) => (isDictionary(at) ? at[key] : undefined), values);
  return value !== undefined;
}
function leavesOf(value: Dictionary, path: readonly string[]): string[][] {
  return Object.entries(value).flatMap(([key, child]) => {
    const at = [...path, key];
    return isDictionary(child) && Object.keys(child).length > 0 ? leavesOf(child, at) : [at];
  });
}
