import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { FleetlogixError } from "../errors.ts";
import { type Message, type Plan, THRESHOLD_KM, type Trip } from "./plan.ts";
import type { Tally } from "./report.ts";

export interface Target {
  readonly url: string;
  readonly key?: string | undefined;
  /** Headers that say who calls, the call's own among them; undefined: its own will do. */
  readonly sign?: ((call: SentCall) => Promise<Readonly<Record<string, string>>>) | undefined;
  /** Calls a second at most. */
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
}
/**
 * One paced call, sent again as a phone would, while the API asks for patience, fails, or does not answer in time: every call is
 * safe to repeat. The last reply stands; NO_ANSWER if there was none. Throws ENDPOINT_UNREACHABLE where nobody listens, or the
 * signal's reason.
 */
export type Call = (method: "GET" | "PUT" | "POST", path: string, body?: unknown) => Promise<Reply>;

const ATTEMPTS = 5;
/** API Gateway gives up after 29 s and says so; somewhat longer, so that its answer is heard. */
const CALL_TIMEOUT_MS = 35_000;
const LONGEST_WAIT_S = 10;
export const NO_ANSWER = 0;

/** Calls leave one after the other at the rate's distance, however many wait for their answers. */
export function caller(target: Target, tally: Tally): Call {
  // Every call under way listens to it, and there may be hundreds.
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
      if (!isWorthRepeating(reply.status)) return reply;
      const why = reply.status === NO_ANSWER ? "no answer" : String(reply.status);
      tally.refusals[why] = (tally.refusals[why] ?? 0) + 1;
      if (attempt === ATTEMPTS) return reply;
      const seconds = Number(retryAfter) > 0 ? Number(retryAfter) : 0.25 * 2 ** attempt;
      await sleep(Math.min(seconds, LONGEST_WAIT_S) * 1000, undefined, { signal: target.signal });
    }
  };
}
const isWorthRepeating = (status: number): boolean => status === NO_ANSWER || status === 429 || status >= 500;

async function once({ url, key, sign, signal }: Target, method: string, path: string, body: unknown) {
  const own = { "content-type": "application/json", ...(key !== undefined && { "x-api-key": key }) };
  const sent = { method, url: `${url}${path}`, headers: own, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const headers = await sign?.(sent);
  const timeout = AbortSignal.timeout(CALL_TIMEOUT_MS);
  try {
    const response = await fetch(sent.url, { ...sent, ...(headers && { headers }), signal: AbortSignal.any([signal, timeout]) });
    const text = await response.text();
    return { reply: { status: response.status, body: parsed(text) }, retryAfter: response.headers.get("retry-after") };
  } catch (cause) {
    signal.throwIfAborted();
    if (timeout.aborted || isBrokenOff(cause)) return { reply: { status: NO_ANSWER, body: {} }, retryAfter: null };
    throw new FleetlogixError("ENDPOINT_UNREACHABLE", `${method} ${path} got no answer.`, {
      hint: "See with `fleetlogix status` whether the API is there, then run it again.",
      cause,
    });
  }
}
/** The connection was there and ended before the answer. */
const isBrokenOff = (error: unknown): boolean =>
  ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes((error as { cause?: { code?: string } }).cause?.code ?? "");
function parsed(text: string): Reply["body"] {
  try {
    return JSON.parse(text) as Reply["body"];
  } catch {
    return { message: text.slice(0, 200) };
  }
}

/** Sends the whole plan: the roads first, then step by step, every vehicle's messages in their order. */
export async function drive(plan: Plan, call: Call, tally: Tally, signal: AbortSignal): Promise<void> {
  tally.planned = plan.trips.reduce((sum, trip) => sum + trip.messages.length, 0);
  for (const { id, name, waypoints } of plan.roads) {
    const { status, body } = await call("PUT", `/route/${id}`, { name, waypoints, threshold_km: THRESHOLD_KM });
    if (status !== 200) throw refused(id, status, body);
  }
  const queues = plan.trips.map((trip) => ({ trip, left: [...trip.messages] }));
  for (let step = 0; step < plan.steps; step++) {
    const began = Date.now();
    await Promise.all(queues.map(({ trip, left }) => sendStep(trip, left, step, call, tally)));
    const rest = began + plan.stepMs - Date.now();
    if (rest > 0 && step < plan.steps - 1) await sleep(rest, undefined, { signal });
  }
}

async function sendStep(trip: Trip, left: Message[], step: number, call: Call, tally: Tally): Promise<void> {
  while (left[0] !== undefined && left[0].step <= step) {
    const message = left.shift() as Message;
    const copies = [message];
    while (left[0] === message) copies.push(left.shift() as Message);
    // A phone that doubles a message does not wait for the first answer.
    await Promise.all(copies.map((copy) => send(trip, copy, call, tally)));
  }
}

async function send(trip: Trip, message: Message, call: Call, tally: Tally): Promise<void> {
  tally.sent++;
  const { status, body } = await call("POST", message.path, message.body);
  if (status !== 200) {
    const said = status === NO_ANSWER ? "got no answer" : `answered ${status} ${JSON.stringify(body)}`;
    tally.errors.push(`${trip.vehicleId}: POST ${message.path} ${said}`);
    return;
  }
  tally.accepted++;
  if (body.duplicate === true) tally.duplicates++;
  else if (body.applied === false) tally.late++;
  const alert = body.alert as { readonly state?: string; readonly notified?: boolean } | null | undefined;
  if (alert?.notified === true) tally.alerts++;
}

const refused = (id: string, status: number, body: unknown) =>
  new FleetlogixError("VERIFY_FAILED", `PUT /route/${id} answered ${status}: ${JSON.stringify(body)}`, {
    hint: "Bring the stack up to date with `fleetlogix up` and run it again.",
  });
