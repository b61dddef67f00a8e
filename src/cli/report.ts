import type { App, Outputs, Plan, PlanCost } from "../app.ts";
import type { Config } from "../config/config.ts";
import { stackNameOf } from "../config/names.ts";
import { FleetlogixError } from "../errors.ts";
import type { Answer, CommandContext } from "./context.ts";
import { toFailure } from "./failure.ts";
import { type ProvisioningReport, reportJson } from "./render/document.ts";
import { toTypedCommands } from "./typed-commands.ts";

/** The result of a provisioning command. */
export interface CommandReport {
  readonly resources: ProvisioningReport["resources"];
  readonly outputs?: Outputs | null | undefined;
  readonly cost?: PlanCost | undefined;
  readonly text?: string | undefined;
  readonly error?: unknown;
  readonly exit?: number | undefined;
}
/** Filled in when it becomes known, so that the document of a failure has it, too. */
export interface Known {
  stack: string | null;
  account: string | null;
  region: string | null;
}

/** Runs `work` and makes the `--json` document from its result or its error. */
export async function reported(run: CommandContext, work: (known: Known) => Promise<CommandReport>): Promise<Answer> {
  const began = performance.now();
  const known: Known = { stack: null, account: null, region: null };
  const result = await work(known).catch((error: unknown): CommandReport => ({ resources: [], error }));
  const failure =
    result.error === undefined ? undefined : toFailure(result.error, run.signal.aborted, (text) => toTypedCommands(text, run));
  const { resources, outputs = null, cost, text, exit } = result;
  const durationMs = performance.now() - began;
  const json = reportJson({ command: run.command, ...known, resources, outputs, cost, failure, warnings: run.warnings, durationMs });
  return { json, text, failure: result.error, exit };
}

export function knowConfig(known: Known, config: Config): void {
  known.stack = stackNameOf(config);
  known.region = config.region;
}
export function knowApp(known: Known, { stack, place }: App): void {
  Object.assign(known, { stack, account: place.account, region: place.region });
}

/** The error of a plan with refusals: it has the exit code that the run would have. */
export function refusalIn(plan: Plan): FleetlogixError | undefined {
  const refused = plan.resources.flatMap(({ id, decision }) => (decision.action === "refuse" ? [{ id, ...decision }] : []));
  const first = refused.find(({ code }) => code === "OWNER_FOREIGN") ?? refused[0];
  if (!first) return undefined;
  const lines = refused.map(({ why }) => `\n  ${why}`).join("");
  const text = refused.length === 1 ? first.why : `${refused.length} resources cannot be changed:${lines}`;
  return new FleetlogixError(first.code, text, { hint: [...new Set(refused.map(({ hint }) => hint))].join(" "), resource: first.id });
}
