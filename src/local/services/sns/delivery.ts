import { randomUUID } from "node:crypto";
import { type LocalEnv, LocalFault } from "../../core/service.ts";
import { type RetryPolicy, retryPolicy } from "./attributes.ts";
import type { Mailbox } from "./mailbox.ts";
import { bodyFor, confirmUrl, type Message, notification, unsubscribeUrl } from "./message.ts";
import { post } from "./post.ts";
import type { Deliverer, DeliveryAttempt } from "./queue.ts";
import type { Signer } from "./signing.ts";
import type { SnsState, Subscription, Topic } from "./state.ts";

/** Delays of the retries to a function that is throttled or fails inside Lambda. */
const AWS_DELAYS_MS = [0, 1_000, 1_000, 5_000, 10_000, 20_000];

export function delivererOf(env: LocalEnv, state: SnsState, mailbox: Mailbox, signer: Signer): Deliverer {
  const context: DeliveryContext = { env, mailbox, signer };
  const subscriptionAndTopic = (arn: string): readonly [Subscription, Topic] | undefined => {
    const subscription = state.findSubscription(arn);
    const topic = state.findTopic(subscription?.topicArn);
    return subscription && topic && [subscription, topic];
  };
  return {
    async attempt({ subscriptionArn, message }) {
      const [subscription, topic] = subscriptionAndTopic(subscriptionArn) ?? [];
      if (!subscription || !topic) return "delivered";
      if (!message) return requestConfirmation(context, subscription, topic);
      if (subscription.protocol === "lambda") return toFunction(context, subscription, topic, message);
      return subscription.protocol === "http" || subscription.protocol === "https"
        ? toHttp(context, subscription, topic, message)
        : toMailbox(context, subscription, topic, message);
    },
    delays({ subscriptionArn }) {
      const [subscription, topic] = subscriptionAndTopic(subscriptionArn) ?? [];
      if (!subscription || !topic) return [];
      return subscription.protocol === "lambda" ? AWS_DELAYS_MS : delaysOf(retryPolicy(topic, subscription));
    },
  };
}

interface DeliveryContext {
  readonly env: LocalEnv;
  readonly mailbox: Mailbox;
  readonly signer: Signer;
}
const notificationFor = (
  context: DeliveryContext,
  subscription: Subscription,
  topic: Topic,
  message: Message,
): Promise<Record<string, unknown>> => notification(message, subscription, topic, context.signer, context.env.endpoint());
const httpBodyOf = async (context: DeliveryContext, subscription: Subscription, topic: Topic, message: Message): Promise<string> =>
  isRaw(subscription)
    ? bodyFor(subscription.protocol, message)
    : JSON.stringify(await notificationFor(context, subscription, topic, message));

async function toFunction(context: DeliveryContext, subscription: Subscription, topic: Topic, message: Message): Promise<DeliveryAttempt> {
  const { env } = context;
  const Sns = await notificationFor(context, subscription, topic, message);
  const record = { EventSource: "aws:sns", EventVersion: "1.0", EventSubscriptionArn: subscription.arn, Sns };
  const input = {
    FunctionName: subscription.endpoint,
    InvocationType: "Event",
    Payload: Buffer.from(JSON.stringify({ Records: [record] })),
  };
  const principal = { type: "service", service: "sns.amazonaws.com", sourceArn: topic.arn } as const;
  try {
    await env.dispatch("lambda", "Invoke", input, { principal, region: subscription.endpoint.split(":")[3] ?? topic.region });
    return "delivered";
  } catch (error) {
    if (!(error instanceof LocalFault)) throw error;
    env.log(`sns: ${subscription.endpoint} refused: ${error.code}: ${error.message}`);
    return error.code === "TooManyRequestsException" || (error.status ?? 400) >= 500 ? "retryable" : "failed";
  }
}

