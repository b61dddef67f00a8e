import type { AwsClients } from "../aws/clients.ts";
import { orAbsent } from "../aws/faults.ts";
import { fromTagList } from "../aws/ownership.ts";
import type { PolicyDocument } from "../aws/policies.ts";
import type { Ctx, Place, ResourceKind } from "../engine/contract.ts";
import { FleetlogixError } from "../errors.ts";

/** The setting of the account and region that names the role for API Gateway's logs. There is one, and all APIs share it. */
export type AccountId = object;
/** The role to make where none is named: it is the account's, not the stack's. */
export interface AccountSpec {
  readonly role: {
    readonly name: string;
    readonly description: string;
    readonly trust: PolicyDocument;
    readonly policy: PolicyDocument;
  };
}
interface AccountLive {
  readonly roleArn: string;
}

/** Set only when empty: any role that is there serves, whoever set it. */
export const apigatewayAccount: ResourceKind<AccountId, AccountSpec, AccountLive, object, AwsClients> = {
  kind: "apigateway.account",
  holdsData: false,
  retained: "every API of the account and region writes its logs with it",
  settle: { timeoutMs: 120_000, pollMs: 1_000 },
  notFound: { provenBy: undefined, codes: [] },

  label: () => "API Gateway's logging role",
  diff: () => [],
  outputs: () => ({}),
  predict: () => ({}),
  describe: ({ roleArn }) => ({ arn: roleArn, state: "ready" }),
  retry({ code, message }) {
    if (/role ARN|cannot be assumed|required permissions/i.test(message) && code === "BadRequestException") return "propagation";
    if (code === "ConflictException" || /^ConcurrentModification/.test(code)) return "busy";
    return undefined;
  },

  async read(_id, ctx) {
    const { cloudwatchRoleArn } = await (await ctx.world.apigateway()).getAccount({});
    return cloudwatchRoleArn ? { state: "ready", live: { roleArn: cloudwatchRoleArn }, tags: "inherited" } : { state: "absent" };
  },
  async create(_id, { role }, ctx) {
    await makeRole(role, ctx);
    const value = arnOf(role.name, ctx.place);
    await (await ctx.world.apigateway()).updateAccount({ patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value }] });
  },
  async update() {},
  async delete() {},
};

async function makeRole(role: AccountSpec["role"], ctx: Ctx<AwsClients>): Promise<void> {
  const iam = await ctx.world.iam();
  const RoleName = role.name;
  const there = await orAbsent(iam.getRole({ RoleName }), "NoSuchEntityException", "NoSuchEntity");
  if (there && fromTagList(there.Role?.Tags).ManagedBy !== "fleetlogix") throw foreignRole(RoleName);
  if (!there) {
    const Tags = [{ Key: "ManagedBy", Value: "fleetlogix" }];
    const AssumeRolePolicyDocument = JSON.stringify(role.trust);
    await orAbsent(
      iam.createRole({ RoleName, Description: role.description, AssumeRolePolicyDocument, Tags }),
      "EntityAlreadyExistsException",
      "EntityAlreadyExists",
    );
  }
  await iam.putRolePolicy({ RoleName, PolicyName: "fleetlogix", PolicyDocument: JSON.stringify(role.policy) });
}
const foreignRole = (name: string): FleetlogixError =>
  new FleetlogixError("OWNER_FOREIGN", `The role "${name}" exists already and is not fleetlogix's.`, {
    hint: "Remove that role, or name a role for API Gateway's logs in the account's settings (aws apigateway update-account).",
  });
const arnOf = (name: string, { partition, account }: Place) => `arn:${partition}:iam::${account}:role/${name}`;
