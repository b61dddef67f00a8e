import { join } from "node:path";
import { homeOfConfig } from "../config/home.ts";
import type { CommandContext } from "./context.ts";
import { withSpinner } from "./progress.ts";
import { localHosts, localPort } from "./target.ts";

/** Data folder of the local AWS, in the folder of the configuration file. */
export const localDataDir = (run: CommandContext): string =>
  join(homeOfConfig({ file: run.flags.config, cwd: run.io.cwd }), ".fleetlogix", "local");

/** URL of the local AWS of this folder, which is started when it does not run. */
export async function ensureLocalAws(run: CommandContext): Promise<string> {
  const { startLocal } = await import("../local/daemon/control.ts");
  const { port, chosen } = localPort(run.flags, run.io.env);
  const hosts = localHosts(run.io.env);
  const started = await withSpinner(run, "Starting the local AWS", () => startLocal({ dataDir: localDataDir(run), port, hosts }));
  if (!started.alreadyRunning) run.note(`Started the local AWS at ${started.url}; it runs until \`fleetlogix local stop\`.`);
  else if (chosen && started.port !== port) run.warn(`The local AWS of this folder runs on port ${started.port}, not ${port}.`);
  return started.url;
}
