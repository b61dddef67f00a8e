import type { SnsState, Subscription, Topic } from "./state.ts";
import { invalid, parseJson } from "./state.ts";

const FEEDBACK = /^(HTTP|Lambda|SQS|Application|Firehose)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)$/;
const SETTABLE = new Set(["Policy", "DisplayName", "DeliveryPolicy", "KmsMasterKeyId", "SignatureVersion", "TracingConfig"]);

/** Checks one attribute of SetTopicAttributes or CreateTopic. Throws InvalidParameterException. */
export function checkTopicAttribute(name: string, value: string): void {
  if (!SETTABLE.has(name) && !FEEDBACK.test(name)) throw invalid("AttributeName");
  // An empty value resets the attribute.
  if (value === "" && name !== "Policy") return;
  if (name === "Policy") checkPolicy(value);
  if (name === "DeliveryPolicy") parseJson(value, "DeliveryPolicy");
  if (name === "SignatureVersion" && !["1", "2"].includes(value)) throw invalid("SignatureVersion");
  if (name === "TracingConfig" && !["PassThrough", "Active"].includes(value)) throw invalid("TracingConfig");
  if (name === "DisplayName" && value.length > 100) throw invalid("DisplayName");
}

function checkPolicy(text: string): void {
  try {
    const { Statement } = JSON.parse(text) as { Statement?: unknown };
    if (Statement === undefined) throw new Error("no statement");
  } catch {
    throw invalid("Policy Error: null");
  }
}

/** The actions that a policy of a topic can allow. */
export const TOPIC_ACTIONS: readonly string[] = [
  "SNS:GetTopicAttributes",
  "SNS:SetTopicAttributes",
  "SNS:AddPermission",
  "SNS:RemovePermission",
  "SNS:DeleteTopic",
  "SNS:Subscribe",
  "SNS:ListSubscriptionsByTopic",
  "SNS:Publish",
];

/** AWS's policy of a new topic. It allows the owner's account, whose principals still need identity policies. */
export const defaultPolicy = (topic: Topic): string =>
  JSON.stringify({
    Version: "2008-10-17",
    Id: "__default_policy_ID",
    Statement: [
      {
        Sid: "__default_statement_ID",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: TOPIC_ACTIONS,
        Resource: topic.arn,
        Condition: { StringEquals: { "AWS:SourceOwner": topic.account } },
      },
    ],
  });
export const policyOf = (topic: Topic): string => topic.attributes.Policy || defaultPolicy(topic);

/** The delays (seconds) and numbers of retries over HTTP. */
export interface RetryPolicy {
  readonly minDelayTarget: number;
  readonly maxDelayTarget: number;
  readonly numRetries: number;
  readonly numMaxDelayRetries: number;
  readonly numNoDelayRetries: number;
  readonly numMinDelayRetries: number;
  readonly backoffFunction: string;
}
const DEFAULT_RETRIES: RetryPolicy = {
  minDelayTarget: 20,
  maxDelayTarget: 20,
  numRetries: 3,
  numMaxDelayRetries: 0,
  numNoDelayRetries: 0,
  numMinDelayRetries: 0,
  backoffFunction: "linear",
};

/** The subscription's own policy, else the topic's, else AWS's default. */
export function retryPolicy(topic: Topic, subscription?: Subscription): RetryPolicy {
  const own = subscription?.attributes.DeliveryPolicy;
  const ofTopic = topic.attributes.DeliveryPolicy;
  const http = ofTopic ? (JSON.parse(ofTopic) as { http?: { defaultHealthyRetryPolicy?: object } }).http : undefined;
  const healthy = own ? (JSON.parse(own) as { healthyRetryPolicy?: object }).healthyRetryPolicy : undefined;
  return { ...DEFAULT_RETRIES, ...http?.defaultHealthyRetryPolicy, ...healthy };
}

export function topicAttributes(topic: Topic, state: SnsState): Record<string, string> {
  const subscriptions = state.subscriptions(topic.arn);
  const confirmed = subscriptions.filter((subscription) => subscription.confirmed).length;
  const effective = {
    http: {
      defaultHealthyRetryPolicy: retryPolicy(topic),
      disableSubscriptionOverrides: false,
      defaultRequestPolicy: { headerContentType: "text/plain; charset=UTF-8" },
    },
  };
  return {
    ...topic.attributes,
    TopicArn: topic.arn,
    Owner: topic.account,
    Policy: policyOf(topic),
    DisplayName: topic.attributes.DisplayName ?? "",
    SubscriptionsConfirmed: String(confirmed),
    SubscriptionsPending: String(subscriptions.length - confirmed),
    SubscriptionsDeleted: String(topic.subscriptionsDeleted),
    EffectiveDeliveryPolicy: JSON.stringify(effective),
  };
}

export function subscriptionAttributes(subscription: Subscription, topic: Topic | undefined, rootArn: string): Record<string, string> {
  const isHttp = subscription.protocol === "http" || subscription.protocol === "https";
  // AWS omits the scope when there is no policy.
  const { FilterPolicyScope: _scope, ...own } = subscription.attributes;
  return {
    ...own,
    ...(subscription.attributes.FilterPolicy && { FilterPolicyScope: subscription.attributes.FilterPolicyScope ?? "MessageAttributes" }),
    ...(isHttp && topic && { EffectiveDeliveryPolicy: JSON.stringify({ healthyRetryPolicy: retryPolicy(topic, subscription) }) }),
    SubscriptionArn: subscription.arn,
    TopicArn: subscription.topicArn,
    Protocol: subscription.protocol,
    Endpoint: subscription.endpoint,
    Owner: subscription.owner,
    SubscriptionPrincipal: rootArn,
    PendingConfirmation: String(!subscription.confirmed),
    ConfirmationWasAuthenticated: String(subscription.authenticated),
    RawMessageDelivery: subscription.attributes.RawMessageDelivery ?? "false",
  };
}
