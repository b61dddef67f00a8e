import { expect, test } from "vitest";
import { declare } from "../../src/engine/contract.ts";
import { virtualClock } from "../../src/local/core/clock.ts";
import { faultPlan } from "../../src/local/core/faults.ts";
import { LocalFault } from "../../src/local/core/service.ts";
import { startLocalAws } from "../../src/local/index.ts";
import { apigatewayAccount, apigatewayApiKey, apigatewayRestApi, apigatewayStage, apigatewayUsagePlan } from "../../src/resources/index.ts";
import { makeRig, type Rig, TAGS } from "./rig.ts";
import { contractOf } from "./suite.ts";

const FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:it:live";
const URI = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${FUNCTION}/invocations`;
const documentOf = (name: string, hash: string) => ({
  openapi: "3.0.1",
  info: { title: name, version: "1.0", description: `A case. (document ${hash})` },
  paths: {
    "/delivery": {
      post: {
        responses: { "200": { description: "OK" } },
        "x-amazon-apigateway-integration": { type: "aws_proxy", httpMethod: "POST", uri: URI },
      },
    },
  },
});
const apiSpec = (name: string, hash: string) => ({
  document: documentOf(name, hash),
  hash,
  methods: {
    "POST /delivery": { authorization: "NONE" as const, apiKey: false, integration: { uri: URI, timeoutMs: 29_000, validated: false } },
  },
});
const apiFor = async (rig: Rig, name: string): Promise<string> => {
  const { id: restApiId = "" } = await (await rig.world.apigateway()).createRestApi({ name, tags: rig.ctx.tags });
  const body = new TextEncoder().encode(JSON.stringify(documentOf(name, "aaaa")));
  await (await rig.world.apigateway()).putRestApi({ restApiId, mode: "overwrite", body });
  return restApiId;
};
const apiNamed = async (rig: Rig, name: string) =>
  ((await (await rig.world.apigateway()).getRestApis({ limit: 500 })).items ?? []).filter((api) => api.name === name);

contractOf({
  kind: apigatewayRestApi,
  prepare: async (_rig, name) => ({ id: { name }, spec: apiSpec(name, "aaaa") }),
  changes: {
    document: (spec) => ({
      ...spec,
      hash: "bbbb",
      document: { ...spec.document, info: { ...spec.document.info, description: "A case. (document bbbb)" } },
    }),
  },
  drifts: {
    "methods.POST /delivery": async (rig, { name }) => {
      const gateway = await rig.world.apigateway();
      const [api] = await apiNamed(rig, name);
      const { items = [] } = await gateway.getResources({ restApiId: api?.id });
      const resourceId = items.find((r) => r.path === "/delivery")?.id;
      const patchOperations = [{ op: "replace" as const, path: "/authorizationType", value: "AWS_IAM" }];
      await gateway.updateMethod({ restApiId: api?.id, resourceId, httpMethod: "POST", patchOperations });
    },
    doubles: async (rig, { name }) => (await rig.world.apigateway()).createRestApi({ name, tags: TAGS }),
  },
  foreign: async (rig, { name }) => (await rig.world.apigateway()).createRestApi({ name }),
});

const ACCESS_LOG = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/apigateway/fleetlogix-api-access";
contractOf({
  kind: apigatewayStage,
  prepare: async (rig, name) => {
    await makeLoggingPossible(rig);
    const stage = { document: "aaaa", rateLimit: 50, burstLimit: 100, accessLog: ACCESS_LOG, logLevel: "INFO" as const };
    return { id: { apiId: await apiFor(rig, name), stage: "prod" }, spec: stage };
  },
  changes: {
    document: (spec) => ({ ...spec, document: "bbbb" }),
    rateLimit: (spec) => ({ ...spec, rateLimit: 10 }),
    burstLimit: (spec) => ({ ...spec, burstLimit: 20 }),
    logLevel: (spec) => ({ ...spec, logLevel: "ERROR" as const }),
    accessLog: (spec) => ({ ...spec, accessLog: `${ACCESS_LOG}-2` }),
  },
  // Creates a deployment, moves the stage to it and deletes the old one.
  calls: { document: 3 },
  drifts: Object.fromEntries(
    (
      [
        ["metrics", "/*/*/metrics/enabled", "false"],
        ["bodyLogging", "/*/*/logging/dataTrace", "true"],
        ["tracing", "/tracingEnabled", "false"],
        ["variables", "/variables/door", "open"],
        ["methodSettings", "/~1delivery/POST/throttling/rateLimit", "1"],
        ["accessLogFormat", "/accessLogSettings/format", "$context.requestId"],
        ["rateLimit", "/*/*/throttling/rateLimit", "9"],
      ] as const
    ).map(([attribute, path, value]) => [
      attribute,
      async (rig: Rig, { apiId: restApiId, stage: stageName }: { readonly apiId: string; readonly stage: string }) =>
        (await rig.world.apigateway()).updateStage({ restApiId, stageName, patchOperations: [{ op: "replace", path, value }] }),
    ]),
  ),
  foreign: async (rig, { apiId: restApiId, stage: stageName }) => {
    const gateway = await rig.world.apigateway();
    const { id: deploymentId } = await gateway.createDeployment({ restApiId });
    await gateway.createStage({ restApiId, stageName, deploymentId });
  },
});

contractOf({
  kind: apigatewayApiKey,
  prepare: async (_rig, name) => ({ id: { name }, spec: { description: "a case" } }),
  changes: { description: (spec) => ({ ...spec, description: "another" }) },
  drifts: {
    enabled: async (rig, { name }) => {
      const gateway = await rig.world.apigateway();
      const { items = [] } = await gateway.getApiKeys({ nameQuery: name, limit: 500 });
      const apiKey = items.find((key) => key.name === name)?.id;
      await gateway.updateApiKey({ apiKey, patchOperations: [{ op: "replace", path: "/enabled", value: "false" }] });
    },
    doubles: async (rig, { name }) =>
      (await rig.world.apigateway()).createApiKey({ name, description: "a case", enabled: true, tags: TAGS }),
  },
  foreign: async (rig, { name }) => (await rig.world.apigateway()).createApiKey({ name, enabled: true }),
});

contractOf({
  kind: apigatewayUsagePlan,
  prepare: async (rig, name) => {
    const gateway = await rig.world.apigateway();
    const restApiId = await apiFor(rig, name);
    const { id: deploymentId } = await gateway.createDeployment({ restApiId });
    await gateway.createStage({ restApiId, stageName: "prod", deploymentId });
    await gateway.createStage({ restApiId, stageName: "next", deploymentId });
    const { id: keyId = "" } = await gateway.createApiKey({ name, enabled: true });
    const limits = { rateLimit: 50, burstLimit: 100, dailyQuota: 1000 };
    return { id: { name }, spec: { description: "a case", apiId: restApiId, stage: "prod", keyId, ...limits } };
  },
  changes: {
    description: (spec) => ({ ...spec, description: "another" }),
    rateLimit: (spec) => ({ ...spec, rateLimit: 10 }),
    burstLimit: (spec) => ({ ...spec, burstLimit: 20 }),
    quota: (spec) => ({ ...spec, dailyQuota: 500 }),
    stages: (spec) => ({ ...spec, stage: "next" }),
  },
  drifts: {
    key: async (rig, { name }) => {
      const gateway = await rig.world.apigateway();
      const { items = [] } = await gateway.getUsagePlans({ limit: 500 });
      const usagePlanId = items.find((plan) => plan.name === name)?.id;
      const { items: keys = [] } = await gateway.getUsagePlanKeys({ usagePlanId });
      await gateway.deleteUsagePlanKey({ usagePlanId, keyId: keys[0]?.id });
    },
    doubles: async (rig, { name }) => (await rig.world.apigateway()).createUsagePlan({ name, tags: TAGS }),
  },
  foreign: async (rig, { name }) => (await rig.world.apigateway()).createUsagePlan({ name }),
});

const ACCOUNT_ROLE = "fleetlogix-api-gateway-logs";
const ACCOUNT = {
  description: "a case",
  trust: {
    Version: "2012-10-17" as const,
    Statement: [{ Effect: "Allow" as const, Principal: { Service: "apigateway.amazonaws.com" }, Action: "sts:AssumeRole" }],
  },
  policy: {
    Version: "2012-10-17" as const,
    Statement: [
      {
        Effect: "Allow" as const,
        Action: [
          "CreateLogGroup",
          "CreateLogStream",
          "DescribeLogGroups",
          "DescribeLogStreams",
          "FilterLogEvents",
          "GetLogEvents",
          "PutLogEvents",
        ].map((action) => `logs:${action}`),
        Resource: "*",
      },
    ],
  },
};
async function makeLoggingPossible(rig: Rig): Promise<void> {
  const account = declare(apigatewayAccount, "account", { identity: () => ({ role: ACCOUNT_ROLE }), spec: () => ACCOUNT });
  const outcome = await rig.up([account]);
  if (outcome.error) throw outcome.error;
  for (const name of ["fleetlogix-api-access", "fleetlogix-api-access-2"])
    await (await rig.world.logs()).createLogGroup({ logGroupName: `/aws/apigateway/${name}` }).catch(() => {});
}

const withLocalAws = async (play: (rig: Rig) => Promise<void>, faults = faultPlan()) => {
  const clock = virtualClock();
  const aws = await startLocalAws({ clock, faults, settings: { databases: "none" } });
  const rig = makeRig({ endpoint: aws.url, clock });
  try {
    await play(rig);
  } finally {
    rig.close();
    await aws.close();
  }
};
const account = declare(apigatewayAccount, "account", { identity: () => ({ role: ACCOUNT_ROLE }), spec: () => ACCOUNT });

test("apigateway.account: an empty setting is filled and survives a teardown", () =>
  withLocalAws(async (rig) => {
    expect((await rig.plan([account]))[0]?.decision).toEqual({ action: "create" });
    expect((await rig.up([account])).error).toBeUndefined();
    rig.writes();
    expect((await rig.up([account])).resources[0]?.decision).toEqual({ action: "keep" });
    expect((await rig.down([account], { deleteData: true })).resources[0]?.decision.action).toBe("retain");
    expect(rig.writes()).toEqual([]);
    expect(await apigatewayAccount.read({ role: ACCOUNT_ROLE }, rig.ctx)).toMatchObject({ state: "ready" });
  }));

test("apigateway.account: a role of ours that was deleted is created again", () =>
  withLocalAws(async (rig) => {
    expect((await rig.up([account])).error).toBeUndefined();
    const iam = await rig.world.iam();
    await iam.deleteRolePolicy({ RoleName: ACCOUNT_ROLE, PolicyName: "fleetlogix" });
    await iam.deleteRole({ RoleName: ACCOUNT_ROLE });
    expect((await rig.up([account])).resources[0]?.decision).toEqual({ action: "create" });
    expect((await iam.getRole({ RoleName: ACCOUNT_ROLE })).Role?.Arn).toContain(ACCOUNT_ROLE);
    expect((await rig.up([account])).resources[0]?.decision).toEqual({ action: "keep" });
  }));

test("apigateway.account: a foreign role in the setting is never overwritten", () =>
  withLocalAws(async (rig) => {
    const iam = await rig.world.iam();
    const RoleName = "somebody";
    await iam.createRole({ RoleName, AssumeRolePolicyDocument: JSON.stringify(ACCOUNT.trust) });
    await iam.putRolePolicy({ RoleName, PolicyName: "p", PolicyDocument: JSON.stringify(ACCOUNT.policy) });
    const value = "arn:aws:iam::000000000000:role/somebody";
    await (await rig.world.apigateway()).updateAccount({ patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value }] });
    rig.writes();
    expect((await rig.up([account])).resources[0]?.decision).toEqual({ action: "keep" });
    expect(rig.writes()).toEqual([]);
  }));

test("apigateway.account: a foreign role with our name is not used", () =>
  withLocalAws(async (rig) => {
    const AssumeRolePolicyDocument = JSON.stringify(ACCOUNT.trust);
    await (await rig.world.iam()).createRole({ RoleName: ACCOUNT_ROLE, AssumeRolePolicyDocument });
    rig.writes();
    expect((await rig.up([account])).error).toMatchObject({ code: "OWNER_FOREIGN" });
    expect(rig.writes()).toEqual([]);
  }));

const CONFUSED = {
  ...ACCOUNT.trust,
  Statement: [{ ...ACCOUNT.trust.Statement[0], Condition: { StringEquals: { "aws:SourceAccount": "000000000000" } } }],
};
test("apigateway.account: the next run repairs a role of ours that API Gateway refuses", () =>
  withLocalAws(async (rig) => {
    const iam = await rig.world.iam();
    const created = { RoleName: ACCOUNT_ROLE, Tags: [{ Key: "ManagedBy", Value: "fleetlogix" }] };
    await iam.createRole({ ...created, AssumeRolePolicyDocument: JSON.stringify(CONFUSED) });
    rig.writes();
    expect((await rig.up([account])).error).toBeUndefined();
    expect(rig.writes()).toEqual(["iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy", "apigateway:UpdateAccount"]);
    await iam.updateAssumeRolePolicy({ RoleName: ACCOUNT_ROLE, PolicyDocument: JSON.stringify(CONFUSED) });
    expect((await rig.up([account])).resources[0]?.decision).toMatchObject({ action: "update", changes: [{ path: "trust" }] });
    expect((await rig.up([account])).resources[0]?.decision).toEqual({ action: "keep" });
  }));

test("apigateway.account: the local AWS refuses a trust condition that API Gateway never meets", () =>
  withLocalAws(async (rig) => {
    const RoleName = "confused";
    await (await rig.world.iam()).createRole({ RoleName, AssumeRolePolicyDocument: JSON.stringify(CONFUSED) });
    const value = `arn:aws:iam::000000000000:role/${RoleName}`;
    const name = (await rig.world.apigateway()).updateAccount({ patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value }] });
    await expect(name).rejects.toThrow("The role ARN does not have required permissions set to API Gateway");
  }));

test("apigateway.account: a create is retried after both error texts for a new role", () => {
  const newRoleErrors = [
    "The role ARN does not have required permissions set to API Gateway",
    "API Gateway could not successfully write to CloudWatch Logs using the ARN specified",
  ];
  const faults = faultPlan(
    newRoleErrors.map((message, i) => ({
      service: "apigateway",
      operation: "UpdateAccount",
      nth: i + 1,
      fault: { kind: "fail" as const, code: "BadRequestException", status: 400, message },
    })),
  );
  return withLocalAws(async (rig) => {
    expect((await rig.up([account])).error).toBeUndefined();
    expect(rig.events.flatMap((e) => (e.type === "resource.retrying" ? e.why : []))).toEqual(["propagation", "propagation"]);
  }, faults);
});

test("apigateway.account: the role has the prescribed policy only until the account accepts it", () => {
  const policies: string[] = [];
  const faults = faultPlan([
    { service: "iam", operation: "AttachRolePolicy", times: null, fault: { kind: "hook", after: () => void policies.push("attached") } },
    {
      service: "apigateway",
      operation: "UpdateAccount",
      times: null,
      fault: {
        kind: "hook",
        before() {
          if (policies.length === 0)
            throw new LocalFault("BadRequestException", "The role ARN does not have required permissions set to API Gateway", 400);
        },
      },
    },
  ]);
  return withLocalAws(async (rig) => {
    expect((await rig.up([account])).error).toBeUndefined();
    const iam = await rig.world.iam();
    expect((await rig.world.apigateway().then((gateway) => gateway.getAccount({}))).cloudwatchRoleArn).toContain(ACCOUNT_ROLE);
    expect((await iam.listAttachedRolePolicies({ RoleName: ACCOUNT_ROLE })).AttachedPolicies).toEqual([]);
    expect(policies).toContain("attached");
    expect((await rig.up([account])).resources[0]?.decision).toEqual({ action: "keep" });
  }, faults);
});

test("apigateway.rest-api: of two APIs of ours the one with a stage is kept, also when it is newer", () =>
  withLocalAws(async (rig) => {
    const gateway = await rig.world.apigateway();
    const name = "fleetlogix-twice";
    await gateway.createRestApi({ name, tags: TAGS });
    const restApiId = await apiFor(rig, name);
    const { id: deploymentId } = await gateway.createDeployment({ restApiId });
    await gateway.createStage({ restApiId, stageName: "prod", deploymentId });
    const outcome = await rig.up([declare(apigatewayRestApi, "it", { identity: () => ({ name }), spec: () => apiSpec(name, "aaaa") })]);
    expect(outcome.error).toBeUndefined();
    expect((await apiNamed(rig, name)).map((api) => api.id)).toEqual([restApiId]);
  }));

test("apigateway.stage: the deployment of an interrupted run is used again", () =>
  withLocalAws(async (rig) => {
    await makeLoggingPossible(rig);
    const gateway = await rig.world.apigateway();
    const restApiId = await apiFor(rig, "fleetlogix-left");
    const unfinished = await gateway.createDeployment({ restApiId, description: "document aaaa" });
    const spec = { document: "aaaa", rateLimit: 50, burstLimit: 100, accessLog: ACCESS_LOG, logLevel: "INFO" as const };
    const stage = declare(apigatewayStage, "it", { identity: () => ({ apiId: restApiId, stage: "prod" }), spec: () => spec });
    expect((await rig.up([stage])).error).toBeUndefined();
    expect((await gateway.getDeployments({ restApiId })).items?.map((d) => d.id)).toEqual([unfinished.id]);
  }));
