import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { defined } from "../defined.ts";
import { FleetlogixError } from "../errors.ts";
import type { Road } from "./geography.ts";
import { type Answer, answerText, judge, NO_ANSWER } from "./judge.ts";
import { type Message, THRESHOLD_KM, type Trip } from "./messages.ts";
import { type Expected, expectedFixes } from "./model.ts";
import type { Plan } from "./plan.ts";
import type { Tally } from "./report.ts";

export interface Target {
  readonly url: string;
  readonly key?: string | undefined;
  /** Headers that authenticate the call, including the given ones; undefined: the given headers are sufficient. */
  readonly sign?: ((call: SentCall) => Promise<Readonly<Record<string, string>>>) | undefined;
  /** Limit of calls in a second. */
  readonly rate: number;
  readonly signal: AbortSignal;
}
export interface SentCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}
export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Number of attempts. The answers of earlier ones may have been lost. */
  readonly attempts: number;
}
/**
 * One paced call. Like a phone, it repeats the call while the API is busy, fails, or does not answer in time; every call is safe to repeat.
 * Returns the last reply; NO_ANSWER when there was none. Throws ENDPOINT_UNREACHABLE when no server listens, or the signal's reason.
 */
export type Call = (method: "GET" | "PUT" | "POST", path: string, body?: unknown) => Promise<Reply>;

const ATTEMPTS = 5;
/** API Gateway answers an error after 29 s. The timeout is longer, so that this answer arrives. */
const CALL_TIMEOUT_MS = 35_000;
const LONGEST_WAIT_S = 10;

/** Sends calls at the rate, one after the other, however many wait for their answers. */
export function caller(target: Target, tally: Tally): Call {
  // Each call in flight adds a listener, and there may be hundreds.
  setMaxListeners(0, target.signal);
  let next = 0;
  const turn = async () => {
    const at = Math.max(Date.now(), next);
    next = at + 1000 / target.rate;
    await sleep(at - Date.now(), undefined, { signal: target.signal });
  };
  return async (method, path, body) => {
    for (let attempt = 1; ; attempt++) {
      await turn();
      const began = performance.now();
      const { reply, retryAfter } = await once(target, method, path, body);
      tally.latencies.record(Math.max(1, Math.round(performance.now() - began)));
      if (!isWorthRepeating(reply.status)) return { ...reply, attempts: attempt };
      const why = reply.status === NO_ANSWER ? "no answer" : String(reply.status);
      tally.refusals[why] = (tally.refusals[why] ?? 0) + 1;
      if (attempt === ATTEMPTS) return { ...reply, attempts: attempt };
      const seconds = Number(retryAfter) > 0 ? Number(retryAfter) : 0.25 * 2 ** attempt;
      await sleep(Math.min(seconds, LONGEST_WAIT_S) * 1000, undefined, { signal: target.signal });
    }
  };
}
const isWorthRepeating = (status: number): boolean => status === NO_ANSWER || status === 429 || status >= 500;

async function once({ url, key, sign, signal }: Target, method: string, path: string, body: unknown) {
  const own = defined({ "content-type": "application/json", "x-api-key": key });
  const sent = { method, url: `${url}${path}`, headers: own, ...defined({ body: body === undefined ? undefined : JSON.stringify(body) }) };
  const headers = await sign?.(sent);
  const timeout = AbortSignal.timeout(CALL_TIMEOUT_MS);
  try {
    const response = await fetch(sent.url, { ...sent, ...defined({ headers }), signal: AbortSignal.any([signal, timeout]) });
    const text = await response.text();
    return { reply: { status: response.status, body: parseReply(text) }, retryAfter: response.headers.get("retry-after") };
  } catch (cause) {
    signal.throwIfAborted();
    if (timeout.aborted || isBrokenOff(cause)) return { reply: { status: NO_ANSWER, body: {} }, retryAfter: null };
    throw new FleetlogixError("ENDPOINT_UNREACHABLE", `${method} ${path} got no answer.`, {
      hint: "Check with `fleetlogix status` whether the API exists, then run it again.",
      cause,
    });
  }
}
/** True when the connection was open and ended before the answer. */
const isBrokenOff = (error: unknown): boolean =>
  ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes((error as { cause?: { code?: string } }).cause?.code ?? "");
function parseReply(text: string): Reply["body"] {
  try {
    return JSON.parse(text) as Reply["body"];
  } catch {
    return { message: text.slice(0, 200) };
  }
}

/** Sends the whole plan: first the roads, then the messages step by step, in order for each vehicle. */
export async function drive(plan: Plan, call: Call, tally: Tally, signal: AbortSignal): Promise<void> {
  tally.planned = plan.trips.reduce((sum, trip) => sum + sizeOf(trip), 0);
  for (const road of plan.roads) await store(road, call);
  const queues = plan.trips.map((trip) => ({ trip, left: [...trip.messages], answers: expectedFixes(trip).answers }));
  for (let step = 0; step < plan.steps; step++) {
    const began = Date.now();
    await Promise.all(queues.map((queue) => sendStep(queue, step, call, tally)));
    const rest = began + plan.stepMs - Date.now();
    if (rest > 0 && step < plan.steps - 1) await sleep(rest, undefined, { signal });
  }
}

const sizeOf = ({ messages }: Trip): number => messages.reduce((sum, { events, copies }) => sum + events.length * copies, 0);

async function store({ id, name, waypoints }: Road, call: Call): Promise<void> {
  const { status, body } = await call("PUT", `/route/${id}`, { name, waypoints, threshold_km: THRESHOLD_KM });
  if (status !== 200) throw refused(id, status, body);
}

interface Queue {
  readonly trip: Trip;
  readonly left: Message[];
  readonly answers: Expected["answers"];
}

async function sendStep({ trip, left, answers }: Queue, step: number, call: Call, tally: Tally): Promise<void> {
  for (const planning of trip.plannings) if (planning.step === step) await store(planning.route, call);
  while (left[0] !== undefined && left[0].step <= step) {
    const message = left.shift() as Message;
    // A phone that sends a message twice does not wait for the first answer.
    const copies = Array.from({ length: message.copies }, () => send(trip, message, call, tally));
    judge(trip, message, answers, await Promise.all(copies), tally);
  }
}

/** Returns the answers to the events of one call, in their order. */
async function send(trip: Trip, message: Message, call: Call, tally: Tally): Promise<readonly Answer[]> {
  const { path, events, isBatch } = message;
  tally.sent += events.length;
  const bodies = events.map(({ body }) => body);
  const { status, body, attempts } = await call("POST", path, isBatch ? { events: bodies } : bodies[0]);
  if (!isBatch) return [{ status, body, attempts }];
  tally.batches++;
  const results = Array.isArray(body.results) ? (body.results as readonly Record<string, unknown>[]) : [];
  if (status === 200 && results.length === events.length)
    return results.map((one) => ({ status: Number(one.status), body: one, attempts }));
  tally.errors.push(`${trip.vehicleId}: POST ${path} with ${events.length} events ${answerText({ status, body, attempts })}`);
  return [];
}

const refused = (id: string, status: number, body: unknown) =>
  new FleetlogixError("VERIFY_FAILED", `PUT /route/${id} answered ${status}: ${JSON.stringify(body)}`, {
    hint: "Bring the stack up to date with `fleetlogix up` and run it again.",
  });
