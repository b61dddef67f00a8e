import type { Config } from "./config.ts";

/** Settings from one place; a later layer wins over an earlier one. */
export interface Layer {
  /** `file`, `environments.staging`, `--region`, `AWS_REGION`. */
  readonly origin: string;
  readonly values: Readonly<Record<string, unknown>>;
}
/** Dotted path of each setting → where its value came from. */
export type Origins = ReadonlyMap<string, string>;

type Dictionary = Readonly<Record<string, unknown>>;
const isDictionary = (value: unknown): value is Dictionary => typeof value === "object" && value !== null && !Array.isArray(value);

/** Objects are laid over each other key by key; everything else, lists too, is replaced as a whole. */
export const layered = (layers: readonly Layer[]): Dictionary =>
  layers.reduce<Dictionary>((below, { values }) => laidOver(below, values), {});
function laidOver(below: Dictionary, above: Dictionary): Dictionary {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const under = merged[key];
    merged[key] = isDictionary(value) && isDictionary(under) ? laidOver(under, value) : value;
  }
  return merged;
}

/** Every setting of the effective configuration with its origin; `default` when no layer names it. */
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
