import { FleetlogixError } from "../errors.ts";
import type { AwsFault, Change, Holder, RetryClass } from "./contract.ts";
import type { ResourceRef } from "./decide.ts";
import type { Ports } from "./ports.ts";

const RUN_AGAIN = "Run the same command again: it continues from here.";

export function interrupted(): FleetlogixError {
  return new FleetlogixError("INTERRUPTED", "interrupted: nothing new was started, the calls in flight are finished", { hint: RUN_AGAIN });
}
/** An update that does not remove a difference is a bug in the kind's `diff` or `update`. The engine reports it instead of repeating it. */
export function diffStuck(subject: ResourceRef, changes: readonly Change[]): FleetlogixError {
  const what = changes.map((c) => `${c.path} is ${show(c.from)}, wanted ${show(c.to)}`).join("; ");
  return new FleetlogixError("DIFF_STUCK", `${titleOf(subject)} does not take a change: ${what}`, {
    hint: "Look at it in the AWS console; if the two values mean the same, please report it as a bug of fleetlogix.",
    resource: subject.id,
  });
}
export function settleFailed(subject: ResourceRef, reason: string): FleetlogixError {
  return new FleetlogixError("SETTLE_FAILED", `${titleOf(subject)} failed: ${reason}`, {
    hint: "Correct the cause, then run the same command again: it continues from here.",
    resource: subject.id,
  });
}
export function settleTimeout(subject: ResourceRef, state: string, elapsedMs: number): FleetlogixError {
  return new FleetlogixError("SETTLE_TIMEOUT", `${titleOf(subject)} is still ${state} after ${seconds(elapsedMs)}`, {
    hint: `Look at it in the AWS console. ${RUN_AGAIN}`,
    resource: subject.id,
  });
}
/** Another resource prevents the deletion and must be removed first. */
export function resourceHeld(subject: ResourceRef, { what, fix }: Holder, fault: AwsFault): FleetlogixError {
  return new FleetlogixError("RESOURCE_HELD", `${titleOf(subject)} cannot be deleted: it is held by ${what}`, {
    hint: `${fix ?? "Remove that first."} ${RUN_AGAIN}`,
    resource: subject.id,
    awsCode: fault.code,
    requestId: fault.requestId,
  });
}
export function retriesExhausted(
  subject: ResourceRef,
  fault: AwsFault,
  why: RetryClass,
  attempts: number,
  elapsedMs: number,
): FleetlogixError {
  const what = fault.operation ?? "the call";
  const text = `${titleOf(subject)}: gave up on ${what} after ${attempts} attempts in ${seconds(elapsedMs)} (${why}): ${fault.code}: ${fault.message}`;
  return new FleetlogixError("RETRIES_EXHAUSTED", text + request(fault), {
    hint: RUN_AGAIN,
    resource: subject.id,
    awsCode: fault.code,
    requestId: fault.requestId,
  });
}
/** Turns any error of a step into a FleetlogixError. An error that is no AWS fault is a bug of ours and keeps its stack. */
export function toError(error: unknown, subject: ResourceRef, ports: Ports): FleetlogixError {
  if (error instanceof FleetlogixError) return error;
  const fault = ports.toFault(error);
  if (!fault) {
    const text = error instanceof Error ? error.message : String(error);
    return new FleetlogixError("INTERNAL", `${titleOf(subject)}: ${text}`, {
      hint: "This is a bug: please report it with the output of `--verbose`.",
      resource: subject.id,
      cause: error,
    });
  }
  const explained = ports.explain?.(fault, subject.id);
  if (explained) return explained;
  const what = fault.operation ? `${fault.operation} answered ` : "";
  return new FleetlogixError("AWS_FAULT", `${titleOf(subject)}: ${what}${fault.code}: ${fault.message}${request(fault)}`, {
    hint: "Correct what AWS names, then run the same command again: it continues from here.",
    resource: subject.id,
    awsCode: fault.code,
    requestId: fault.requestId,
    cause: error,
  });
}

const titleOf = (subject: ResourceRef) => `${subject.kind.kind} "${subject.label}"`;
const request = (fault: AwsFault) => (fault.requestId ? ` (request ${fault.requestId})` : "");
const seconds = (ms: number) => `${Math.round(ms / 1000)} s`;
const show = (value: unknown) => JSON.stringify(value) ?? "not set";
