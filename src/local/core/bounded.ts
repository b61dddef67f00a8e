import { createContext, Script } from "node:vm";

const context = createContext({ work: undefined });
const script = new Script("work()");
const TRIES = 20;

export class TookTooLong extends Error {}

/**
 * Runs work that somebody else's text decides about (a template, a regular expression) for so long at most: expressions
 * that take exponential time exist in every such language. Work that only waited for a busy machine is begun anew, so
 * it must change nothing but what it returns. Throws `TookTooLong`.
 */
export function bounded<T>(work: () => T, ms = 50): T {
  for (let tries = 1; ; tries++) {
    const before = process.cpuUsage();
    try {
      return run(work, ms);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      const { user, system } = process.cpuUsage(before);
      if (tries === TRIES || (user + system) / 1000 > ms / 2) throw new TookTooLong(`more than ${ms} ms`);
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
