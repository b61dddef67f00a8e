import { availableParallelism } from "node:os";
import { realClock } from "../../core/clock.ts";
import { SESSION_SECONDS } from "./environment.ts";
import { arnOf, type FunctionRecord, type Revision } from "./model.ts";
import type { Answer } from "./runtime-api.ts";
import { type Session, type SessionDeps, startSession } from "./session.ts";

const IDLE_MS = 5 * 60_000;
/** AWS's bound on the part of a start that it does not count against the function's own timeout. Of the real clock, like all waits for a process. */
const INIT_MS = 10_000;
/** An answered call asks for more work within a moment; waiting for it is quicker than a new process. */
const FINISHING_MS = 100;

export type Lease =
  | { readonly session: Session }
  | { readonly failed: Session; readonly answer: Answer | "timeout" | { readonly exit: string | undefined } };
export interface Pools {
  /** A warm sandbox, or the first that becomes free, or a new one: whichever comes first. */
  lease(fn: FunctionRecord, revision: Revision): Promise<Lease>;
  /** Takes a sandbox back after its answer; it is used again once it asks for work and its log is written. */
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
  /** Starting, or answered and about to be free. */
  coming: number;
  retired: boolean;
}

export function createPools(deps: SessionDeps): Pools {
  const { lambda } = deps;
  const { clock } = lambda.env;
  const pools = new Map<string, Pool>();
  /** Retired ones too, while somebody waits for them. */
  const wanted = new Set<Pool>();
  const alive = new Map<Session, Pool>();
  const maxStarts = Math.max(2, availableParallelism());
  let starts = 0;

  const poolOf = (fn: FunctionRecord, revision: Revision): Pool => {
    const key = `${arnOf(lambda, fn, revision.version)}#${revision.revisionId}`;
    const known = pools.get(key);
    if (known) return known;
    retire(fn.region, fn.name, revision.version);
    const pool: Pool = { fn, revision, idle: new Map(), waiting: [], coming: 0, retired: false };
    pools.set(key, pool);
    return pool;
  };
  const retire: Pools["retire"] = (region, name, version) => {
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
  };
  /** No more processes start at once than there are cores: a burst of short calls is served sooner by the first ones. */
  const startMissing = (): void => {
    for (const pool of wanted) {
      while (starts < maxStarts && pool.waiting.length > pool.coming) void start(pool);
      if (pool.waiting.length === 0) wanted.delete(pool);
    }
  };
  const start = async (pool: Pool): Promise<void> => {
    starts++;
    pool.coming++;
    try {
      const session = await startSession(deps, pool.fn, pool.revision);
      alive.set(session, pool);
      void session.sandbox.exited.then(() => forget(pool, session));
      const answer = await startOf(pool, session);
      if (answer === undefined) offer(pool, session);
      else {
        void session.sandbox.kill();
        pool.waiting.shift()?.resolve({ failed: session, answer });
      }
    } catch (error) {
      pool.waiting.shift()?.reject(error);
    } finally {
      starts--;
      pool.coming--;
      startMissing();
    }
  };
  const startOf = (pool: Pool, session: Session): Promise<Answer | "timeout" | { exit: string | undefined } | undefined> =>
    new Promise((resolve) => {
      const cancel = realClock.after(INIT_MS + pool.revision.config.timeout * 1000, () => resolve("timeout"));
      void session.sandbox.started.then(resolve);
      void session.sandbox.exited.then(({ reason }) => resolve({ exit: reason }));
      void session.sandbox.exited.then(cancel);
      void session.sandbox.started.then(cancel);
    });
  const forget = (pool: Pool, session: Session): void => {
    alive.delete(session);
    pool.idle.get(session)?.();
    pool.idle.delete(session);
  };
  const offer = (pool: Pool, session: Session): void => {
    if (!alive.has(session)) return;
    const next = pool.waiting.shift();
    if (next) {
      next.resolve({ session });
      return;
    }
    const old = clock.now() - session.since > (SESSION_SECONDS / 2) * 1000;
    if (pool.retired || old) void session.sandbox.kill();
    else
      pool.idle.set(
        session,
        clock.after(IDLE_MS, () => void session.sandbox.kill()),
      );
  };
  return {
    async lease(fn, revision) {
      const pool = poolOf(fn, revision);
      const warm = [...pool.idle.keys()].pop();
      if (warm) {
        pool.idle.get(warm)?.();
        pool.idle.delete(warm);
        return { session: warm };
      }
      const lease = new Promise<Lease>((resolve, reject) => pool.waiting.push({ resolve, reject }));
      wanted.add(pool);
      startMissing();
      return lease;
    },
    release(session, logged) {
      const pool = alive.get(session);
      if (!pool) return;
      pool.coming++;
      let counted = true;
      const uncount = (): void => {
        if (counted) pool.coming--;
        counted = false;
        startMissing();
      };
      const cancel = realClock.after(FINISHING_MS, uncount);
      const free = Promise.all([session.sandbox.idle(), logged]);
      void Promise.race([free, session.sandbox.exited]).then(() => {
        offer(pool, session);
        cancel();
        uncount();
      });
    },
    retire,
    size: () => alive.size,
    async stop() {
      const sessions = [...alive.keys()];
      for (const pool of pools.values()) pool.retired = true;
      pools.clear();
      await Promise.all(sessions.map((session) => session.sandbox.kill()));
      await Promise.all(sessions.map((session) => session.flushed()));
    },
  };
}
