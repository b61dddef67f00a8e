import type { Subscription } from "@aws-sdk/client-sns";
import type { AwsClients } from "../aws/clients.ts";
import { orAbsent } from "../aws/faults.ts";
import { carriesTag, fromTagList, mayBeOurs } from "../aws/ownership.ts";
import { collect } from "../aws/pages.ts";
import type { SNS } from "../aws/sdk/types.ts";
import type { ResourceKind } from "../engine/contract.ts";

export interface SubscriptionId {
  readonly topicArn: string;
  readonly protocol: "email" | "sms";
  readonly endpoint: string;
}
interface SubscriptionLive {
  /** undefined while the addressee has not confirmed. */
  readonly arn: string | undefined;
}

const GONE = ["NotFoundException", "NotFound"];

/** An unconfirmed subscription counts as present: only the addressee can confirm it. */
export const snsSubscription: ResourceKind<SubscriptionId, object, SubscriptionLive, object, AwsClients> = {
  kind: "sns.subscription",
  holdsData: false,
  settle: { timeoutMs: 60_000, pollMs: 1_000 },
  // A subscription needs its topic.
  notFound: { provenBy: "sns:ListSubscriptionsByTopic", codes: GONE },
  partOf: "topic",

  access: {
    on: ({ topicArn }) => [topicArn, `${topicArn}:*`],
    read: ["sns:ListSubscriptionsByTopic"],
    write: ["sns:Subscribe"],
    delete: ["sns:Unsubscribe"],
    everywhere: { read: ["sns:ListSubscriptions"], write: ["sns:Unsubscribe"], delete: ["sns:Unsubscribe"] },
  },
  label: ({ protocol, endpoint }) => `${protocol}:${endpoint}`,
  diff: () => [],
  outputs: () => ({}),
  predict: () => ({}),
  describe: ({ arn }) => ({ arn, state: arn ? "confirmed" : "pending confirmation" }),

  async read({ topicArn, protocol, endpoint }, ctx) {
    const found = await subscriptionsOf(await ctx.world.sns(), topicArn);
    const ours = found.find((s) => s.Protocol === protocol && s.Endpoint === endpoint);
    if (!ours || ours.SubscriptionArn === "Deleted") return { state: "absent" };
    const arn = ours.SubscriptionArn?.startsWith("arn:") ? ours.SubscriptionArn : undefined;
    return { state: "ready", live: { arn }, tags: "inherited" };
  },
  async create({ topicArn, protocol, endpoint }, _spec, ctx) {
    await (await ctx.world.sns()).subscribe({ TopicArn: topicArn, Protocol: protocol, Endpoint: endpoint });
  },
  async update() {},
  /** An unconfirmed one cannot be deleted: SNS removes it after two days, or with its topic. */
  async delete(_id, { arn }, _how, ctx) {
    if (arn) await (await ctx.world.sns()).unsubscribe({ SubscriptionArn: arn });
  },
  async candidates(ctx) {
    const sns = await ctx.world.sns();
    const ids: SubscriptionId[] = [];
    for await (const { Topics = [] } of sns.paginateListTopics({}))
      for (const { TopicArn = "" } of Topics) {
        if (!mayBeOurs(TopicArn.slice(TopicArn.lastIndexOf(":") + 1))) continue;
        const tagged = await orAbsent(sns.listTagsForResource({ ResourceArn: TopicArn }), "ResourceNotFoundException", ...GONE);
        if (carriesTag(fromTagList(tagged?.Tags), ctx.stack)) ids.push(...(await subscriptionsOf(sns, TopicArn)).flatMap(confirmedId));
      }
    return ids;
  },
};

const subscriptionsOf = (sns: SNS, TopicArn: string): Promise<readonly Subscription[]> =>
  collect(sns.paginateListSubscriptionsByTopic({ TopicArn }), (page) => page.Subscriptions);
/** Only confirmed ones of our protocols; others are foreign. */
function confirmedId({ TopicArn, Protocol, Endpoint, SubscriptionArn }: Subscription): readonly SubscriptionId[] {
  if (!TopicArn || !Endpoint || !SubscriptionArn?.startsWith("arn:")) return [];
  return Protocol === "email" || Protocol === "sms" ? [{ topicArn: TopicArn, protocol: Protocol, endpoint: Endpoint }] : [];
}
