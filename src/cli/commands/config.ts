import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { CONFIG_FILE } from "../../config/home.ts";
import { initialFile, writeNewFile } from "../../config/init.ts";
import { validateConfig } from "../../config/load.ts";
import { jsonSchema } from "../../config/schema.ts";
import { columns, widthOf } from "../render/layout.ts";
import type { Action } from "../run.ts";
import { configOf } from "../session.ts";
import { packageFolder } from "../version.ts";

export const init: Action = async (run) => {
  const path = resolve(run.io.cwd, run.flags.config ?? CONFIG_FILE);
  writeNewFile(path, initialFile(schemaReference(path)));
  return {
    text: `Wrote ${path}. Everything in it may be left out; \`fleetlogix config show\` prints what counts.`,
    json: { command: run.command, ok: true, file: path },
  };
};

/** Where an editor finds the schema, if the package lies below the file's folder (a clone, or node_modules). */
function schemaReference(file: string): string | undefined {
  const schema = relative(dirname(file), join(packageFolder(), "docs", "fleetlogix.schema.json"));
  return schema.startsWith("..") || !existsSync(resolve(dirname(file), schema)) ? undefined : `./${schema.replaceAll("\\", "/")}`;
}

export const validate: Action = async (run) => {
  const { config: file, env, region } = run.flags;
  const checked = validateConfig({ file, env, region, cwd: run.io.cwd, variables: run.io.env });
  for (const note of checked.notes) run.warn(note);
  const environments = checked.environments.join(", ");
  return {
    text: checked.file
      ? `${checked.file} is valid (${environments}).`
      : `There is no ${CONFIG_FILE} here: the defaults count (${environments}).`,
    json: { command: run.command, ok: true, file: checked.file ?? null, environments: checked.environments },
  };
};

export const show: Action = async (run) => {
  const { config, file, origins } = configOf(run);
  const { suffix: _, ...settings } = config;
  const valueAt = (path: string) => settingAt(settings, path.split("."));
  const rows = [...origins]
    .sort()
    .map(([path, origin]) => [path, JSON.stringify(valueAt(path)), origin === "default" ? "" : `(${origin})`]);
  return {
    text: columns(rows, widthOf(run.io.stdout)).join("\n"),
    json: { command: run.command, ok: true, file: file ?? null, config: settings, origins: Object.fromEntries(origins) },
  };
};
/** Tag keys may hold dots: the longest key that fits wins. */
function settingAt(value: unknown, path: readonly string[]): unknown {
  if (path.length === 0) return value;
  for (let count = path.length; count > 0; count--) {
    const key = path.slice(0, count).join(".");
    if (typeof value === "object" && value !== null && key in value)
      return settingAt((value as Record<string, unknown>)[key], path.slice(count));
  }
  return undefined;
}

export const schema: Action = async () => {
  const json = jsonSchema();
  return { text: JSON.stringify(json, null, 2), json };
};
