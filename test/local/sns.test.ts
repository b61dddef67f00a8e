import { createVerify, X509Certificate } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { SNS } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";
import { localAws } from "../support/local-aws.ts";
import { type Mail, mailAt, soon } from "../support/mailbox.ts";

let aws: Awaited<ReturnType<typeof localAws>>;
let sns: SNS;
let TopicArn: string;
beforeAll(async () => {
  aws = await localAws();
  sns = aws.client(SNS);
});
afterAll(() => aws.close());
let count = 0;
beforeEach(async () => {
  TopicArn = (await sns.createTopic({ Name: `topic-${++count}` })).TopicArn as string;
  await fetch(`${aws.url}/_local/mail`, { method: "DELETE" });
});

const mail = () => mailAt(aws.url);
/** An HTTP server that records requests and answers each with `status`. */
async function listener(status: (n: number) => number = () => 200) {
  const calls: { headers: Record<string, unknown>; body: string }[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      calls.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(status(calls.length)).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { calls, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, close: () => server.close() };
}

test("creating a topic again succeeds only with equal attributes and tags", async () => {
  const first = { Name: "same", Attributes: { KmsMasterKeyId: "alias/aws/sns" }, Tags: [{ Key: "a", Value: "1" }] };
  const { TopicArn: arn } = await sns.createTopic(first);
  expect(arn).toBe("arn:aws:sns:us-east-1:000000000000:same");
  expect((await sns.createTopic(first)).TopicArn).toBe(arn);
  expect((await sns.createTopic({ Name: "same" })).TopicArn).toBe(arn);
  await expect(sns.createTopic({ ...first, Tags: [{ Key: "a", Value: "2" }] })).rejects.toMatchObject({
    name: "InvalidParameterException",
    message: "Invalid parameter: Tags Reason: Topic already exists with different tags",
  });
  await expect(sns.createTopic({ ...first, Attributes: { KmsMasterKeyId: "other" } })).rejects.toMatchObject({
    message: "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
  });
  await expect(sns.createTopic({ Name: "no spaces" })).rejects.toMatchObject({ message: "Invalid parameter: Topic Name" });
});

test("a topic's attributes have AWS's defaults; each can be set and reset", async () => {
  const { Attributes = {} } = await sns.getTopicAttributes({ TopicArn });
  expect(Attributes).toMatchObject({
    TopicArn,
    Owner: "000000000000",
    DisplayName: "",
    SubscriptionsConfirmed: "0",
    SubscriptionsPending: "0",
    SubscriptionsDeleted: "0",
  });
  expect(JSON.parse(Attributes.Policy as string)).toMatchObject({ Id: "__default_policy_ID" });
  const retries = (attributes: Record<string, string> = {}) =>
    JSON.parse(attributes.EffectiveDeliveryPolicy as string).http.defaultHealthyRetryPolicy.numRetries;
  expect(retries(Attributes)).toBe(3);
  const AttributeValue = JSON.stringify({ http: { defaultHealthyRetryPolicy: { numRetries: 7 } } });
  await sns.setTopicAttributes({ TopicArn, AttributeName: "DeliveryPolicy", AttributeValue });
  expect(retries((await sns.getTopicAttributes({ TopicArn })).Attributes)).toBe(7);
  await sns.setTopicAttributes({ TopicArn, AttributeName: "KmsMasterKeyId", AttributeValue: "alias/aws/sns" });
  expect((await sns.getTopicAttributes({ TopicArn })).Attributes?.KmsMasterKeyId).toBe("alias/aws/sns");
  await sns.setTopicAttributes({ TopicArn, AttributeName: "KmsMasterKeyId", AttributeValue: "" });
  expect((await sns.getTopicAttributes({ TopicArn })).Attributes?.KmsMasterKeyId).toBeUndefined();
  await expect(sns.setTopicAttributes({ TopicArn, AttributeName: "Policy", AttributeValue: "{" })).rejects.toMatchObject({
    message: "Invalid parameter: Policy Error: null",
  });
  await sns.tagResource({ ResourceArn: TopicArn, Tags: [{ Key: "a", Value: "1" }] });
  await sns.untagResource({ ResourceArn: TopicArn, TagKeys: ["a"] });
  expect((await sns.listTagsForResource({ ResourceArn: TopicArn })).Tags).toEqual([]);
  await sns.deleteTopic({ TopicArn });
  await sns.deleteTopic({ TopicArn });
  await expect(sns.getTopicAttributes({ TopicArn })).rejects.toMatchObject({ name: "NotFoundException", message: "Topic does not exist" });
});

test("an e-mail subscription is pending until its link is opened; then messages arrive as JSON and as a file", async () => {
  const subscribed = await sns.subscribe({ TopicArn, Protocol: "email", Endpoint: "ops@example.com" });
  expect(subscribed.SubscriptionArn).toBe("pending confirmation");
  expect((await sns.listSubscriptionsByTopic({ TopicArn })).Subscriptions).toMatchObject([{ SubscriptionArn: "PendingConfirmation" }]);
  await sns.publish({ TopicArn, Message: "too early" });
  await soon(mail).toHaveLength(1);
  const [confirmation] = (await mail()) as [Mail];
  expect(confirmation).toMatchObject({ to: "ops@example.com", subject: "AWS Notification - Subscription Confirmation" });
  expect((await fetch((confirmation.confirmUrl as string).replace(/Token=../, "Token=zz"))).status).toBe(400);
  expect((await fetch(confirmation.confirmUrl as string)).status).toBe(200);
  const [one] = (await sns.listSubscriptionsByTopic({ TopicArn })).Subscriptions ?? [];
  expect(one?.SubscriptionArn).toMatch(new RegExp(`^${TopicArn}:`));

  const texts = { default: "d", email: "für Menschen", sms: "s" };
  await sns.publish({ TopicArn, Subject: "Off route", Message: JSON.stringify(texts), MessageStructure: "json" });
  await soon(mail).toHaveLength(2);
  const last = (await mail()).at(-1) as Mail;
  expect(last).toMatchObject({ subject: "Off route", body: expect.stringMatching(/^für Menschen\n/) });
  const file = readFileSync(join(aws.env.dataDir, "mail", last.file), "utf8");
  expect(file).toMatch(/^From: .*\r\nTo: ops@example.com\r\nSubject: Off route\r\n[\s\S]*\r\n\r\nfür Menschen\r\n/);

  const unsubscribe = /http:\/\/\S+Action=Unsubscribe\S+/.exec(last.body)?.[0] as string;
  expect((await fetch(unsubscribe)).status).toBe(200);
  expect((await sns.listSubscriptionsByTopic({ TopicArn })).Subscriptions).toEqual([]);
  expect((await fetch(`${aws.url}/_local/mail`, { method: "DELETE" })).status).toBe(204);
  expect(await mail()).toEqual([]);
  expect(readdirSync(join(aws.env.dataDir, "mail"))).toEqual([]);
});

test("an SMS to a subscriber or to a number arrives in the mailbox", async () => {
  await sns.setTopicAttributes({ TopicArn, AttributeName: "DisplayName", AttributeValue: "Fleet" });
  await sns.subscribe({ TopicArn, Protocol: "sms", Endpoint: "+15550100" });
  await sns.publish({ TopicArn, Message: "hello" });
  await soon(mail).toMatchObject([{ to: "+15550100", body: "Fleet> hello", file: expect.stringMatching(/\.txt$/) }]);
  await sns.publish({ PhoneNumber: "+15550199999", Message: "direct" });
  expect((await mail()).at(-1)).toMatchObject({ to: "+15550199999", body: "direct" });
});

test("an HTTP endpoint confirms its subscription, then gets messages signed with the served certificate", async () => {
  const hook = await listener();
  await sns.setTopicAttributes({ TopicArn, AttributeName: "SignatureVersion", AttributeValue: "2" });
  await sns.subscribe({ TopicArn, Protocol: "http", Endpoint: hook.url });
  await soon(() => hook.calls.length).toBe(1);
  const asked = JSON.parse(hook.calls[0]?.body as string);
  expect(hook.calls[0]?.headers["x-amz-sns-message-type"]).toBe("SubscriptionConfirmation");
  expect(asked).toMatchObject({ Type: "SubscriptionConfirmation", TopicArn, SubscribeURL: expect.stringContaining(asked.Token) });
  await sns.confirmSubscription({ TopicArn, Token: asked.Token });

  const { MessageId } = await sns.publish({
    TopicArn,
    Subject: "S",
    Message: "body",
    MessageAttributes: { type: { DataType: "String", StringValue: "ROUTE_DEVIATION" } },
  });
  await soon(() => hook.calls.length).toBe(2);
  const got = JSON.parse(hook.calls[1]?.body as string);
  expect(got).toMatchObject({
    Type: "Notification",
    MessageId,
    TopicArn,
    Subject: "S",
    Message: "body",
    SignatureVersion: "2",
    MessageAttributes: { type: { Type: "String", Value: "ROUTE_DEVIATION" } },
  });
  const pem = await (await fetch(got.SigningCertURL)).text();
  expect(new X509Certificate(pem).subject).toBe("CN=sns.amazonaws.com");
  const signed = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"].map((name) => `${name}\n${got[name]}\n`).join("");
  expect(createVerify("sha256").update(signed).verify(pem, got.Signature, "base64")).toBe(true);
  expect(createVerify("sha256").update(`${signed}x`).verify(pem, got.Signature, "base64")).toBe(false);

  const [one] = (await sns.listSubscriptionsByTopic({ TopicArn })).Subscriptions ?? [];
  await sns.setSubscriptionAttributes({
    SubscriptionArn: one?.SubscriptionArn,
    AttributeName: "RawMessageDelivery",
    AttributeValue: "true",
  });
  await sns.publish({ TopicArn, Message: "raw" });
  await soon(() => hook.calls.length).toBe(3);
  expect(hook.calls[2]).toMatchObject({ body: "raw", headers: { "x-amz-sns-rawdelivery": "true" } });
  hook.close();
});

test("deliveries to a failing endpoint are retried by its delivery policy; the queue is empty afterwards", async () => {
  const hook = await listener((n) => (n === 2 || n === 3 ? 503 : 200));
  const healthyRetryPolicy = { numRetries: 3, numNoDelayRetries: 3 };
  await sns.subscribe({
    TopicArn,
    Protocol: "http",
    Endpoint: hook.url,
    Attributes: { DeliveryPolicy: JSON.stringify({ healthyRetryPolicy }) },
  });
  await soon(() => hook.calls.length).toBe(1);
  await sns.confirmSubscription({ TopicArn, Token: JSON.parse(hook.calls[0]?.body as string).Token });
  await sns.publish({ TopicArn, Message: "again" });
  await soon(() => hook.calls.map(({ body }) => JSON.parse(body).Message === "again")).toEqual([false, true, true, true]);
  await soon(() => readdirSync(join(aws.env.dataDir, "sns", "queue"))).toEqual([]);
  hook.close();
});

test("endpoints on other machines and of other services are refused", async () => {
  await expect(sns.subscribe({ TopicArn, Protocol: "https", Endpoint: "https://example.com/hook" })).rejects.toMatchObject({
    name: "InvalidParameterException",
  });
  const Endpoint = "arn:aws:firehose:us-east-1:000000000000:deliverystream/d";
  await expect(sns.subscribe({ TopicArn, Protocol: "firehose", Endpoint })).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } });
});

