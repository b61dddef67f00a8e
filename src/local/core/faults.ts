/** One call as the fault plan sees it. */
export interface FaultedCall {
  readonly service: string;
  readonly operation: string;
  readonly input: Record<string, unknown>;
  readonly requestId: string;
  readonly signal: AbortSignal;
}
/** AWS's bad days: wraps the execution of every call; may refuse it, delay it, lose its answer or answer with old news. */
export interface Faults {
  around(call: FaultedCall, execute: () => Promise<Record<string, unknown>>): Promise<Record<string, unknown>>;
}
export const noFaults: Faults = { around: (_call, execute) => execute() };
