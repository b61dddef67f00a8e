import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { FleetlogixError } from "../errors.ts";
import { type Message, type Plan, THRESHOLD_KM, type Trip } from "./plan.ts";
import type { Tally } from "./report.ts";

export interface Target {
  readonly url: string;
  readonly key?: string | undefined;
  /** Calls a second at most. */
  readonly rate: number;
  readonly signal: AbortSignal;
}
export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}
/** One paced call, retried while the API asks for patience. Throws ENDPOINT_UNREACHABLE, or the signal's reason. */
export type Call = (method: "GET" | "PUT" | "POST", path: string, body?: unknown) => Promise<Reply>;

const ATTEMPTS = 5;
const CALL_TIMEOUT_MS = 30_000;
const LONGEST_WAIT_S = 10;

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
      if ((reply.status !== 429 && reply.status !== 503) || attempt === ATTEMPTS) return reply;
      tally.retries++;
      const seconds = Number(retryAfter) > 0 ? Number(retryAfter) : 0.25 * 2 ** attempt;
      await sleep(Math.min(seconds, LONGEST_WAIT_S) * 1000, undefined, { signal: target.signal });
    }
  };
}

async function once({ url, key, signal }: Target, method: string, path: string, body: unknown) {
  const headers = { "content-type": "application/json", ...(key !== undefined && { "x-api-key": key }) };
  const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
  try {
    const response = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]) });
    const text = await response.text();
    return { reply: { status: response.status, body: parsed(text) }, retryAfter: response.headers.get("retry-after") };
  } catch (cause) {
    signal.throwIfAborted();
    throw new FleetlogixError("ENDPOINT_UNREACHABLE", `${method} ${path} got no answer.`, {
      hint: "See with `fleetlogix status` whether the API is there, then run it again.",
      cause,
    });
  }
}
function parsed(text: string): Reply["body"] {
  try {
    return JSON.parse(text) as Reply["body"];
  } catch {
    return { message: text.slice(0, 200) };
  }
}

/** Sends the whole plan: the roads first, then step by step, every vehicle's messages in their order. */
export async function drive(plan: Plan, call: Call, tally: Tally, signal: AbortSignal): Promise<void> {
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
    tally.errors.push(`${trip.vehicleId}: POST ${message.path} answered ${status} ${JSON.stringify(body)}`);
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
