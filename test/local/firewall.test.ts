import { APIGateway } from "@aws-sdk/client-api-gateway";
import { WAFV2 } from "@aws-sdk/client-wafv2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import { localAws } from "../support/local-aws.ts";

const clock = virtualClock();
let aws: Awaited<ReturnType<typeof localAws>>;
let restApiId = "";
beforeAll(async () => {
  aws = await localAws({ clock });
  const gateway = aws.client(APIGateway);
  const { id = "", rootResourceId: resourceId = "" } = await gateway.createRestApi({ name: "guarded" });
  restApiId = id;
  const method = { restApiId, resourceId, httpMethod: "GET" };
  await gateway.putMethod({ ...method, authorizationType: "NONE" });
  await gateway.putIntegration({ ...method, type: "MOCK", requestTemplates: { "application/json": '{"statusCode": 200}' } });
  await gateway.putMethodResponse({ ...method, statusCode: "200" });
  await gateway.putIntegrationResponse({ ...method, statusCode: "200" });
  await gateway.createDeployment({ restApiId, stageName: "prod" });
});
afterAll(() => aws.close());

const call = async () => {
  const answer = await fetch(`${aws.url}/restapis/${restApiId}/prod/_user_request_/`);
  return [answer.status, answer.status === 403 ? await answer.json() : undefined];
};
const times = async (count: number) => {
  const statuses: unknown[] = [];
  for (let i = 0; i < count; i++) statuses.push((await call())[0]);
  return statuses;
};

test("a rate-based rule blocks an address above the limit until its window ends; without the web ACL nothing is blocked", async () => {
  const waf = aws.client(WAFV2);
  const VisibilityConfig = { SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: "m" };
  const rate = { Limit: 10, AggregateKeyType: "IP" as const, EvaluationWindowSec: 60 };
  const { Summary } = await waf.createWebACL({
    ...{ Name: "guard", Scope: "REGIONAL", DefaultAction: { Allow: {} }, VisibilityConfig },
    Rules: [{ Name: "rate", Priority: 0, Action: { Block: {} }, Statement: { RateBasedStatement: rate }, VisibilityConfig }],
  });
  const ResourceArn = `arn:aws:apigateway:us-east-1::/restapis/${restApiId}/stages/prod`;
  expect(await times(12)).toEqual(Array(12).fill(200));
  await waf.associateWebACL({ ResourceArn, WebACLArn: Summary?.ARN });
  expect(await times(11)).toEqual([...Array(10).fill(200), 403]);
  expect(await call()).toEqual([403, { message: "Forbidden" }]);
  clock.advance(70_000);
  expect(await times(1)).toEqual([200]);
  await waf.disassociateWebACL({ ResourceArn });
  expect(await times(12)).toEqual(Array(12).fill(200));
});
