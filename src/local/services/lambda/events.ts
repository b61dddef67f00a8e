import { LocalFault, type Principal } from "../../core/service.ts";
import { roleSession } from "./environment.ts";
import type { Executor, InvocationResult } from "./execute.ts";
import { servingRevision } from "./serving.ts";
import { arnOf, type EventConfig, keyOf, type Lambda, type QueuedEvent, type Revision, requireFunction } from "./state.ts";
import { unservedTarget } from "./validation.ts";

/** AWS's delays before the second and third attempt. */
const RETRY_MS = [60_000, 120_000];
const MAX_AGE_SECONDS = 21_600;
const MAX_REFUSAL_WAIT_MS = 300_000;

export interface Events {
  /** Stores an asynchronous call and schedules it. It is stored before this returns. */
  accept(event: Omit<QueuedEvent, "acceptedAt" | "dueAt" | "attempts" | "refusals">): void;
  /** Schedules the events that an earlier process accepted. */
  resume(): void;
  /** Stops rescheduling. Events that fail from now on stay stored for the next process. */
  stop(): void;
}

export function createEvents(lambda: Lambda, executor: Executor): Events {
  const { clock } = lambda.env;
  let stopped = false;
  const schedule = (event: QueuedEvent): void => {
    lambda.events.put(event.requestId, event);
    const wait = event.dueAt - clock.now();
    if (wait <= 0) void attempt(event);
    else clock.after(wait, () => void attempt(event));
  };
  const attempt = async (event: QueuedEvent): Promise<void> => {
    try {
      const retry = await attemptOnce(lambda, executor, event);
      if (retry && !stopped) schedule(retry);
    } catch (error) {
      lambda.events.delete(event.requestId);
      lambda.env.log(`asynchronous call ${event.requestId} of ${event.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return {
    accept: (event) => schedule({ ...event, acceptedAt: clock.now(), dueAt: clock.now(), attempts: 0, refusals: 0 }),
    resume: () => {
      for (const event of lambda.events.values()) schedule(event);
    },
    stop: () => {
      stopped = true;
    },
  };
}

/** Runs an event once. Returns the event to retry; otherwise deletes it and notifies its destinations. */
async function attemptOnce(lambda: Lambda, executor: Executor, event: QueuedEvent): Promise<QueuedEvent | undefined> {
  const { region, name, qualifier, requestId } = event;
  const { fn, revision } = servingRevision(lambda, { region, name, qualifier }, requestId);
  const config: EventConfig = lambda.eventConfigs.get(keyOf(event, qualifier ?? "$LATEST")) ?? { modified: 0 };
  const request = { fn, revision, requestId, qualifier, payload: Buffer.from(event.payload, "base64"), tail: false };
  const attempt = await executor.execute(request).catch((error) => refusalOf(error));
  const next = nextOf(event, attempt, config, lambda.env.clock.now());
  if (next) return next;
  lambda.events.delete(requestId);
  await notify(lambda, event, revision, config, attempt, event.attempts + ("answer" in attempt ? 1 : 0));
  return undefined;
}

type DeliveryAttempt = InvocationResult | { readonly refused: LocalFault };
function refusalOf(error: unknown): DeliveryAttempt {
  if (error instanceof LocalFault) return { refused: error };
  throw error;
}

/** The event to retry, with its due time; undefined when it succeeded, expired or used all its attempts. */
function nextOf(event: QueuedEvent, attempt: DeliveryAttempt, config: EventConfig, now: number): QueuedEvent | undefined {
  const expired = now - event.acceptedAt >= (config.maxAgeSeconds ?? MAX_AGE_SECONDS) * 1000;
  if ("refused" in attempt) {
    const wait = Math.min(1000 * 2 ** event.refusals, MAX_REFUSAL_WAIT_MS);
    return expired ? undefined : { ...event, refusals: event.refusals + 1, dueAt: now + wait };
  }
  if (attempt.answer.ok || expired || event.attempts >= (config.retries ?? RETRY_MS.length)) return undefined;
  return { ...event, attempts: event.attempts + 1, dueAt: now + (RETRY_MS[event.attempts] ?? 0) };
}

/** Sends the result of an event to its destination and, on failure, to the dead-letter topic. */
async function notify(
  lambda: Lambda,
  event: QueuedEvent,
  revision: Revision,
  config: EventConfig,
  attempt: DeliveryAttempt,
  tries: number,
): Promise<void> {
  const answer = "answer" in attempt ? attempt.answer : undefined;
  const destination = answer?.ok ? config.onSuccess : config.onFailure;
  const { principal } = roleSession(lambda.env, revision.config.role, event.name);
  const input = Buffer.from(event.payload, "base64").toString("utf8");
  if (destination) {
    const record = {
      version: "1.0",
      timestamp: new Date(lambda.env.clock.now()).toISOString(),
      requestContext: {
        requestId: event.requestId,
        functionArn: arnOf(lambda, requireFunction(lambda, { ...event, qualifier: undefined }), event.qualifier ?? "$LATEST"),
        condition: answer?.ok ? "Success" : answer ? "RetriesExhausted" : "EventAgeExceeded",
        approximateInvokeCount: tries,
      },
      requestPayload: JSON.parse(input),
      ...(answer
        ? { responseContext: contextOf(answer, revision.version), responsePayload: JSON.parse(answer.body.toString("utf8") || "null") }
        : {}),
    };
    await send(lambda, destination, JSON.stringify(record), principal);
  }
  if (!answer?.ok && revision.config.deadLetterArn) {
    const attributes = deadLetterAttributes(event.requestId, attempt);
    await send(lambda, revision.config.deadLetterArn, input, principal, attributes);
  }
}
/** Attributes of a dead letter: Lambda's status, and the first kilobyte of the error message. */
function deadLetterAttributes(requestId: string, attempt: DeliveryAttempt): Attributes {
  const [code, reason] =
    "refused" in attempt
      ? [attempt.refused.status ?? 400, attempt.refused.message]
      : [200, (JSON.parse(attempt.answer.body.toString("utf8") || "{}") as { errorMessage?: string }).errorMessage];
  return {
    RequestID: { DataType: "String", StringValue: requestId },
    ErrorCode: { DataType: "Number", StringValue: String(code) },
    ErrorMessage: { DataType: "String", StringValue: (reason || "unknown").slice(0, 1024) },
  };
}
type Attributes = Readonly<Record<string, { readonly DataType: string; readonly StringValue: string }>>;
const contextOf = (answer: InvocationResult["answer"], executedVersion: string): object => ({
  statusCode: 200,
  executedVersion,
  ...(answer.ok ? {} : { functionError: "Unhandled" }),
});

async function send(lambda: Lambda, arn: string, text: string, principal: Principal, MessageAttributes: Attributes = {}): Promise<void> {
  const [, , service = "", region = ""] = arn.split(":");
  const from = { principal, region };
  if (service === "sns") await lambda.env.dispatch("sns", "Publish", { TopicArn: arn, Message: text, MessageAttributes }, from);
  else if (service === "lambda")
    await lambda.env.dispatch("lambda", "Invoke", { FunctionName: arn, InvocationType: "Event", Payload: Buffer.from(text) }, from);
  else throw unservedTarget(arn);
}
