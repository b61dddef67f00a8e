import type * as RDS from "@aws-sdk/client-rds";
import { type Call, type Handler, LocalFault } from "../../core/service.ts";
import { documentKey, type EventSubscriptionDocument, page } from "./documents.ts";
import { parameterGroupNamed } from "./parameter-groups.ts";
import type { Rds } from "./rds.ts";
import { checkIdentifier, checkTags } from "./validation.ts";

/** Event categories by source type, for the types that PostgreSQL instances have. */
const CATEGORIES: Readonly<Record<string, readonly string[]>> = {
  "db-instance": [
    ...["availability", "backup", "configuration change", "creation", "deletion", "failover", "failure", "low storage", "maintenance"],
    ...["notification", "read replica", "recovery", "restoration", "security", "security patching"],
  ],
  "db-parameter-group": ["configuration change"],
  "db-security-group": ["configuration change", "failure"],
  "db-snapshot": ["creation", "deletion", "notification", "restoration"],
};

/** Event subscriptions. They are stored and returned. */
export function eventSubscriptionOperations(rds: Rds) {
  const { env, state } = rds;
  const create: Handler<RDS.CreateEventSubscriptionCommandInput, RDS.CreateEventSubscriptionResult> = async (input, call) => {
    const { region } = call;
    checkIdentifier(input.SubscriptionName, "SubscriptionName", 255);
    const name = input.SubscriptionName.toLowerCase();
    if (state.eventSubscriptions.has(documentKey(region, name)))
      throw new LocalFault("SubscriptionAlreadyExistFault", `Subscription already exists: ${name}`);
    const SourceIds = input.SourceIds ?? [];
    if (SourceIds.length > 0 && !input.SourceType)
      throw new LocalFault("InvalidParameterCombination", "You must specify the source type if you supply source ids.", 400);
    checkCategories(input.SourceType, input.EventCategories);
    for (const source of SourceIds) checkSource(rds, input.SourceType, source, call);
    await checkTopic(rds, input.SnsTopicArn);
    checkTags(input.Tags ?? []);
    const document: EventSubscriptionDocument = {
      name,
      region,
      arn: `arn:aws:rds:${region}:${env.account}:es:${name}`,
      createdAt: new Date(env.clock.now()).toISOString(),
      topic: input.SnsTopicArn ?? "",
      sourceType: input.SourceType,
      categories: input.EventCategories ?? [],
      sources: SourceIds,
      enabled: input.Enabled ?? true,
      tags: (input.Tags ?? []).map(({ Key, Value = "" }) => ({ Key, Value })),
    };
    state.eventSubscriptions.put(documentKey(region, name), document);
    return { EventSubscription: { ...shapeOf(rds, document), Status: "creating" } };
  };
  const remove: Handler<RDS.DeleteEventSubscriptionCommandInput, RDS.DeleteEventSubscriptionResult> = (input, { region }) => {
    const found = existingSubscription(rds, region, input.SubscriptionName);
    state.eventSubscriptions.delete(documentKey(region, found.name));
    return { EventSubscription: { ...shapeOf(rds, found), Status: "deleting" } };
  };
  const describe: Handler<RDS.DescribeEventSubscriptionsCommandInput, RDS.DescribeEventSubscriptionsCommandOutput> = (
    input,
    { region },
  ) => {
    const all = input.SubscriptionName
      ? [existingSubscription(rds, region, input.SubscriptionName)]
      : state.eventSubscriptions.values().filter((one) => one.region === region);
    const { items, more } = page(all, ({ name }) => name, input);
    return { EventSubscriptionsList: items.map((one) => shapeOf(rds, one)), ...more };
  };
  return { CreateEventSubscription: create, DeleteEventSubscription: remove, DescribeEventSubscriptions: describe, ...changes(rds) };
}

