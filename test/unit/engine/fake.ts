import type {
  Change,
  Ctx,
  Observation,
  ResourceKind,
  ResourceNode,
  RetryClass,
  RetryRule,
  SeenTags,
  Tags,
  Verb,
} from "../../../src/engine/contract.ts";
import type { Policy } from "../../../src/engine/decide.ts";
import type { EngineEvent } from "../../../src/engine/events.ts";
import { execute } from "../../../src/engine/execute.ts";
import { observe } from "../../../src/engine/observe.ts";
import { plan, refuseBeforeWriting } from "../../../src/engine/plan.ts";
import type { Clock } from "../../../src/engine/ports.ts";
import type { EngineRun } from "../../../src/engine/run.ts";
import { makeSlots } from "../../../src/engine/run.ts";

export const STACK = "Fleet/dev";
export const TAGS: Tags = { "fleetlogix:stack": STACK, Project: "Fleet" };

/** A resource of the fake cloud. `polls`: number of reads that still report it as settling. */
export interface Thing {
  values: Record<string, string>;
  tags: SeenTags;
  polls: number;
  failed?: string;
}
export interface ThingSpec {
  readonly values: Record<string, string>;
}
/** A hook throws it as an error of the fake AWS. */
export class Refusal extends Error {
  readonly code: string;
  readonly retryAfterMs: number | undefined;
  constructor(code: string, retryAfterMs?: number) {
    super(`${code} said the fake AWS`);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}
export interface Hooks {
  /** Called before a call takes effect. */
  readonly before?: (verb: Verb, name: string) => void | Promise<void>;
  /** Called after it took effect. An error thrown here is a lost answer. */
  readonly after?: (verb: Verb, name: string) => void;
  /** Returns the resource that a read shows instead. */
  readonly see?: (name: string, real: Thing | undefined) => Thing | undefined;
  readonly holdsData?: boolean;
  readonly slow?: boolean;
  readonly timeoutMs?: number;
  readonly settlePolls?: number;
  readonly predicts?: boolean;
  readonly kind?: string;
  readonly retries?: readonly RetryRule[];
  readonly alreadyExists?: readonly string[];
  /** Values that an update does not store. */
  readonly forgets?: readonly string[];
}
export type Cloud = Map<string, Thing>;
export interface Log {
  readonly calls: string[];
}

/** A kind whose cloud is a Map. Names are identities, values are attributes. A value that starts with "!" needs a replacement. */
export function thing(cloud: Cloud, log: Log, hooks: Hooks = {}) {
  const effect = async (verb: Verb, name: string, change: () => void): Promise<void> => {
    log.calls.push(`${verb} ${name}`);
    await hooks.before?.(verb, name);
    change();
    hooks.after?.(verb, name);
  };
  const kind: ResourceKind<{ name: string }, ThingSpec, { name: string; thing: Thing }, { name: string; arn: string }> = {
    kind: hooks.kind ?? "fake.thing",
    holdsData: hooks.holdsData ?? false,
    slow: hooks.slow ?? false,
    settle: { timeoutMs: hooks.timeoutMs ?? 60_000, pollMs: 1_000 },
    notFound: { provenBy: "fake:Call", codes: ["Gone"] },
    label: (id) => id.name,
    diff: (spec, live): Change[] =>
      Object.entries(spec.values)
        .filter(([key, value]) => live.thing.values[key] !== value)
        .map(([path, to]) => ({ path, from: live.thing.values[path], to, ...(to.startsWith("!") ? { forces: "replace" as const } : {}) })),
    outputs: (live) => ({ name: live.name, arn: `arn:${live.name}` }),
    describe: (live) => ({ arn: `arn:${live.name}`, state: live.thing.polls > 0 ? "creating" : "ready" }),
    ...(hooks.predicts ? { predict: (id: { name: string }) => ({ name: id.name, arn: `arn:${id.name}` }) } : {}),
    ...(hooks.retries ? { retries: hooks.retries } : {}),
    ...(hooks.alreadyExists ? { alreadyExists: hooks.alreadyExists } : {}),
    async read({ name }): Promise<Observation<{ name: string; thing: Thing }>> {
      await hooks.before?.("read", name);
      const real = cloud.get(name);
      const found = hooks.see ? hooks.see(name, real) : real;
      if (!found) return { state: "absent" };
      const live = { name, thing: structuredClone(found) };
      const tags = found.tags;
      if (found.failed) return { state: "failed", live, tags, reason: found.failed };
      return found.polls-- > 0 ? { state: "settling", live, tags } : { state: "ready", live, tags };
    },
    create: ({ name }, spec, ctx) =>
      effect("create", name, () => {
        if (cloud.has(name)) throw new Refusal("AlreadyExists");
        cloud.set(name, { values: { ...spec.values }, tags: ctx.tags, polls: hooks.settlePolls ?? 0 });
      }),
    update: ({ name }, _spec, _live, changes) =>
      effect("update", name, () => {
        const it = cloud.get(name);
        if (!it) throw new Refusal("NotFound");
        for (const { path, to } of changes.filter((c) => !hooks.forgets?.includes(c.path))) {
          if (path.startsWith("tags.")) it.tags = { ...(it.tags as Tags), [path.slice(5)]: String(to) };
          else it.values[path] = String(to);
        }
      }),
    delete: ({ name }) => effect("delete", name, () => void cloud.delete(name)),
    async candidates() {
      return [...cloud].flatMap(([name, it]) => (it.tags === "inherited" ? [] : [{ name }]));
    },
  };
  return kind;
}

/** A clock whose time passes only during `sleep`. */
export function virtualClock(): Clock & { t: number } {
  const clock = {
    t: 0,
    now: () => clock.t,
    sleep: async (ms: number) => {
      clock.t += ms;
    },
  };
  return clock;
}

const CLASSES: Record<string, RetryClass> = {
  Throttled: "throttle",
  Busy: "busy",
  AlreadyExists: "busy",
  NotAssumable: "propagation",
  Lost: "transient",
};
export function fakeRun(options: Partial<Policy> & { concurrency?: number; signal?: AbortSignal; clock?: Clock } = {}) {
  const events: EngineEvent[] = [];
  const clock = options.clock ?? virtualClock();
  const ctx: Ctx = {
    place: { partition: "aws", region: "eu-west-1", account: "000000000000" },
    stack: STACK,
    tags: TAGS,
    signal: options.signal ?? new AbortController().signal,
    world: undefined,
  };
  const run: EngineRun = {
    ctx,
    policy: {
      adopt: options.adopt ?? false,
      allowDataLoss: options.allowDataLoss ?? new Set(),
      forgiving: options.forgiving ?? false,
      wait: options.wait ?? true,
    },
    slots: makeSlots(options.concurrency ?? 4),
    emit: (event) => events.push(event),
    ports: {
      clock,
      toFault: (error) =>
        error instanceof Refusal
          ? {
              code: error.code,
              message: error.message,
              status: 400,
              requestId: "r-1",
              operation: "fake:Call",
              retryAfterMs: error.retryAfterMs,
            }
          : undefined,
      classify: (fault) => CLASSES[fault.code] ?? "permanent",
    },
  };
  return { run, events, clock };
}

/** The steps of `up`: observe, refuse before the first write, execute. */
export async function up(nodes: readonly ResourceNode[], fake: ReturnType<typeof fakeRun>) {
  const seen = await observe(nodes, fake.run, { specs: true });
  refuseBeforeWriting(plan(seen, fake.run));
  return execute(seen, fake.run);
}
export const status = (outcome: { resources: readonly { id: string; status: string }[] }) =>
  Object.fromEntries(outcome.resources.map((r) => [r.id, r.status]));
