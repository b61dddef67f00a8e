import type {
  DeleteResourcePolicyCommandInput,
  DeleteResourcePolicyCommandOutput,
  DescribeResourcePoliciesCommandInput,
  DescribeResourcePoliciesCommandOutput,
  PutResourcePolicyCommandInput,
  PutResourcePolicyCommandOutput,
  ResourcePolicy,
} from "@aws-sdk/client-cloudwatch-logs";
import { type Handler, type LocalEnv, LocalFault, type LocalService, type Operations } from "../../core/service.ts";
import { invalid, nameIn } from "./state.ts";

/** Operations of the account's resource policies. They are stored and listed. */
export function policyOperations(env: LocalEnv): Operations {
  const policies = env.store.collection<ResourcePolicy>("logs.policies");
  const put: Handler<PutResourcePolicyCommandInput, PutResourcePolicyCommandOutput> = (input, { region }) => {
    if (!input.policyName || !input.policyDocument) throw invalid("policyName and policyDocument must be specified");
    const key = `${region}/${input.policyName}`;
    const inRegion = policies.keys().filter((one) => one.startsWith(`${region}/`));
    if (!policies.has(key) && inRegion.length >= 10) throw new LocalFault("LimitExceededException", "Resource limit exceeded.");
    const resourcePolicy = { policyName: input.policyName, policyDocument: input.policyDocument, lastUpdatedTime: env.clock.now() };
    policies.put(key, resourcePolicy);
    return { resourcePolicy };
  };
  const list: Handler<DescribeResourcePoliciesCommandInput, DescribeResourcePoliciesCommandOutput> = (_input, { region }) => ({
    resourcePolicies: policies.entries().flatMap(([key, policy]) => (key.startsWith(`${region}/`) ? [policy] : [])),
  });
  const remove: Handler<DeleteResourcePolicyCommandInput, DeleteResourcePolicyCommandOutput> = (input, { region }) => {
    if (!policies.delete(`${region}/${input.policyName}`))
      throw new LocalFault("ResourceNotFoundException", `Policy with name [${input.policyName}] does not exist`);
    return {};
  };
  return { PutResourcePolicy: put, DescribeResourcePolicies: list, DeleteResourcePolicy: remove };
}

const ON_STREAM = new Set(["PutLogEvents", "GetLogEvents", "DeleteLogStream", "CreateLogStream"]);
const ON_ACCOUNT = new Set(["PutResourcePolicy", "DescribeResourcePolicies", "DeleteResourcePolicy", "ListLogGroups"]);
const BY_ARN = new Set(["TagResource", "UntagResource", "ListTagsForResource"]);

/** AWS checks a group's actions on `…:log-group:NAME:log-stream:`, so that policies on `…:NAME:*` cover them. */
export const permissionsOf: NonNullable<LocalService["permissions"]> = (operation, input, call) => {
  const action = `logs:${operation}`;
  if (ON_ACCOUNT.has(operation)) return [{ action, resource: "*" }];
  if (BY_ARN.has(operation)) return [{ action, resource: String(input.resourceArn) }];
  const name = nameIn(String(input.logGroupName ?? input.logGroupIdentifier ?? input.resourceIdentifier ?? ""));
  const group = `arn:aws:logs:${call.region}:${call.account}:log-group:${name}`;
  const stream = ON_STREAM.has(operation) ? String(input.logStreamName ?? "") : "";
  const own = { action, resource: `${group}:log-stream:${stream}` };
  return operation === "CreateLogGroup" && input.tags ? [own, { action: "logs:TagResource", resource: group }] : [own];
};
