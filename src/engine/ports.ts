import type { FleetlogixError } from "../errors.ts";
import type { AwsFault, RetryClass, Verb } from "./contract.ts";

/** Effects of the outside world that the engine needs. Tests pass fakes; app.ts passes the real ones. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Ends early, with or without an error, when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
export interface Ports {
  readonly clock: Clock;
  /** undefined: the error is no AWS fault but a bug of ours. */
  readonly toFault: (error: unknown) => AwsFault | undefined;
  readonly classify: (fault: AwsFault, during: Verb) => RetryClass;
  /** The error for a fault that no retry removes (access, credentials, …); undefined: the engine makes its own. */
  readonly explain?: (fault: AwsFault, resource: string) => FleetlogixError | undefined;
  /** A random number, 0 ≤ x < 1, for the jitter of retries. Without this port there is no jitter. */
  readonly random?: () => number;
  /** Wraps every call of a kind, so that the AWS layer knows the resource of the call. */
  readonly around?: <T>(id: string, call: () => Promise<T>) => Promise<T>;
}
