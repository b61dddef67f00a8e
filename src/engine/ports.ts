import type { AwsFault, RetryClass, Verb } from "./contract.ts";

/** What the engine asks of the world. Tests hand in fakes; app.ts hands in the real ones. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
export interface Ports {
  readonly clock: Clock;
  /** undefined: not AWS speaking, a bug of ours. */
  readonly toFault: (error: unknown) => AwsFault | undefined;
  readonly classify: (fault: AwsFault, during: Verb) => RetryClass;
}
