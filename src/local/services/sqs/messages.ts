import { createHash, randomUUID } from "node:crypto";
import type * as SQS from "@aws-sdk/client-sqs";
import { type Handler, LocalFault } from "../../core/service.ts";
import { hashOf, keptAttributes, shownAttributes } from "./attributes.ts";
import { DEFAULTS, type MessageDocument, messagesOf, queueAt, type Sqs } from "./queue.ts";

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
    return { MessageId: message.id, MD5OfMessageBody: md5(body), ...hashOf(attributes) };
  };
  const receive: Handler<SQS.ReceiveMessageCommandInput, SQS.ReceiveMessageCommandOutput> = (input, call) => {
    const queue = queueAt(sqs, input.QueueUrl, call);
    const most = input.MaxNumberOfMessages ?? 1;
    if (most < 1 || most > 10)
      throw new LocalFault("InvalidParameterValue", "MaxNumberOfMessages must be between 1 and 10, if provided.", 400);
    const now = env.clock.now();
    const hidden = Number(input.VisibilityTimeout ?? queue.attributes.VisibilityTimeout ?? DEFAULTS.VisibilityTimeout) * 1_000;
    const taken = messagesOf(sqs, queue)
      .filter((message) => message.visibleAt <= now)
      .slice(0, most)
      .map((message): MessageDocument => {
        const firstReceivedAt = message.firstReceivedAt ?? now;
        return { ...message, receipt: randomUUID(), receives: message.receives + 1, firstReceivedAt, visibleAt: now + hidden };
      });
    for (const message of taken) messages.put(message.id, message);
    return taken.length === 0 ? {} : { Messages: taken.map((message) => shown(message, input.MessageAttributeNames ?? [])) };
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
