import { setTimeout } from "node:timers/promises";
import { type LocalEnv, LocalFault, type Principal } from "./service.ts";

export interface LogLine {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly message: string;
}
export interface LogWriter {
  write(line: LogLine): void;
  /** Resolves when every line written so far is stored or refused. */
  flushed(): Promise<void>;
}
export interface LogTarget {
  readonly group: string;
  readonly stream: string;
  readonly region: string;
  readonly principal: Principal;
  /** Create the group when it is missing. Otherwise the lines are dropped. */
  readonly createGroup: boolean;
}
const BATCH = 1_000;
/** Lines wait for this time. So the lines of one call are one batch, which is written after the call was answered. */
const GATHER_MS = 20;

/**
 * Writes a service's lines to a log stream, in order. Lines that arrive while a batch is being written form the next batch.
 * When the principal may not write logs, the lines are dropped without an error, as on AWS.
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
    // The group was deleted meanwhile. AWS's writers then create it again.
    await create();
    await attempt("PutLogEvents", { ...names, logEvents });
  };
  const drain = async (): Promise<void> => {
    await setTimeout(GATHER_MS);
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
