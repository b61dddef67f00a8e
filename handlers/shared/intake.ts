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
 * All three POST routes process an event in the same steps, alone or in a batch: validation → identity → raw copy → state. The events of
 * one delivery or vehicle are decided together, ordered by time, and written with one write.
 */

/** An event that has passed validation. */
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

export type EventResult = { readonly answer: object } | { readonly error: ApiError };

export interface EventRoute<U> {
  readonly area: RawArea;
  /** `POST /delivery` and the like. */
  readonly route: string;
  readonly schema: z.core.$ZodType<U>;
  readonly subjectOf: (update: U) => string;
  readonly claimsOf: (update: U) => Pick<EventClaims, "eventId" | "time" | "content">;
  /** Processes the events of one delivery or vehicle, ordered by time. Returns one result for each, in the same order. */
  readonly handleEvents: (call: Call, subject: string, events: readonly Received<U>[]) => Promise<readonly EventResult[]>;
}

export interface RawStore {
  readonly bucket: Bucket;
  readonly pending: PendingEvents;
}

const LARGEST_BATCH = 500;
const batchBody = z.strictObject({ events: z.array(z.unknown()).check(z.minLength(1), z.maxLength(LARGEST_BATCH)) });
/** Deliveries or vehicles of one batch that are processed at the same time. */
const SUBJECTS_AT_ONCE = 8;
/** The most events of one delivery or vehicle in one write. Events that are written are safe when the function's time runs out. */
const EVENTS_A_WRITE = 100;

/** The answer of the call: that of the single event, or `{accepted, failed, results}` of a batch. Throws the error of a single event. */
export async function receive<U>(eventRoute: EventRoute<U>, call: Call): Promise<unknown> {
  const payload = parseBody(call.event);
  if (isBatch(payload)) return receiveBatch(eventRoute, call, check(batchBody, payload).events);
  const received = accept(eventRoute, call, payload);
  const [result] = await eventRoute.handleEvents(call, eventRoute.subjectOf(received.update), [received]);
  if (result === undefined) throw unavailable();
  if ("error" in result) throw result.error;
  return result.answer;
}

const isBatch = (payload: unknown): boolean => typeof payload === "object" && payload !== null && Object.hasOwn(payload, "events");

function accept<U>(eventRoute: EventRoute<U>, call: Call, payload: unknown): Received<U> {
  const update = check(eventRoute.schema, payload) as U;
  const claims = eventRoute.claimsOf(update);
  const event = identify({ ...claims, operation: eventRoute.route, invocation: call.invocation }, call.receivedAt);
  if (claims.time !== undefined && event.timeSource === "server") call.count("ClockAdjusted");
  return { update, payload, content: claims.content, event };
}

