import { randomBytes, randomUUID } from "node:crypto";
import type {
  ConfirmSubscriptionCommandInput,
  ConfirmSubscriptionCommandOutput,
  GetSubscriptionAttributesCommandInput,
  GetSubscriptionAttributesCommandOutput,
  ListSubscriptionsByTopicCommandInput,
  ListSubscriptionsByTopicCommandOutput,
  ListSubscriptionsCommandInput,
  ListSubscriptionsCommandOutput,
  SetSubscriptionAttributesCommandInput,
  SetSubscriptionAttributesCommandOutput,
  SubscribeCommandInput,
  SubscribeCommandOutput,
  UnsubscribeCommandInput,
  UnsubscribeCommandOutput,
} from "@aws-sdk/client-sns";
import { isLoopback } from "../../core/loopback.ts";
import { type Handler, type LocalEnv, LocalFault, type Operations } from "../../core/service.ts";
import { subscriptionAttributes } from "./attributes.ts";
import { checkFilterPolicy, PolicyError } from "./filter.ts";
import type { Queue } from "./queue.ts";
import { invalid, type Protocol, page, parseJson, type SnsState, type Subscription } from "./state.ts";

const ATTRIBUTES = new Set([
  "DeliveryPolicy",
  "FilterPolicy",
  "FilterPolicyScope",
  "RawMessageDelivery",
  "RedrivePolicy",
  "SubscriptionRoleArn",
]);

/** Protocols that AWS does not ask to confirm. */
const CONFIRMED_PROTOCOLS: ReadonlySet<Protocol> = new Set<Protocol>(["lambda", "sms"]);

export function subscriptionOperations(env: LocalEnv, state: SnsState, queue: Queue): Operations {
  const subscribe: Handler<SubscribeCommandInput, SubscribeCommandOutput> = (input, { account }) => {
    const topic = state.requireTopic(input.TopicArn);
    const protocol = input.Protocol as Protocol;
    const endpoint = input.Endpoint ?? "";
    const rawDelivery = input.Attributes?.RawMessageDelivery?.toLowerCase();
    const attributes: Record<string, string> = {
      ...input.Attributes,
      ...(rawDelivery !== undefined && { RawMessageDelivery: rawDelivery }),
    };
    for (const [name, value] of Object.entries(attributes))
      checkAttribute(name, value, attributes.FilterPolicyScope, "Attributes Reason: ");
    checkEndpoint(protocol, endpoint);
    const existing = state
      .subscriptions(topic.arn)
      .find((subscription) => subscription.protocol === protocol && subscription.endpoint === endpoint);
    if (existing) return resubscribe(existing, attributes, input.ReturnSubscriptionArn, queue);
    const subscription: Subscription = {
      arn: `${topic.arn}:${randomUUID()}`,
      topicArn: topic.arn,
      protocol,
      endpoint,
      owner: account,
      attributes,
      confirmed: CONFIRMED_PROTOCOLS.has(protocol),
      authenticated: CONFIRMED_PROTOCOLS.has(protocol),
      token: randomBytes(64).toString("hex"),
      signedUnsubscribeOnly: false,
      createdAt: env.clock.now(),
    };
    state.putSubscription(subscription);
    if (!subscription.confirmed) queue.add({ subscriptionArn: subscription.arn });
    return { SubscriptionArn: shownArn(subscription, input.ReturnSubscriptionArn) };
  };
  const confirm: Handler<ConfirmSubscriptionCommandInput, ConfirmSubscriptionCommandOutput> = (input, { principal }) => ({
    SubscriptionArn: confirmSubscription(state, input, principal.type !== "anonymous"),
  });
  const unsubscribe: Handler<UnsubscribeCommandInput, UnsubscribeCommandOutput> = (input) => {
    const arn = input.SubscriptionArn as string;
    if (arn.split(":").length < 6)
      throw invalid(`SubscriptionArn Reason: An ARN must have at least 6 elements, not ${arn.split(":").length}`);
    if (!/^arn:[^:]+:sns:[^:]+:\d{12}:[^:]+:[0-9a-f-]{36}$/.test(arn)) throw invalid("SubscriptionId");
    const subscription = state.findSubscription(arn);
    if (subscription && !subscription.confirmed)
      throw invalid("SubscriptionArn Reason: Cannot unsubscribe a subscription that is pending confirmation");
    if (subscription) state.removeSubscription(subscription);
    return {};
  };
  return {
    Subscribe: subscribe,
    ConfirmSubscription: confirm,
    Unsubscribe: unsubscribe,
    ...listOperations(state),
    ...attributeOperations(state),
  };
}

/** Confirms a subscription by its token, from a link in a mail or an HTTP endpoint. Throws InvalidParameterException for a wrong token. */
export function confirmSubscription(state: SnsState, input: ConfirmSubscriptionCommandInput, authenticated: boolean): string {
  if (!/^[0-9a-f]{64,}$/.test(input.Token ?? "")) throw new LocalFault("InvalidParameterException", "Invalid token");
  // To AWS, the token of an unknown topic is the wrong parameter (recorded).
  const topic = state.findTopic(input.TopicArn);
  const subscription = topic && state.subscriptions(topic.arn).find(({ token }) => token === input.Token);
  if (!subscription) throw invalid("Token");
  const signedUnsubscribeOnly = authenticated && input.AuthenticateOnUnsubscribe === "true";
  if (!subscription.confirmed) state.putSubscription({ ...subscription, confirmed: true, authenticated, signedUnsubscribeOnly });
  return subscription.arn;
}

