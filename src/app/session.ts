import { AsyncLocalStorage } from "node:async_hooks";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Artifact } from "../artifacts/artifact.ts";
import { buildFunctions } from "../artifacts/build.ts";
import { packageRoot } from "../artifacts/package-root.ts";
import { type AwsClients, guardedClients, makeClients } from "../aws/clients.ts";
import { caBundle, profileEndpoint } from "../aws/endpoints.ts";
import { explain } from "../aws/explain.ts";
import { classify, isUnreachable, toFault } from "../aws/faults.ts";
import { identify, isLocalAccount, refuseForeignAccount, refuseUnlessLoopback } from "../aws/identity.ts";
import { exampleHost, proxyTo, shownProxy } from "../aws/transport.ts";
import type { Config, FunctionName } from "../config/config.ts";
import { stackNameOf } from "../config/names.ts";
import { unknownRegion } from "../config/regions.ts";
import type { AnyKind, AwsLocation } from "../engine/contract.ts";
import type { Policy } from "../engine/decide.ts";
import { interrupted, toError } from "../engine/errors.ts";
import type { Emit } from "../engine/events.ts";
import type { Clock, Ports } from "../engine/ports.ts";
import { readWithRetry } from "../engine/retry.ts";
import { type EngineRun, makeSlots } from "../engine/run.ts";
import type { StackContext } from "../stack/layer.ts";
import { type Stack, topology } from "../stack/topology.ts";
import type { AppOptions } from "./contract.ts";
import { refuseUnknownProfile } from "./profile.ts";

/** The parts of one opened app. */
export interface Session {
  readonly config: Config;
  readonly options: AppOptions;
  readonly place: AwsLocation;
  readonly stackName: string;
  readonly clients: AwsClients;
  readonly ports: Ports;
  stack(context?: Partial<Pick<StackContext, "callerCidr" | "privateSubnets" | "artifacts">>): Stack;
  run(stack: Stack, policy?: Partial<Policy>, emit?: Emit): EngineRun;
  /** Built once in a session, so that a plan and its execution use the same artifacts. */
  artifacts(names: readonly FunctionName[]): Promise<ReadonlyMap<FunctionName, Artifact>>;
  /** A read that belongs to no resource. It is retried; its failure is an error with a sentence. */
  ask<T>(what: string, effect: () => Promise<T>): Promise<T>;
}

export async function openSession(config: Config, given: AppOptions): Promise<Session> {
  if (given.local) refuseUnlessLoopback(given.endpoint);
  // All clients get the same endpoint, so that none of them reads another one from its own variable.
  const endpoint = given.endpoint ?? (await profileEndpoint(given.profile, process.env));
  const options: AppOptions = { ...given, endpoint, caBundle: given.local ? undefined : await caBundle(given.profile, process.env) };
  if (!given.local) await refuseUnknownProfile(given.profile, process.env);
  const { clients, ports } = openEdge(config, options);
  const place = await askWith({ clients, ports, options }, "your credentials", () => identify(clients, config.region));
  if (options.local) refuseForeignAccount(place, options.endpoint);
  const stackName = stackNameOf(config);
  // A step of a resource may take several calls: after the signal none begins. The calls that release the lock are not among them.
  const world = guardedClients(clients, () => {
    if (options.signal.aborted) throw interrupted();
  });
  return {
    config,
    options,
    place,
    stackName,
    clients,
    ports,
    stack: (context = {}) =>
      topology(config, {
        place,
        local: isLocalAccount(place),
        callerCidr: undefined,
        privateSubnets: undefined,
        artifacts: undefined,
        ...context,
      }),
    run: (stack, policy = {}, emit = () => {}) => ({
      ctx: { place, stack: stackName, tags: stack.tags, signal: options.signal, world },
      policy: {
        adopt: false,
        allowDataLoss: new Set(),
        forgiving: options.endpoint !== undefined && !options.local,
        wait: true,
        ...policy,
      },
      ports: isPaced(options) ? { ...ports, around: (id, call) => caller.run({ id, emit }, call) } : ports,
      slots: makeSlots(options.concurrency),
      emit,
    }),
    artifacts: options.artifacts ?? buildOnce(),
    ask: (what, effect) => askWith({ clients, ports, options }, what, effect),
  };
}

