import { type LocalEnv, LocalFault } from "../../core/service.ts";
import type { Message } from "./message.ts";
import type { Outcome } from "./queue.ts";
import type { Topic } from "./topic.ts";

export const isQueueArn = (arn: unknown): arn is string => typeof arn === "string" && /^arn:[^:]+:sqs:[^:]+:\d{12}:[\w-]{1,80}$/.test(arn);

/** Puts a text into a queue on the topic's behalf; the queue's policy decides. `attributes` go beside a raw message only. */
export async function sendToQueue(
  env: LocalEnv,
  topic: Topic,
  queueArn: string,
  MessageBody: string,
  attributes: Message["attributes"] = {},
): Promise<Outcome> {
  const [, , , region = topic.region, , QueueName = ""] = queueArn.split(":");
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, { Type, Value }]) => [
      name,
      { DataType: Type, ...(Type.startsWith("Binary") ? { BinaryValue: Buffer.from(Value, "base64") } : { StringValue: Value }) },
    ]),
  );
  const principal = { type: "service", service: "sns.amazonaws.com", sourceArn: topic.arn } as const;
  try {
    const { QueueUrl } = await env.dispatch("sqs", "GetQueueUrl", { QueueName }, { region });
    await env.dispatch("sqs", "SendMessage", { QueueUrl, MessageBody, MessageAttributes }, { principal, region });
    return "delivered";
  } catch (error) {
    if (!(error instanceof LocalFault)) throw error;
    env.log(`sns: ${queueArn} refused: ${error.code}: ${error.message}`);
    return (error.status ?? 400) >= 500 ? "retryable" : "hopeless";
  }
}
