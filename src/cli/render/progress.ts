import type { RetryClass } from "../../engine/contract.ts";
import type { EngineEvent } from "../../engine/events.ts";
import { notesOf } from "./plan.ts";
import { duration, plural } from "./words.ts";

/** The state of a resource during a run. */
export interface Step {
  readonly name: string;
  readonly kind: string;
  readonly action: string;
  /** The present work, in words; undefined: none. */
  readonly doing: string | undefined;
  readonly since: number;
  /** Age of the wait at its last printed line. */
  readonly reportedMs: number;
}
/** A long wait prints a line after each of these intervals, so that the log shows progress. */
const REPORT_EVERY_MS = 60_000;
/**
 * The expected duration, printed after some seconds of waiting. The minutes are unproven: no page of AWS was found that has them, and
 * they were not measured. The hour is the limit of the engine for a database.
 */
const ESTIMATES = new Map([["rds.instance", "a new database may take some 5 to 20 minutes on AWS; fleetlogix waits up to an hour"]]);
const ESTIMATE_AFTER_MS = 10_000;
/** Undefined where no duration is known, and in the first seconds of a wait. */
export const estimateOf = (kind: string, action: string, waitedMs: number): string | undefined =>
  action === "create" && waitedMs >= ESTIMATE_AFTER_MS ? ESTIMATES.get(kind) : undefined;

const isReportDue = (step: Step, event: { state: string; elapsedMs: number }): boolean =>
  step.doing !== event.state || event.elapsedMs - step.reportedMs >= REPORT_EVERY_MS;

export interface Progress {
  readonly total: number;
  readonly finished: number;
  readonly started: number;
  readonly steps: ReadonlyMap<string, Step>;
}
export const IDLE: Progress = { total: 0, finished: 0, started: 0, steps: new Map() };

const DOING = { create: "creating", update: "updating", delete: "deleting" } as const;
const DONE: Readonly<Record<string, string>> = {
  create: "created",
  update: "updated",
  replace: "replaced",
  delete: "deleted",
  keep: "unchanged",
  retain: "kept",
};
const WHY: Readonly<Record<RetryClass, string>> = {
  propagation: "AWS has not propagated the change yet",
  throttle: "AWS asks to slow down",
  busy: "another change is in progress",
  transient: "a transient error of AWS or the network",
  permanent: "AWS refuses",
};

/** The state after an event. Pure; `now` in milliseconds. */
export function advance(progress: Progress, event: EngineEvent, now: number): Progress {
  if (event.type === "run.started") return { ...IDLE, total: event.total, started: now };
  if (!("id" in event)) return progress;
  const before = progress.steps.get(event.id) ?? { name: "", kind: "", action: "", doing: undefined, since: now, reportedMs: 0 };
  const step = nextStep(before, event, now);
  const ended = event.type === "resource.done" || event.type === "resource.failed" || event.type === "resource.skipped";
  return { ...progress, finished: progress.finished + (ended ? 1 : 0), steps: new Map(progress.steps).set(event.id, step) };
}

function nextStep(step: Step, event: Extract<EngineEvent, { id: string }>, now: number): Step {
  switch (event.type) {
    case "resource.decided":
      return { ...step, name: event.name, kind: event.kind, action: event.decision.action };
    case "resource.acting":
      return { ...step, doing: DOING[event.verb], since: step.doing ? step.since : now };
    case "resource.waiting":
      return {
        ...step,
        doing: event.state,
        since: step.doing ? step.since : now - event.elapsedMs,
        reportedMs: isReportDue(step, event) ? event.elapsedMs : step.reportedMs,
      };
    case "resource.retrying":
      return { ...step, doing: retrying(event), since: step.doing ? step.since : now };
    case "resource.pacing":
      return { ...step, doing: pacing(event), since: step.doing ? step.since : now };
    case "resource.forgets":
      return step;
    default:
      return { ...step, doing: undefined };
  }
}
const retrying = (event: { why: RetryClass; code: string; waitMs: number; holder?: string | undefined }) =>
  `${event.holder ? `waits until ${event.holder} is deleted` : WHY[event.why]} (${event.code}); retry in ${duration(event.waitMs)}`;
