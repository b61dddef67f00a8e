import {
  type Call,
  type Handler,
  type LocalEnv,
  LocalFault,
  type LocalService,
  type Operations,
  type Permission,
} from "../../core/service.ts";
import { loadModel } from "../../core/validation.ts";
import { groupOperations } from "./groups.ts";
import { refuseInput } from "./input-rules.ts";
import { interfaceOperations } from "./interfaces.ts";
import { networkOperations } from "./network.ts";
import { ruleOperations } from "./rules.ts";
import { ec2State } from "./state.ts";
import { tagOperations } from "./tags.ts";

/** The part of EC2 that a provisioner of databases needs: the default network, security groups, tags. */
export function ec2Service(env: LocalEnv): LocalService {
  const state = ec2State(env.store);
  return {
    name: "ec2",
    sdk: () => import("@aws-sdk/client-ec2"),
    model: () => loadModel("ec2"),
    refusals: {
      denied: { code: "UnauthorizedOperation", status: 403 },
      expired: { code: "RequestExpired", status: 400 },
      throttled: { code: "RequestLimitExceeded", message: "Request limit exceeded.", status: 503 },
    },
    pageTokens: { all: ["NextToken", "NextToken"] },
    inputRules: { refuse: refuseInput },
    operations: withDryRun({
      ...networkOperations(env, state),
      ...groupOperations(env, state),
      ...ruleOperations(env, state),
      ...tagOperations(env, state),
      ...interfaceOperations(env),
    }),
    permissions: permissionsOf,
    facts: () => ({ securityGroups: state.groups.size }),
  };
}

/** Reads apply to no resource. Writes apply to the resource's ARN. For a new group AWS checks before the group has an id. */
function permissionsOf(operation: string, input: Record<string, unknown>, { region, account }: Call): readonly Permission[] {
  const action = `ec2:${operation}`;
  const on = (part: string): Permission => ({ action, resource: `arn:aws:ec2:${region}:${account}:${part}` });
  if (/^(Describe|Get)/.test(operation)) return [{ action, resource: "*" }];
  if (operation === "CreateSecurityGroup") return [on("security-group/*"), on(`vpc/${input.VpcId ?? "*"}`)];
  if (typeof input.GroupId === "string") return [on(`security-group/${input.GroupId}`)];
  const tagged = [input.Resources].flat().filter((id) => typeof id === "string" && id.startsWith("sg-"));
  return tagged.length > 0 ? tagged.map((id) => on(`security-group/${id}`)) : [{ action, resource: "*" }];
}

/** Every call of EC2 has a dry run. The permission has been checked when a call gets here. */
function withDryRun(operations: Operations): Operations {
  const withCheck =
    (handler: Handler<unknown, unknown>): Handler<unknown, unknown> =>
    (input, call) => {
      if ((input as { DryRun?: boolean }).DryRun)
        throw new LocalFault("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
      return handler(input, call);
    };
  return Object.fromEntries(Object.entries(operations).map(([name, handler]) => [name, withCheck(handler)]));
}
