/** A fault plan as written in a file: an object with rules and a seed, or the list of rules alone. */
export type FaultPlan = { readonly seed?: number | undefined; readonly rules: readonly WrittenRule[] } | readonly WrittenRule[];
export interface WrittenRule {
  /** Name of the service as calls to it are signed, such as `dynamodb` or `apigateway`; default: all. */
  readonly service?: string | undefined;
  /** A name, or the beginning of one followed by `*`; default: all. */
  readonly operation?: string | undefined;
  /** Hits only writes (true) or only reads (false). */
  readonly write?: boolean | undefined;
  /** Text that the input, as JSON, must contain. */
  readonly input?: string | undefined;
  /** The first matching call that is hit, counted from 1; 1 by default. */
  readonly nth?: number | undefined;
  /** How many calls from there on are hit, 1 by default; null = all. */
  readonly times?: number | null | undefined;
  /** The probability that each of these calls is hit: above 0, at most 1, by default 1. It is drawn from `seed`: the same calls get the same hits. */
  readonly chance?: number | undefined;
  /** By default the plan's seed (1) plus the rule's index. */
  readonly seed?: number | undefined;
  readonly fault: WrittenFault;
}
export type WrittenFault =
  /** The call is refused before any effect. */
  | ({ readonly kind: "fail" } & Failure)
  /** The call takes effect, then its answer is an error. */
  | ({ readonly kind: "failAfter" } & Failure)
  /** The call takes effect, then the connection is closed without a response. */
  | { readonly kind: "lose" }
  /** The connection is closed before any effect. */
  | { readonly kind: "cutBefore" }
  /** No response for `ms` milliseconds, by default until the client leaves; then the call takes effect unless `effect` is false. */
  | { readonly kind: "hang"; readonly ms?: number | undefined; readonly effect?: boolean | undefined }
  /** Answers after `ms` milliseconds. */
  | { readonly kind: "slow"; readonly ms: number }
  /** The call is refused with the service's own error for too many requests. */
  | { readonly kind: "throttle"; readonly retryAfterSeconds?: number | undefined }
  /** The answer is the one that the same call got before the last write to its service. */
  | { readonly kind: "staleRead" }
  /** Like `staleRead`, for lists only. */
  | { readonly kind: "staleList" }
  /** The first page of a list is empty and marked as not the last one. */
  | { readonly kind: "emptyPage" }
  /** The call is refused with the service's own error for a missing permission. */
  | { readonly kind: "deny" };
export interface Failure {
  /** AWS's error code; `InternalFailure` by default. */
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  /** HTTP status: 300 to 599, with `failAfter` 400 to 599. */
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Further members of the error. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
}
