import { randomUUID } from "node:crypto";
import { type LocalEnv, LocalFault } from "../../core/service.ts";
import { type RetryPolicy, retryPolicy } from "./attributes.ts";
import type { Mailbox } from "./mailbox.ts";
import { bodyFor, confirmUrl, type Message, notification, unsubscribeUrl } from "./message.ts";
import { post } from "./post.ts";
import type { Deliverer, Outcome } from "./queue.ts";
import type { Signer } from "./signing.ts";
import type { SnsState, Subscription, Topic } from "./topic.ts";

/** Tries at a function that is throttled or failing inside AWS. */
const AWS_DELAYS_MS = [0, 1_000, 1_000, 5_000, 10_000, 20_000];

export function delivererOf(env: LocalEnv, state: SnsState, mailbox: Mailbox, signer: Signer): Deliverer {
  const way: Way = { env, mailbox, signer };
  const place = (arn: string): readonly [Subscription, Topic] | undefined => {
    const one = state.subscription(arn);
    const topic = state.topic(one?.topicArn);
    return one && topic && [one, topic];
  };
  return {
    async attempt({ subscriptionArn, message }) {
      const [one, topic] = place(subscriptionArn) ?? [];
      if (!one || !topic) return "delivered";
      if (!message) return askToConfirm(one, topic, env, mailbox, signer);
      if (one.protocol === "lambda") return toFunction(way, one, topic, message);
      return one.protocol === "http" || one.protocol === "https" ? toHttp(way, one, topic, message) : toMailbox(way, one, topic, message);
    },
    delays({ subscriptionArn }) {
      const [one, topic] = place(subscriptionArn) ?? [];
      if (!one || !topic) return [];
      return one.protocol === "lambda" ? AWS_DELAYS_MS : delaysOf(retryPolicy(topic, one));
    },
  };
}

interface Way {
  readonly env: LocalEnv;
  readonly mailbox: Mailbox;
  readonly signer: Signer;
}
const inFull = (way: Way, one: Subscription, topic: Topic, message: Message): Promise<Record<string, unknown>> =>
  notification(message, one, topic, way.signer, way.env.endpoint());
const bodyOf = async (way: Way, one: Subscription, topic: Topic, message: Message): Promise<string> =>
  isRaw(one) ? bodyFor(one.protocol, message) : JSON.stringify(await inFull(way, one, topic, message));

async function toFunction(way: Way, one: Subscription, topic: Topic, message: Message): Promise<Outcome> {
  const { env } = way;
  const Sns = await inFull(way, one, topic, message);
  const record = { EventSource: "aws:sns", EventVersion: "1.0", EventSubscriptionArn: one.arn, Sns };
  const input = { FunctionName: one.endpoint, InvocationType: "Event", Payload: Buffer.from(JSON.stringify({ Records: [record] })) };
  const principal = { type: "service", service: "sns.amazonaws.com", sourceArn: topic.arn } as const;
  try {
    await env.dispatch("lambda", "Invoke", input, { principal, region: one.endpoint.split(":")[3] ?? topic.region });
    return "delivered";
  } catch (error) {
    if (!(error instanceof LocalFault)) throw error;
    env.log(`sns: ${one.endpoint} refused: ${error.code}: ${error.message}`);
    return error.code === "TooManyRequestsException" || (error.status ?? 400) >= 500 ? "retryable" : "hopeless";
  }
}

async function toMailbox(way: Way, one: Subscription, topic: Topic, message: Message): Promise<Outcome> {
  const protocol = one.protocol as "email" | "email-json" | "sms";
  const text = bodyFor(protocol, message);
  const footer = `\n\n--\nIf you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:\n${unsubscribeUrl(way.env.endpoint(), one)}`;
  const json = async () => JSON.stringify(await inFull(way, one, topic, message), null, 2);
  const body = protocol === "sms" ? smsText(topic, text) : protocol === "email" ? text + footer : await json();
  const { DisplayName: from } = topic.attributes;
  way.mailbox.add({ protocol, to: one.endpoint, from, subject: message.subject, body, topicArn: topic.arn });
  return "delivered";
}

async function toHttp(way: Way, one: Subscription, topic: Topic, message: Message): Promise<Outcome> {
  const headers = {
    "x-amz-sns-message-type": "Notification",
    "x-amz-sns-message-id": message.id,
    "x-amz-sns-topic-arn": topic.arn,
    "x-amz-sns-subscription-arn": one.arn,
    ...(isRaw(one) && { "x-amz-sns-rawdelivery": "true" }),
  };
  return post(one.endpoint, headers, await bodyOf(way, one, topic, message));
}
const isRaw = (one: Subscription): boolean => one.attributes.RawMessageDelivery === "true";

/** AWS puts the topic's display name before an SMS. */
const smsText = (topic: Topic, text: string): string => (topic.attributes.DisplayName ? `${topic.attributes.DisplayName}> ${text}` : text);

/** The four phases of a delivery policy, in ms; every back-off function counts as linear. */
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

async function askToConfirm(one: Subscription, topic: Topic, env: LocalEnv, mailbox: Mailbox, signer: Signer): Promise<Outcome> {
  const url = confirmUrl(env.endpoint(), one);
  if (one.protocol === "email" || one.protocol === "email-json") {
    const body = `You have chosen to subscribe to the topic:\n${topic.arn}\n\nTo confirm this subscription, click or visit the link below (If this was in error no action is necessary):\n${url}`;
    const subject = "AWS Notification - Subscription Confirmation";
    mailbox.add({
      protocol: one.protocol,
      to: one.endpoint,
      from: topic.attributes.DisplayName,
      subject,
      body,
      topicArn: topic.arn,
      confirmUrl: url,
    });
    return "delivered";
  }
  const plain = {
    Type: "SubscriptionConfirmation",
    MessageId: randomUUID(),
    Token: one.token,
    TopicArn: topic.arn,
    Message: `You have chosen to subscribe to the topic ${topic.arn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`,
    SubscribeURL: url,
    Timestamp: new Date(env.clock.now()).toISOString(),
  };
  const { url: SigningCertURL, ...signature } = await signer.sign(plain, topic.attributes.SignatureVersion ?? "1");
  const headers = {
    "x-amz-sns-message-type": plain.Type,
    "x-amz-sns-message-id": plain.MessageId,
    "x-amz-sns-topic-arn": topic.arn,
  };
  return post(one.endpoint, headers, JSON.stringify({ ...plain, ...signature, SigningCertURL }));
}
