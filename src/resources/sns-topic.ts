import { arnAt } from "../aws/access.ts";
import { changedTags, differences } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { fromTagList, toTagList } from "../aws/ownership.ts";
import { ourNames } from "../aws/pages.ts";
import { type PolicyDocument, type Statements, statementChanges, statementsOf } from "../aws/policies.ts";
import { defined } from "../defined.ts";
import type { AwsLocation, Change, ResourceKind } from "../engine/contract.ts";

export interface TopicId {
  readonly name: string;
}
export interface TopicSpec {
  /**
   * Key id, ARN or alias. `alias/aws/sns` is AWS's key. undefined: SNS encrypts only its disks. Other services cannot use AWS's key, so a
   * topic of CloudWatch or RDS has a customer key or none.
   */
  readonly kmsKey: string | undefined;
  readonly policy: PolicyDocument;
}
interface TopicLive {
  readonly arn: string;
  readonly kmsKey: string | undefined;
  /** Its statements in normal form. */
  readonly policy: Statements;
}

export const snsTopic: ResourceKind<TopicId, TopicSpec, TopicLive, { readonly arn: string }, AwsClients> = {
  kind: "sns.topic",
  holdsData: false,
  settle: { timeoutMs: 60_000, pollMs: 500 },
  // The attribute calls answer NotFound, the tag calls ResourceNotFound.
  notFound: {
    provenBy: "sns:GetTopicAttributes",
    codes: ["NotFoundException", "NotFound", "ResourceNotFoundException", "ResourceNotFound"],
  },

  access: {
    on: (id, place) => [arnOf(id, place)],
    read: ["sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource"],
    write: ["sns:CreateTopic", "sns:SetTopicAttributes", "sns:TagResource"],
    delete: ["sns:DeleteTopic"],
    everywhere: { read: ["sns:ListTopics"] },
  },
  label: ({ name }) => name,
  diff: (spec, live) => [
    ...differences({ encryption: [live.kmsKey, spec.kmsKey] }),
    ...statementChanges("policy", live.policy, spec.policy),
  ],
  outputs: ({ arn }) => ({ arn }),
  predict: (id, place) => ({ arn: arnOf(id, place) }),
  describe: ({ arn }) => ({ arn, state: "ready" }),

  async read(id, ctx) {
    const sns = await ctx.world.sns();
    const arn = arnOf(id, ctx.place);
    const { Attributes = {} } = await sns.getTopicAttributes({ TopicArn: arn });
    const tagged = await sns.listTagsForResource({ ResourceArn: arn });
    const { KmsMasterKeyId, Policy } = Attributes;
    return {
      state: "ready",
      live: { arn, kmsKey: KmsMasterKeyId || undefined, policy: statementsOf(Policy) },
      tags: fromTagList(tagged.Tags),
    };
  },
  async create({ name }, spec, ctx) {
    const sns = await ctx.world.sns();
    // One call creates the topic with encryption, policy and tags. SNS answers InvalidParameter when the topic exists with other tags.
    const { Policy } = attributesOf(spec);
    const Attributes = defined({ Policy, KmsMasterKeyId: spec.kmsKey });
    await sns.createTopic({ Name: name, Tags: toTagList(ctx.tags), Attributes });
  },
  // SetTopicAttributes sets one attribute in each call, although its name is plural.
  async update(_id, spec, { arn: TopicArn }, changes, ctx) {
    const sns = await ctx.world.sns();
    for (const AttributeName of new Set(changes.flatMap(attributeOf)))
      await sns.setTopicAttributes({ TopicArn, AttributeName, AttributeValue: attributesOf(spec)[AttributeName] });
    const tags = changedTags(changes);
    if (tags) await sns.tagResource({ ResourceArn: TopicArn, Tags: toTagList(tags) });
  },
  async delete(_id, { arn }, _how, ctx) {
    await (await ctx.world.sns()).deleteTopic({ TopicArn: arn });
  },
  candidates: async (ctx) =>
    ourNames((await ctx.world.sns()).paginateListTopics({}), (page) =>
      page.Topics?.map(({ TopicArn = "" }) => TopicArn.slice(TopicArn.lastIndexOf(":") + 1)),
    ),
};

const arnOf = ({ name }: TopicId, place: AwsLocation) => arnAt(place, "sns", name);
const attributesOf = (spec: TopicSpec) => ({ KmsMasterKeyId: spec.kmsKey ?? "", Policy: JSON.stringify(spec.policy) });
function attributeOf({ path }: Change): readonly (keyof ReturnType<typeof attributesOf>)[] {
  if (path === "encryption") return ["KmsMasterKeyId"];
  return path.startsWith("policy.") ? ["Policy"] : [];
}
