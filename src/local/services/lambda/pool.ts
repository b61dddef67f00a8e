import { availableParallelism, cpus } from "node:os";
import { realClock } from "../../core/clock.ts";
import { LocalFault } from "../../core/service.ts";
import { SESSION_SECONDS } from "./environment.ts";
import type { RuntimeResponse } from "./runtime-channel.ts";
import { type Session, type SessionDeps, startSession } from "./session.ts";
import { arnOf, type FunctionRecord, type Revision } from "./state.ts";

const IDLE_MS = 5 * 60_000;
/** AWS's limit of the init phase, which does not count against the function's timeout. Measured by the real clock. */
const INIT_MS = 10_000;
/** A sandbox asks for the next call soon after its response. Waiting for it for this time is quicker than a new process. */
const FINISHING_MS = 100;
const MAX_STARTS = Math.max(2, availableParallelism());
/** Number of sandboxes of a function that start without delay. More of them than cores make no call faster and use memory. */
const UNDELAYED_SANDBOXES = MAX_STARTS;
/** Further sandboxes make short calls slower. Another one starts when no sandbox has become free for this time. */
const START_DELAY_MS = 500;
/** The same, while the machine is busy. A process for every slow call would overload it. */
const BUSY_START_DELAY_MS = 2_000;
/** The machine is busy while less than this share of its CPU time is idle. */
const MIN_IDLE_SHARE = 0.1;

export type Lease =
  | { readonly session: Session }
  | { readonly failed: Session; readonly answer: RuntimeResponse | "timeout" | { readonly exit: string | undefined } };
export interface Pools {
  /** A warm sandbox, the first that becomes free, or a new one, whichever comes first. Rejects when the signal aborts first. */
  lease(fn: FunctionRecord, revision: Revision, signal?: AbortSignal): Promise<Lease>;
  /** Returns a sandbox after its response. It is reused once it asks for the next call and `logged` settles. */
  release(session: Session, logged: Promise<void>): void;
  /** Ends the sandboxes of a function, or of one version: the idle ones now, the others after their call. */
  retire(region: string, name: string, version?: string): void;
  readonly size: () => number;
  stop(): Promise<void>;
}
interface Pool {
  readonly fn: FunctionRecord;
  readonly revision: Revision;
  readonly idle: Map<Session, () => void>;
  readonly waiting: { readonly resolve: (lease: Lease) => void; readonly reject: (error: unknown) => void }[];
  /** When the last waiting call got a sandbox, or when a call began to wait alone. Milliseconds of `performance.now()`. */
  queueMovedAt: number;
  /** Number of sandboxes that are starting, or have answered and will be free soon. */
  pendingSandboxes: number;
  retired: boolean;
}

interface State {
  readonly deps: SessionDeps;
  readonly pools: Map<string, Pool>;
  /** Pools with waiting calls, retired ones included. */
  readonly poolsWithWaiting: Set<Pool>;
  readonly alive: Map<Session, Pool>;
  readonly starting: Set<Promise<void>>;
  readonly idleShare: () => number;
  stopped: boolean;
}

export function createPools(deps: SessionDeps): Pools {
  const idleShare = idleShareMeter();
  const state: State = {
    deps,
    pools: new Map(),
    poolsWithWaiting: new Set(),
    alive: new Map(),
    starting: new Set(),
    idleShare,
    stopped: false,
  };
  return {
    lease: (fn, revision, signal) => lease(state, poolOf(state, fn, revision), signal),
    release: (session, logged) => release(state, session, logged),
    retire: (region, name, version) => retire(state, region, name, version),
    size: () => state.alive.size,
    stop: () => stop(state),
  };
}

function poolOf(state: State, fn: FunctionRecord, revision: Revision): Pool {
  const key = `${arnOf(state.deps.lambda, fn, revision.version)}#${revision.changeId ?? revision.revisionId}`;
  const known = state.pools.get(key);
  if (known) return known;
  retire(state, fn.region, fn.name, revision.version);
  const pool: Pool = { fn, revision, idle: new Map(), waiting: [], queueMovedAt: 0, pendingSandboxes: 0, retired: false };
  state.pools.set(key, pool);
  return pool;
}

function retire({ pools }: State, region: string, name: string, version?: string): void {
  for (const [key, pool] of pools) {
    if (pool.fn.region !== region || pool.fn.name !== name || (version !== undefined && pool.revision.version !== version)) continue;
    pool.retired = true;
    pools.delete(key);
    for (const [session, cancel] of pool.idle) {
      cancel();
      void session.sandbox.kill();
    }
    pool.idle.clear();
  }
}

async function lease(state: State, pool: Pool, signal?: AbortSignal): Promise<Lease> {
  const warm = [...pool.idle.keys()].pop();
  if (warm) {
    pool.idle.get(warm)?.();
    pool.idle.delete(warm);
    return { session: warm };
  }
  if (pool.waiting.length === 0) pool.queueMovedAt = performance.now();
  const promise = new Promise<Lease>((resolve, reject) => {
    const call = { resolve, reject };
    pool.waiting.push(call);
    signal?.addEventListener("abort", () => {
      const place = pool.waiting.indexOf(call);
      if (place >= 0) pool.waiting.splice(place, 1);
      reject(new LocalFault("RequestTimeout", "The caller went away before the call began.", 408));
    });
  });
  state.poolsWithWaiting.add(pool);
  startNeeded(state);
  const cancel = repeatedly(START_DELAY_MS, () => startNeeded(state));
  return promise.finally(cancel);
}

