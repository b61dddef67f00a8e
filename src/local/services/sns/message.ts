import type { MessageAttributeValue } from "@aws-sdk/client-sns";
import type { Signer } from "./signing.ts";
import { invalid, type Protocol, parseJson, type Subscription, type Topic } from "./state.ts";

export interface MessageAttribute {
  readonly Type: string;
  /** Binary values as base64. */
  readonly Value: string;
}
/** A published message, as stored until it is delivered. */
export interface Message {
  readonly id: string;
  readonly at: string;
  readonly subject?: string | undefined;
  readonly body: string;
  /** True if the body is JSON with a text for each protocol. */
  readonly perProtocol: boolean;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
}
const MAX_BYTES = 256 * 1024;

/** Checks a message in AWS's order. Throws AWS's faults. */
export function checkMessage(input: {
  Message?: string | undefined;
  Subject?: string | undefined;
  MessageStructure?: string | undefined;
  MessageAttributes?: Record<string, MessageAttributeValue> | undefined;
}): void {
  const { Message, Subject, MessageStructure } = input;
  if (!Message) throw invalid("Empty message");
  if (messageBytes(input) > MAX_BYTES) throw invalid("Message too long");
  if (Subject !== undefined && !isSubject(Subject)) throw invalid("Subject");
  if (MessageStructure !== undefined && MessageStructure !== "json") throw invalid("MessageStructure");
  if (MessageStructure === "json") checkStructure(Message);
  for (const [name, attribute] of Object.entries(input.MessageAttributes ?? {})) checkAttribute(name, attribute);
}

export const messageBytes = (input: {
  Message?: string | undefined;
  MessageAttributes?: Record<string, MessageAttributeValue> | undefined;
}): number =>
  Buffer.byteLength(input.Message ?? "") +
  Object.entries(input.MessageAttributes ?? {}).reduce(
    (sum, [name, { DataType, StringValue, BinaryValue }]) =>
      sum + name.length + (DataType?.length ?? 0) + Buffer.byteLength(StringValue ?? "") + (BinaryValue?.length ?? 0),
    0,
  );

/** Up to 100 characters of ASCII without line breaks, not beginning with a space. */
const isSubject = (subject: string): boolean => subject.length <= 100 && /^[\x21-\x7e][\x20-\x7e]*$/.test(subject);

function checkStructure(text: string): void {
  let texts: unknown;
  try {
    texts = JSON.parse(text);
  } catch {
    throw invalid("Message Structure - JSON message body failed to parse");
  }
  if (typeof (texts as { default?: unknown } | null)?.default !== "string")
    throw invalid("Message Structure - No default entry in JSON message body");
}

function checkAttribute(name: string, { DataType, StringValue, BinaryValue }: MessageAttributeValue): void {
  const type = DataType?.split(".")[0] ?? "";
  if (!/^[A-Za-z0-9_.-]{1,256}$/.test(name) || /^\.|\.$|\.\./.test(name)) throw invalid(`Message attribute name '${name}' is invalid`);
  if (!["String", "Number", "Binary"].includes(type) || DataType?.endsWith("."))
    throw invalid(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  const value = type === "Binary" ? BinaryValue : StringValue;
  if (!value?.length)
    throw invalid(
      `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${DataType}'.`,
    );
  if (type === "Number" && !Number.isFinite(Number(value))) throw invalid(`Could not cast message attribute '${name}' value to number.`);
  if (DataType === "String.Array" && !Array.isArray(parseJson(StringValue ?? "", `Message attribute '${name}'`)))
    throw invalid(`Message attribute '${name}' is not an array.`);
}

export const storedAttributes = (attributes: Record<string, MessageAttributeValue> | undefined): Message["attributes"] =>
  Object.fromEntries(
    Object.entries(attributes ?? {}).map(([name, { DataType = "", StringValue, BinaryValue }]) => [
      name,
      { Type: DataType, Value: BinaryValue ? Buffer.from(BinaryValue).toString("base64") : (StringValue ?? "") },
    ]),
  );

/** The text for the subscribers of a protocol. */
export function bodyFor(protocol: Protocol, message: Message): string {
  if (!message.perProtocol) return message.body;
  const texts = JSON.parse(message.body) as Record<string, string>;
  return texts[protocol] ?? (texts.default as string);
}

/** The notification for HTTP, e-mail (JSON) and Lambda subscribers. Two members have other names for Lambda. */
export async function notification(
  message: Message,
  subscription: Subscription,
  topic: Topic,
  signer: Signer,
  endpoint: string,
): Promise<Record<string, unknown>> {
  const unsigned = {
    Type: "Notification",
    MessageId: message.id,
    TopicArn: topic.arn,
    ...(message.subject !== undefined && { Subject: message.subject }),
    Message: bodyFor(subscription.protocol, message),
    Timestamp: message.at,
  };
  const { SignatureVersion, Signature, url } = await signer.sign(unsigned, topic.attributes.SignatureVersion ?? "1");
  const hasAttributes = Object.keys(message.attributes).length > 0;
  const unsubscribe = unsubscribeUrl(endpoint, subscription);
  const isLambda = subscription.protocol === "lambda";
  return {
    ...(isLambda && { Subject: null }),
    ...unsigned,
    SignatureVersion,
    Signature,
    ...(isLambda ? { SigningCertUrl: url, UnsubscribeUrl: unsubscribe } : { SigningCertURL: url, UnsubscribeURL: unsubscribe }),
    ...((hasAttributes || isLambda) && { MessageAttributes: message.attributes }),
  };
}

export const unsubscribeUrl = (endpoint: string, subscription: Subscription): string =>
  `${endpoint}/?Action=Unsubscribe&SubscriptionArn=${encodeURIComponent(subscription.arn)}`;
export const confirmUrl = (endpoint: string, subscription: Subscription): string =>
  `${endpoint}/?Action=ConfirmSubscription&TopicArn=${encodeURIComponent(subscription.topicArn)}&Token=${subscription.token}`;