function buildOnce(): Session["artifacts"] {
  const built = new Map<FunctionName, Promise<ReadonlyMap<FunctionName, Artifact>>>();
  return async (names) => {
    const missing = names.filter((name) => !built.has(name));
    if (missing.length > 0) {
      const build = buildFunctions(missing);
      for (const name of missing) built.set(name, build);
    }
    const parts = await Promise.all(names.map((name) => built.get(name)));
    return new Map(parts.flatMap((part) => [...(part ?? [])]));
  };
}

/** Only AWS itself limits the calls a second. */
const isPaced = ({ endpoint }: AppOptions): boolean => endpoint === undefined || process.env.FLEETLOGIX_PACE === "1";

/**
 * The resource and the listener of the present calls, for the events of pacing. The SDK clients are shared and do not have them. Node 20
 * makes each promise slower while a call runs within it, so it is used for paced calls only.
 */
const caller = new AsyncLocalStorage<{ readonly id: string; readonly emit: Emit }>();

function openEdge(config: Config, options: AppOptions): { clients: AwsClients; ports: Ports } {
  const clock = options.clock ?? realClock;
  const clients = makeClients({
    ...options,
    region: config.region,
    version: productVersion(),
    clock,
    paced: isPaced(options),
    onWait: (operation, waitMs) => {
      const current = caller.getStore();
      current?.emit({ type: "resource.pacing", id: current.id, operation, waitMs });
    },
  });
  const { region } = config;
  const proxy = options.local ? undefined : proxyTo(options.endpoint ?? exampleHost(region));
  const where = { ...options, region, regionAdvice: unknownRegion(region), proxy: proxy && shownProxy(proxy) };
  const ports: Ports = { clock, toFault, classify, random: Math.random, explain: (fault, resource) => explain(fault, resource, where) };
  return { clients, ports };
}

const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { once: true });
    }),
};

function productVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string }).version;
}

const UNKNOWN_HOST: ReadonlySet<string> = new Set(["ENOTFOUND", "EAI_AGAIN"]);

async function askWith<T>(
  { clients, ports, options }: Pick<Session, "clients" | "ports" | "options">,
  what: string,
  effect: () => Promise<T>,
): Promise<T> {
  let lookups = 0;
  const began = ports.clock.now();
  // A retry does not help where the local AWS has stopped or DNS does not have the host.
  const classify: Ports["classify"] = (fault, during) => {
    if (ports.clock.now() - began >= (options.patienceMs ?? Number.POSITIVE_INFINITY)) return "permanent";
    if (fault.code === "ECONNREFUSED" && isUnreachable(fault) && options.endpoint !== undefined) return "permanent";
    return UNKNOWN_HOST.has(fault.code) && ++lookups >= 2 ? "permanent" : ports.classify(fault, during);
  };
  const kind: Pick<AnyKind, "kind" | "settle" | "notFound"> = {
    kind: "account",
    notFound: { provenBy: undefined, codes: [] },
    settle: { timeoutMs: 0, pollMs: 0 },
  };
  const subject = { id: "account", kind: kind as AnyKind, identity: {}, label: what, rank: 0 };
  const ctx = { place: { partition: "", region: "", account: "" }, stack: "", tags: {}, signal: options.signal, world: clients };
  const policy = { adopt: false, allowDataLoss: new Set<string>(), forgiving: false, wait: true };
  try {
    const run = { ctx, policy, ports: { ...ports, classify }, slots: <T>(_rank: number, call: () => Promise<T>) => call(), emit: () => {} };
    return await readWithRetry(subject, run, effect);
  } catch (error) {
    throw toError(error, subject, ports);
  }
}
