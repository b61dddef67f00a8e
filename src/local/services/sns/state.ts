import { type LocalEnv, LocalFault } from "../../core/service.ts";

/** A stored topic. It holds only attributes that were set; the others are derived when read. */
export interface Topic {
  readonly arn: string;
  readonly name: string;
  readonly region: string;
  readonly account: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly subscriptionsDeleted: number;
}
export type Protocol = "http" | "https" | "email" | "email-json" | "sms" | "lambda";
export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: Protocol;
  readonly endpoint: string;
  readonly owner: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly confirmed: boolean;
  readonly authenticated: boolean;
  /** The token of the confirmation link. */
  readonly token: string;
  /** When true, an unsubscribe link works only with a signature. */
  readonly signedUnsubscribeOnly: boolean;
  readonly createdAt: number;
}
/** AWS deletes a subscription that is not confirmed within two days. */
const PENDING_MS = 48 * 3_600_000;

export interface SnsState {
  topics(region: string): Topic[];
  findTopic(arn: string | undefined): Topic | undefined;
  /** Throws NotFound "Topic does not exist". */
  requireTopic(arn: string | undefined): Topic;
  putTopic(topic: Topic): void;
  removeTopic(topic: Topic): void;
  subscriptions(topicArn?: string): Subscription[];
  findSubscription(arn: string): Subscription | undefined;
  requireSubscription(arn: string | undefined): Subscription;
  putSubscription(subscription: Subscription): void;
  removeSubscription(subscription: Subscription): void;
}

export function snsState(env: LocalEnv): SnsState {
  const topics = env.store.collection<Topic>("sns.topics");
  const subscriptions = env.store.collection<Subscription>("sns.subscriptions");
  /** False for a subscription whose time for confirmation is over; it is removed. */
  const isCurrent = (subscription: Subscription): boolean => {
    if (subscription.confirmed || env.clock.now() < subscription.createdAt + PENDING_MS) return true;
    subscriptions.delete(subscription.arn);
    return false;
  };
  const state: SnsState = {
    topics: (region) =>
      topics
        .values()
        .filter((topic) => topic.region === region)
        .sort((a, b) => (a.arn < b.arn ? -1 : 1)),
    findTopic: (arn) => (arn === undefined ? undefined : topics.get(arn)),
    requireTopic(arn) {
      const topic = state.findTopic(checkArn(arn, "TopicArn"));
      if (!topic) throw new LocalFault("NotFoundException", "Topic does not exist");
      return topic;
    },
    putTopic: (topic) => topics.put(topic.arn, topic),
    removeTopic(topic) {
      for (const subscription of state.subscriptions(topic.arn)) subscriptions.delete(subscription.arn);
      topics.delete(topic.arn);
    },
    subscriptions: (topicArn) =>
      subscriptions
        .values()
        .filter((subscription) => isCurrent(subscription) && (topicArn === undefined || subscription.topicArn === topicArn)),
    findSubscription(arn) {
      const found = subscriptions.get(arn);
      return found && isCurrent(found) ? found : undefined;
    },
    requireSubscription(arn) {
      const found = state.findSubscription(checkArn(arn, "SubscriptionArn"));
      if (!found) throw new LocalFault("NotFoundException", "Subscription does not exist");
      return found;
    },
    putSubscription: (subscription) => subscriptions.put(subscription.arn, subscription),
    removeSubscription(subscription) {
      subscriptions.delete(subscription.arn);
      const topic = topics.get(subscription.topicArn);
      if (topic) topics.put(topic.arn, { ...topic, subscriptionsDeleted: topic.subscriptionsDeleted + 1 });
    },
  };
  return state;
}

export const invalid = (text: string): LocalFault => new LocalFault("InvalidParameterException", `Invalid parameter: ${text}`);

function checkArn(arn: string | undefined, member: string): string {
  const parts = (arn ?? "").split(":");
  if (parts.length < 6) throw invalid(`${member} Reason: An ARN must have at least 6 elements, not ${parts.length}`);
  return arn as string;
}

/** One page of a list: 100 items, as on AWS. */
export function page<T>(all: readonly T[], token: string | undefined): { items: T[]; next: { NextToken?: string } } {
  const from = token === undefined ? 0 : Number(Buffer.from(token, "base64url").toString());
  if (!Number.isInteger(from) || from < 0) throw invalid("NextToken Reason: Token is not valid");
  const more = all.length > from + 100;
  return { items: all.slice(from, from + 100), next: more ? { NextToken: Buffer.from(String(from + 100)).toString("base64url") } : {} };
}

export function parseJson(text: string, member: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(`${member}: failed to parse JSON.`);
  }
}
