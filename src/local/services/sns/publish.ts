import { randomUUID } from "node:crypto";
import type {
  PublishBatchCommandInput,
  PublishBatchCommandOutput,
  PublishBatchRequestEntry,
  PublishCommandInput,
  PublishCommandOutput,
} from "@aws-sdk/client-sns";
import { type Handler, type LocalEnv, LocalFault, type Operations } from "../../core/service.ts";
import { matchesFilter } from "./filter.ts";
import type { Mailbox } from "./mailbox.ts";
import { bodyFor, checkMessage, type Message, messageBytes, storedAttributes } from "./message.ts";
import type { Queue } from "./queue.ts";
import { invalid, type SnsState, type Topic } from "./state.ts";

type MessageInput = Pick<PublishCommandInput, "Message" | "Subject" | "MessageStructure" | "MessageAttributes"> | PublishBatchRequestEntry;

export function publishOperations(env: LocalEnv, state: SnsState, queue: Queue, mailbox: Mailbox): Operations {
  const messageOf = (input: MessageInput): Message => ({
    id: randomUUID(),
    at: new Date(env.clock.now()).toISOString(),
    subject: input.Subject,
    body: input.Message as string,
    perProtocol: input.MessageStructure === "json",
    attributes: storedAttributes(input.MessageAttributes),
  });
  const enqueue = (topic: Topic, message: Message): void => {
    for (const subscription of state.subscriptions(topic.arn)) {
      const { FilterPolicy, FilterPolicyScope } = subscription.attributes;
      const filterableMessage = { body: bodyFor(subscription.protocol, message), attributes: message.attributes };
      if (subscription.confirmed && matchesFilter(FilterPolicy, FilterPolicyScope, filterableMessage))
        queue.add({ subscriptionArn: subscription.arn, message });
    }
  };
  const publish: Handler<PublishCommandInput, PublishCommandOutput> = (input) => {
    if (input.PhoneNumber !== undefined && !input.TopicArn && !input.TargetArn) {
      if (!/^\+[1-9]\d{6,14}$/.test(input.PhoneNumber))
        throw invalid(`PhoneNumber Reason: ${input.PhoneNumber} is not valid to publish to`);
      checkMessage(input);
      const message = messageOf(input);
      mailbox.add({ protocol: "sms", to: input.PhoneNumber, body: bodyFor("sms", message) });
      return { MessageId: message.id };
    }
    const arn = input.TopicArn ?? input.TargetArn;
    if (arn === undefined) throw invalid("TopicArn or TargetArn Reason: no value for required parameter");
    if (/^arn:[^:]+:sns:[^:]+:\d{12}:endpoint\//.test(arn))
      throw invalid("TargetArn Reason: No endpoint found for the target arn specified");
    checkMessage(input);
    const topic = state.requireTopic(arn);
    const message = messageOf(input);
    enqueue(topic, message);
    return { MessageId: message.id };
  };
  const batch: Handler<PublishBatchCommandInput, PublishBatchCommandOutput> = (input) => {
    const topic = state.requireTopic(input.TopicArn);
    const entries = input.PublishBatchRequestEntries ?? [];
    checkBatch(entries);
    const Successful: { Id: string; MessageId: string }[] = [];
    const Failed: { Id: string; Code: string; Message: string; SenderFault: boolean }[] = [];
    for (const entry of entries) {
      const Id = entry.Id as string;
      try {
        checkMessage(entry);
        const message = messageOf(entry);
        enqueue(topic, message);
        Successful.push({ Id, MessageId: message.id });
      } catch (error) {
        if (!(error instanceof LocalFault)) throw error;
        Failed.push({ Id, Code: "InvalidParameter", Message: error.message, SenderFault: true });
      }
    }
    return { Successful, Failed };
  };
  return { Publish: publish, PublishBatch: batch };
}

function checkBatch(entries: readonly PublishBatchRequestEntry[]): void {
  if (entries.length === 0) throw new LocalFault("EmptyBatchRequestException", "The batch request doesn't contain any entries.");
  if (entries.length > 10)
    throw new LocalFault("TooManyEntriesInBatchRequestException", "The batch request contains more entries than permissible.");
  const ids = entries.map(({ Id }) => Id ?? "");
  for (const id of ids) {
    const fault = (words: string) =>
      new LocalFault("InvalidBatchEntryIdException", `The Id of a batch entry in the batch request ${words}: ${id}`);
    if (id.length > 80) throw fault("is too long");
    if (!/^[A-Za-z0-9_-]+$/.test(id)) throw fault("contains an impermissible character");
  }
  if (new Set(ids).size < ids.length)
    throw new LocalFault("BatchEntryIdsNotDistinctException", "Two or more batch entries in the request have the same Id.");
  if (entries.reduce((sum, entry) => sum + messageBytes(entry), 0) > 256 * 1024)
    throw new LocalFault("BatchRequestTooLongException", "The length of all the messages put together is more than the limit.");
}
