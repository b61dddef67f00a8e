import { type AwsClients, makeClients } from "../../src/aws/clients.ts";
import { classify, toFault } from "../../src/aws/faults.ts";
import type { AwsLocation, Ctx, Observation, ResourceNode } from "../../src/engine/contract.ts";
import type { Planned, Policy } from "../../src/engine/decide.ts";
import type { EngineEvent } from "../../src/engine/events.ts";
import { type ExecutionResult, execute } from "../../src/engine/execute.ts";
import { observe } from "../../src/engine/observe.ts";
import { type Deletion, plan, planDeletions } from "../../src/engine/plan.ts";
import type { Clock } from "../../src/engine/ports.ts";
import type { EngineRun } from "../../src/engine/run.ts";
import { makeSlots } from "../../src/engine/run.ts";
import { executeDeletions, findOrphans } from "../../src/engine/teardown.ts";
import { KINDS } from "../../src/resources/index.ts";

export const STACK = "Fleet/test";
export const TAGS = { Project: "Fleet", Environment: "test", ManagedBy: "fleetlogix", "fleetlogix:stack": STACK };

export interface RigOptions {
  readonly endpoint: string;
  readonly clock: Clock;
  readonly place?: Partial<AwsLocation>;
  readonly stack?: { readonly name: string; readonly tags: Ctx["tags"] };
  /** The endpoint is a foreign imitation of AWS. */
  readonly forgiving?: boolean;
}
/** The engine and the kinds with real SDK clients, at an endpoint. */
export function makeRig({ endpoint, clock, place, stack = { name: STACK, tags: TAGS }, forgiving = false }: RigOptions) {
  const { signal } = new AbortController();
  const calls: string[] = [];
  const events: EngineEvent[] = [];
  const location: AwsLocation = { partition: "aws", region: "us-east-1", account: "000000000000", ...place };
  const world = clientsFor(endpoint, location.region, clock, signal, calls);
  const run = (policy: Partial<Policy> = {}): EngineRun => ({
    ctx: { place: location, stack: stack.name, tags: stack.tags, signal, world },
    policy: { adopt: false, allowDataLoss: new Set(), forgiving, wait: true, ...policy },
    ports: { clock, toFault, classify },
    slots: makeSlots(8),
    emit: (event) => events.push(event),
  });
  const look = (nodes: readonly ResourceNode[], policy?: Partial<Policy>) => observe(nodes, run(policy), { specs: true });
  return {
    world,
    place: location,
    events,
    ctx: { place: location, stack: stack.name, tags: stack.tags, signal, world } satisfies Ctx<AwsClients>,
    /** Writing operations since the last call of this function. */
    writes: () => calls.splice(0).filter((operation) => !/:(Get|Describe|List|Head|Scan|Query)/.test(operation)),
    /** All operations since the last call of this function or of `writes`. */
    calls: () => calls.splice(0),
    /** Observation of the first node. */
    look: async (nodes: readonly ResourceNode[]): Promise<Observation<unknown>> => {
      const [observation] = await observe(nodes, run({ adopt: true }), { specs: false });
      return observation?.observation ?? { state: "absent" };
    },
    plan: async (nodes: readonly ResourceNode[], policy?: Partial<Policy>): Promise<readonly Planned[]> =>
      plan(await look(nodes, policy), run(policy)),
    up: async (nodes: readonly ResourceNode[], policy?: Partial<Policy>): Promise<ExecutionResult> =>
      execute(await look(nodes, policy), run(policy)),
    async down(
      nodes: readonly ResourceNode[],
      options: { readonly deleteData: boolean; readonly orphans?: boolean; readonly finalSnapshot?: string },
    ): Promise<ExecutionResult> {
      const observations = await observe(nodes, run(), { specs: false });
      const orphans = options.orphans === false ? [] : await findOrphans(observations, KINDS, run(), "");
      const deletions: readonly Deletion[] = planDeletions(observations, orphans, options, run());
      return executeDeletions(deletions, nodes, run(), () => ({ finalSnapshot: options.finalSnapshot }));
    },
    close: () => world.destroy(),
  };
}
export type Rig = ReturnType<typeof makeRig>;

/** Clients that record every operation. */
const clientsFor = (endpoint: string, region: string, clock: Clock, signal: AbortSignal, calls: string[]) =>
  makeClients({
    region,
    endpoint,
    local: true,
    version: "test",
    signal,
    clock,
    paced: false,
    onWait: () => {},
    onCall: (operation) => calls.push(operation),
  });