function repeatedly(ms: number, task: () => void): () => void {
  const timer = setInterval(task, ms);
  timer.unref();
  return () => clearInterval(timer);
}

function needsSandbox({ alive, idleShare }: State, pool: Pool): boolean {
  if (pool.waiting.length <= pool.pendingSandboxes) return false;
  const sandboxes = [...alive.values()].filter((one) => one === pool).length;
  const waited = performance.now() - pool.queueMovedAt;
  return sandboxes < UNDELAYED_SANDBOXES || waited >= BUSY_START_DELAY_MS || (waited >= START_DELAY_MS && idleShare() > MIN_IDLE_SHARE);
}

/** The idle share of CPU time, 0 to 1, in the last half second or more. */
function idleShareMeter(): () => number {
  const look = () => {
    const times = cpus().map((cpu) => cpu.times);
    const idle = times.reduce((sum, one) => sum + one.idle, 0);
    return { at: performance.now(), idle, all: times.reduce((sum, one) => sum + one.user + one.nice + one.sys + one.irq + one.idle, 0) };
  };
  let last = look();
  let share = 1;
  return () => {
    if (performance.now() - last.at < START_DELAY_MS) return share;
    const now = look();
    if (now.all > last.all) share = (now.idle - last.idle) / (now.all - last.all);
    last = now;
    return share;
  };
}

/** Starts at most one process per core at once: the first sandboxes serve a burst of short calls sooner. */
function startNeeded(state: State): void {
  for (const pool of state.poolsWithWaiting) {
    while (!state.stopped && state.starting.size < MAX_STARTS && needsSandbox(state, pool)) {
      const started: Promise<void> = start(state, pool).finally(() => {
        state.starting.delete(started);
        pool.pendingSandboxes--;
        startNeeded(state);
      });
      state.starting.add(started);
      pool.pendingSandboxes++;
    }
    if (pool.waiting.length === 0) state.poolsWithWaiting.delete(pool);
  }
}

async function start(state: State, pool: Pool): Promise<void> {
  try {
    const session = await startSession(state.deps, pool.fn, pool.revision);
    state.alive.set(session, pool);
    void session.sandbox.exited.then(() => forget(state, pool, session));
    if (state.stopped) void session.sandbox.kill();
    const answer = await startOf(pool, session);
    if (answer === undefined) {
      offer(state, pool, session);
      return;
    }
    void session.sandbox.kill();
    pool.waiting.shift()?.resolve({ failed: session, answer });
  } catch (error) {
    pool.waiting.shift()?.reject(error);
  }
}

/** Starts the sandbox. Undefined when it is ready, otherwise the reason why it failed to start. */
function startOf(pool: Pool, { sandbox }: Session): Promise<RuntimeResponse | "timeout" | { exit: string | undefined } | undefined> {
  return new Promise((resolve) => {
    const cancel = realClock.after(INIT_MS + pool.revision.config.timeout * 1000, () => resolve("timeout"));
    void sandbox.started.then(resolve);
    void sandbox.exited.then(({ reason }) => resolve({ exit: reason }));
    void Promise.race([sandbox.started, sandbox.exited]).then(cancel);
  });
}

function forget(state: State, pool: Pool, session: Session): void {
  state.alive.delete(session);
  pool.idle.get(session)?.();
  pool.idle.delete(session);
}

/** Gives a free sandbox to the call that has waited longest, or keeps it warm. */
function offer(state: State, pool: Pool, session: Session): void {
  if (!state.alive.has(session)) return;
  const next = pool.waiting.shift();
  if (next) {
    pool.queueMovedAt = performance.now();
    next.resolve({ session });
    return;
  }
  const { clock } = state.deps.lambda.env;
  const end = (): void => void session.sandbox.kill();
  const old = clock.now() - session.since > (SESSION_SECONDS / 2) * 1000;
  if (pool.retired || old || state.stopped) end();
  else pool.idle.set(session, clock.after(IDLE_MS, end));
}

function release(state: State, session: Session, logged: Promise<void>): void {
  const pool = state.alive.get(session);
  if (!pool) return;
  pool.pendingSandboxes++;
  let counted = true;
  const uncount = (): void => {
    if (counted) pool.pendingSandboxes--;
    counted = false;
    startNeeded(state);
  };
  const cancel = realClock.after(FINISHING_MS, uncount);
  const free = Promise.all([session.sandbox.idle(), logged]);
  void Promise.race([free, session.sandbox.exited]).then(() => {
    offer(state, pool, session);
    cancel();
    uncount();
  });
}

async function stop(state: State): Promise<void> {
  state.stopped = true;
  for (const pool of state.pools.values()) pool.retired = true;
  const sessions = [...state.alive.keys()];
  await Promise.all(sessions.map((session) => session.sandbox.kill()));
  await Promise.all(state.starting);
  await Promise.all([...state.alive.keys()].map((session) => session.sandbox.exited));
  await Promise.all(sessions.map((session) => session.flushed()));
}
