import { type Call, type LocalEnv, LocalFault } from "../../core/service.ts";
import type { Collection } from "../../core/store.ts";
import type { Tags } from "../../core/tags.ts";
import { type Waiting, waitingOn } from "./waiting.ts";

/** A queue as the journal keeps it. Times in ms. */
export interface QueueDocument {
  readonly name: string;
  readonly region: string;
  readonly arn: string;
  /** As they were set; defaults are added where they are shown. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Tags;
  readonly createdAt: number;
  readonly changedAt: number;
}
/** Of a message, by name; bytes in base64. */
export type Attributes = Readonly<Record<string, { readonly type: string; readonly value: string }>>;
export interface MessageDocument {
  readonly id: string;
  readonly queue: string;
  readonly body: string;
  readonly attributes: Attributes;
  readonly sender: string;
  readonly sentAt: number;
  /** Not shown before. */
  readonly visibleAt: number;
  readonly receives: number;
  readonly firstReceivedAt?: number | undefined;
  readonly receipt?: string | undefined;
}
export interface Sqs {
  readonly env: LocalEnv;
  readonly queues: Collection<QueueDocument>;
  readonly messages: Collection<MessageDocument>;
  readonly waiting: Waiting;
}
export const openSqs = (env: LocalEnv): Sqs => ({
  env,
  queues: env.store.collection("sqs.queues"),
  messages: env.store.collection("sqs.messages"),
  waiting: waitingOn(env.clock),
});

export const DEFAULTS: Readonly<Record<string, string>> = {
  VisibilityTimeout: "30",
  MaximumMessageSize: "1048576",
  MessageRetentionPeriod: "345600",
  DelaySeconds: "0",
  ReceiveMessageWaitTimeSeconds: "0",
};
const SECONDS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  VisibilityTimeout: [0, 43_200],
  MaximumMessageSize: [1_024, 1_048_576],
  MessageRetentionPeriod: [60, 1_209_600],
  DelaySeconds: [0, 900],
  ReceiveMessageWaitTimeSeconds: [0, 20],
  KmsDataKeyReusePeriodSeconds: [60, 86_400],
};
const TEXTS = ["Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "SqsManagedSseEnabled"];

export const keyOf = (region: string, name: string): string => `${region}/${name}`;
export const urlOf = ({ env }: Sqs, { name }: QueueDocument): string => `${env.endpoint()}/${env.account}/${name}`;

/** By URL: the host is the caller's affair, the path names account and queue. */
export function queueAt({ queues }: Sqs, url: string | undefined, { region }: Call): QueueDocument {
  const found = queues.get(keyOf(region, url?.split("/").pop() ?? ""));
  if (!found) throw gone();
  return found;
}
export const gone = (): LocalFault => new LocalFault("QueueDoesNotExist", "The specified queue does not exist.", 400);
export const invalidValue = (message: string): LocalFault => new LocalFault("InvalidAttributeValue", message, 400);

/** Checked, and without what an empty value takes away. */
export function checkedAttributes(given: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, value] of Object.entries(given)) {
    const range = SECONDS[name];
    if (name === "FifoQueue") throw new LocalFault("NotImplemented", "The local AWS has no FIFO queues (sqs:CreateQueue).", 501);
    if (!range && !TEXTS.includes(name)) throw new LocalFault("InvalidAttributeName", `Unknown Attribute ${name}.`, 400);
    if (range && (!/^\d+$/.test(value) || Number(value) < range[0] || Number(value) > range[1]))
      throw invalidValue(`Invalid value for the parameter ${name}.`);
    if (name === "Policy" && value !== "") checkPolicy(value);
  }
  return { ...given };
}
function checkPolicy(text: string): void {
  try {
    if ((JSON.parse(text) as { Statement?: unknown }).Statement === undefined) throw new Error("no statement");
  } catch {
    throw invalidValue("Invalid value for the parameter Policy.");
  }
}

/** A queue has one kind of encryption: a key of KMS, or SQS's own unless it is switched off. */
export function merged(before: Readonly<Record<string, string>>, given: Readonly<Record<string, string>>): Record<string, string> {
  const all = { ...before, ...given };
  if (given.KmsMasterKeyId) all.SqsManagedSseEnabled = "false";
  if (given.SqsManagedSseEnabled === "true") delete all.KmsMasterKeyId;
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
}

/** The messages that still live; older ones than the queue keeps are gone. */
export function messagesOf({ env, messages }: Sqs, queue: QueueDocument): MessageDocument[] {
  const { MessageRetentionPeriod } = { ...DEFAULTS, ...queue.attributes };
  const oldest = env.clock.now() - Number(MessageRetentionPeriod) * 1_000;
  const own = messages.values().filter((message) => message.queue === queue.arn);
  for (const message of own) if (message.sentAt < oldest) messages.delete(message.id);
  return own.filter((message) => message.sentAt >= oldest).sort((a, b) => a.sentAt - b.sentAt);
}
