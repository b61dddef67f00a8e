import * as z from "zod/mini";
import type { Bucket } from "./aws/s3.ts";
import { CONNECTIONS } from "./aws/transport.ts";
import { type ApiError, asFault, errorBody, eventIdReused, toApiError, unavailable } from "./errors.ts";
import { check, parseBody } from "./gateway.ts";
import { type EventClaims, type EventIdentity, identify, recall, withTime } from "./identity.ts";
import { type Memory, markOf } from "./memory.ts";
import type { PendingEvents } from "./pending.ts";
import { findOldCopy, oldRawKey, type RawArea, type RawCopy, rawKey, storeRawCopy } from "./raw-copy.ts";
import type { Call } from "./serve.ts";

/**
 * The way of an event, alone or in a batch, the same for the three POST routes: check → identity → raw copy → state. Events of one
 * delivery or vehicle are decided together, in order of their times, and written with one write.
 */

/** An event that has passed the contract. */
export interface Received<U> {
  readonly update: U;
  readonly payload: unknown;
  readonly content: unknown;
  readonly event: EventIdentity;
}

/** An event whose raw copy is durable. `seenBefore`: an earlier call left the copy. */
export interface Copied<U> extends Received<U> {
  readonly rawKey: string;
  readonly seenBefore: boolean;
}

export type Result = { readonly answer: object } | { readonly error: ApiError };

export interface Door<U> {
  readonly area: RawArea;
  /** `POST /delivery` and the like. */
  readonly route: string;
  readonly schema: z.core.$ZodType<U>;
  readonly subjectOf: (update: U) => string;
  readonly claimsOf: (update: U) => Pick<EventClaims, "eventId" | "time" | "content">;
  /** Decides about events of one delivery or vehicle, which come in order of their times; one result for each, in this order. */
  readonly settle: (call: Call, subject: string, events: readonly Received<U>[]) => Promise<readonly Result[]>;
}

export interface RawStore {
  readonly bucket: Bucket;
  readonly pending: PendingEvents;
}

const LARGEST_BATCH = 500;
const batchBody = z.strictObject({ events: z.array(z.unknown()).check(z.minLength(1), z.maxLength(LARGEST_BATCH)) });
/** Subjects of one batch that are worked on at once. */
const SUBJECTS_AT_ONCE = 8;
/** One write decides about so many events of one subject; what is written is safe when the function's time runs out. */
const EVENTS_A_WRITE = 100;

/** Answers the call: the event's own answer or error, or `{accepted, failed, results}` of a batch. */
export async function receive<U>(door: Door<U>, call: Call): Promise<unknown> {
  const payload = parseBody(call.event);
  if (isBatch(payload)) return receiveBatch(door, call, check(batchBody, payload).events);
  const received = accept(door, call, payload);
  const [result] = await door.settle(call, door.subjectOf(received.update), [received]);
  if (result === undefined) throw unavailable();
  if ("error" in result) throw result.error;
  return result.answer;
}

const isBatch = (payload: unknown): boolean => typeof payload === "object" && payload !== null && Object.hasOwn(payload, "events");

function accept<U>(door: Door<U>, call: Call, payload: unknown): Received<U> {
  const update = check(door.schema, payload) as U;
  const claims = door.claimsOf(update);
  const event = identify({ ...claims, operation: door.route, invocation: call.invocation }, call.receivedAt);
  if (claims.time !== undefined && event.timeSource === "server") call.count("ClockAdjusted");
  return { update, payload, content: claims.content, event };
}

async function receiveBatch<U>(door: Door<U>, call: Call, payloads: readonly unknown[]) {
  const results = new Map<number, Result>();
  const groups = new Map<string, { index: number; received: Received<U> }[]>();
  for (const [index, payload] of payloads.entries()) {
    try {
      const received = accept(door, call, payload);
      const subject = door.subjectOf(received.update);
      groups.set(subject, [...(groups.get(subject) ?? []), { index, received }]);
    } catch (error) {
      results.set(index, { error: toApiError(error) });
    }
  }
  await inParallel([...groups], SUBJECTS_AT_ONCE, async ([subject, members]) => {
    // A sort is stable: at equal times the order sent stays.
    const inTime = members.sort((a, b) => a.received.event.ms - b.received.event.ms);
    for (let start = 0; start < inTime.length; start += EVENTS_A_WRITE) {
      const part = inTime.slice(start, start + EVENTS_A_WRITE);
      const settled = await settlePart(
        door,
        call,
        subject,
        part.map((one) => one.received),
      );
      for (const [position, { index }] of part.entries()) results.set(index, settled[position] ?? { error: unavailable() });
    }
  });
  const inOrder = payloads.map((_, index) => toBatchResult(results.get(index) ?? { error: unavailable() }, call));
  const accepted = inOrder.filter((one) => one.status === 200).length;
  return { accepted, failed: inOrder.length - accepted, results: inOrder };
}