test("a client of another region cannot use a topic", async () => {
  const abroad = aws.client(SNS, { region: "eu-west-1" });
  const refused = { name: "InvalidParameterException", message: "Invalid parameter: TopicArn" };
  await expect(abroad.publish({ TopicArn, Message: "m" })).rejects.toMatchObject(refused);
  await expect(abroad.getTopicAttributes({ TopicArn })).rejects.toMatchObject(refused);
  await expect(abroad.subscribe({ TopicArn, Protocol: "sms", Endpoint: "+15550001" })).rejects.toMatchObject(refused);
  await expect(abroad.deleteTopic({ TopicArn })).rejects.toMatchObject(refused);
});

test("a permission allows actions of topics only", async () => {
  const permission = { TopicArn, AWSAccountId: ["000000000000"] };
  await expect(sns.addPermission({ ...permission, Label: "l", ActionName: ["InvalidAction"] })).rejects.toMatchObject({
    name: "InvalidParameterException",
    message: "Invalid parameter: Policy statement action out of service scope!",
  });
  await sns.addPermission({ ...permission, Label: "l", ActionName: ["Publish"] });
  expect((await sns.getTopicAttributes({ TopicArn })).Attributes?.Policy).toContain('"Sid":"l"');
});

test("a filter policy is checked before the protocol is refused", async () => {
  const sqs = { TopicArn, Protocol: "sqs", Endpoint: "arn:aws:sqs:us-east-1:000000000000:q" };
  for (const FilterPolicy of ['{"key":[["value"]]}', '{"key":[{"numeric":["<",100,">",10]}]}'])
    await expect(sns.subscribe({ ...sqs, Attributes: { FilterPolicy } })).rejects.toMatchObject({ name: "InvalidParameterException" });
});

