import { isIP } from "node:net";
import type * as EC2 from "@aws-sdk/client-ec2";
import { LocalFault } from "../../core/service.ts";
import type { Rule } from "./state.ts";

/** The traffic that a rule allows: the rule without its id. */
export type Traffic = Omit<Rule, "id">;

const PROTOCOL_NUMBERS: Readonly<Record<string, string>> = { "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", all: "-1" };

/** Splits permissions, which callers may group, into one piece of traffic for each source. */
export function trafficOf(permissions: readonly EC2.IpPermission[], egress: boolean): Traffic[] {
  return permissions.flatMap((permission) => {
    const given = (permission.IpProtocol ?? "").toLowerCase();
    const protocol = PROTOCOL_NUMBERS[given] ?? given;
    if (!protocol) throw new LocalFault("MissingParameter", "The request must contain the parameter ipProtocol", 400);
    checkPorts(protocol, permission);
    const ports = protocol === "-1" ? {} : { from: permission.FromPort ?? -1, to: permission.ToPort ?? -1 };
    const base = { egress, protocol, ...ports };
    return [
      ...(permission.IpRanges ?? []).map((r) => ({ ...base, cidr4: cidr4(r.CidrIp ?? ""), description: r.Description })),
      ...(permission.Ipv6Ranges ?? []).map((r) => ({ ...base, cidr6: cidr6(r.CidrIpv6 ?? ""), description: r.Description })),
      ...(permission.PrefixListIds ?? []).map((r) => ({ ...base, prefixList: r.PrefixListId, description: r.Description })),
      ...(permission.UserIdGroupPairs ?? []).map((r) => ({ ...base, group: r.GroupId, description: r.Description })),
    ];
  });
}

function checkPorts(protocol: string, { FromPort, ToPort }: EC2.IpPermission): void {
  if (protocol !== "tcp" && protocol !== "udp") return;
  if (FromPort === undefined || ToPort === undefined)
    throw new LocalFault("InvalidParameterValue", `Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.`, 400);
  if (FromPort < 0 || ToPort > 65_535 || FromPort > ToPort)
    throw new LocalFault("InvalidParameterValue", `Invalid TCP/UDP port range (${FromPort}:${ToPort})`, 400);
}

/** The network of the range: EC2 keeps 10.1.2.3/16 as 10.1.0.0/16. */
function cidr4(text: string): string {
  const [address = "", bits = ""] = text.split("/");
  const size = Number(bits);
  if (isIP(address) !== 4 || !/^\d+$/.test(bits) || size > 32)
    throw new LocalFault("InvalidParameterValue", `CIDR block ${text} is malformed`, 400);
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const network = size === 0 ? 0 : Math.floor(number / 2 ** (32 - size)) * 2 ** (32 - size);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join(".")}/${size}`;
}
function cidr6(text: string): string {
  const [address = "", bits = ""] = text.split("/");
  if (isIP(address) !== 6 || !/^\d+$/.test(bits) || Number(bits) > 128)
    throw new LocalFault("InvalidParameterValue", `CIDR block ${text} is malformed`, 400);
  return `${masked(address, Number(bits))}/${bits}`;
}
/** An address as EC2 stores it: without host bits, in the form of RFC 5952, as in a URL's host (botocore ec2, Ipv6Range.CidrIpv6). */
function masked(address: string, bits: number): string {
  const short = (text: string) => new URL(`http://[${text}]`).hostname.slice(1, -1);
  const [head = "", tail] = short(address).split("::");
  const [left, right] = [head, tail ?? ""].map((half) => half.split(":").filter(Boolean)) as [string[], string[]];
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
  const kept = groups.map((group, i) => {
    const free = Math.min(16, Math.max(0, 16 * (i + 1) - bits));
    return ((Number.parseInt(group, 16) >> free) << free).toString(16);
  });
  return short(kept.join(":"));
}

/** Two rules with the same traffic are the same rule, whatever their description is. */
export const trafficKey = (t: Traffic): string =>
  [t.egress, t.protocol, t.from, t.to, t.cidr4, t.cidr6, t.prefixList, t.group].map((part) => part ?? "").join("|");

export function peer(t: Traffic): string {
  const ports = t.from === undefined ? "ALL" : `${t.protocol.toUpperCase()}, from port: ${t.from}, to port: ${t.to}`;
  return `peer: ${t.cidr4 ?? t.cidr6 ?? t.prefixList ?? t.group}, ${ports}, ALLOW`;
}

/** Groups rules by protocol and ports, as DescribeSecurityGroups does. */
export function permissionsOf(rules: readonly Rule[], egress: boolean, account: string): EC2.IpPermission[] {
  const byPorts = new Map<string, Rule[]>();
  for (const rule of rules.filter((one) => one.egress === egress)) {
    const key = `${rule.protocol}|${rule.from}|${rule.to}`;
    byPorts.set(key, [...(byPorts.get(key) ?? []), rule]);
  }
  return [...byPorts.values()].map((same) => {
    const described = <T extends object>(rule: Rule, value: T) => ({
      ...value,
      ...(rule.description !== undefined && { Description: rule.description }),
    });
    const [{ protocol, from, to }] = same as [Rule];
    return {
      IpProtocol: protocol,
      ...(from !== undefined && { FromPort: from, ToPort: to }),
      IpRanges: same.filter((r) => r.cidr4).map((r) => described(r, { CidrIp: r.cidr4 })),
      Ipv6Ranges: same.filter((r) => r.cidr6).map((r) => described(r, { CidrIpv6: r.cidr6 })),
      PrefixListIds: same.filter((r) => r.prefixList).map((r) => described(r, { PrefixListId: r.prefixList })),
      UserIdGroupPairs: same.filter((r) => r.group).map((r) => described(r, { GroupId: r.group, UserId: account })),
    };
  });
}

export function asRule(rule: Rule, groupId: string, region: string, account: string, tags: readonly EC2.Tag[]): EC2.SecurityGroupRule {
  return {
    SecurityGroupRuleId: rule.id,
    SecurityGroupRuleArn: `arn:aws:ec2:${region}:${account}:security-group-rule/${rule.id}`,
    GroupId: groupId,
    GroupOwnerId: account,
    IsEgress: rule.egress,
    IpProtocol: rule.protocol,
    FromPort: rule.from ?? -1,
    ToPort: rule.to ?? -1,
    CidrIpv4: rule.cidr4,
    CidrIpv6: rule.cidr6,
    PrefixListId: rule.prefixList,
    ...(rule.group && { ReferencedGroupInfo: { GroupId: rule.group, UserId: account } }),
    ...(rule.description !== undefined && { Description: rule.description }),
    Tags: [...tags],
  };
}
