import type * as EC2 from "@aws-sdk/client-ec2";
import { type Call, type Handler, type LocalEnv, LocalFault } from "../../core/service.ts";
import { chosen, networkOf } from "./network.ts";
import { permissionsOf } from "./permissions.ts";
import { filtered, page } from "./query.ts";
import { ALL_TRAFFIC, type Ec2State, freshId, type GroupDocument, groupsOf } from "./state.ts";
import { specified } from "./tags.ts";

const unknownGroup = (id: string): LocalFault => new LocalFault("InvalidGroup.NotFound", `The security group '${id}' does not exist`, 400);

/** Finds the group that a call names, by id, or by name in the default network. */
export function groupOf(
  state: Ec2State,
  region: string,
  { GroupId, GroupName }: { readonly GroupId?: string | undefined; readonly GroupName?: string | undefined },
): GroupDocument {
  if (GroupId === undefined && GroupName === undefined)
    throw new LocalFault("MissingParameter", "The request must contain the parameter groupName or groupId", 400);
  if (GroupId !== undefined && !/^sg-[0-9a-f]{8,17}$/.test(GroupId))
    throw new LocalFault("InvalidGroupId.Malformed", `Invalid id: "${GroupId}" (expecting "sg-...")`, 400);
  const found = groupsOf(state, region).find((group) => (GroupId === undefined ? group.name === GroupName : group.id === GroupId));
  if (!found) throw unknownGroup(GroupId ?? GroupName ?? "");
  return found;
}

export function groupOperations(env: LocalEnv, state: Ec2State) {
  const create: Handler<EC2.CreateSecurityGroupCommandInput, EC2.CreateSecurityGroupResult> = (input, { region }) => {
    const name = input.GroupName ?? "";
    checkWords(name, input.Description ?? "");
    const vpc = networkOf(region, env.account, state).vpc.VpcId as string;
    if (input.VpcId !== undefined && input.VpcId !== vpc)
      throw new LocalFault("InvalidVpcID.NotFound", `The vpc ID '${input.VpcId}' does not exist`, 400);
    if (groupsOf(state, region).some((group) => group.name === name))
      throw new LocalFault("InvalidGroup.Duplicate", `The security group '${name}' already exists for VPC '${vpc}'`, 400);
    const tags = specified(input.TagSpecifications, "security-group");
    const id = freshId("sg");
    const rules = [{ id: freshId("sgr"), egress: true, ...ALL_TRAFFIC }];
    if (tags.length) state.tags.put(id, { region, type: "security-group", tags });
    state.groups.put(id, { id, region, name, description: input.Description ?? "", vpc, rules });
    return { GroupId: id, Tags: tags, SecurityGroupArn: arnOf(region, env.account, id) };
  };
  const describe: Handler<EC2.DescribeSecurityGroupsCommandInput, EC2.DescribeSecurityGroupsCommandOutput> = (input, { region }) => {
    const all = groupsOf(state, region);
    const byId = chosen(all, input.GroupIds, (group) => group.id, unknownGroup);
    const found = chosen(byId, input.GroupNames, (group) => group.name, unknownGroup);
    const tagsOf = (group: GroupDocument) => state.tags.get(group.id)?.tags ?? [];
    const { items, more } = page(
      filtered(found, input.Filters, (group) => attributesOf(group, env.account), tagsOf),
      input,
    );
    return { SecurityGroups: items.map((group) => asGroup(group, env.account, tagsOf(group))), ...more };
  };
  const remove: Handler<EC2.DeleteSecurityGroupCommandInput, EC2.DeleteSecurityGroupResult> = async (input, call) => {
    const group = groupOf(state, call.region, input);
    if (group.name === "default")
      throw new LocalFault("CannotDelete", `the specified group: "${group.id}" name: "default" cannot be deleted by a user`, 400);
    if (await inUse(env, state, group, call))
      throw new LocalFault("DependencyViolation", `resource ${group.id} has a dependent object`, 400);
    for (const id of [group.id, ...group.rules.map((rule) => rule.id)]) state.tags.delete(id);
    state.groups.delete(group.id);
    return { Return: true, GroupId: group.id };
  };
  return { CreateSecurityGroup: create, DescribeSecurityGroups: describe, DeleteSecurityGroup: remove };
}

const arnOf = (region: string, account: string, id: string): string => `arn:aws:ec2:${region}:${account}:security-group/${id}`;

function checkWords(name: string, description: string): void {
  const allowed = /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/;
  if (!allowed.test(name) || name.startsWith("sg-") || name === "default")
    throw new LocalFault("InvalidParameterValue", `Invalid value '${name}' for groupName.`, 400);
  if (!allowed.test(description))
    throw new LocalFault(
      "InvalidParameterValue",
      `Invalid security group description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*`,
      400,
    );
}

/** True when a database or another group's rule uses the group. */
async function inUse(env: LocalEnv, state: Ec2State, group: GroupDocument, { region }: Call): Promise<boolean> {
  const others = groupsOf(state, region).filter((one) => one.id !== group.id);
  if (others.some((one) => one.rules.some((rule) => rule.group === group.id))) return true;
  const { DBInstances } = await env.dispatch("rds", "DescribeDBInstances", {}, { region });
  return (DBInstances ?? []).some((db: { VpcSecurityGroups?: { VpcSecurityGroupId?: string }[] }) =>
    db.VpcSecurityGroups?.some((used) => used.VpcSecurityGroupId === group.id),
  );
}

const asGroup = (group: GroupDocument, account: string, tags: readonly EC2.Tag[]): EC2.SecurityGroup => ({
  GroupId: group.id,
  GroupName: group.name,
  Description: group.description,
  VpcId: group.vpc,
  OwnerId: account,
  SecurityGroupArn: arnOf(group.region, account, group.id),
  IpPermissions: permissionsOf(group.rules, false, account),
  IpPermissionsEgress: permissionsOf(group.rules, true, account),
  Tags: [...tags],
});

function attributesOf(group: GroupDocument, account: string) {
  const side = (egress: boolean) => {
    const rules = group.rules.filter((rule) => rule.egress === egress);
    const prefix = egress ? "egress.ip-permission" : "ip-permission";
    return {
      [`${prefix}.cidr`]: rules.map((rule) => rule.cidr4),
      [`${prefix}.ipv6-cidr`]: rules.map((rule) => rule.cidr6),
      [`${prefix}.from-port`]: rules.map((rule) => rule.from),
      [`${prefix}.to-port`]: rules.map((rule) => rule.to),
      [`${prefix}.protocol`]: rules.map((rule) => rule.protocol),
      [`${prefix}.group-id`]: rules.map((rule) => rule.group),
    };
  };
  return {
    "group-id": [group.id],
    "group-name": [group.name],
    description: [group.description],
    "vpc-id": [group.vpc],
    "owner-id": [account],
    ...side(false),
    ...side(true),
  };
}
