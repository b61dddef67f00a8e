import { SNS } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";

/** Answers that were recorded from the real AWS. */
let aws: Awaited<ReturnType<typeof localAws>>;
let sns: SNS;
let TopicArn: string;
beforeAll(async () => {
  aws = await localAws();
  sns = aws.client(SNS);
  TopicArn = (await sns.createTopic({ Name: "topic" })).TopicArn as string;
});
afterAll(() => aws.close());

test("a topic's name ends in .fifo if and only if it is a FIFO topic", async () => {
  for (const input of [{ Name: "a.fifo" }, { Name: "a", Attributes: { FifoTopic: "true" } }])
    await expect(sns.createTopic(input)).rejects.toThrow("Invalid parameter: Topic Name");
});

test("a permission of one account and one action is written without lists", async () => {
  const { TopicArn: arn } = await sns.createTopic({ Name: "permitted" });
  await sns.addPermission({ TopicArn: arn, Label: "one", AWSAccountId: ["111122223333"], ActionName: ["Publish"] });
  await sns.addPermission({ TopicArn: arn, Label: "two", AWSAccountId: ["111122223333"], ActionName: ["Publish", "Subscribe"] });
  const { Attributes } = await sns.getTopicAttributes({ TopicArn: arn });
  const Principal = { AWS: "arn:aws:iam::111122223333:root" };
  expect(JSON.parse(Attributes?.Policy as string).Statement.slice(1)).toEqual([
    { Sid: "one", Effect: "Allow", Principal, Action: "SNS:Publish", Resource: arn },
    { Sid: "two", Effect: "Allow", Principal, Action: ["SNS:Publish", "SNS:Subscribe"], Resource: arn },
  ]);
});

test("a message to a device that does not exist names the parameter", async () => {
  const TargetArn = `${TopicArn.slice(0, TopicArn.lastIndexOf(":"))}:endpoint/APNS/app/0f7d5971-aa8b-4bd5-b585-0826e9f93a66`;
  await expect(sns.publish({ TargetArn, Message: "m" })).rejects.toMatchObject({
    name: "InvalidParameterException",
    message: "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified",
  });
});

test.each([
  ["message.id", "contains an impermissible character"],
  ["a".repeat(81), "is too long"],
])("the batch entry id %s %s", async (Id, words) => {
  await expect(sns.publishBatch({ TopicArn, PublishBatchRequestEntries: [{ Id, Message: "m" }] })).rejects.toMatchObject({
    name: "InvalidBatchEntryIdException",
    message: `The Id of a batch entry in the batch request ${words}: ${Id}`,
  });
});

test("a token that cannot be one, an unknown token and the token of an unknown topic are refused", async () => {
  const Token = "0".repeat(288);
  await expect(sns.confirmSubscription({ TopicArn, Token: "randomtoken" })).rejects.toThrow(/^Invalid token$/);
  for (const arn of [TopicArn, `${TopicArn}x`])
    await expect(sns.confirmSubscription({ TopicArn: arn, Token })).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: "Invalid parameter: Token",
    });
});

test("a phone number has single separators between its digits", async () => {
  await sns.subscribe({ TopicArn, Protocol: "sms", Endpoint: "+12/34-567.890" });
  for (const Endpoint of ["+15--551234567", "NAA+15551234567", "+15551234567.", "/+15551234567"])
    await expect(sns.subscribe({ TopicArn, Protocol: "sms", Endpoint })).rejects.toThrow(`Invalid SMS endpoint: ${Endpoint}`);
});

test("the attributes of SMS have a limit of one dollar and two types", async () => {
  expect((await sns.getSMSAttributes({})).attributes).toEqual({ MonthlySpendLimit: "1" });
  await sns.setSMSAttributes({ attributes: { DefaultSMSType: "Transactional" } });
  expect((await sns.getSMSAttributes({})).attributes).toEqual({ MonthlySpendLimit: "1", DefaultSMSType: "Transactional" });
  await expect(sns.setSMSAttributes({ attributes: { DefaultSMSType: "Other" } })).rejects.toThrow(/^DefaultSMSType is invalid$/);
  await expect(sns.setSMSAttributes({ attributes: { Other: "x" } })).rejects.toThrow(/^Other is not a valid attribute$/);
});
