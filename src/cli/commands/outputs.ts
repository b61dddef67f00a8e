import { SECRET_OUTPUTS } from "../../app/results.ts";
import { choiceHint, oneOf } from "../../config/one-of.ts";
import { FleetlogixError } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import type { Action } from "../context.ts";
import { outputsJson } from "../render/document.ts";
import { columns, widthOf } from "../render/layout.ts";
import { openCommandSession } from "../session.ts";

const NAMES = ["api_url", "api_id", "api_key", "api_keys", "bucket", "tables", "topic_arn", "functions", "database"] as const;
const isSecret = (name: string): boolean => (SECRET_OUTPUTS as readonly string[]).includes(name) || name.startsWith("api_keys.");

/** Prints all outputs, or one value with a dotted path (`api_url`, `tables.alerts`, `database.host`), for scripts. */
export const outputs: Action = async (run, [path], options) => {
  const secrets = options.showSecrets === true;
  const name = path as string | undefined;
  if (name !== undefined && isSecret(name) && !secrets) throw hidden(name);
  const print = options.format === "env" ? dotenv : tableFor(widthOf(run.io.stdout));
  const only = name === undefined ? undefined : [oneOf("output", name.split(".")[0] ?? "", NAMES)];
  const { app } = await openCommandSession(run);
  const json = outputsJson(await app.outputs({ secrets, only }), secrets);
  if (name === undefined) return { json, text: print(leaves(json, "")) };
  const value = at(json, name);
  if (value === null || value === undefined) throw missing(json, name);
  const bare = typeof value !== "object" && options.format !== "env";
  return { json: value, text: bare ? String(value) : print(leaves(value, options.format === "env" ? name : "")) };
};

const tableFor =
  (width: number) =>
  (rows: readonly Leaf[]): string =>
    columns(
      rows.map(([path, value]) => [path, value ?? "-"]),
      width,
    ).join("\n");

/** Lines for a dotenv file: `API_URL=…`, `TABLES_ALERTS=…`. An output that does not exist has no line. */
function dotenv(rows: readonly Leaf[]): string {
  return rows
    .flatMap(([path, value]) => (value === null ? [] : [`${path.toUpperCase().replace(/[^A-Z0-9]/g, "_")}=${quoted(value)}`]))
    .join("\n");
}
const quoted = (value: string): string => (/^[\w.:/@%+,=?&-]*$/.test(value) ? value : `'${value.replaceAll("'", "\\'")}'`);

/** `a.b.c`, names of functions have no dot. */
function at(json: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], json);
}
type Leaf = readonly [path: string, value: string | null];
function leaves(value: unknown, path: string): Leaf[] {
  if (typeof value !== "object" || value === null || value instanceof Secret) return [[path, value === null ? null : String(value)]];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, path ? `${path}.${key}` : key));
}

const hidden = (name: string) => new FleetlogixError("USAGE", `${name} is a secret.`, { hint: "`--show-secrets` prints it." });
function missing(json: Record<string, unknown>, name: string): FleetlogixError {
  const parent = name.split(".").slice(0, -1).join(".");
  const siblings = (parent ? at(json, parent) : json) as Record<string, unknown> | null | undefined;
  const known = siblings === null || (siblings !== undefined && (name.split(".").at(-1) ?? "") in siblings);
  if (known) {
    return new FleetlogixError("NOT_DEPLOYED", `There is no ${name} yet.`, {
      hint: "Create it with `fleetlogix up`; `fleetlogix status` shows the present resources.",
    });
  }
  const names = leaves(json, "").map(([path]) => path);
  return new FleetlogixError("USAGE", `There is no output ${JSON.stringify(name)}.`, { hint: choiceHint(name, names) });
}