async function receiveBatch<U>(eventRoute: EventRoute<U>, call: Call, payloads: readonly unknown[]) {
  const results = new Map<number, EventResult>();
  const groups = new Map<string, { index: number; received: Received<U> }[]>();
  for (const [index, payload] of payloads.entries()) {
    try {
      const received = accept(eventRoute, call, payload);
      const subject = eventRoute.subjectOf(received.update);
      groups.set(subject, [...(groups.get(subject) ?? []), { index, received }]);
    } catch (error) {
      results.set(index, { error: toApiError(error) });
    }
  }
  await inParallel([...groups], SUBJECTS_AT_ONCE, async ([subject, members]) => {
    // The sort is stable: events of equal time stay in the order sent.
    const inTime = members.sort((a, b) => a.received.event.ms - b.received.event.ms);
    for (let start = 0; start < inTime.length; start += EVENTS_A_WRITE) {
      const part = inTime.slice(start, start + EVENTS_A_WRITE);
      const settled = await handlePart(
        eventRoute,
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

/** Events that did not fit into the function's time get 503: the client can send them again. */
async function handlePart<U>(
  eventRoute: EventRoute<U>,
  call: Call,
  subject: string,
  part: readonly Received<U>[],
): Promise<readonly EventResult[]> {
  if (call.signal.aborted) return part.map(() => ({ error: unavailable() }));
  try {
    return await eventRoute.handleEvents(call, subject, part);
  } catch (error) {
    const apiError = toApiError(error);
    call.log(apiError.status === 500 ? "ERROR" : "WARN", "part of a batch failed", {
      code: apiError.code,
      error_name: asFault(apiError.cause).name,
    });
    return part.map(() => ({ error: apiError }));
  }
}

function toBatchResult(result: EventResult, call: Call): { readonly status: number } {
  if ("answer" in result) {
    // In a batch `status` is the HTTP status. The status of the delivery is called `delivery_status` there.
    const { status: own, ...answer } = result.answer as { readonly status?: string };
    return { status: 200, ...answer, ...(own !== undefined && { delivery_status: own }) };
  }
  call.count(result.error.status < 500 ? "Rejected" : "Failed");
  return { status: result.error.status, ...errorBody(result.error, call.requestId) };
}

/** Events of one delivery or vehicle with their copies. `failed`: the events that could not be stored, by their index in `events`. */
export interface Copies<U> {
  readonly copied: readonly (Copied<U> & { readonly index: number })[];
  readonly failed: ReadonlyMap<number, ApiError>;
}

/** The stored state of the delivery or vehicle, read before its events are stored. */
export interface KnownSubject {
  readonly memory: Memory;
  /** The item was last written by the previous version: the copies of its events may have the old keys. */
  readonly old: boolean;
}

/**
 * Stores a copy of every event that is not remembered. A remembered event has its copy, because the state is written after it. `known`
 * undefined: the table could not be read. The copies are stored anyway, and the call fails later, where the state is needed.
 */
export async function storeCopies<U>(
  store: RawStore,
  eventRoute: Pick<EventRoute<U>, "area" | "route">,
  call: Call,
  subject: string,
  events: readonly Received<U>[],
  known: KnownSubject | undefined,
): Promise<Copies<U>> {
  const failed = new Map<number, ApiError>();
  const copied = new Map<number, Copied<U> & { readonly index: number }>();
  const times = new Map<string, number>();
  await inParallel([...events.entries()], CONNECTIONS, async ([index, received]) => {
    try {
      const pending = store.pending.find(eventRoute.area, subject, received.event) ?? times.get(received.event.id);
      const { event, rememberedEvent } = recall(received.event, known?.memory ?? [], received.content, eventRoute.route);
      if (rememberedEvent !== undefined) {
        if (rememberedEvent.mark !== markOf(event.fingerprint)) throw eventIdReused();
        const key = rememberedEvent.old ? oldRawKey(eventRoute.area, event) : rawKey(eventRoute.area, subject, event);
        copied.set(index, { ...received, event, index, rawKey: key, seenBefore: true });
        return;
      }
      const timed = pending === undefined ? event : withTime(event, pending);
      times.set(timed.id, timed.ms);
      store.pending.add(eventRoute.area, subject, timed);
      const copy = copyOf(eventRoute, call, subject, { ...received, event: timed });
      const stored =
        (known?.old ? await findOldCopy(store.bucket, copy, call.signal) : undefined) ??
        (await storeRawCopy(store.bucket, copy, call.signal));
      copied.set(index, { ...received, event: timed, index, rawKey: stored.key, seenBefore: stored.seenBefore });
    } catch (error) {
      failed.set(index, toApiError(error));
    }
  });
  return { copied: [...copied.values()].sort((a, b) => a.index - b.index), failed };
}

const copyOf = <U>(
  eventRoute: Pick<EventRoute<U>, "area" | "route">,
  call: Call,
  subject: string,
  { event, payload }: Received<U>,
): RawCopy => ({
  area: eventRoute.area,
  subject,
  event,
  route: eventRoute.route,
  receivedAt: call.receivedAt,
  requestId: call.requestId,
  payload,
});

/** Runs `work` on all items, at most `width` at the same time. Rejects at the first failure. */
async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const lane = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, lane));
}

/** One result for each event, in the order of `events`. */
export const inOrderOf = <U>(
  events: readonly Received<U>[],
  failed: ReadonlyMap<number, ApiError>,
  results: ReadonlyMap<number, EventResult>,
): readonly EventResult[] => events.map((_, index) => results.get(index) ?? { error: failed.get(index) ?? unavailable() });
