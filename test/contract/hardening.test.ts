import { rdsEventSubscription, rdsSubnetGroup, s3Bucket, wafv2Association, wafv2WebAcl } from "../../src/resources/index.ts";
import type { Rig } from "./rig.ts";
import { contractOf } from "./suite.ts";

const ACCOUNT = "000000000000";
const REGION = "us-east-1";

/** A topic to which RDS may publish. */
async function topic({ world }: Rig, name: string): Promise<string> {
  const TopicArn = `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`;
  const statement = { Effect: "Allow", Principal: { Service: "events.rds.amazonaws.com" }, Action: "sns:Publish", Resource: TopicArn };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await (await world.sns()).createTopic({ Name: name, Attributes: { Policy } });
  return TopicArn;
}
async function parameterGroup({ world }: Rig, DBParameterGroupName: string): Promise<string> {
  const rds = await world.rds();
  await rds.createDBParameterGroup({ DBParameterGroupName, DBParameterGroupFamily: "postgres17", Description: "case" });
  return DBParameterGroupName;
}

contractOf({
  kind: rdsEventSubscription,
  prepare: async (rig, name) => {
    const sources = [await parameterGroup(rig, `${name}-a`)];
    await parameterGroup(rig, `${name}-b`);
    await topic(rig, `${name}-other`);
    const spec = { topic: await topic(rig, name), sourceType: "db-parameter-group", categories: ["configuration change"], sources };
    return { id: { name }, spec };
  },
  changes: {
    topic: (spec) => ({ ...spec, topic: `${spec.topic}-other` }),
    sources: (spec) => ({ ...spec, sources: spec.sources.map((source) => source.replace(/-a$/, "-b")) }),
    sourceType: (spec) => ({ ...spec, sourceType: "db-security-group" }),
    categories: (spec) => ({ ...spec, sourceType: "db-security-group", categories: ["configuration change", "failure"] }),
  },
  // One source is added and one is removed.
  calls: { sources: 2 },
  drifts: {
    enabled: async (rig, { name }) => (await rig.world.rds()).modifyEventSubscription({ SubscriptionName: name, Enabled: false }),
    topic: async (rig, { name }) =>
      (await rig.world.rds()).modifyEventSubscription({ SubscriptionName: name, SnsTopicArn: await topic(rig, `${name}-third`) }),
  },
  foreign: async (rig, { name }, spec) =>
    (await rig.world.rds()).createEventSubscription({ SubscriptionName: name, SnsTopicArn: spec.topic, SourceType: spec.sourceType }),
});

async function subnetsOf({ world }: Rig): Promise<readonly string[]> {
  const { Subnets = [] } = await (await world.ec2()).describeSubnets({});
  return Subnets.flatMap(({ SubnetId }) => SubnetId ?? []);
}
let subnets: readonly string[] = [];
contractOf({
  kind: rdsSubnetGroup,
  prepare: async (rig, name) => {
    subnets = await subnetsOf(rig);
    return { id: { name }, spec: { description: "private", subnets: subnets.slice(0, 2) } };
  },
  changes: {
    description: (spec) => ({ ...spec, description: "other" }),
    subnets: (spec) => ({ ...spec, subnets: subnets.slice(1, 3) }),
  },
  drifts: {
    subnets: async (rig, { name }) =>
      (await rig.world.rds()).modifyDBSubnetGroup({ DBSubnetGroupName: name, SubnetIds: [...(await subnetsOf(rig))] }),
  },
  foreign: async (rig, { name }) =>
    (await rig.world.rds()).createDBSubnetGroup({
      DBSubnetGroupName: name,
      DBSubnetGroupDescription: "theirs",
      SubnetIds: [...(await subnetsOf(rig))],
    }),
});