/** `returnArn`: the parameter ReturnSubscriptionArn, which asks for the ARN of a pending subscription, too. */
const shownArn = (subscription: Subscription, returnArn: boolean | undefined): string =>
  subscription.confirmed || returnArn ? subscription.arn : "pending confirmation";

/** Subscribing again succeeds with equal attributes. A pending subscription gets another request to confirm. */
function resubscribe(
  subscription: Subscription,
  attributes: Record<string, string>,
  returnArn: boolean | undefined,
  queue: Queue,
): SubscribeCommandOutput {
  if (Object.entries(attributes).some(([name, value]) => subscription.attributes[name] !== value))
    throw invalid("Attributes Reason: Subscription already exists with different attributes");
  if (!subscription.confirmed) queue.add({ subscriptionArn: subscription.arn });
  return { SubscriptionArn: shownArn(subscription, returnArn), $metadata: {} };
}

function checkEndpoint(protocol: Protocol, endpoint: string): void {
  if (["sqs", "application", "firehose"].includes(protocol))
    throw new LocalFault("NotImplemented", `The local AWS does not implement the protocol ${protocol} of sns:Subscribe.`, 501);
  if (protocol === "http" || protocol === "https") {
    if (!endpoint.startsWith(`${protocol}://`) || !URL.canParse(endpoint)) throw invalid("Endpoint must match the specified protocol");
    if (!isLoopback(endpoint)) throw invalid("Endpoint Reason: the local AWS delivers to this machine only");
  } else if (protocol === "email" || protocol === "email-json") {
    if (!/^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/.test(endpoint)) throw invalid("Email address");
  } else if (protocol === "sms") {
    if (!/^\+?\d+([-./]\d+)*$/.test(endpoint) || endpoint.length > 20)
      throw new LocalFault("InvalidParameterException", `Invalid SMS endpoint: ${endpoint}`);
  } else if (protocol === "lambda") {
    if (!/^arn:[^:]+:lambda:[^:]+:\d{12}:function:[^:]+(:[^:]+)?$/.test(endpoint)) throw invalid("Lambda endpoint ARN");
  } else throw invalid(`Amazon SNS does not support this protocol string: ${protocol}`);
}

/** `parameter`: the words that Subscribe puts before the error of a filter policy (recorded). */
function checkAttribute(name: string, value: string, scope: string | undefined, parameter = ""): void {
  if (!ATTRIBUTES.has(name)) throw invalid("AttributeName");
  if (name === "FilterPolicy" && value) {
    try {
      checkFilterPolicy(value, scope ?? "MessageAttributes");
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      throw invalid(`${parameter}FilterPolicy: ${error.message}`);
    }
  }
  if (name === "FilterPolicyScope" && !["MessageAttributes", "MessageBody"].includes(value))
    throw invalid(`FilterPolicyScope: Invalid value [${value}]. Please use either MessageBody or MessageAttributes`);
  if (name === "RawMessageDelivery" && !["true", "false"].includes(value.toLowerCase()))
    throw invalid(`RawMessageDelivery: Invalid value [${value}]. Must be true or false.`);
  if (name === "DeliveryPolicy" && value) parseJson(value, name);
  if (name === "RedrivePolicy" && value)
    throw new LocalFault(
      "NotImplemented",
      "The local AWS has no SQS: it does not implement the attribute RedrivePolicy of a subscription.",
      501,
    );
}

function listOperations(state: SnsState): Operations {
  const listEntryOf = (subscription: Subscription) => ({
    SubscriptionArn: subscription.confirmed ? subscription.arn : "PendingConfirmation",
    Owner: subscription.owner,
    Protocol: subscription.protocol,
    Endpoint: subscription.endpoint,
    TopicArn: subscription.topicArn,
  });
  const list: Handler<ListSubscriptionsCommandInput, ListSubscriptionsCommandOutput> = (input, { region }) => {
    const inRegion = state.subscriptions().filter((subscription) => subscription.topicArn.split(":")[3] === region);
    const { items, next } = page(inRegion, input.NextToken);
    return { Subscriptions: items.map(listEntryOf), ...next };
  };
  const byTopic: Handler<ListSubscriptionsByTopicCommandInput, ListSubscriptionsByTopicCommandOutput> = (input) => {
    const { items, next } = page(state.subscriptions(state.requireTopic(input.TopicArn).arn), input.NextToken);
    return { Subscriptions: items.map(listEntryOf), ...next };
  };
  return { ListSubscriptions: list, ListSubscriptionsByTopic: byTopic };
}

function attributeOperations(state: SnsState): Operations {
  const get: Handler<GetSubscriptionAttributesCommandInput, GetSubscriptionAttributesCommandOutput> = (input, { account }) => {
    const subscription = state.requireSubscription(input.SubscriptionArn);
    return { Attributes: subscriptionAttributes(subscription, state.findTopic(subscription.topicArn), `arn:aws:iam::${account}:root`) };
  };
  const set: Handler<SetSubscriptionAttributesCommandInput, SetSubscriptionAttributesCommandOutput> = (input) => {
    const subscription = state.requireSubscription(input.SubscriptionArn);
    const name = input.AttributeName as string;
    const value = input.AttributeValue ?? "";
    checkAttribute(name, value, subscription.attributes.FilterPolicyScope);
    const { [name]: _old, ...others } = subscription.attributes;
    const stored = name === "RawMessageDelivery" ? value.toLowerCase() : value;
    state.putSubscription({ ...subscription, attributes: value ? { ...others, [name]: stored } : others });
    return {};
  };
  return { GetSubscriptionAttributes: get, SetSubscriptionAttributes: set };
}
