import { rebooting } from "./lifecycle.ts";
import type { Rds } from "./rds.ts";

/** A server that ends more often than this is not restarted. */
const MOST_RESTARTS = 3;
const WITHIN_MS = 60_000;
/** States in which a server should run. In other states, the work in progress starts, stops or removes the server. */
const SERVING = new Set(["available", "backing-up", "modifying", "renaming", "rebooting", "resetting-master-credentials"]);

/** Restarts a server that ends although nobody stopped it, as RDS does. After several restarts in a minute the instance is `failed`. */
export function supervise(rds: Rds): { readonly end: () => void } {
  const { env, engine, instances } = rds;
  const exits = new Map<string, number[]>();
  let over = false;
  engine.watch((resourceId, how) => {
    const instance = instances.list().find((one) => one.resourceId === resourceId);
    if (over || !instance || instance.pendingCreation || !SERVING.has(instance.state)) return;
    const now = env.clock.now();
    const recent = [...(exits.get(resourceId) ?? []).filter((at) => now - at < WITHIN_MS), now];
    exits.set(resourceId, recent);
    const restarts = recent.length <= MOST_RESTARTS;
    env.log(
      `rds: ${instance.id}: PostgreSQL: ${how}; ${restarts ? "it is started again" : `that was the ${recent.length}th time in a minute`}`,
    );
    if (restarts) instances.begin(instance, rebooting(rds, instance));
    else instances.begin(instance, { status: "failed", after: "failed", work: async () => {} });
  });
  return {
    end() {
      over = true;
    },
  };
}
