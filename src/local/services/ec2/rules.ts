import type * as EC2 from "@aws-sdk/client-ec2";
import { type Handler, type LocalEnv, LocalFault } from "../../core/service.ts";
import { groupOf } from "./groups.ts";
import { asRule, peer, type Traffic, trafficKey, trafficOf } from "./permissions.ts";
import { filtered, page } from "./query.ts";
import { type Ec2State, freshId, type GroupDocument, groupsOf, type Rule } from "./state.ts";
import { specified } from "./tags.ts";

const MOST_RULES = 60;

type Flat = Pick<EC2.AuthorizeSecurityGroupIngressCommandInput, "CidrIp" | "IpProtocol" | "FromPort" | "ToPort" | "IpPermissions">;
/** Older clients pass a single permission as members of the call itself. */
function permissionsIn({ IpPermissions, CidrIp, IpProtocol, FromPort, ToPort }: Flat): EC2.IpPermission[] {
  if (IpPermissions?.length) return IpPermissions;
  if (IpProtocol === undefined) throw new LocalFault("MissingParameter", "The request must contain the parameter ipPermissions", 400);
  return [{ IpProtocol, FromPort, ToPort, IpRanges: [{ CidrIp }] }];
}

export function ruleOperations(env: LocalEnv, state: Ec2State) {
  const describeRule = (group: GroupDocument, rule: Rule) =>
    asRule(rule, group.id, group.region, env.account, state.tags.get(rule.id)?.tags ?? []);
  const authorize =
    (egress: boolean): Handler<EC2.AuthorizeSecurityGroupIngressCommandInput, EC2.AuthorizeSecurityGroupIngressCommandOutput> =>
    (input, { region }) => {
      const group = groupOf(state, region, input);
      const traffic = trafficOf(permissionsIn(input), egress);
      checkNew(state, group, traffic);
      const rules = traffic.map((one): Rule => ({ id: freshId("sgr"), ...one }));
      const tags = specified(input.TagSpecifications, "security-group-rule");
      if (tags.length) for (const rule of rules) state.tags.put(rule.id, { region, type: "security-group-rule", tags });
      state.groups.put(group.id, { ...group, rules: [...group.rules, ...rules] });
      return { Return: true, SecurityGroupRules: rules.map((rule) => describeRule(group, rule)) };
    };
  const revoke =
    (egress: boolean): Handler<EC2.RevokeSecurityGroupIngressCommandInput, EC2.RevokeSecurityGroupIngressCommandOutput> =>
    (input, { region }) => {
      const group = groupOf(state, region, input);
      const revokedRules = input.SecurityGroupRuleIds?.length
        ? input.SecurityGroupRuleIds.map((id) => ruleOf(group, id, egress))
        : trafficOf(permissionsIn(input), egress).map((traffic) => sameRule(group, traffic));
      state.groups.put(group.id, { ...group, rules: group.rules.filter((rule) => !revokedRules.includes(rule)) });
      for (const rule of revokedRules) state.tags.delete(rule.id);
      const revoked = revokedRules.map((rule) => {
        const { SecurityGroupRuleArn: _arn, GroupOwnerId: _owner, Tags: _tags, ...rest } = describeRule(group, rule);
        return rest;
      });
      return { Return: true, RevokedSecurityGroupRules: revoked };
    };
  return {
    AuthorizeSecurityGroupIngress: authorize(false),
    AuthorizeSecurityGroupEgress: authorize(true),
    RevokeSecurityGroupIngress: revoke(false),
    RevokeSecurityGroupEgress: revoke(true),
    DescribeSecurityGroupRules: describeRules(state, describeRule),
    ...changeOperations(state),
  };
}

function checkNew(state: Ec2State, group: GroupDocument, traffic: readonly Traffic[]): void {
  const known = new Set(group.rules.map(trafficKey));
  for (const one of traffic) {
    if (one.group !== undefined) groupOf(state, group.region, { GroupId: one.group });
    if (known.has(trafficKey(one)))
      throw new LocalFault("InvalidPermission.Duplicate", `the specified rule "${peer(one)}" already exists`, 400);
    known.add(trafficKey(one));
  }
  if (known.size > MOST_RULES * 2)
    throw new LocalFault("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.", 400);
}

function ruleOf(group: GroupDocument, id: string, egress?: boolean): Rule {
  const rule = group.rules.find((one) => one.id === id && (egress === undefined || one.egress === egress));
  if (!rule) throw new LocalFault("InvalidSecurityGroupRuleId.NotFound", `The security group rule ID '${id}' does not exist`, 400);
  return rule;
}
function sameRule(group: GroupDocument, traffic: Traffic): Rule {
  const rule = group.rules.find((one) => trafficKey(one) === trafficKey(traffic));
  if (!rule) throw new LocalFault("InvalidPermission.NotFound", "The specified rule does not exist in this security group.", 400);
  return rule;
}

