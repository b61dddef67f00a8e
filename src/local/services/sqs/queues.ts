import type * as SQS from "@aws-sdk/client-sqs";
import { type Handler, LocalFault } from "../../core/service.ts";
import { type Tags, withoutTags, withTags } from "../../core/tags.ts";
import { checkedAttributes, DEFAULTS, gone, keyOf, merged, messagesOf, type QueueDocument, queueAt, type Sqs, urlOf } from "./queue.ts";

export function queueOperations(sqs: Sqs) {
  const { env, queues, messages } = sqs;
  const create: Handler<SQS.CreateQueueCommandInput, SQS.CreateQueueCommandOutput> = (input, { region, account }) => {
    const name = input.QueueName ?? "";
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(name))
      throw new LocalFault(
        "InvalidParameterValue",
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
        400,
      );
    const given = checkedAttributes(input.Attributes ?? {});
    const there = queues.get(keyOf(region, name));
    if (there) return { QueueUrl: urlOf(sqs, sameQueue(there, given)) };
    const now = env.clock.now();
    const queue: QueueDocument = {
      name,
      region,
      arn: `arn:aws:sqs:${region}:${account}:${name}`,
      attributes: merged({ SqsManagedSseEnabled: "true" }, given),
      tags: withTags({}, input.tags ?? {}, refusedTag),
      createdAt: now,
      changedAt: now,
    };
    queues.put(keyOf(region, name), queue);
    return { QueueUrl: urlOf(sqs, queue) };
  };
  const remove: Handler<SQS.DeleteQueueCommandInput, SQS.DeleteQueueCommandOutput> = (input, call) => {
    const queue = queueAt(sqs, input.QueueUrl, call);
    for (const message of messagesOf(sqs, queue)) messages.delete(message.id);
    queues.delete(keyOf(queue.region, queue.name));
    return {};
  };
  const purge: Handler<SQS.PurgeQueueCommandInput, SQS.PurgeQueueCommandOutput> = (input, call) => {
    for (const message of messagesOf(sqs, queueAt(sqs, input.QueueUrl, call))) messages.delete(message.id);
    return {};
  };
  return { CreateQueue: create, DeleteQueue: remove, PurgeQueue: purge, ...readings(sqs), ...settings(sqs), ...tagOperations(sqs) };
}

/** A creation of what is there succeeds when nothing in it differs. */
function sameQueue(queue: QueueDocument, given: Readonly<Record<string, string>>): QueueDocument {
  const all = { ...DEFAULTS, ...queue.attributes };
  const odd = Object.keys(given).find((name) => given[name] !== all[name]);
  if (odd !== undefined)
    throw new LocalFault("QueueNameExists", `A queue already exists with the same name and a different value for attribute ${odd}`, 400);
  return queue;
}

function readings(sqs: Sqs) {
  const { queues } = sqs;
  const url: Handler<SQS.GetQueueUrlCommandInput, SQS.GetQueueUrlCommandOutput> = (input, { region }) => {
    const queue = queues.get(keyOf(region, input.QueueName ?? ""));
    if (!queue) throw gone();
    return { QueueUrl: urlOf(sqs, queue) };
  };
  const list: Handler<SQS.ListQueuesCommandInput, SQS.ListQueuesCommandOutput> = (input, { region }) => {
    const all = queues
      .values()
      .filter((queue) => queue.region === region && queue.name.startsWith(input.QueueNamePrefix ?? ""))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const from = Number(input.NextToken ?? 0);
    const to = from + (input.MaxResults ?? 1_000);
    return { QueueUrls: all.slice(from, to).map((queue) => urlOf(sqs, queue)), ...(to < all.length && { NextToken: String(to) }) };
  };
  const attributes: Handler<SQS.GetQueueAttributesCommandInput, SQS.GetQueueAttributesCommandOutput> = (input, call) => {
    const all = attributesOf(sqs, queueAt(sqs, input.QueueUrl, call));
    const wanted: readonly string[] = input.AttributeNames ?? [];
    const shown = Object.entries(all).filter(([name]) => wanted.includes("All") || wanted.includes(name));
    return { Attributes: Object.fromEntries(shown) };
  };
  return { GetQueueUrl: url, ListQueues: list, GetQueueAttributes: attributes };
}
function attributesOf(sqs: Sqs, queue: QueueDocument): Record<string, string> {
  const now = sqs.env.clock.now();
  const messages = messagesOf(sqs, queue);
  const waiting = messages.filter((message) => message.visibleAt > now);
  const count = (n: number): string => String(n);
  return {
    ...DEFAULTS,
    ...queue.attributes,
    QueueArn: queue.arn,
    CreatedTimestamp: count(Math.floor(queue.createdAt / 1000)),
    LastModifiedTimestamp: count(Math.floor(queue.changedAt / 1000)),
    ApproximateNumberOfMessages: count(messages.length - waiting.length),
    ApproximateNumberOfMessagesNotVisible: count(waiting.filter((message) => message.receives > 0).length),
    ApproximateNumberOfMessagesDelayed: count(waiting.filter((message) => message.receives === 0).length),
  };
}

function settings(sqs: Sqs) {
  const set: Handler<SQS.SetQueueAttributesCommandInput, SQS.SetQueueAttributesCommandOutput> = (input, call) => {
    const queue = queueAt(sqs, input.QueueUrl, call);
    const attributes = merged(queue.attributes, checkedAttributes(input.Attributes ?? {}));
    sqs.queues.put(keyOf(queue.region, queue.name), { ...queue, attributes, changedAt: sqs.env.clock.now() });
    return {};
  };
  return { SetQueueAttributes: set };
}

const refusedTag = (message: string): LocalFault => new LocalFault("InvalidParameterValue", message, 400);
function tagOperations(sqs: Sqs) {
  const write = (queue: QueueDocument, tags: Tags) => sqs.queues.put(keyOf(queue.region, queue.name), { ...queue, tags });
  const tag: Handler<SQS.TagQueueCommandInput, SQS.TagQueueCommandOutput> = (input, call) => {
    const queue = queueAt(sqs, input.QueueUrl, call);
    write(queue, withTags(queue.tags, input.Tags ?? {}, refusedTag));
    return {};
  };
  const untag: Handler<SQS.UntagQueueCommandInput, SQS.UntagQueueCommandOutput> = (input, call) => {
    const queue = queueAt(sqs, input.QueueUrl, call);
    write(queue, withoutTags(queue.tags, input.TagKeys));
    return {};
  };
  const list: Handler<SQS.ListQueueTagsCommandInput, SQS.ListQueueTagsCommandOutput> = (input, call) => ({
    Tags: { ...queueAt(sqs, input.QueueUrl, call).tags },
  });
  return { TagQueue: tag, UntagQueue: untag, ListQueueTags: list };
}
