import { createContext, Script } from "node:vm";

const context = createContext({ work: undefined });
const script = new Script("work()");
const TRIES = 20;

export class TimeLimitExceeded extends Error {}

/**
 * Runs synchronous work for at most `ms` milliseconds. Its duration depends on a caller's text (a template, a regular expression), and some
 * expressions take exponential time. When the machine is busy, work that ran out of time is started again, so it must have no effect but
 * its return value. Throws `TimeLimitExceeded`.
 */
export function withTimeLimit<T>(work: () => T, ms = 50): T {
  for (let tries = 1; ; tries++) {
    const before = process.cpuUsage();
    try {
      return run(work, ms);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      const { user, system } = process.cpuUsage(before);
      if (tries === TRIES || (user + system) / 1000 > ms / 2) throw new TimeLimitExceeded(`more than ${ms} ms`);
    }
  }
}
function run<T>(work: () => T, timeout: number): T {
  const outer = context.work as unknown;
  context.work = work;
  try {
    return script.runInContext(context, { timeout }) as T;
  } finally {
    context.work = outer;
  }
}
