import { join, resolve } from "node:path";

export const CONFIG_FILE = "fleetlogix.config.json";

/** The folder of the configuration file; `.fleetlogix/` is in it. */
export const homeOfConfig = (options: { readonly file?: string | undefined; readonly cwd: string }): string =>
  join(resolve(options.cwd, options.file ?? CONFIG_FILE), "..");
