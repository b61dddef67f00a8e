import { createHash, randomUUID } from "node:crypto";
import type * as SQS from "@aws-sdk/client-sqs";
import { type Handler, LocalFault } from "../../core/service.ts";
import { hashOf, keptAttributes, shownAttributes } from "./attributes.ts";
import { DEFAULTS, type MessageDocument, messagesOf, type QueueDocument, queueAt, type Sqs } from "./queue.ts";

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

export function messageOperations(sqs: Sqs) {
  const { env, messages } = sqs;
  const send: Handler<SQS.SendMessageCommandInput, SQS.SendMessageCommandOutput> = (input, call) => {
    const queue = queueAt(sqs, input.QueueUrl, call);
    const settings = { ...DEFAULTS, ...queue.attributes };
    const body = input.MessageBody ?? "";
    if (Buffer.byteLength(body) > Number(settings.MaximumMessageSize))
      throw new LocalFault(
        "InvalidParameterValue",
        `One or more parameters are invalid. Reason: Message must be shorter than ${settings.MaximumMessageSize} bytes.`,
        400,
      );
    const attributes = keptAttributes(input.MessageAttributes);
    const now = env.clock.now();
    const message: MessageDocument = {
      id: randomUUID(),
      queue: queue.arn,
      body,
      attributes,
      sender: "arn" in call.principal ? call.principal.arn : call.principal.type,
      sentAt: now,
      visibleAt: now + Number(input.DelaySeconds ?? settings.DelaySeconds) * 1_000,
      receives: 0,
    };
    messages.put(message.id, message);
    sqs.waiting.wake(queue.arn);
    return { MessageId: message.id, MD5OfMessageBody: md5(body), ...hashOf(attributes) };
  };
  const receive: Handler<SQS.ReceiveMessageCommandInput, SQS.ReceiveMessageCommandOutput> = async (input, call) => {
    const settings = { ...DEFAULTS, ...queueAt(sqs, input.QueueUrl, call).attributes };
    const most = input.MaxNumberOfMessages ?? 1;
    if (most < 1 || most > 10)
      throw new LocalFault("InvalidParameterValue", "MaxNumberOfMessages must be between 1 and 10, if provided.", 400);
    const wait = Number(input.WaitTimeSeconds ?? settings.ReceiveMessageWaitTimeSeconds);
    if (wait < 0 || wait > 20) throw new LocalFault("InvalidParameterValue", "WaitTimeSeconds must be between 0 and 20, if provided.", 400);
    const hiddenMs = Number(input.VisibilityTimeout ?? settings.VisibilityTimeout) * 1_000;
    const end = env.clock.now() + wait * 1_000;
    for (;;) {
      const queue = queueAt(sqs, input.QueueUrl, call);
      const taken = call.signal.aborted ? [] : take(sqs, queue, most, hiddenMs);
      if (taken.length > 0) return { Messages: taken.map((message) => shown(message, input.MessageAttributeNames ?? [])) };
      const now = env.clock.now();
      if (now >= end || call.signal.aborted) return {};
      // One that is hidden now may show itself before the time is up.
      const next = Math.min(end, ...messagesOf(sqs, queue).map((message) => message.visibleAt));
      await sqs.waiting.pause(queue.arn, next - now, call.signal);
    }
  };
  const remove: Handler<SQS.DeleteMessageCommandInput, SQS.DeleteMessageCommandOutput> = (input, call) => {
    const queue = queueAt(sqs, input.QueueUrl, call);
    const found = messagesOf(sqs, queue).find((message) => message.receipt === input.ReceiptHandle);
    // A handle that is known no more is that of a message which is gone.
    if (found) messages.delete(found.id);
    return {};
  };
  return { SendMessage: send, ReceiveMessage: receive, DeleteMessage: remove };
}

/** Hides the oldest visible messages from the others for a while. */
function take(sqs: Sqs, queue: QueueDocument, most: number, hiddenMs: number): MessageDocument[] {
  const now = sqs.env.clock.now();
  const taken = messagesOf(sqs, queue)
    .filter((message) => message.visibleAt <= now)
    .slice(0, most)
    .map((message): MessageDocument => {
      const firstReceivedAt = message.firstReceivedAt ?? now;
      return { ...message, receipt: randomUUID(), receives: message.receives + 1, firstReceivedAt, visibleAt: now + hiddenMs };
    });
  for (const message of taken) sqs.messages.put(message.id, message);
  return taken;
}

const shown = (message: MessageDocument, wanted: readonly string[]): SQS.Message => ({
  MessageId: message.id,
  ReceiptHandle: message.receipt,
  Body: message.body,
  MD5OfBody: md5(message.body),
  Attributes: {
    SenderId: message.sender,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receives),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
  },
  ...shownAttributes(message.attributes, wanted),
});
