import type { Artifact } from "../artifacts/artifact.ts";
import { callerCidr } from "../aws/identity.ts";
import { privateSubnets } from "../aws/network.ts";
import type { FunctionName } from "../config/config.ts";
import { choiceHint } from "../config/one-of.ts";
import type { Tags } from "../engine/contract.ts";
import { ownEnvironment } from "../engine/decide.ts";
import { interrupted } from "../engine/errors.ts";
import type { Emit } from "../engine/events.ts";
import { execute } from "../engine/execute.ts";
import { type ObservedNode, observe } from "../engine/observe.ts";
import { plan, plannedDeletion, refuseBeforeWriting } from "../engine/plan.ts";
import type { EngineRun } from "../engine/run.ts";
import { FleetlogixError } from "../errors.ts";
import { bucketElsewhere, iamRole, s3Bucket } from "../resources/index.ts";
import { naming } from "../stack/naming.ts";
import type { Stack } from "../stack/topology.ts";
import { DATABASE_ID } from "../stack-ids.ts";
import { refuseUnshown } from "./confirmed.ts";
import type { Plan, RunOptions, RunResult, Scope } from "./contract.ts";
import { holdLock } from "./locking.ts";
import { observedOf, withObserved } from "./observed.ts";
import { planOrphans, removeOrphans } from "./orphans.ts";
import { attributesOf } from "./plan/attributes.ts";
import { planCost } from "./plan/cost.ts";
import { refuseUnfit } from "./preflight.ts";
import type { Session } from "./session.ts";

const COMMANDS = { all: "up", data: "setup", functions: "deploy-lambdas", api: "create-api" } as const;

export async function planUp(session: Session, scope: Scope, options: RunOptions): Promise<Plan> {
  const { stack, seen, run } = await observeStack(session, scope, options);
  const orphans = scope.part === "all" ? await planOrphans(seen, run, session.config.suffix) : [];
  const planned = plan(seen, run);
  const deletedOrphans = orphans.map(plannedDeletion);
  const resources = planned.map((one, i) => {
    const attributes = one.decision.action === "create" && seen[i] ? attributesOf(seen[i]) : undefined;
    return attributes ? { ...one, attributes } : one;
  });
  const cost = planCost(seen, planned, deletedOrphans, session.place.region);
  return withObserved({ resources: [...resources, ...deletedOrphans], cost }, { stack, seen, deletions: orphans });
}

/** Observes all resources, refuses before the first write, executes the plan, and deletes orphans at the end. */
export async function applyUp(session: Session, scope: Scope, options: RunOptions, emit: Emit): Promise<RunResult> {
  const observed = observedOf(options.plan);
  const { seen, run } = observed
    ? { seen: observed.seen, run: session.run(observed.stack, policyOf(options), emit) }
    : await observeStack(session, scope, options, emit);
  const planned = plan(seen, run);
  refuseBeforeWriting(planned);
  const orphans = observed?.deletions ?? (scope.part === "all" ? await planOrphans(seen, run, session.config.suffix) : []);
  refuseUnshown([...planned, ...orphans.map(plannedDeletion)], options.confirmed);
  const execution = async (ready?: (id: string) => Promise<void>) =>
    removeOrphans(orphans, seen, await execute(seen, run, ready), run, session.config.suffix);
  const changes = [...planned, ...orphans].some(({ decision }) => decision.action !== "keep" && decision.action !== "retain");
  if (!changes) return execution();
  for (const { id, decision } of planned) if (id === DATABASE_ID) await refuseUnfit(session, decision);
  const lock = await holdLock(session, seen, COMMANDS[scope.part]);
  try {
    return await execution(lock.onReady);
  } finally {
    await lock.release();
  }
}