const Scope = "REGIONAL" as const;
const VisibilityConfig = { SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: "theirs" };
async function rewrite({ world }: Rig, name: string, change: object): Promise<void> {
  const waf = await world.wafv2();
  const { WebACLs = [] } = await waf.listWebACLs({ Scope });
  const Id = WebACLs.find((one) => one.Name === name)?.Id ?? "";
  const { WebACL, LockToken } = await waf.getWebACL({ Scope, Name: name, Id });
  const { DefaultAction, Rules, VisibilityConfig: metrics, Description } = WebACL ?? {};
  await waf.updateWebACL({ Name: name, Scope, Id, LockToken, DefaultAction, Rules, VisibilityConfig: metrics, Description, ...change });
}
const aclOf = async ({ world }: Rig, name: string) =>
  (await (await world.wafv2()).createWebACL({ Name: name, Scope, DefaultAction: { Allow: {} }, VisibilityConfig })).Summary?.ARN ?? "";

contractOf({
  kind: wafv2WebAcl,
  prepare: async (_rig, name) => ({ id: { name }, spec: { description: "Stops floods", ratePerAddress: 15_000 } }),
  changes: {
    description: (spec) => ({ ...spec, description: "Other words" }),
    rules: (spec) => ({ ...spec, ratePerAddress: 100 }),
  },
  drifts: {
    rules: (rig, { name }) => rewrite(rig, name, { Rules: [] }),
    defaultAction: (rig, { name }) => rewrite(rig, name, { DefaultAction: { Block: {} } }),
    metrics: (rig, { name }) => rewrite(rig, name, { VisibilityConfig }),
  },
  foreign: (rig, { name }) => aclOf(rig, name),
});

/** A stage of an API with a mock integration. */
async function stage({ world }: Rig, name: string): Promise<string> {
  const gateway = await world.apigateway();
  const { id: restApiId = "", rootResourceId: resourceId = "" } = await gateway.createRestApi({ name });
  await gateway.putMethod({ restApiId, resourceId, httpMethod: "GET", authorizationType: "NONE" });
  await gateway.putIntegration({ restApiId, resourceId, httpMethod: "GET", type: "MOCK" });
  await gateway.createDeployment({ restApiId, stageName: "prod" });
  return `arn:aws:apigateway:${REGION}::/restapis/${restApiId}/stages/prod`;
}
let other = "";
contractOf({
  kind: wafv2Association,
  prepare: async (rig, name) => {
    other = await aclOf(rig, `${name}-other`);
    return { id: { stageArn: await stage(rig, name) }, spec: { aclArn: await aclOf(rig, name) } };
  },
  changes: { webAcl: () => ({ aclArn: other }) },
  drifts: {
    webAcl: async (rig, { stageArn }) => (await rig.world.wafv2()).associateWebACL({ ResourceArn: stageArn, WebACLArn: other }),
  },
});

/** The bucket of the access logs: S3's own keys and an expiration. */
const policyOf = (name: string) => ({
  Version: "2012-10-17" as const,
  Statement: [
    {
      Effect: "Allow" as const,
      Principal: { Service: "logging.s3.amazonaws.com" },
      Action: "s3:PutObject",
      Resource: `arn:aws:s3:::${name}/*`,
    },
  ],
});
contractOf({
  kind: s3Bucket,
  prepare: async (rig, name) => {
    await (await rig.world.s3()).createBucket({ Bucket: `${name}-target` });
    return {
      id: { name },
      spec: {
        policy: policyOf(name),
        noncurrentExpireDays: 30,
        expireDays: 365,
        s3Keys: true,
        accessLog: { bucket: `${name}-target`, prefix: "data/" },
      },
    };
  },
  changes: {
    lifecycle: (spec) => ({ ...spec, expireDays: 30 }),
    encryption: (spec) => ({ ...spec, s3Keys: false }),
    accessLog: (spec) => ({ ...spec, accessLog: undefined }),
  },
  drifts: {
    accessLog: async (rig, { name }) => (await rig.world.s3()).putBucketLogging({ Bucket: name, BucketLoggingStatus: {} }),
  },
  foreign: async (rig, { name }) => (await rig.world.s3()).createBucket({ Bucket: name }),
});
