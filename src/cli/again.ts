import { basename, relative } from "node:path";
import type { Run } from "./run.ts";

/** How the user calls this command, with the flags that lead to the same stack: for lines that work when pasted. */
export function again(run: Run, command: string, ...args: string[]): string {
  const { local, endpointUrl, port, region, profile, config, env } = run.flags;
  const flags = [
    local && "--local",
    ...valued("--port", port?.toString()),
    ...valued("--endpoint-url", endpointUrl),
    ...valued("--profile", profile),
    ...valued("--region", region),
    ...valued("--config", config),
    ...valued("--env", env),
  ].filter((flag) => flag !== false);
  return [program(run.io), command, ...args, ...flags].join(" ");
}
const valued = (flag: string, value: string | undefined): string[] => (value === undefined ? [] : [flag, quote(value)]);
export const quote = (text: string): string => (/^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

function program({ env, script, cwd }: Run["io"]): string {
  if (env.npm_command === "exec") return "npx fleetlogix";
  if (!script || basename(script) === "fleetlogix") return "fleetlogix";
  const short = relative(cwd, script);
  return `node ${quote(short.startsWith("..") ? script : short)}`;
}