async function toMailbox(context: DeliveryContext, subscription: Subscription, topic: Topic, message: Message): Promise<DeliveryAttempt> {
  const protocol = subscription.protocol as "email" | "email-json" | "sms";
  const text = bodyFor(protocol, message);
  const footer = `\n\n--\nIf you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:\n${unsubscribeUrl(context.env.endpoint(), subscription)}`;
  const json = async () => JSON.stringify(await notificationFor(context, subscription, topic, message), null, 2);
  const body = protocol === "sms" ? smsText(topic, text) : protocol === "email" ? text + footer : await json();
  const { DisplayName: from } = topic.attributes;
  context.mailbox.add({ protocol, to: subscription.endpoint, from, subject: message.subject, body, topicArn: topic.arn });
  return "delivered";
}

async function toHttp(context: DeliveryContext, subscription: Subscription, topic: Topic, message: Message): Promise<DeliveryAttempt> {
  const headers = {
    "x-amz-sns-message-type": "Notification",
    "x-amz-sns-message-id": message.id,
    "x-amz-sns-topic-arn": topic.arn,
    "x-amz-sns-subscription-arn": subscription.arn,
    ...(isRaw(subscription) && { "x-amz-sns-rawdelivery": "true" }),
  };
  return post(subscription.endpoint, headers, await httpBodyOf(context, subscription, topic, message));
}
const isRaw = (subscription: Subscription): boolean => subscription.attributes.RawMessageDelivery === "true";

/** AWS prefixes an SMS with the topic's display name. */
const smsText = (topic: Topic, text: string): string => (topic.attributes.DisplayName ? `${topic.attributes.DisplayName}> ${text}` : text);

/** The retry delays of a delivery policy's four phases, in ms. Every back-off function is treated as linear. */
export function delaysOf(policy: RetryPolicy): number[] {
  const { numRetries, numNoDelayRetries, numMinDelayRetries, numMaxDelayRetries, minDelayTarget: min, maxDelayTarget: max } = policy;
  const rest = Math.max(0, Math.min(numRetries, 100) - numNoDelayRetries - numMinDelayRetries - numMaxDelayRetries);
  const between = Array.from({ length: rest }, (_, i) => (rest === 1 ? min : min + ((max - min) * i) / (rest - 1)));
  const seconds = [
    ...Array<number>(numNoDelayRetries).fill(0),
    ...Array<number>(numMinDelayRetries).fill(min),
    ...between,
    ...Array<number>(numMaxDelayRetries).fill(max),
  ];
  return seconds.map((s) => s * 1000);
}

async function requestConfirmation(
  { env, mailbox, signer }: DeliveryContext,
  subscription: Subscription,
  topic: Topic,
): Promise<DeliveryAttempt> {
  const url = confirmUrl(env.endpoint(), subscription);
  if (subscription.protocol === "email" || subscription.protocol === "email-json") {
    const body = `You have chosen to subscribe to the topic:\n${topic.arn}\n\nTo confirm this subscription, click or visit the link below (If this was in error no action is necessary):\n${url}`;
    const subject = "AWS Notification - Subscription Confirmation";
    mailbox.add({
      protocol: subscription.protocol,
      to: subscription.endpoint,
      from: topic.attributes.DisplayName,
      subject,
      body,
      topicArn: topic.arn,
      confirmUrl: url,
    });
    return "delivered";
  }
  const unsigned = {
    Type: "SubscriptionConfirmation",
    MessageId: randomUUID(),
    Token: subscription.token,
    TopicArn: topic.arn,
    Message: `You have chosen to subscribe to the topic ${topic.arn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
    SubscribeURL: url,
    Timestamp: new Date(env.clock.now()).toISOString(),
  };
  const { url: SigningCertURL, ...signature } = await signer.sign(unsigned, topic.attributes.SignatureVersion ?? "1");
  const headers = {
    "x-amz-sns-message-type": unsigned.Type,
    "x-amz-sns-message-id": unsigned.MessageId,
    "x-amz-sns-topic-arn": topic.arn,
  };
  return post(subscription.endpoint, headers, JSON.stringify({ ...unsigned, ...signature, SigningCertURL }));
}
