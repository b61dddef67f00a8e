import type { App, Plan, ResourceResult, RunOptions, RunResult, Scope } from "../../app.ts";
import { defined } from "../../defined.ts";
import { type Code, FleetlogixError } from "../../errors.ts";
import { confirmByYes, confirmedBy } from "../confirm.ts";
import type { Action, CommandContext } from "../context.ts";
import { functionNames } from "../functions.ts";
import { nextCommand } from "../next-command.ts";
import { nextSteps } from "../next-steps.ts";
import { keptOrphans } from "../orphans.ts";
import { isLive, withProgress, withSpinner } from "../progress.ts";
import { displayWidth, widthOf, wrapped } from "../render/layout.ts";
import { plain } from "../render/paint.ts";
import { countActions, planSummary, planText } from "../render/plan.ts";
import { duration, plural } from "../render/words.ts";
import { type CommandReport, knowApp, knowConfig, refusalIn, reported } from "../report.ts";
import { configOf, openAppFor } from "../session.ts";

const PART: Readonly<Record<string, Scope["part"]>> = { up: "all", setup: "data", "deploy-lambdas": "functions", "create-api": "api" };

export interface ProvisionOptions {
  readonly adopt?: boolean;
  readonly allowDataLoss?: readonly string[];
  readonly dryRun?: boolean;
  /** File for the events as JSON lines. */
  readonly events?: string;
  readonly forceUnlock?: boolean;
  readonly wait?: boolean;
}

/** `up`, `setup`, `deploy-lambdas`, `create-api`. */
export const provision: Action = (run, [names], given) =>
  reported(run, async (known) => {
    const options = given as ProvisionOptions;
    const { config } = configOf(run);
    knowConfig(known, config);
    const functions = functionNames((names as readonly string[] | undefined) ?? [], config);
    const scope: Scope = { part: PART[run.command] ?? "all", ...defined({ functions: functions.length > 0 ? functions : undefined }) };
    const policy = policyOf(options);
    const app = await openAppFor(run, config);
    knowApp(known, app);
    if (options.dryRun) return dryRun(run, app, scope, policy);
    if (options.forceUnlock) await app.forceUnlock();
    const planned = await showPlan(run, app, scope, policy);
    const began = Date.now();
    const result = await withProgress(run, options.events, (emit) => app.apply(scope, { ...policy, ...planned }, emit)).catch(
      (error: unknown) => refused(run, app, scope, policy, error),
    );
    const took = Date.now() - began;
    if (!result.ok) return failed(run, result.resources, result.error);
    const { resources } = result;
    const sentences = [`${doneText(resources)} in ${duration(took)}.`, ...underWay(run, resources)];
    const head = [...sentences.flatMap((line) => wrapped(line, widthOf(run.io.stdout))), ...keptOrphans(run, resources)].join("\n");
    try {
      const outputs = await withSpinner(run, "Reading the addresses", () => app.outputs({ secrets: false, known: result.outputs }));
      return { resources, outputs, text: run.flags.quiet ? head : `${head}\n\n${nextSteps(run, config, outputs)}` };
    } catch (error) {
      return { resources, error, text: head };
    }
  });

const REFUSALS: ReadonlySet<Code> = new Set(["OWNER_FOREIGN", "WRONG_PLACE", "DATA_PROTECTED"]);
/** The answer of a run that was refused before the first write: the JSON document has the plan with its refusals; the text has the error only. */
async function refused(run: CommandContext, app: App, scope: Scope, policy: RunOptions, error: unknown): Promise<RunResult> {
  if (!run.flags.json || !(error instanceof FleetlogixError && REFUSALS.has(error.code))) throw error;
  const { resources } = await app.plan(scope, policy);
  return { ok: false, resources: resources.map((resource) => ({ ...resource, status: "skipped", durationMs: 0 })), error };
}

const policyOf = ({ adopt = false, allowDataLoss = [], wait = true }: ProvisionOptions): RunOptions => ({ adopt, allowDataLoss, wait });

async function dryRun(run: CommandContext, app: App, scope: Scope, policy: RunOptions): Promise<CommandReport> {
  const plan = await withSpinner(run, "Reading what is there", () => app.plan(scope, policy));
  const text = [planText(plan, run.paint.out, widthOf(run.io.stdout)), ...keptOrphans(run, plan.resources)].join("\n");
  return { resources: plan.resources, text, error: refusalIn(plan) };
}

/**
 * A terminal shows the plan first, and asks where it deletes or replaces something. Elsewhere one line shows the stack. Returns the
 * confirmed ids, and the plan for reuse, except after a question: AWS may have changed until the answer.
 */
async function showPlan(run: CommandContext, app: App, scope: Scope, policy: RunOptions): Promise<Pick<RunOptions, "confirmed" | "plan">> {
  if (!isLive(run)) run.note(`${app.stack} in ${app.place.account}, ${app.place.region}`);
  if (!isLive(run) || run.flags.json || run.flags.quiet) return {};
  const plan: Plan = await withSpinner(run, "Reading what is there", () => app.plan(scope, policy));
  const { replace, delete: deletes } = countActions(plan.resources);
  const dangerous = replace + deletes > 0;
  const where = `${app.stack} in ${app.place.account}, ${app.place.region}`;
  if (dangerous || run.flags.verbose) run.note(`${where}:\n\n${planText(plan, run.paint.err, widthOf(run.io.stderr))}\n`);
  else {
    const isShort = displayWidth(`${where}: ${planSummary(plan, plain)}`) <= widthOf(run.io.stderr);
    run.voice.err.write(`${where}:${isShort ? " " : "\n  "}${planSummary(plan, run.paint.err)}\n`);
  }
  if (dangerous) await confirmByYes(run, `${replace > 0 ? "Replace and delete" : "Delete"} the resources as planned?`);
  return { confirmed: confirmedBy(run, plan), plan: dangerous ? undefined : plan };
}

/** With --no-wait: the resources on which AWS still works. */
const underWay = (run: CommandContext, resources: readonly ResourceResult[]): readonly string[] =>
  resources
    .filter((r) => r.settling)
    .map((r) => `AWS is still working on ${r.id} (${r.name}); \`${nextCommand(run, "status")}\` shows when it is ready.`);

const WORDS = [
  ["create", "created"],
  ["update", "updated"],
  ["replace", "replaced"],
  ["delete", "deleted"],
] as const;
/** `Done: 20 created, 1 updated`, or that there was nothing to do. */
export function doneText(resources: readonly ResourceResult[]): string {
  const counts = countActions(resources);
  const parts = WORDS.filter(([action]) => counts[action] > 0).map(([action, word]) => `${counts[action]} ${word}`);
  return parts.length > 0
    ? `Done: ${parts.join(", ")}`
    : `Nothing to do: ${plural(resources.length, "resource")} as they should be, checked`;
}

/** The report of a failed run. */
export function failed(run: CommandContext, resources: readonly ResourceResult[], error: unknown): CommandReport {
  const count = (status: ResourceResult["status"]) => resources.filter((r) => r.status === status).length;
  run.note(`${count("done")} done, ${count("failed")} failed, ${count("skipped")} not started.`);
  return { resources, error };
}