test.each([
  [{ Message: "" }, "Invalid parameter: Empty message"],
  [{ Message: "x".repeat(256 * 1024 + 1) }, "Invalid parameter: Message too long"],
  [{ Message: "m", Subject: "two\nlines" }, "Invalid parameter: Subject"],
  [{ Message: "m", MessageStructure: "json" }, "Invalid parameter: Message Structure - JSON message body failed to parse"],
  [{ Message: "{}", MessageStructure: "json" }, "Invalid parameter: Message Structure - No default entry in JSON message body"],
  [
    { Message: "m", MessageAttributes: { a: { DataType: "Text", StringValue: "x" } } },
    "Invalid parameter: The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
  ],
])("publishing %j is refused", async (input, message) => {
  await expect(sns.publish({ TopicArn, ...input })).rejects.toMatchObject({ name: "InvalidParameterException", message });
});

test("a batch reports the result of each entry; exceeding its limits fails it", async () => {
  const answer = await sns.publishBatch({
    TopicArn,
    PublishBatchRequestEntries: [
      { Id: "good", Message: "m" },
      { Id: "bad", Message: "m", Subject: "\n" },
    ],
  });
  expect(answer).toMatchObject({
    Successful: [{ Id: "good", MessageId: expect.any(String) }],
    Failed: [{ Id: "bad", Code: "InvalidParameter", SenderFault: true }],
  });
  const twice = [1, 2].map(() => ({ Id: "same", Message: "m" }));
  await expect(sns.publishBatch({ TopicArn, PublishBatchRequestEntries: twice })).rejects.toMatchObject({
    name: "BatchEntryIdsNotDistinctException",
  });
  await expect(sns.publishBatch({ TopicArn, PublishBatchRequestEntries: [] })).rejects.toMatchObject({
    name: "EmptyBatchRequestException",
  });
});

