import type { EventSubscription, ModifyEventSubscriptionCommandInput } from "@aws-sdk/client-rds";
import { actions, arnAt } from "../aws/access.ts";
import { type Attributes, type AttributeValues, allWrites, attributeChanges, member, readAttributes, writesOf } from "../aws/attributes.ts";
import { changedTags, touches } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { fromTagList, toTagList } from "../aws/ownership.ts";
import { ourNames } from "../aws/pages.ts";
import type { AwsLocation, ResourceKind } from "../engine/contract.ts";

export interface EventSubscriptionId {
  /** Name in lower case, as RDS stores it. */
  readonly name: string;
}
export interface EventSubscriptionSpec {
  /** ARN of the topic for the events. */
  readonly topic: string;
  /** `db-instance`, `db-parameter-group` or `db-security-group`. */
  readonly sourceType: string;
  readonly categories: readonly string[];
  /** Names of the sources; []: all sources of the account and region. */
  readonly sources: readonly string[];
}
interface EventSubscriptionLive {
  readonly arn: string;
  readonly status: string;
  readonly sources: readonly string[];
  readonly attributes: AttributeValues;
}

/** SDK and wire spell them with and without "Fault". */
const NOT_VISIBLE = ["SNSNoAuthorization", "SNSInvalidTopic", "SNSTopicArnNotFound", "SourceNotFound"].flatMap((code) => [
  code,
  `${code}Fault`,
]);
const SETTLING = ["creating", "modifying", "deleting"];
/** States that do not end by waiting, with their cause. */
const STUCK: Readonly<Record<string, string>> = {
  "no-permission": "RDS may not publish to the topic: its policy does not name events.rds.amazonaws.com",
  "topic-not-exist": "its topic was deleted",
};

export const rdsEventSubscription: ResourceKind<EventSubscriptionId, EventSubscriptionSpec, EventSubscriptionLive, object, AwsClients> = {
  kind: "rds.event-subscription",
  holdsData: false,
  settle: { timeoutMs: 300_000, pollMs: 2_000 },
  notFound: { provenBy: "rds:DescribeEventSubscriptions", codes: ["SubscriptionNotFoundFault", "SubscriptionNotFound"] },
  alreadyExists: ["SubscriptionAlreadyExistFault", "SubscriptionAlreadyExist"],
  // RDS does not see the topic, its policy or the source yet.
  retries: [{ class: "propagation", codes: NOT_VISIBLE }],

  access: {
    on: ({ name }, place) => [arnOf(name, place)],
    read: ["rds:DescribeEventSubscriptions", "rds:ListTagsForResource"],
    write: [
      ...actions("rds", "AddSourceIdentifierToSubscription", "RemoveSourceIdentifierFromSubscription"),
      ...actions("rds", "AddTagsToResource", "CreateEventSubscription", "ModifyEventSubscription"),
    ],
    delete: ["rds:DeleteEventSubscription"],
    everywhere: { read: ["rds:DescribeEventSubscriptions"] },
  },
  label: ({ name }) => name,
  diff: (spec, live) => attributeChanges(ATTRIBUTES, live.attributes, spec, live),
  outputs: () => ({}),
  predict: () => ({}),
  describe: ({ arn, status }) => ({ arn, state: status }),

  async read({ name }, ctx) {
    const rds = await ctx.world.rds();
    const { EventSubscriptionsList = [] } = await rds.describeEventSubscriptions({ SubscriptionName: name });
    const found = EventSubscriptionsList.find(({ CustSubscriptionId }) => CustSubscriptionId === name);
    if (!found) return { state: "absent" };
    const live = liveOf(found, name, ctx.place);
    const tags = fromTagList((await rds.listTagsForResource({ ResourceName: live.arn })).TagList);
    const reason = STUCK[live.status];
    // When the topic or its policy is repaired, the next change makes the subscription active.
    if (reason !== undefined) return { state: "failed", live, tags, reason: `${live.status}: ${reason}` };
    return { state: SETTLING.includes(live.status) ? "settling" : "ready", live, tags };
  },
  async create({ name }, spec, ctx) {
    const rds = await ctx.world.rds();
    const SourceIds = spec.sources.length > 0 ? [...spec.sources] : undefined;
    await rds.createEventSubscription({ SubscriptionName: name, ...settingsOf(spec), SourceIds, Tags: toTagList(ctx.tags) });
  },
  async update({ name: SubscriptionName }, spec, live, changes, ctx) {
    const rds = await ctx.world.rds();
    if (writesOf(ATTRIBUTES, changes, spec, live).length > 0) await rds.modifyEventSubscription({ SubscriptionName, ...settingsOf(spec) });
    if (touches(changes, "sources")) {
      for (const SourceIdentifier of spec.sources.filter((source) => !live.sources.includes(source)))
        await rds.addSourceIdentifierToSubscription({ SubscriptionName, SourceIdentifier });
      for (const SourceIdentifier of live.sources.filter((source) => !spec.sources.includes(source)))
        await rds.removeSourceIdentifierFromSubscription({ SubscriptionName, SourceIdentifier });
    }
    const tags = changedTags(changes);
    if (tags) await rds.addTagsToResource({ ResourceName: live.arn, Tags: toTagList(tags) });
  },
  async delete({ name }, { status }, _how, ctx) {
    if (status !== "deleting") await (await ctx.world.rds()).deleteEventSubscription({ SubscriptionName: name });
  },
  candidates: async (ctx) =>
    ourNames((await ctx.world.rds()).paginateDescribeEventSubscriptions({}), (page) =>
      page.EventSubscriptionsList?.map((s) => s.CustSubscriptionId),
    ),
};

type Settings = Pick<ModifyEventSubscriptionCommandInput, "EventCategories" | "Enabled" | "SourceType"> & { readonly SnsTopicArn: string };
const setting = member<EventSubscriptionSpec, EventSubscription, Settings>();
const ATTRIBUTES: Attributes<EventSubscriptionSpec, unknown, [found: EventSubscription], Partial<Settings>> = {
  topic: setting("SnsTopicArn", (spec) => spec.topic),
  sourceType: setting("SourceType", (spec) => spec.sourceType),
  categories: {
    read: (found) => found.EventCategoriesList,
    wanted: (spec) => spec.categories,
    write: (spec) => ({ EventCategories: [...spec.categories] }),
  },
  // Changed by separate calls, one for each source.
  sources: { read: (found) => found.SourceIdsList, wanted: (spec) => spec.sources },
  enabled: setting("Enabled", () => true, false),
};
/** Categories belong to a source type, so one call sets everything. */
const settingsOf = (spec: EventSubscriptionSpec) => allWrites(ATTRIBUTES, spec) as Settings;
const arnOf = (name: string, place: AwsLocation) => arnAt(place, "rds", `es:${name}`);
const liveOf = (found: EventSubscription, name: string, place: AwsLocation): EventSubscriptionLive => ({
  arn: found.EventSubscriptionArn ?? arnOf(name, place),
  status: found.Status ?? "unknown",
  sources: found.SourceIdsList ?? [],
  attributes: readAttributes(ATTRIBUTES, found),
});
