import type { Origins } from "../../config/layers.ts";
import { columns, wrapped } from "./layout.ts";

/** One row for each setting: its path, its value as JSON, and its origin unless that is the default. Pure. */
export function settingsText(settings: object, origins: Origins, width: number): string {
  const rows = [...origins].sort().map(([path, origin]) => {
    const value = JSON.stringify(valueAt(settings, path.split(".")));
    return [path, origin === "default" ? value : `${value}  (${origin})`];
  });
  return columns(rows, width).join("\n");
}

/** The key of a tag may contain dots, so the longest existing key is used. */
function valueAt(value: unknown, path: readonly string[]): unknown {
  if (path.length === 0) return value;
  for (let count = path.length; count > 0; count--) {
    const key = path.slice(0, count).join(".");
    if (typeof value === "object" && value !== null && Object.hasOwn(value, key))
      return valueAt((value as Record<string, unknown>)[key], path.slice(count));
  }
  return undefined;
}

/** The result of a validation that found no problem. `file` is undefined when there is none. Pure. */
export function validText(file: string | undefined, name: string, environments: readonly string[], width: number): string {
  const count = `${environments.length === 1 ? "environment" : "environments"} ${environments.join(", ")}`;
  const text = file === undefined ? `There is no ${name} here: the defaults apply (${count}).` : `${file} is valid (${count}).`;
  return wrapped(text, width).join("\n");
}