const pacing = (event: { operation: string; waitMs: number }) => `AWS limits ${event.operation}; next in ${duration(event.waitMs)}`;

export interface Line {
  readonly tone: "good" | "bad" | "warn" | "dim";
  readonly id: string;
  readonly text: string;
  /** The line stays on the terminal after the live part is removed. */
  readonly lasting: boolean;
}

/** The line for an event, if it has one. `before` is the state before the event. Pure. */
export function lineOf(before: Progress, event: EngineEvent, verbose: boolean): Line | undefined {
  switch (event.type) {
    case "run.started":
      return { tone: "dim", id: "", text: `Looking at ${plural(event.total, "resource")}`, lasting: false };
    case "run.interrupted":
      return { tone: "warn", id: "", text: "Stopping: calls in flight finish first; Ctrl-C again stops at once.", lasting: true };
    case "run.finished":
      return undefined;
    default:
      return lineOfResource(before.steps.get(event.id), event, verbose);
  }
}

function lineOfResource(step: Step | undefined, event: Extract<EngineEvent, { id: string }>, verbose: boolean): Line | undefined {
  const line = (tone: Line["tone"], text: string, lasting = false): Line => ({ tone, id: event.id, text, lasting });
  const name = step?.name ?? "";
  switch (event.type) {
    case "resource.decided":
      if (notesOf(event.decision).length > 0) return line("warn", notesOf(event.decision).join(" "), true);
      return verbose ? line("dim", `${event.decision.action} ${event.name}`) : undefined;
    case "resource.acting":
      // A create has several steps; only the first prints a line.
      return step?.doing && !verbose ? undefined : line("dim", `${DOING[event.verb]} ${name}`.trim());
    case "resource.waiting":
      // One line for each state and minute, not for each read.
      return step && !isReportDue(step, event) ? undefined : line("dim", waitText(step, event));
    case "resource.retrying":
      return verbose || event.waitMs >= 5_000 ? line("dim", retrying(event)) : undefined;
    case "resource.pacing":
      return verbose || event.waitMs >= 5_000 ? line("dim", pacing(event)) : undefined;
    default:
      return lineOfEnd(name, event, line, verbose);
  }
}

function waitText(step: Step | undefined, { state, elapsedMs }: { state: string; elapsedMs: number }): string {
  const estimate = step && estimateOf(step.kind, step.action, elapsedMs);
  return `${state} (${duration(elapsedMs)}${estimate ? `; ${estimate}` : ""})`;
}

function lineOfEnd(
  name: string,
  event: Extract<EngineEvent, { type: "resource.forgets" | "resource.done" | "resource.failed" | "resource.skipped" }>,
  line: (tone: Line["tone"], text: string, lasting?: boolean) => Line,
  verbose: boolean,
): Line | undefined {
  switch (event.type) {
    case "resource.forgets":
      return line(
        "warn",
        `ENDPOINT_FORGETS  ${event.name}: the endpoint does not keep ${event.changes.map((c) => c.path).join(", ")}`,
        true,
      );
    case "resource.failed":
      return line("bad", `${event.code}  ${event.message}`, true);
    case "resource.skipped":
      return line("dim", `skipped: needs ${event.because.join(", ")}`, true);
    case "resource.done": {
      if (event.action === "keep" && !event.settling) return verbose ? line("dim", "unchanged") : undefined;
      const word = event.settling ? "started" : (DONE[event.action] ?? event.action);
      const rest = event.settling ? `${name}  (AWS is still working on it)` : name;
      return line("good", `${word.padEnd(9)}  ${duration(event.elapsedMs).padEnd(7)}  ${rest}`, true);
    }
  }
}
