import type { Action } from "../context.ts";

/** Runs an action that is loaded only when its command is called: `--help` loads none of them. */
export type Act = (load: () => Promise<Action>) => (...args: unknown[]) => Promise<void>;
