import { type LocalEnv, LocalFault } from "../../core/service.ts";
import { documentKey, type InstanceDocument, type RdsState, type Step } from "./documents.ts";
import type { Engine, Target } from "./engine.ts";
import { effective } from "./parameters.ts";

/** A piece of work on an instance, with the instance's status during it (`status`) and afterwards (`after`). */
export interface Job {
  readonly status: string;
  readonly after: string;
  /** The status after failed work. Default: `failed`. */
  readonly afterFailure?: string;
  /** With realism: the statuses that the instance shows, in order, each for a time. */
  readonly statusTimes?: readonly { readonly status: string; readonly ms: number }[];
  readonly work: () => Promise<void>;
}

/** The instances with their servers. The work on one instance runs in order, after the call was answered. */
export interface InstanceRegistry {
  /** All instances except those whose deletion is complete. */
  list(region?: string): InstanceDocument[];
  /** The instance with this id. Throws DBInstanceNotFoundFault. */
  existing(region: string, id: string | undefined): InstanceDocument;
  /** The status that AWS would show: `creating`, `available`, … */
  statusOf(instance: InstanceDocument): string;
  change(instance: InstanceDocument, changes: Partial<InstanceDocument>): InstanceDocument;
  begin(instance: InstanceDocument, job: Job): InstanceDocument;
  targetOf(instance: InstanceDocument): Target;
  /** Gives the server the parameters of its group, and a port: its own, or the next free one. */
  settle(instance: InstanceDocument): Promise<InstanceDocument>;
  start(instance: InstanceDocument): Promise<void>;
  valuesOf(instance: InstanceDocument): Record<string, string>;
  /** Resolves when all work has ended. */
  idle(): Promise<void>;
}

/** Internal state of a deleted instance that AWS would still show for a time. */
export const GONE = "gone";

/** The documents of the instances: lookup, status and changes. */
type Register = Pick<InstanceRegistry, "list" | "existing" | "statusOf" | "change"> & {
  readonly current: (resourceId: string) => InstanceDocument | undefined;
  /** Stores the state after the work on an instance. */
  readonly end: (resourceId: string, state: string) => void;
};

function register({ clock }: LocalEnv, { instances }: RdsState): Register {
  const keyed = ({ region, id }: InstanceDocument): string => documentKey(region, id);
  const currentStep = (instance: InstanceDocument): Step | undefined => instance.steps.find((step) => clock.now() < step.until);
  // A new identifier changes the key. Work that takes a while finds the instance by its resource id.
  const current = (resourceId: string) => instances.values().find((one) => one.resourceId === resourceId);
  const list: InstanceRegistry["list"] = (region) => {
    for (const [key, one] of instances.entries()) if (one.state === GONE && !currentStep(one)) instances.delete(key);
    return instances.values().filter((one) => region === undefined || one.region === region);
  };
  return {
    list,
    current,
    existing(region, id) {
      const found = list(region).find((one) => one.id === id?.toLowerCase());
      if (!found) throw new LocalFault("DBInstanceNotFoundFault", `DBInstance ${id} not found.`);
      return found;
    },
    statusOf: (instance) => currentStep(instance)?.status ?? instance.state,
    change(instance, changes) {
      const changed = { ...(current(instance.resourceId) ?? instance), ...changes };
      if (keyed(changed) !== keyed(instance)) instances.delete(keyed(instance));
      instances.put(keyed(changed), changed);
      return changed;
    },
    end(resourceId, state) {
      const instance = current(resourceId);
      if (!instance) return;
      if (state === GONE && !currentStep(instance)) instances.delete(keyed(instance));
      else instances.put(keyed(instance), { ...instance, state });
    },
  };
}

/** Runs the work. Jobs on one instance run one after the other. */
function jobQueue(env: LocalEnv, { change, end }: Register): Pick<InstanceRegistry, "begin" | "idle"> {
  const jobs = new Map<string, Promise<void>>();
  return {
    begin(instance, job) {
      const begun = change(instance, { state: job.status, steps: env.settings.realism ? stepsOf(env, job) : [] });
      const before = jobs.get(instance.resourceId) ?? Promise.resolve();
      // Only the last job of an instance sets its final state.
      const finish = (state: string) => jobs.get(instance.resourceId) === run && end(instance.resourceId, state);
      const run: Promise<void> = before.then(job.work).then(
        () => void finish(job.after),
        (error) => {
          env.log(`rds: ${instance.id} ${job.status}: ${error instanceof Error ? error.message : String(error)}`);
          finish(job.afterFailure ?? "failed");
        },
      );
      jobs.set(instance.resourceId, run);
      return begun;
    },
    async idle() {
      await Promise.all(jobs.values());
    },
  };
}

export function createInstanceRegistry(env: LocalEnv, state: RdsState, engine: Engine): InstanceRegistry {
  const { current, end, ...documents } = register(env, state);
  const targetOf: InstanceRegistry["targetOf"] = ({ resourceId, port, applied }) => ({ resourceId, port, parameters: applied });
  const valuesOf: InstanceRegistry["valuesOf"] = (instance) => {
    const group = state.parameterGroups.get(documentKey(instance.region, instance.parameterGroup));
    return effective(Object.fromEntries(Object.entries(group?.values ?? {}).map(([name, { value }]) => [name, value])));
  };
  const settle: InstanceRegistry["settle"] = async (instance) => {
    const latest = current(instance.resourceId) ?? instance;
    const taken = () => documents.list().flatMap((one) => (one.resourceId === latest.resourceId ? [] : one.port));
    let port = latest.port;
    if (!port || !engine.isRunning(latest.resourceId)) {
      // Another instance may have taken the port during the search.
      do port = await engine.freePort(latest.port || (latest.pendingCreation?.port ?? 0), taken());
      while (taken().includes(port));
    }
    return documents.change(latest, { applied: valuesOf(latest), port });
  };
  return {
    ...documents,
    ...jobQueue(env, { ...documents, current, end }),
    targetOf,
    valuesOf,
    settle,
    async start(instance) {
      await engine.start(targetOf(await settle(instance)));
    },
  };
}

function stepsOf(env: LocalEnv, { statusTimes = [] }: Job): Step[] {
  let until = env.clock.now();
  return statusTimes.map(({ status, ms }) => {
    until += ms;
    return { status, until };
  });
}

/** Throws AWS's error when the instance has none of these statuses. */
export function mustBe(instances: InstanceRegistry, instance: InstanceDocument, ...statuses: string[]): void {
  const status = instances.statusOf(instance);
  if (statuses.includes(status)) return;
  const text =
    statuses.length === 1
      ? `Instance ${instance.id} is not in ${statuses[0]} state.`
      : `Instance ${instance.id} is in the state ${status}; it must be one of: ${statuses.join(", ")}.`;
  throw new LocalFault("InvalidDBInstanceStateFault", text);
}
