import type {
  AddPermissionCommandInput,
  AddPermissionCommandOutput,
  CreateTopicCommandInput,
  CreateTopicCommandOutput,
  DeleteTopicCommandInput,
  DeleteTopicCommandOutput,
  GetTopicAttributesCommandInput,
  GetTopicAttributesCommandOutput,
  ListTagsForResourceCommandInput,
  ListTagsForResourceCommandOutput,
  ListTopicsCommandInput,
  ListTopicsCommandOutput,
  RemovePermissionCommandInput,
  RemovePermissionCommandOutput,
  SetTopicAttributesCommandInput,
  SetTopicAttributesCommandOutput,
  Tag,
  TagResourceCommandInput,
  TagResourceCommandOutput,
  UntagResourceCommandInput,
  UntagResourceCommandOutput,
} from "@aws-sdk/client-sns";
import { type Handler, LocalFault, type Operations } from "../../core/service.ts";
import { checkTopicAttribute, policyOf, TOPIC_ACTIONS, topicAttributes } from "./attributes.ts";
import { invalid, page, type SnsState, type Topic } from "./state.ts";

export function topicOperations(state: SnsState): Operations {
  const create: Handler<CreateTopicCommandInput, CreateTopicCommandOutput> = (input, { region, account }) => {
    const name = input.Name as string;
    const isFifo = input.Attributes?.FifoTopic === "true";
    if (isFifo !== name.endsWith(".fifo")) throw invalid("Topic Name");
    if (isFifo) throw new LocalFault("NotImplemented", "The local AWS does not implement FIFO topics of sns:CreateTopic.", 501);
    if (!/^[A-Za-z0-9_-]{1,256}$/.test(name)) throw invalid("Topic Name");
    const { FifoTopic: _standard, ...attributes } = input.Attributes ?? {};
    for (const [attribute, value] of Object.entries(attributes)) checkTopicAttribute(attribute, value);
    const tags = checkedTags(input.Tags ?? []);
    const arn = `arn:aws:sns:${region}:${account}:${name}`;
    const existing = state.findTopic(arn);
    if (existing) checkEqual(existing, attributes, tags, state);
    else state.putTopic({ arn, name, region, account, attributes, tags, subscriptionsDeleted: 0 });
    return { TopicArn: arn };
  };
  const remove: Handler<DeleteTopicCommandInput, DeleteTopicCommandOutput> = (input) => {
    const topic = state.findTopic(input.TopicArn);
    if (topic) state.removeTopic(topic);
    return {};
  };
  const list: Handler<ListTopicsCommandInput, ListTopicsCommandOutput> = (input, { region }) => {
    const { items, next } = page(state.topics(region), input.NextToken);
    return { Topics: items.map(({ arn }) => ({ TopicArn: arn })), ...next };
  };
  const get: Handler<GetTopicAttributesCommandInput, GetTopicAttributesCommandOutput> = (input) => ({
    Attributes: topicAttributes(state.requireTopic(input.TopicArn), state),
  });
  const set: Handler<SetTopicAttributesCommandInput, SetTopicAttributesCommandOutput> = (input) => {
    const topic = state.requireTopic(input.TopicArn);
    const name = input.AttributeName as string;
    const value = input.AttributeValue ?? "";
    checkTopicAttribute(name, value);
    const { [name]: _old, ...others } = topic.attributes;
    state.putTopic({ ...topic, attributes: value ? { ...others, [name]: value } : others });
    return {};
  };
  return {
    CreateTopic: create,
    DeleteTopic: remove,
    ListTopics: list,
    GetTopicAttributes: get,
    SetTopicAttributes: set,
    ...tagOperations(state),
    ...permissionOperations(state),
  };
}

/** CreateTopic for an existing topic succeeds only with equal attributes and tags. */
function checkEqual(topic: Topic, attributes: Record<string, string>, tags: Record<string, string>, state: SnsState): void {
  const current = topicAttributes(topic, state);
  if (Object.entries(attributes).some(([name, value]) => (current[name] ?? "") !== value))
    throw invalid("Attributes Reason: Topic already exists with different attributes");
  if (Object.entries(tags).some(([key, value]) => topic.tags[key] !== value))
    throw invalid("Tags Reason: Topic already exists with different tags");
}