function changes(rds: Rds) {
  const write = (document: EventSubscriptionDocument): { EventSubscription: RDS.EventSubscription } => {
    rds.state.eventSubscriptions.put(documentKey(document.region, document.name), document);
    return { EventSubscription: shapeOf(rds, document) };
  };
  const modify: Handler<RDS.ModifyEventSubscriptionCommandInput, RDS.ModifyEventSubscriptionResult> = async (input, { region }) => {
    const found = existingSubscription(rds, region, input.SubscriptionName);
    const sourceType = input.SourceType ?? found.sourceType;
    checkCategories(sourceType, input.EventCategories);
    if (input.SnsTopicArn) await checkTopic(rds, input.SnsTopicArn);
    const { SnsTopicArn: topic = found.topic, EventCategories: categories = found.categories, Enabled: enabled = found.enabled } = input;
    return write({ ...found, topic, sourceType, categories, enabled });
  };
  const add: Handler<RDS.AddSourceIdentifierToSubscriptionCommandInput, RDS.AddSourceIdentifierToSubscriptionResult> = (input, call) => {
    const found = existingSubscription(rds, call.region, input.SubscriptionName);
    const source = input.SourceIdentifier ?? "";
    checkSource(rds, found.sourceType, source, call);
    return write({ ...found, sources: [...new Set([...found.sources, source])] });
  };
  const take: Handler<RDS.RemoveSourceIdentifierFromSubscriptionCommandInput, RDS.RemoveSourceIdentifierFromSubscriptionResult> = (
    input,
    { region },
  ) => {
    const found = existingSubscription(rds, region, input.SubscriptionName);
    if (!found.sources.includes(input.SourceIdentifier ?? "")) throw noSource(input.SourceIdentifier ?? "");
    return write({ ...found, sources: found.sources.filter((source) => source !== input.SourceIdentifier) });
  };
  return { ModifyEventSubscription: modify, AddSourceIdentifierToSubscription: add, RemoveSourceIdentifierFromSubscription: take };
}

export function existingSubscription({ state }: Rds, region: string, name: string | undefined): EventSubscriptionDocument {
  const found = state.eventSubscriptions.get(documentKey(region, (name ?? "").toLowerCase()));
  if (!found) throw new LocalFault("SubscriptionNotFoundFault", `Could not find subscription with name: ${name}`);
  return found;
}
const noSource = (source: string): LocalFault => new LocalFault("SourceNotFoundFault", `Could not find source: ${source}`);

function checkCategories(sourceType: string | undefined, categories: readonly string[] | undefined): void {
  const known = sourceType === undefined ? Object.values(CATEGORIES).flat() : CATEGORIES[sourceType];
  if (!known) throw new LocalFault("InvalidParameterValue", `Invalid source type: ${sourceType}`, 400);
  const wrong = categories?.find((category) => !known.includes(category));
  if (wrong !== undefined) throw new LocalFault("SubscriptionCategoryNotFoundFault", `Event category not found: ${wrong}`);
}
function checkSource(rds: Rds, sourceType: string | undefined, source: string, { region }: Call): void {
  try {
    if (sourceType === "db-instance") rds.instances.existing(region, source);
    else if (sourceType === "db-parameter-group") parameterGroupNamed(rds, region, source);
    else throw noSource(source);
  } catch (error) {
    throw error instanceof LocalFault ? noSource(source) : error;
  }
}
/** RDS publishes as a service. The topic's policy must name RDS, or only restrict the account, as AWS's default policy does. */
async function checkTopic({ env }: Rds, topic = ""): Promise<void> {
  const region = topic.split(":")[3] ?? "us-east-1";
  const found = await env.dispatch("sns", "GetTopicAttributes", { TopicArn: topic }, { region }).catch(() => undefined);
  if (!found) throw new LocalFault("SNSTopicArnNotFoundFault", `SNS topic does not exist: ${topic}`);
  const principal = {
    type: "service",
    service: "events.rds.amazonaws.com",
    sourceArn: `arn:aws:rds:${region}:${env.account}:es:any`,
  } as const;
  const policy = (found.Attributes as Record<string, string>).Policy;
  const context = { "aws:SecureTransport": "true", "aws:SourceAccount": env.account };
  if (!env.decide(principal, { action: "sns:Publish", resource: topic, policy, context }).allowed)
    throw new LocalFault("SNSNoAuthorizationFault", `You do not have permission to publish to the SNS topic ARN: ${topic}`);
}

const shapeOf = ({ env }: Rds, document: EventSubscriptionDocument): RDS.EventSubscription => ({
  CustomerAwsId: env.account,
  CustSubscriptionId: document.name,
  SnsTopicArn: document.topic,
  Status: "active",
  SubscriptionCreationTime: document.createdAt,
  SourceType: document.sourceType,
  SourceIdsList: [...document.sources],
  EventCategoriesList: [...document.categories],
  Enabled: document.enabled,
  EventSubscriptionArn: document.arn,
});
