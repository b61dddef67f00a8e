import { history } from "./history.ts";
import type { LocalEnv } from "./service.ts";
import { isWrite } from "./write-operations.ts";

/**
 * AWS's ordinary delays, in force with `settings.realism`: latency, and tags that are visible late. Quotas of a service are in the
 * service's folder.
 */
export interface Realism {
  around(
    call: { readonly service: string; readonly operation: string; readonly input: Record<string, unknown> },
    execute: () => Promise<Record<string, unknown>>,
  ): Promise<Record<string, unknown>>;
}

/** A role can be read at once, but Lambda and API Gateway cannot assume it for some seconds. */
const ROLE_PROPAGATION_MS = 8_000;
/** False while a role made at this time cannot be assumed yet; always true without realism. */
export const isPropagated = (env: LocalEnv, createdAtMs: number): boolean =>
  !env.settings.realism || env.clock.now() - createdAtMs >= ROLE_PROPAGATION_MS;

const TAG_LAG_MS = 1_000;

export function realism(env: () => LocalEnv): Realism {
  const earlier = history();
  const taggedAt = new Map<string, number>();
  let calls = 0;

  return {
    async around({ service, operation, input }, execute) {
      const { settings, clock } = env();
      if (!settings.realism) return execute();
      const write = isWrite(operation);
      await clock.sleep(latency(++calls, write));
      const lags = isTagRead(operation) && clock.now() - (taggedAt.get(service) ?? Number.NEGATIVE_INFINITY) < TAG_LAG_MS;
      const before = lags ? earlier.before(service, operation, input) : undefined;
      if (before && "output" in before) return before.output;
      const output = await execute();
      if (isTagRead(operation)) earlier.remember(service, operation, input, { output });
      if (write && /Tag/.test(operation)) {
        earlier.wrote(service);
        taggedAt.set(service, clock.now());
      }
      return output;
    },
  };
}

const isTagRead = (operation: string): boolean => /^(List|Get)\w*Tag/.test(operation);
/** 10–60 ms for a read, 30–180 ms for a write. The same call gets the same latency in every run. */
const latency = (call: number, write: boolean): number => (write ? 30 + ((call * 37) % 151) : 10 + ((call * 17) % 51));
