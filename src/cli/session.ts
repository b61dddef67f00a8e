import { join } from "node:path";
import type { App, AppOptions, Finding, Plan, PlannedResource, RunResult } from "../app.ts";
import type { Config } from "../config/config.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import type { CommandContext } from "./context.ts";
import { ensureLocalAws, localDataDir } from "./local-aws.ts";
import { withSpinner } from "./progress.ts";
import { targetOf } from "./target.ts";
import { toTypedCommands } from "./typed-commands.ts";

/** Reads the configuration. An invalid one ends the command before it starts or calls anything. */
export function configOf(run: CommandContext): LoadedConfig {
  const { config: file, env, region } = run.flags;
  const loaded = loadConfig({ file, env, region, cwd: run.io.cwd, variables: run.io.env });
  for (const note of loaded.notes) run.warn(note);
  return loaded;
}

/** Finds the target of the flags, starts the local AWS with --local, and opens the app. */
export async function openAppFor(
  run: CommandContext,
  config: Config,
  limits: Pick<AppOptions, "requestTimeoutMs" | "patienceMs"> = {},
): Promise<App> {
  const target = targetOf(run.flags, run.io.env);
  const endpoint = target.kind === "aws" ? undefined : (target.url ?? (await ensureLocalAws(run)));
  return withSpinner(run, `Connecting to ${endpoint ?? "AWS"}`, async () => {
    const { openApp } = await import("../app.ts");
    Object.assign(run.reached, { endpoint, region: config.region, local: target.kind === "local" });
    const app = await openApp(config, {
      endpoint,
      local: target.kind === "local",
      localCaFile: target.kind !== "aws" && isOnThisMachine(endpoint) ? join(localDataDir(run), "rds", "ca.pem") : undefined,
      profile: run.flags.profile,
      concurrency: run.flags.concurrency,
      signal: run.signal,
      ...limits,
    });
    return withTypedCommands(app, run);
  });
}

const isOnThisMachine = (endpoint: string | undefined): boolean =>
  endpoint !== undefined && /^(127\.0\.0\.1|localhost|\[::1\])$/.test(new URL(endpoint).hostname);

/** The app, with the commands in its hints and notes written as the user has to type them. */
function withTypedCommands(app: App, run: CommandContext): App {
  const toTyped = (text: string) => toTypedCommands(text, run);
  const plan = ({ resources, ...rest }: Plan): Plan => ({
    ...rest,
    resources: resources.map((resource) => ({ ...resource, decision: withTypedTexts(resource.decision, toTyped) })),
  });
  const result = (done: RunResult): RunResult => ({
    ...done,
    resources: done.resources.map((resource) => ({ ...resource, decision: withTypedTexts(resource.decision, toTyped) })),
  });
  return {
    ...app,
    plan: async (scope, how) => plan(await app.plan(scope, how)),
    planTeardown: async (how) => plan(await app.planTeardown(how)),
    apply: async (scope, how, emit) => result(await app.apply(scope, how, emit)),
    teardown: async (how, emit) => result(await app.teardown(how, emit)),
    status: async () => (await app.status()).map((r) => ({ ...r, trouble: r.trouble && toTyped(r.trouble) })),
    doctor: async (report) => {
      const withTypedFixes = (findings: readonly Finding[]) => findings.map((f) => ({ ...f, fix: f.fix && toTyped(f.fix) }));
      return withTypedFixes(await app.doctor(report && ((found) => report(withTypedFixes(found)))));
    },
  };
}
function withTypedTexts(decision: PlannedResource["decision"], toTyped: (text: string) => string): PlannedResource["decision"] {
  if (decision.action === "retain") return { ...decision, why: toTyped(decision.why) };
  if (decision.action === "refuse") return { ...decision, hint: toTyped(decision.hint) };
  return "notes" in decision && decision.notes ? { ...decision, notes: decision.notes.map(toTyped) } : decision;
}

/** Configuration and app, for commands that need nothing between the two. */
export async function openCommandSession(run: CommandContext): Promise<{ readonly app: App; readonly config: Config }> {
  const { config } = configOf(run);
  return { app: await openAppFor(run, config), config };
}
