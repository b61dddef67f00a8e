import { setImmediate } from "node:timers/promises";
import { type LocalEnv, LocalFault, type Principal } from "./service.ts";

export interface LogLine {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly message: string;
}
export interface LogWriter {
  write(line: LogLine): void;
  /** Settles when everything written so far is stored or refused. */
  flushed(): Promise<void>;
}
export interface LogTarget {
  readonly group: string;
  readonly stream: string;
  readonly region: string;
  readonly principal: Principal;
  /** Make the group when it is missing; otherwise its lines are dropped. */
  readonly createGroup: boolean;
}
const BATCH = 1_000;

/**
 * Writes lines to a log stream for a service, in order: what comes while one batch is under way makes the next one.
 * A principal that may not write logs gets none, and nobody hears of it, as on AWS.
 */
export function logWriter(env: LocalEnv, target: LogTarget): LogWriter {
  const { group: logGroupName, stream: logStreamName, region, principal } = target;
  const names = { logGroupName, logStreamName };
  let pending: LogLine[] = [];
  let running: Promise<void> | undefined;
  let open = false;

  const attempt = async (operation: string, input: object): Promise<string | undefined> => {
    try {
      await env.dispatch("logs", operation, { ...input }, { principal, region });
      return undefined;
    } catch (error) {
      if (error instanceof LocalFault) return error.code;
      throw error;
    }
  };
  const create = async (): Promise<void> => {
    const missing = (await attempt("CreateLogStream", names)) === "ResourceNotFoundException";
    if (missing && target.createGroup) {
      await attempt("CreateLogGroup", { logGroupName });
      await attempt("CreateLogStream", names);
    }
    open = true;
  };
  const put = async (logEvents: LogLine[]): Promise<void> => {
    if (!open) await create();
    if ((await attempt("PutLogEvents", { ...names, logEvents })) !== "ResourceNotFoundException") return;
    // The group was deleted while its writer lives: AWS's late writers make it again.
    await create();
    await attempt("PutLogEvents", { ...names, logEvents });
  };
  const drain = async (): Promise<void> => {
    await setImmediate();
    while (pending.length > 0) {
      const batch = pending.slice(0, BATCH);
      pending = pending.slice(BATCH);
      await put(batch).catch((error) => env.log(`log stream ${logStreamName}: ${error}`));
    }
    running = undefined;
  };
  return {
    write(line) {
      pending.push(line);
      running ??= drain();
    },
    flushed: async () => running,
  };
}
