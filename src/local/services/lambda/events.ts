import { LocalFault, type Principal } from "../../core/service.ts";
import { roleSession } from "./environment.ts";
import type { Execution, Executor } from "./execute.ts";
import { arnOf, type EventConfig, functionAt, keyOf, type Lambda, type QueuedEvent, type Revision } from "./model.ts";
import { servingRevision } from "./serving.ts";
import { unservedTarget } from "./validation.ts";

/** AWS's waits before the second and third try. */
const RETRY_MS = [60_000, 120_000];
const MAX_AGE_SECONDS = 21_600;
const MAX_REFUSAL_WAIT_MS = 300_000;

export interface Events {
  /** Takes an asynchronous call over; it is stored before this returns. */
  accept(event: Omit<QueuedEvent, "acceptedAt" | "dueAt" | "attempts" | "refusals">): void;
  /** Goes on with what an earlier process has accepted. */
  resume(): void;
  /** What fails from now on fails because of the end, and stays for the next process. */
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
      const again = await attemptOnce(lambda, executor, event);
      if (again && !stopped) schedule(again);
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

/** Runs an event once; gives it back when it is to be tried again, else takes it off the list and tells who wants to know. */
async function attemptOnce(lambda: Lambda, executor: Executor, event: QueuedEvent): Promise<QueuedEvent | undefined> {
  const { region, name, qualifier, requestId } = event;
  const { fn, revision } = servingRevision(lambda, { region, name, qualifier }, requestId);
  const config: EventConfig = lambda.eventConfigs.get(keyOf(event, qualifier ?? "$LATEST")) ?? { modified: 0 };
  const request = { fn, revision, requestId, qualifier, payload: Buffer.from(event.payload, "base64"), tail: false };
  const outcome = await executor.execute(request).catch((error) => refusalOf(error));
  const next = nextOf(event, outcome, config, lambda.env.clock.now());
  if (next) return next;
  lambda.events.delete(requestId);
  await notify(lambda, event, revision, config, outcome, event.attempts + ("answer" in outcome ? 1 : 0));
  return undefined;
}

type Outcome = Execution | { readonly refused: LocalFault };
function refusalOf(error: unknown): Outcome {
  if (error instanceof LocalFault) return { refused: error };
  throw error;
}

/** The event again, for later; undefined when it is through, for better or worse. */
function nextOf(event: QueuedEvent, outcome: Outcome, config: EventConfig, now: number): QueuedEvent | undefined {
  const expired = now - event.acceptedAt >= (config.maxAgeSeconds ?? MAX_AGE_SECONDS) * 1000;
  if ("refused" in outcome) {
    const wait = Math.min(1000 * 2 ** event.refusals, MAX_REFUSAL_WAIT_MS);
    return expired ? undefined : { ...event, refusals: event.refusals + 1, dueAt: now + wait };
  }
  if (outcome.answer.ok || expired || event.attempts >= (config.retries ?? RETRY_MS.length)) return undefined;
  return { ...event, attempts: event.attempts + 1, dueAt: now + (RETRY_MS[event.attempts] ?? 0) };
}

/** Tells the destination, and the dead-letter topic, what became of an event. */
async function notify(
  lambda: Lambda,
  event: QueuedEvent,
  revision: Revision,
  config: EventConfig,
  outcome: Outcome,
  tries: number,
): Promise<void> {
  const answer = "answer" in outcome ? outcome.answer : undefined;
  const destination = answer?.ok ? config.onSuccess : config.onFailure;
  const { principal } = roleSession(lambda.env, revision.config.role, event.name);
  const input = Buffer.from(event.payload, "base64").toString("utf8");
  if (destination) {
    const record = {
      version: "1.0",
      timestamp: new Date(lambda.env.clock.now()).toISOString(),
      requestContext: {
        requestId: event.requestId,
        functionArn: arnOf(lambda, functionAt(lambda, { ...event, qualifier: undefined }), event.qualifier ?? "$LATEST"),
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
    const attributes = deadLetterAttributes(event.requestId, outcome);
    await send(lambda, revision.config.deadLetterArn, input, principal, attributes);
  }
}
/** Why an event became a dead letter: the status that Lambda answered, and the first kilobyte of what the function said. */
function deadLetterAttributes(requestId: string, outcome: Outcome): Attributes {
  const [code, reason] =
    "refused" in outcome
      ? [outcome.refused.status ?? 400, outcome.refused.message]
      : [200, (JSON.parse(outcome.answer.body.toString("utf8") || "{}") as { errorMessage?: string }).errorMessage];
  return {
    RequestID: { DataType: "String", StringValue: requestId },
    ErrorCode: { DataType: "Number", StringValue: String(code) },
    ErrorMessage: { DataType: "String", StringValue: (reason || "unknown").slice(0, 1024) },
  };
}
type Attributes = Readonly<Record<string, { readonly DataType: string; readonly StringValue: string }>>;
const contextOf = (answer: Execution["answer"], executedVersion: string): object => ({
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
