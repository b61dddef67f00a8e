import { fromTagList } from "../../aws/ownership.ts";
import { alarmsOf } from "../../stack/alarms.ts";
import { naming } from "../../stack/naming.ts";
import type { Session } from "../session.ts";
import { type Check, deniesPlainText, isTagged, judge, type Look, opensOutside, read, type Seen, statementsOf } from "./finding.ts";
import { keyArnOf } from "./key.ts";

/** Checks the topics of the dispatchers and of the alarms. */
export const lookAtTopics: Look = async (session) => {
  const { config, place } = session;
  const { topicArn, alarmsTopicArn } = naming(config, place);
  const key = await keyArnOf(session);
  const alerts = judge(config.topic.name, await topicFacts(session, topicArn), [...topicChecks(session), ...encryption(key)]);
  if (!config.alarms.enabled) return alerts;
  // CloudWatch can publish to an encrypted topic only with a customer key, so in development the alarms' topic has SNS's disk encryption.
  const keyed = config.hardening === "production" ? encryption(key) : [];
  return [...alerts, ...judge(config.alarms.topicName, await topicFacts(session, alarmsTopicArn), [...topicChecks(session), ...keyed])];
};
type TopicFacts = NonNullable<Awaited<ReturnType<typeof topicFacts>>>;
const encryption = (key: string | undefined): readonly Check<TopicFacts>[] => [
  ["sns.encryption", ({ attributes }) => Boolean(attributes.KmsMasterKeyId), "its messages are not encrypted with a KMS key"],
  [
    "sns.customer-key",
    ({ attributes }) => key !== undefined && attributes.KmsMasterKeyId === key,
    "its messages are not encrypted with the stack's own key",
  ],
];
const topicChecks = (session: Session): readonly Check<TopicFacts>[] => [
  [
    "sns.not-public",
    ({ attributes }) => !opensOutside(statementsOf(attributes.Policy), session.place.account),
    "its policy allows access from outside of the account",
  ],
  [
    "sns.tls-only",
    ({ attributes }) => deniesPlainText(statementsOf(attributes.Policy), /^sns:(Publish|\*)$|^\*$/i),
    "its policy allows access without TLS",
  ],
  ["sns.subscriptions-tls", ({ protocols }) => !protocols.includes("http"), "a subscription has an endpoint without TLS"],
  ["sns.dead-letters", ({ undelivered }) => undelivered.length === 0, "undelivered messages are lost"],
  ["sns.tagged", ({ tags }) => isTagged(tags, session), "it does not have the stack's tag"],
];
async function topicFacts(session: Session, TopicArn: string) {
  const sns = await session.clients.sns();
  const of = <T>(call: () => Promise<T>) => read(session, `the topic ${TopicArn}`, call, "NotFoundException", "NotFound");
  const attributes = (await of(() => sns.getTopicAttributes({ TopicArn })))?.Attributes;
  if (!attributes) return undefined;
  const [tagged, subscribed] = await Promise.all([
    of(() => sns.listTagsForResource({ ResourceArn: TopicArn })),
    of(() => sns.listSubscriptionsByTopic({ TopicArn })),
  ]);
  const subscriptions = subscribed?.Subscriptions ?? [];
  const endpoints = subscriptions.filter(
    (one) => ["https", "sqs", "lambda"].includes(one.Protocol ?? "") && one.SubscriptionArn?.startsWith("arn:"),
  );
  const undelivered: string[] = [];
  for (const { SubscriptionArn = "" } of endpoints) {
    const found = await of(() => sns.getSubscriptionAttributes({ SubscriptionArn }));
    if (!found?.Attributes?.RedrivePolicy) undelivered.push(SubscriptionArn);
  }
  return { attributes, protocols: subscriptions.map(({ Protocol }) => Protocol ?? ""), undelivered, tags: fromTagList(tagged?.Tags) };
}

/** The alarms of the stack. */
export const lookAtAlarms: Look = async (session) => {
  const { config, place, clients, ask } = session;
  if (!config.alarms.enabled) return [];
  const names = naming(config, place);
  const cloudwatch = await clients.cloudwatch();
  const wanted = alarmsOf(config).map(({ what }) => names.alarm(what));
  const { MetricAlarms = [] } = await ask("the alarms", () => cloudwatch.describeAlarms({ AlarmNames: wanted, MaxRecords: 100 }));
  return wanted.flatMap((name): readonly Seen[] =>
    judge(
      name,
      MetricAlarms.find((alarm) => alarm.AlarmName === name),
      [["cloudwatch.alarm-actions", (it) => it.ActionsEnabled === true && (it.AlarmActions ?? []).length > 0, "it sends no notification"]],
    ),
  );
};

const YEAR_DAYS = 365;
/** The log groups of the functions, the API and the database. */
export const lookAtLogs: Look = async (session) => {
  const { config, place, clients, ask } = session;
  const names = naming(config, place);
  const logs = await clients.logs();
  const key = await keyArnOf(session);
  const groups = [
    ...(Object.keys(config.functions.names) as (keyof typeof config.functions.names)[]).map(names.functionLog),
    names.apiAccessLog,
    names.databaseLog("postgresql"),
    names.databaseLog("upgrade"),
  ];
  const seen = await Promise.all(
    groups.map(async (name) => {
      const { logGroups = [] } = await ask(`the log ${name}`, () => logs.describeLogGroups({ logGroupNamePrefix: name }));
      return judge(
        name,
        logGroups.find((group) => group.logGroupName === name),
        [
          ["cloudwatch.retention", (it) => (it.retentionInDays ?? 0) >= YEAR_DAYS, "its retention is less than a year, or not set"],
          ["cloudwatch.customer-key", (it) => key !== undefined && it.kmsKeyId === key, "it is not encrypted with the stack's own key"],
        ],
      );
    }),
  );
  const { resourcePolicies = [] } = await ask("the logs' policies", () => logs.describeResourcePolicies({}));
  const open = resourcePolicies.some(({ policyDocument }) => opensToAll(policyDocument));
  const message = open ? "a resource policy of CloudWatch Logs allows everybody" : "as it should be";
  return [...seen.flat(), { control: "cloudwatch.not-public", resource: "CloudWatch Logs", ok: !open, message }];
};
/** True when a policy allows everybody. Other policies allow services; the account's owner decides about those. */
const opensToAll = (policy: string | undefined): boolean =>
  statementsOf(policy).some(
    ({ Effect, Principal }) => Effect === "Allow" && (Principal === "*" || JSON.stringify(Principal ?? "").includes('"*"')),
  );