/** What did not fit into the function's time is 503 and can be sent again. */
async function settlePart<U>(door: Door<U>, call: Call, subject: string, part: readonly Received<U>[]): Promise<readonly Result[]> {
  if (call.signal.aborted) return part.map(() => ({ error: unavailable() }));
  try {
    return await door.settle(call, subject, part);
  } catch (error) {
    const told = toApiError(error);
    call.log(told.status === 500 ? "ERROR" : "WARN", "part of a batch failed", { code: told.code, error_name: asFault(told.cause).name });
    return part.map(() => ({ error: told }));
  }
}

function toBatchResult(result: Result, call: Call): { readonly status: number } {
  if ("answer" in result) {
    // A result's `status` is the HTTP status, so that of a delivery has another name here.
    const { status: own, ...answer } = result.answer as { readonly status?: string };
    return { status: 200, ...answer, ...(own !== undefined && { delivery_status: own }) };
  }
  call.count(result.error.status < 500 ? "Rejected" : "Failed");
  return { status: result.error.status, ...errorBody(result.error, call.requestId) };
}

/** Events of one subject with their copies; `failed`: those that could not be stored, by their place in `events`. */
export interface Copies<U> {
  readonly copied: readonly (Copied<U> & { readonly place: number })[];
  readonly failed: ReadonlyMap<number, ApiError>;
}

/** What is known of the subject before its events are stored. */
export interface Known {
  readonly memory: Memory;
  /** The item was last written by the version before: its events' copies may stand under the old keys. */
  readonly old: boolean;
}

/**
 * Stores a copy of every event that is not remembered; a remembered one has its copy, as the state is written after it. `known`
 * undefined: the table did not answer. Then the copies are stored all the same, and the call fails where the state is needed.
 */
export async function storeCopies<U>(
  store: RawStore,
  door: Pick<Door<U>, "area" | "route">,
  call: Call,
  subject: string,
  events: readonly Received<U>[],
  known: Known | undefined,
): Promise<Copies<U>> {
  const failed = new Map<number, ApiError>();
  const copied = new Map<number, Copied<U> & { readonly place: number }>();
  const times = new Map<string, number>();
  await inParallel([...events.entries()], CONNECTIONS, async ([place, received]) => {
    try {
      const pending = store.pending.find(door.area, subject, received.event) ?? times.get(received.event.id);
      const { event, seen } = recall(received.event, known?.memory ?? [], received.content, door.route);
      if (seen !== undefined) {
        if (seen.mark !== markOf(event.fingerprint)) throw eventIdReused();
        const key = seen.old ? oldRawKey(door.area, event) : rawKey(door.area, subject, event);
        copied.set(place, { ...received, event, place, rawKey: key, seenBefore: true });
        return;
      }
      const timed = pending === undefined ? event : withTime(event, pending);
      times.set(timed.id, timed.ms);
      store.pending.add(door.area, subject, timed);
      const copy = copyOf(door, call, subject, { ...received, event: timed });
      const stored =
        (known?.old ? await findOldCopy(store.bucket, copy, call.signal) : undefined) ??
        (await storeRawCopy(store.bucket, copy, call.signal));
      copied.set(place, { ...received, event: timed, place, rawKey: stored.key, seenBefore: stored.seenBefore });
    } catch (error) {
      failed.set(place, toApiError(error));
    }
  });
  return { copied: [...copied.values()].sort((a, b) => a.place - b.place), failed };
}

const copyOf = <U>(door: Pick<Door<U>, "area" | "route">, call: Call, subject: string, { event, payload }: Received<U>): RawCopy => ({
  area: door.area,
  subject,
  event,
  route: door.route,
  receivedAt: call.receivedAt,
  requestId: call.requestId,
  payload,
});

/** Runs `work` on all, at most `width` at once. The first failure ends the waiting. */
async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}

/** One result for each event, in their order. */
export const inOrderOf = <U>(
  events: readonly Received<U>[],
  failed: ReadonlyMap<number, ApiError>,
  results: ReadonlyMap<number, Result>,
): readonly Result[] => events.map((_, place) => results.get(place) ?? { error: failed.get(place) ?? unavailable() });