async function observeStack(
  session: Session,
  scope: Scope,
  options: RunOptions,
  emit?: Emit,
): Promise<{ stack: Stack; seen: readonly ObservedNode[]; run: EngineRun }> {
  if (session.options.signal.aborted) throw interrupted();
  const [artifacts, cidr, subnets] = await Promise.all([artifactsFor(session, scope), cidrFor(session, scope), subnetsFor(session, scope)]);
  const stack: Stack = session.stack({ artifacts, callerCidr: cidr, privateSubnets: subnets });
  refuseUnknown(options.allowDataLoss, stack);
  const run = session.run(stack, policyOf(options), emit);
  if (scope.part === "data") await refuseElsewhere(stack, run);
  const seen = await observe(stack.part(scope.part, scope.functions), run, { specs: true });
  if (!options.adopt) await refuseBucketElsewhere(session, seen, stack.tags);
  return { stack, seen, run };
}

const policyOf = ({ adopt, allowDataLoss, wait }: RunOptions) => ({ adopt, allowDataLoss: new Set(allowDataLoss), wait });

/** Throws USAGE for an unknown id. Otherwise a misspelt id would have no effect and no error. */
function refuseUnknown(ids: readonly string[], stack: Stack): void {
  const unknown = ids.find((id) => !stack.nodes.some((node) => node.id === id));
  if (unknown === undefined) return;
  const holders = stack.nodes.filter(({ kind }) => kind.holdsData).map(({ id }) => id);
  throw new FleetlogixError("USAGE", `--allow-data-loss: there is no resource ${JSON.stringify(unknown)}.`, {
    hint: choiceHint(unknown, holders, `These hold data: ${holders.join(", ")}.`),
  });
}

/** Throws WRONG_PLACE for a stack that has no bucket in this region and a bucket of its name in another one. */
async function refuseBucketElsewhere({ clients, config, place, ask }: Session, seen: readonly ObservedNode[], tags: Tags): Promise<void> {
  if (!seen.some(({ node, observation }) => node.kind === s3Bucket && observation.state === "absent")) return;
  const found = await ask("your buckets", () => bucketElsewhere(clients, place, (region) => naming(config, region).bucket));
  if (found === undefined) return;
  throw new FleetlogixError("WRONG_PLACE", `The stack's own bucket is in ${found.region}, not in ${place.region}: "${found.name}".`, {
    hint: `To continue there: \`--region ${found.region}\`. For a second stack here, with its own names: \`--env ${ownEnvironment(tags)}\`. If that bucket is all that is left of the stack there: \`--adopt\` creates the stack here and does not change that bucket.`,
  });
}

/** Names in the data layer may exist in each region. The roles of the functions are global, so they show whether the stack is in another region. */
async function refuseElsewhere(stack: Stack, run: EngineRun): Promise<void> {
  const roles = stack.nodes.filter((node) => node.kind === iamRole);
  const seen = await observe(roles, run, { specs: false });
  const elsewhere = plan(seen, run).filter(({ decision }) => decision.action === "refuse" && decision.code === "WRONG_PLACE");
  refuseBeforeWriting(elsewhere);
}

async function artifactsFor({ config, artifacts }: Session, scope: Scope): Promise<ReadonlyMap<FunctionName, Artifact> | undefined> {
  if (scope.part === "data") return undefined;
  const all = Object.keys(config.functions.names) as FunctionName[];
  return artifacts(scope.part === "functions" && scope.functions?.length ? scope.functions : all);
}

async function cidrFor({ config, options }: Session, { part }: Scope): Promise<string | undefined> {
  const { allowedCidrs, publiclyAccessible } = config.database;
  const asks = (part === "all" || part === "data") && publiclyAccessible && allowedCidrs === "auto";
  return asks ? callerCidr(options.endpoint, options) : undefined;
}
/** A production database uses private subnets where they exist; no other part of the stack needs them. */
async function subnetsFor({ config, clients, ask }: Session, { part }: Scope): Promise<readonly string[] | undefined> {
  const asks = config.hardening === "production" && (part === "all" || part === "data");
  return asks ? ask("the private subnets", () => privateSubnets(clients)) : [];
}