function describeRules(
  state: Ec2State,
  describeRule: (group: GroupDocument, rule: Rule) => EC2.SecurityGroupRule,
): Handler<EC2.DescribeSecurityGroupRulesCommandInput, EC2.DescribeSecurityGroupRulesCommandOutput> {
  return (input, { region }) => {
    const all = groupsOf(state, region).flatMap((group) => group.rules.map((rule) => describeRule(group, rule)));
    const ids = input.SecurityGroupRuleIds;
    const unknown = ids?.find((id) => !all.some((rule) => rule.SecurityGroupRuleId === id));
    if (unknown) throw new LocalFault("InvalidSecurityGroupRuleId.NotFound", `The security group rule ID '${unknown}' does not exist`, 400);
    const wanted = ids?.length ? all.filter((rule) => ids.includes(rule.SecurityGroupRuleId ?? "")) : all;
    const attributes = (rule: EC2.SecurityGroupRule) => ({
      "group-id": [rule.GroupId],
      "security-group-rule-id": [rule.SecurityGroupRuleId],
    });
    const { items, more } = page(
      filtered(wanted, input.Filters, attributes, (rule) => rule.Tags ?? []),
      input,
    );
    return { SecurityGroupRules: items, ...more };
  };
}

function changeOperations(state: Ec2State) {
  const describe =
    (
      egress: boolean,
    ): Handler<EC2.UpdateSecurityGroupRuleDescriptionsIngressCommandInput, EC2.UpdateSecurityGroupRuleDescriptionsIngressCommandOutput> =>
    (input, { region }) => {
      const group = groupOf(state, region, input);
      const byId = (input.SecurityGroupRuleDescriptions ?? []).map((one) => ({
        rule: ruleOf(group, one.SecurityGroupRuleId ?? "", egress),
        description: one.Description,
      }));
      const matched = trafficOf(input.IpPermissions ?? [], egress).map((traffic) => ({
        rule: sameRule(group, traffic),
        description: traffic.description,
      }));
      const descriptions = new Map([...byId, ...matched].map(({ rule, description }) => [rule.id, description]));
      const rules = group.rules.map((rule) => (descriptions.has(rule.id) ? { ...rule, description: descriptions.get(rule.id) } : rule));
      state.groups.put(group.id, { ...group, rules });
      return { Return: true };
    };
  return {
    UpdateSecurityGroupRuleDescriptionsIngress: describe(false),
    UpdateSecurityGroupRuleDescriptionsEgress: describe(true),
    ...modifyOperation(state),
  };
}

function modifyOperation(state: Ec2State) {
  const modify: Handler<EC2.ModifySecurityGroupRulesCommandInput, EC2.ModifySecurityGroupRulesCommandOutput> = (input, { region }) => {
    const group = groupOf(state, region, input);
    const changed = (input.SecurityGroupRules ?? []).map(({ SecurityGroupRuleId = "", SecurityGroupRule: wanted = {} }): Rule => {
      const old = ruleOf(group, SecurityGroupRuleId);
      const permission: EC2.IpPermission = {
        IpProtocol: wanted.IpProtocol,
        FromPort: wanted.FromPort,
        ToPort: wanted.ToPort,
        IpRanges: wanted.CidrIpv4 ? [{ CidrIp: wanted.CidrIpv4, Description: wanted.Description }] : [],
        Ipv6Ranges: wanted.CidrIpv6 ? [{ CidrIpv6: wanted.CidrIpv6, Description: wanted.Description }] : [],
        PrefixListIds: wanted.PrefixListId ? [{ PrefixListId: wanted.PrefixListId, Description: wanted.Description }] : [],
        UserIdGroupPairs: wanted.ReferencedGroupId ? [{ GroupId: wanted.ReferencedGroupId, Description: wanted.Description }] : [],
      };
      const [traffic] = trafficOf([permission], old.egress);
      if (!traffic) throw new LocalFault("InvalidParameterValue", "A rule needs one source or destination.", 400);
      return { id: old.id, ...traffic };
    });
    const rules = group.rules.map((rule) => changed.find((one) => one.id === rule.id) ?? rule);
    state.groups.put(group.id, { ...group, rules });
    return { Return: true };
  };
  return { ModifySecurityGroupRules: modify };
}
