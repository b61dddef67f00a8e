import type { Artifact } from "../artifacts/artifact.ts";
import { callerCidr } from "../aws/identity.ts";
import type { FunctionName } from "../config/config.ts";
import { findOrphans, plannedDoom } from "../engine/destroy.ts";
import type { Emit } from "../engine/events.ts";
import { execute } from "../engine/execute.ts";
import { observe, type Seen } from "../engine/observe.ts";
import { plan, refuseBeforeWriting } from "../engine/plan.ts";
import { interrupted } from "../engine/problems.ts";
import type { Run } from "../engine/run.ts";
import { KINDS } from "../resources/index.ts";
import type { Stack } from "../stack/topology.ts";
import type { Plan, PlannedResource, RunOptions, RunResult, Scope } from "./contract.ts";
import { holdLock } from "./locking.ts";
import { refuseUnfit } from "./preflight.ts";
import type { Session } from "./session.ts";

const COMMANDS = { all: "up", data: "setup", functions: "deploy-lambdas", api: "create-api" } as const;

export async function planUp(session: Session, scope: Scope, options: RunOptions): Promise<Plan> {
  const { seen, run } = await look(session, scope, options);
  return { resources: [...plan(seen, run), ...(scope.part === "all" ? await lost(seen, run) : [])] };
}

/** Observes all, refuses before the first write, then makes it so. */
export async function applyUp(session: Session, scope: Scope, options: RunOptions, emit: Emit): Promise<RunResult> {
  const { seen, run } = await look(session, scope, options, emit);
  const planned = plan(seen, run);
  refuseBeforeWriting(planned);
  if (planned.every((r) => r.decision.action === "keep")) return execute(seen, run);
  if (planned.some((r) => r.id === "database.main" && r.decision.action === "create")) await refuseUnfit(session);
  const lock = await holdLock(session, seen, COMMANDS[scope.part]);
  try {
    return await execute(seen, run, lock.onReady);
  } finally {
    await lock.release();
  }
}

async function look(session: Session, scope: Scope, options: RunOptions, emit?: Emit): Promise<{ seen: readonly Seen[]; run: Run }> {
  if (session.options.signal.aborted) throw interrupted();
  const [artifacts, cidr] = await Promise.all([artifactsFor(session, scope), cidrFor(session, scope)]);
  const stack: Stack = session.stack({ artifacts, callerCidr: cidr });
  const policy = { adopt: options.adopt, allowDataLoss: new Set(options.allowDataLoss), wait: options.wait };
  const run = session.run(stack, policy, emit);
  return { seen: await observe(stack.part(scope.part, scope.functions), run, { specs: true }), run };
}

async function artifactsFor({ config, artifacts }: Session, scope: Scope): Promise<ReadonlyMap<FunctionName, Artifact> | undefined> {
  if (scope.part === "data") return undefined;
  const all = Object.keys(config.functions.names) as FunctionName[];
  return artifacts(scope.part === "functions" && scope.functions?.length ? scope.functions : all);
}

async function cidrFor({ config, options }: Session, { part }: Scope): Promise<string | undefined> {
  const { allowedCidrs, publiclyAccessible } = config.database;
  const asks = (part === "all" || part === "data") && publiclyAccessible && allowedCidrs === "auto";
  return asks ? callerCidr(options.endpoint) : undefined;
}

/** Ours by tag and in the configuration no more: shown, and removed by a teardown only. */
async function lost(seen: readonly Seen[], run: Run): Promise<readonly PlannedResource[]> {
  const why = "it is no longer in the configuration; teardown removes it";
  return (await findOrphans(seen, KINDS, run)).map(({ subject, live, level }) =>
    plannedDoom({ id: subject.id, subject, live, level, decision: { action: "retain", why }, orphan: true, needs: [] }),
  );
}
