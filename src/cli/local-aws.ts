import { join } from "node:path";
import { homeOfConfig } from "../config/load.ts";
import type { Run } from "./run.ts";
import { localPort } from "./target.ts";

/** Data of the local AWS: beside the configuration file. */
export const localDataDir = (run: Run): string => join(homeOfConfig({ file: run.flags.config, cwd: run.io.cwd }), ".fleetlogix", "local");

/** The local AWS's address; starts it when it is not running. Without a port of the user's choice, a running one is used where it is. */
export async function ensureLocalAws(run: Run): Promise<string> {
  const control = await import("../local/daemon/control.ts");
  const dataDir = localDataDir(run);
  const { port, chosen } = localPort(run.flags, run.io.env);
  const running = chosen ? undefined : await control.statusLocal({ dataDir });
  if (running?.running && running.url) return running.url;
  const started = await control.startLocal({ dataDir, port });
  if (!started.alreadyRunning) run.note(`Started the local AWS at ${started.url}; it goes on running until \`fleetlogix local stop\`.`);
  return started.url;
}
