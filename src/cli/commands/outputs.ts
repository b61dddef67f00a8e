import { FleetlogixError } from "../../errors.ts";
import { Secret } from "../../secret.ts";
import { outputsJson } from "../render/document.ts";
import { columns } from "../render/words.ts";
import type { Action } from "../run.ts";
import { openSession } from "../session.ts";

const SECRETS = ["api_key", "api_keys", "database.password", "database.url"];
const isSecret = (name: string): boolean => SECRETS.includes(name) || name.startsWith("api_keys.");

/** Everything, or with a dotted path (`api_url`, `tables.alerts`, `database.host`) one bare value for scripts. */
export const outputs: Action = async (run, [path], options) => {
  const secrets = options.showSecrets === true;
  const name = path as string | undefined;
  if (name !== undefined && isSecret(name) && !secrets) throw hidden(name);
  const { app } = await openSession(run);
  const json = outputsJson(await app.outputs({ secrets }), secrets);
  if (name === undefined) return { json, text: columns(leaves(json, "")).join("\n") };
  const value = at(json, name);
  if (value === null || value === undefined) throw missing(json, name);
  return { json: value, text: typeof value === "object" ? columns(leaves(value, "")).join("\n") : String(value) };
};

/** `a.b.c`, where a function's own name may hold no dot. */
function at(json: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown> | null | undefined)?.[key], json);
}
function leaves(value: unknown, path: string): string[][] {
  if (typeof value !== "object" || value === null || value instanceof Secret) return [[path, value === null ? "-" : String(value)]];
  return Object.entries(value).flatMap(([key, child]) => leaves(child, path ? `${path}.${key}` : key));
}

const hidden = (name: string) => new FleetlogixError("USAGE", `${name} is a secret.`, { hint: "Add --show-secrets to print it." });
function missing(json: Record<string, unknown>, name: string): FleetlogixError {
  const parent = name.split(".").slice(0, -1).join(".");
  const siblings = (parent ? at(json, parent) : json) as Record<string, unknown> | null | undefined;
  const known = siblings === null || (siblings !== undefined && (name.split(".").at(-1) ?? "") in siblings);
  if (known) {
    return new FleetlogixError("NOT_DEPLOYED", `There is no ${name} yet.`, {
      hint: "Create it with `fleetlogix up`; `fleetlogix status` shows what is there.",
    });
  }
  const names = leaves(json, "")
    .map(([path]) => path)
    .join(", ");
  return new FleetlogixError("USAGE", `There is no output ${JSON.stringify(name)}.`, { hint: `There are: ${names}.` });
}
