import { join } from "node:path";
import type { App } from "../app.ts";
import type { Config } from "../config/config.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { ensureLocalAws, localDataDir } from "./local-aws.ts";
import { withSpinner } from "./progress.ts";
import type { Run } from "./run.ts";
import { targetOf } from "./target.ts";

/** Reads the configuration first: a wrong one ends the command before anything is started or called. */
export function configOf(run: Run): LoadedConfig {
  const { config: file, env, region } = run.flags;
  const loaded = loadConfig({ file, env, region, cwd: run.io.cwd, variables: run.io.env });
  for (const note of loaded.notes) run.warn(note);
  return loaded;
}

/** Finds, and with --local starts, what the flags point at, and opens the application on it. */
export async function openAppFor(run: Run, config: Config): Promise<App> {
  const target = targetOf(run.flags, run.io.env);
  const endpoint = target.kind === "aws" ? undefined : (target.url ?? (await ensureLocalAws(run)));
  return withSpinner(run, `Connecting to ${endpoint ?? "AWS"}`, async () => {
    const { openApp } = await import("../app.ts");
    return openApp(config, {
      endpoint,
      local: target.kind === "local",
      ...(target.kind !== "aws" && isOnThisMachine(endpoint) && { localCaFile: join(localDataDir(run), "rds", "ca.pem") }),
      profile: run.flags.profile,
      concurrency: run.flags.concurrency,
      signal: run.signal,
    });
  });
}

const isOnThisMachine = (endpoint: string | undefined): boolean =>
  endpoint !== undefined && /^(127\.0\.0\.1|localhost|\[::1\])$/.test(new URL(endpoint).hostname);

/** Both, for commands that need nothing between them. */
export async function openSession(run: Run): Promise<{ readonly app: App; readonly config: Config }> {
  const { config } = configOf(run);
  return { app: await openAppFor(run, config), config };
}