function checkedTags(tags: readonly Tag[]): Record<string, string> {
  const keys = tags.map(({ Key }) => Key as string);
  if (keys.some((key) => key.toLowerCase().startsWith("aws:"))) throw invalid("Tag keys that start with 'aws:' are reserved");
  if (new Set(keys).size < keys.length) throw invalid("Duplicated keys are not allowed.");
  if (keys.length > 50) throw new LocalFault("TagLimitExceededException", "Could not complete request: tag quota of per resource exceeded");
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key as string, Value ?? ""]));
}

function tagOperations(state: SnsState): Operations {
  const requireTaggedTopic = (arn: string | undefined): Topic => {
    const topic = state.findTopic(arn);
    if (!topic) throw new LocalFault("ResourceNotFoundException", "Resource does not exist");
    return topic;
  };
  const tag: Handler<TagResourceCommandInput, TagResourceCommandOutput> = (input) => {
    const topic = requireTaggedTopic(input.ResourceArn);
    const tags = { ...topic.tags, ...checkedTags(input.Tags ?? []) };
    checkedTags(Object.entries(tags).map(([Key, Value]) => ({ Key, Value })));
    state.putTopic({ ...topic, tags });
    return {};
  };
  const untag: Handler<UntagResourceCommandInput, UntagResourceCommandOutput> = (input) => {
    const topic = requireTaggedTopic(input.ResourceArn);
    const remaining = Object.entries(topic.tags).filter(([key]) => !input.TagKeys?.includes(key));
    state.putTopic({ ...topic, tags: Object.fromEntries(remaining) });
    return {};
  };
  const list: Handler<ListTagsForResourceCommandInput, ListTagsForResourceCommandOutput> = (input) => ({
    Tags: Object.entries(requireTaggedTopic(input.ResourceArn).tags).map(([Key, Value]) => ({ Key, Value })),
  });
  return { TagResource: tag, UntagResource: untag, ListTagsForResource: list };
}

/** The actions of a topic's default policy; AWS refuses others with the recorded words. */
const GRANTABLE: ReadonlySet<string> = new Set(TOPIC_ACTIONS);
interface Policy {
  readonly Statement: readonly { readonly Sid?: string }[];
}
/** AWS writes a list of one element as the element. */
const oneOrMany = (list: readonly string[]): string | readonly string[] | undefined => (list.length === 1 ? list[0] : list);
function permissionOperations(state: SnsState): Operations {
  const add: Handler<AddPermissionCommandInput, AddPermissionCommandOutput> = (input) => {
    const topic = state.requireTopic(input.TopicArn);
    const policy = JSON.parse(policyOf(topic)) as Policy;
    if (policy.Statement.some(({ Sid }) => Sid === input.Label)) throw invalid("Statement already exists");
    if (input.ActionName?.some((action) => !GRANTABLE.has(`SNS:${action}`))) throw invalid("Policy statement action out of service scope!");
    const statement = {
      Sid: input.Label,
      Effect: "Allow",
      Principal: { AWS: oneOrMany((input.AWSAccountId ?? []).map((id) => `arn:aws:iam::${id}:root`)) },
      Action: oneOrMany((input.ActionName ?? []).map((action) => `SNS:${action}`)),
      Resource: topic.arn,
    };
    const Policy = JSON.stringify({ ...policy, Statement: [...policy.Statement, statement] });
    state.putTopic({ ...topic, attributes: { ...topic.attributes, Policy } });
    return {};
  };
  const remove: Handler<RemovePermissionCommandInput, RemovePermissionCommandOutput> = (input) => {
    const topic = state.requireTopic(input.TopicArn);
    const policy = JSON.parse(policyOf(topic)) as Policy;
    const Policy = JSON.stringify({ ...policy, Statement: policy.Statement.filter(({ Sid }) => Sid !== input.Label) });
    state.putTopic({ ...topic, attributes: { ...topic.attributes, Policy } });
    return {};
  };
  return { AddPermission: add, RemovePermission: remove };
}
