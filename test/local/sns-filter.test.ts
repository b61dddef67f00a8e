import { SNS } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";
import { mailAt, soon } from "../support/mailbox.ts";

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

test.each([
  [{ type: ["ROUTE_DEVIATION"] }, true],
  [{ type: ["OTHER"] }, false],
  [{ type: [{ prefix: "ROUTE" }] }, true],
  [{ type: [{ suffix: "X" }] }, false],
  [{ type: [{ "anything-but": ["A", "B"] }] }, true],
  [{ type: [{ "anything-but": { prefix: "ROUTE" } }] }, false],
  [{ km: [{ numeric: [">", 1, "<=", 2.5] }] }, true],
  [{ km: [{ numeric: ["=", 3] }] }, false],
  [{ gone: [{ exists: false }], type: [{ exists: true }] }, true],
  [{ $or: [{ type: ["OTHER"] }, { km: [2.5] }] }, true],
  [{ tags: ["b"] }, true],
  [{ type: ["ROUTE_DEVIATION"], tags: ["z"] }, false],
  [{ type: [{ "equals-ignore-case": "route_deviation" }] }, true],
  [{ km: [{ "anything-but": [2.5] }] }, false],
  [{ tags: [{ "anything-but": ["a"] }] }, false],
  [{ ip: [{ cidr: "10.0.0.0/8" }] }, true],
  [{ ip: [{ cidr: "10.1.0.0/17" }] }, false],
  [{ ip6: [{ cidr: "2001:db8::/32" }] }, true],
])("filter by attributes %j → %s", async (policy, passes) => {
  await sns.subscribe({ TopicArn, Protocol: "sms", Endpoint: "+15550100", Attributes: { FilterPolicy: JSON.stringify(policy) } });
  await sns.subscribe({ TopicArn, Protocol: "sms", Endpoint: "+15550999" });
  await sns.publish({
    TopicArn,
    Message: "m",
    MessageAttributes: {
      type: { DataType: "String", StringValue: "ROUTE_DEVIATION" },
      km: { DataType: "Number", StringValue: "2.5" },
      tags: { DataType: "String.Array", StringValue: '["a","b"]' },
      ip: { DataType: "String", StringValue: "10.1.128.7" },
      ip6: { DataType: "String", StringValue: "2001:db8:1::7" },
    },
  });
  await soon(async () => (await mail()).map(({ to }) => to)).toEqual(passes ? ["+15550100", "+15550999"] : ["+15550999"]);
});

test.each([
  [[1], "Null values are not allowed in top-level"],
  [{ a: 1 }, '"a" must be an object or an array'],
  [{ a: [] }, "Empty arrays are not allowed"],
  [{ a: { b: ["c"] } }, "Filter policy scope MessageAttributes does not support nested filter policy"],
  [{ a: [{ wildcard: "x*" }] }, "Unrecognized match type wildcard"],
  [{ a: [{ prefix: "x", suffix: "y" }] }, "Only one key allowed in match expression"],
  [{ a: [{ prefix: 1 }] }, "prefix match pattern must be a string"],
  [{ a: [{ exists: "yes" }] }, "exists match pattern must be either true or false."],
  [{ a: [{ numeric: ["~", 1] }] }, "Unrecognized numeric range operator: ~"],
  [{ a: [{ numeric: [">", "1"] }] }, "Value of > must be numeric"],
  [{ a: [{ numeric: [] }] }, "Invalid member in numeric match: ]"],
  [{ a: [{ numeric: [1, "<="] }] }, "Invalid member in numeric match: 1"],
  [{ a: [{ numeric: [">="] }] }, "Value of >= must be numeric"],
  [{ a: [{ numeric: ["=", "0"] }] }, "Value of equals must be numeric"],
  [{ a: [{ numeric: ["<", 100, ">", 10] }] }, "Too many elements in numeric expression"],
  [{ a: [{ numeric: [">=", 1, ">", 2] }] }, "Bad numeric range operator: >"],
  [{ a: [{ numeric: [">", 20, 30] }] }, "Bad value in numeric range: 30"],
  [{ a: [{ numeric: [">", 20, "<", "30"] }] }, "Value of < must be numeric"],
  [{ a: [{ numeric: [">", 3, "<", 1] }] }, "Bottom must be less than top"],
  [{ a: [{ numeric: [">", 20, "<", 30, "<", 50] }] }, "Too many terms in numeric range expression"],
  [{ a: [{ cidr: 1 }] }, "prefix match pattern must be a string"],
  [{ a: [{ cidr: "10.0.0.1" }] }, "Malformed CIDR, one '/' required"],
  [{ a: [{ cidr: "x/y" }] }, "Malformed CIDR, mask bits must be an integer"],
  [{ a: [{ cidr: "xx.11.xx/8" }] }, "Nonstandard IP address: xx.11.xx"],
  [{ a: [{ "anything-but": { suffix: "test" } }] }, "Unsupported anything-but pattern: suffix"],
  [{ key: { suffix: "value" } }, '"suffix" must be an object or an array'],
  [{ a: [{ "anything-but": { numeric: ["=", 1] } }] }, "Unsupported anything-but pattern: numeric"],
  [Object.fromEntries("abcdef".split("").map((key) => [key, ["x"]])), "Filter policy can not have more than 5 keys"],
  [{ a: Array.from({ length: 76 }, (_, i) => i), b: [1, 2] }, "Filter policy is too complex"],
])("the filter policy %j is refused", async (policy, message) => {
  const Attributes = { FilterPolicy: JSON.stringify(policy) };
  await expect(sns.subscribe({ TopicArn, Protocol: "sms", Endpoint: "+15550100", Attributes })).rejects.toMatchObject({
    name: "InvalidParameterException",
    message: expect.stringMatching(/^Invalid parameter: Attributes Reason: FilterPolicy: /),
  });
  const { SubscriptionArn } = await sns.subscribe({ TopicArn, Protocol: "sms", Endpoint: "+15550100" });
  const changed = sns.setSubscriptionAttributes({
    SubscriptionArn,
    AttributeName: "FilterPolicy",
    AttributeValue: Attributes.FilterPolicy,
  });
  await expect(changed).rejects.toThrow(`Invalid parameter: FilterPolicy: ${message}`);
});

test("subscriptions of SQS queues are refused", async () => {
  const Endpoint = "arn:aws:sqs:us-east-1:000000000000:q";
  await expect(sns.subscribe({ TopicArn, Protocol: "sqs", Endpoint })).rejects.toMatchObject({ name: "NotImplemented" });
  const Attributes = { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: Endpoint }) };
  await expect(sns.subscribe({ TopicArn, Protocol: "sms", Endpoint: "+15550101", Attributes })).rejects.toMatchObject({
    name: "NotImplemented",
  });
});

test("a filter policy on the message body matches nested members", async () => {
  const Attributes = {
    FilterPolicyScope: "MessageBody",
    FilterPolicy: JSON.stringify({ vehicle: { id: [{ prefix: "v" }] }, stops: { n: [2] } }),
  };
  await sns.subscribe({ TopicArn, Protocol: "sms", Endpoint: "+15550100", Attributes });
  await sns.publish({ TopicArn, Message: "no json" });
  await sns.publish({ TopicArn, Message: JSON.stringify({ vehicle: { id: "x1" }, stops: [{ n: 2 }] }) });
  await sns.publish({ TopicArn, Message: JSON.stringify({ vehicle: { id: "v1" }, stops: [{ n: 1 }, { n: 2 }] }) });
  await soon(async () => (await mail()).map(({ body }) => JSON.parse(body).vehicle.id)).toEqual(["v1"]);
});