test("lists have pages of 100 items", async () => {
  for (let i = 0; i < 101; i++) await sns.subscribe({ TopicArn, Protocol: "sms", Endpoint: `+1555010${1000 + i}` });
  const first = await sns.listSubscriptionsByTopic({ TopicArn });
  const second = await sns.listSubscriptionsByTopic({ TopicArn, NextToken: first.NextToken });
  expect([first.Subscriptions?.length, second.Subscriptions?.length, second.NextToken]).toEqual([100, 1, undefined]);
});

test("the next server makes the deliveries that a killed server left in its queue", async () => {
  const { mkdtempSync, mkdirSync, writeFileSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const dataDir = mkdtempSync(join(tmpdir(), "sns-"));
  const first = await localAws({ dataDir });
  const client = first.client(SNS);
  const topic = await client.createTopic({ Name: "t" });
  const { SubscriptionArn } = await client.subscribe({ TopicArn: topic.TopicArn, Protocol: "sms", Endpoint: "+15550100" });
  await first.close();
  const folder = join(dataDir, "sns", "queue");
  mkdirSync(folder, { recursive: true });
  const message = { id: "m", at: new Date().toISOString(), body: "left over", perProtocol: false, attributes: {} };
  writeFileSync(join(folder, "00001.json"), JSON.stringify({ subscriptionArn: SubscriptionArn, message }));
  writeFileSync(join(folder, "00002.json"), '{"subscriptionArn":');
  const second = await localAws({ dataDir });
  const box = async () => (await fetch(`${second.url}/_local/mail`)).json();
  await soon(box).toMatchObject([{ body: "left over" }]);
  expect(existsSync(join(folder, "00002.json"))).toBe(false);
  await second.close();
  removeFolder(dataDir);
});
