import type { IpPermission, SecurityGroup } from "@aws-sdk/client-ec2";
import { actions, arnAt } from "../aws/access.ts";
import { changedTags } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { fromTagList, toTagList } from "../aws/ownership.ts";
import { collect } from "../aws/pages.ts";
import type { EC2 } from "../aws/sdk/types.ts";
import type { AwsLocation, Change, Holder, ResourceKind } from "../engine/contract.ts";
import { FleetlogixError } from "../errors.ts";

/** A security group in the default VPC. */
export interface SecurityGroupId {
  readonly name: string;
}
export interface SecurityGroupSpec {
  readonly description: string;
  /** The only TCP port that is open. */
  readonly port: number;
  /** The only addresses (IPv4 or IPv6) that may connect; undefined: unknown, and the present rules stay. */
  readonly cidrs: readonly string[] | undefined;
}
/** One allowed source or destination with its ports. */
interface Rule {
  readonly permission: IpPermission;
  readonly text: string;
}
interface SecurityGroupLive {
  readonly id: string;
  readonly arn: string;
  readonly ingress: readonly Rule[];
  readonly egress: readonly Rule[];
}
export interface SecurityGroupOutputs {
  readonly id: string;
}

const EVERYWHERE = ["0.0.0.0/0", "::/0"];

export const ec2SecurityGroup: ResourceKind<SecurityGroupId, SecurityGroupSpec, SecurityGroupLive, SecurityGroupOutputs, AwsClients> = {
  kind: "ec2.security-group",
  holdsData: false,
  // The network interface of a deleted database remains for some minutes.
  settle: { timeoutMs: 900_000, pollMs: 2_000 },
  // The last one is the code for a rule that is closed already.
  notFound: {
    provenBy: undefined,
    codes: ["InvalidGroup.NotFound", "InvalidGroupId.NotFound", "InvalidGroupNotFound", "InvalidPermission.NotFound"],
  },
  alreadyExists: ["InvalidGroup.Duplicate"],
  // Another run has opened the same rule.
  retries: [{ class: "busy", codes: ["InvalidPermission.Duplicate"] }],

  access: {
    on: (_id, place) => ["security-group/*", "vpc/*"].map((part) => arnAt(place, "ec2", part)),
    read: [],
    write: [
      ...actions("ec2", "AuthorizeSecurityGroupIngress", "CreateSecurityGroup", "CreateTags"),
      ...actions("ec2", "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress"),
    ],
    delete: ["ec2:DeleteSecurityGroup"],
    everywhere: { read: actions("ec2", "DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeVpcs") },
  },
  label: ({ name }) => name,
  /** One change for each rule, so that a plan names every address. */
  diff(spec, live) {
    const wanted = new Set(wantedRules(spec, live).map((r) => r.text));
    const present = new Set(live.ingress.map((r) => r.text));
    return [
      ...[...present].filter((text) => !wanted.has(text)).map((text): Change => ({ path: `ingress.${text}`, from: "open", to: "closed" })),
      ...[...wanted].filter((text) => !present.has(text)).map((text): Change => ({ path: `ingress.${text}`, from: "closed", to: "open" })),
      ...live.egress.map(({ text }): Change => ({ path: `egress.${text}`, from: "open", to: "closed" })),
    ];
  },
  outputs: ({ id }) => ({ id }),
  describe: ({ arn }) => ({ arn, state: "ready" }),

  async read({ name }, ctx) {
    const ec2 = await ctx.world.ec2();
    const vpc = await defaultVpc(ec2);
    if (!vpc) return { state: "absent" };
    const group = await groupOf(ec2, name, vpc);
    return group ? { state: "ready", live: liveOf(group, ctx.place), tags: fromTagList(group.Tags) } : { state: "absent" };
  },
  async create({ name }, { description }, ctx) {
    const ec2 = await ctx.world.ec2();
    const vpc = await defaultVpc(ec2);
    if (!vpc) throw noDefaultVpc(ctx.place);
    const TagSpecifications = [{ ResourceType: "security-group" as const, Tags: toTagList(ctx.tags) }];
    await ec2.createSecurityGroup({ GroupName: name, Description: description, VpcId: vpc, TagSpecifications });
  },
  async update(_id, spec, live, changes, ctx) {
    const ec2 = await ctx.world.ec2();
    const GroupId = live.id;
    const permissionsFor = (rules: readonly Rule[], direction: string, to: string) =>
      rules.filter((r) => changes.some((c) => c.path === `${direction}.${r.text}` && c.to === to)).map((r) => r.permission);
    // Close rules before opening others.
    const closed = permissionsFor(live.ingress, "ingress", "closed");
    if (closed.length > 0) await ec2.revokeSecurityGroupIngress({ GroupId, IpPermissions: closed });
    const out = permissionsFor(live.egress, "egress", "closed");
    if (out.length > 0) await ec2.revokeSecurityGroupEgress({ GroupId, IpPermissions: out });
    const opened = permissionsFor(wantedRules(spec, live), "ingress", "open");
    if (opened.length > 0) await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: opened });
    const tags = changedTags(changes);
    if (tags) await ec2.createTags({ Resources: [GroupId], Tags: toTagList(tags) });
  },
  async delete(_id, { id }, _how, ctx) {
    await (await ctx.world.ec2()).deleteSecurityGroup({ GroupId: id });
  },
  heldBy: async (_id, { id }, ctx) => holderOf(await ctx.world.ec2(), id),
  async candidates(ctx) {
    const Filters = [{ Name: "tag:fleetlogix:stack", Values: [ctx.stack] }];
    const ours = await collect((await ctx.world.ec2()).paginateDescribeSecurityGroups({ Filters }), (page) => page.SecurityGroups);
    return ours.map(({ GroupName: name = "" }) => ({ name }));
  },
};

/**
 * DependencyViolation does not name the dependant. Another group's rule, or an interface in use, stays until somebody removes it. An
 * interface that RDS or Lambda releases is deleted some minutes later.
 */
async function holderOf(ec2: EC2, id: string): Promise<Holder | undefined> {
  const { SecurityGroups = [] } = await ec2.describeSecurityGroups({ Filters: [{ Name: "ip-permission.group-id", Values: [id] }] });
  const other = SecurityGroups.find((group) => group.GroupId !== id);
  if (other) {
    const rules = (other.IpPermissions ?? []).filter((rule) => rule.UserIdGroupPairs?.some((pair) => pair.GroupId === id));
    const permissions = rules.map((rule) => revocable(rule, id));
    const fix = `If its owner agrees: \`aws ec2 revoke-security-group-ingress --group-id ${other.GroupId} --ip-permissions '${JSON.stringify(permissions)}'\`.`;
    return { what: `a rule of the security group ${other.GroupId} (${other.GroupName})`, stays: true, fix };
  }
  const { NetworkInterfaces = [] } = await ec2.describeNetworkInterfaces({ Filters: [{ Name: "group-id", Values: [id] }] });
  const [found] = NetworkInterfaces;
  if (!found) return undefined;
  const what = `the network interface ${found.NetworkInterfaceId} (${found.Description || found.InterfaceType || "no description"})`;
  // A service deletes its interfaces together with the resource that they belong to.
  if (found.RequesterManaged || found.Status !== "in-use") return { what, stays: false };
  return {
    what,
    stays: true,
    fix: `Give it another security group, or remove the resource that uses it: \`aws ec2 describe-network-interfaces --network-interface-ids ${found.NetworkInterfaceId}\` shows it.`,
  };
}
const revocable = ({ IpProtocol, FromPort, ToPort }: IpPermission, GroupId: string) => ({
  IpProtocol,
  FromPort,
  ToPort,
  UserIdGroupPairs: [{ GroupId }],
});

async function defaultVpc(ec2: EC2): Promise<string | undefined> {
  const { Vpcs = [] } = await ec2.describeVpcs({ Filters: [{ Name: "is-default", Values: ["true"] }] });
  return Vpcs[0]?.VpcId;
}
async function groupOf(ec2: EC2, name: string, vpc: string): Promise<SecurityGroup | undefined> {
  const Filters = [
    { Name: "group-name", Values: [name] },
    { Name: "vpc-id", Values: [vpc] },
  ];
  return (await ec2.describeSecurityGroups({ Filters })).SecurityGroups?.[0];
}
const noDefaultVpc = ({ region }: AwsLocation): FleetlogixError =>
  new FleetlogixError("PREFLIGHT", `The account has no default VPC in ${region}: there is no network for the database.`, {
    hint: `Run \`aws ec2 create-default-vpc --region ${region}\`, then the same command again.`,
  });

function liveOf(group: SecurityGroup, place: AwsLocation): SecurityGroupLive {
  const id = group.GroupId ?? "";
  return {
    id,
    arn: group.SecurityGroupArn ?? arnAt(place, "ec2", `security-group/${id}`),
    ingress: (group.IpPermissions ?? []).flatMap(rulesOf),
    egress: (group.IpPermissionsEgress ?? []).flatMap(rulesOf),
  };
}
/** EC2 stores IPv6 ranges in the form of RFC 5952: lower case, compressed zeros. `URL` writes a host in the same form. */
function canonical(cidr: string): string {
  const [address = "", bits] = cidr.split("/");
  return `${new URL(`http://[${address}]`).hostname.slice(1, -1)}/${bits}`;
}
/** EC2 groups sources into one permission. Returns one rule for each source, without its description. */
function rulesOf(permission: IpPermission): readonly Rule[] {
  const { IpProtocol, FromPort, ToPort } = permission;
  const base = { IpProtocol, FromPort, ToPort };
  const ports = IpProtocol === "-1" ? "all" : `${IpProtocol} ${FromPort === ToPort ? FromPort : `${FromPort}-${ToPort}`}`;
  const rule = (source: string | undefined, part: Partial<IpPermission>): Rule => ({
    permission: { ...base, ...part },
    text: `${ports} ${source}`,
  });
  return [
    ...(permission.IpRanges ?? []).map((r) => rule(r.CidrIp, { IpRanges: [r] })),
    ...(permission.Ipv6Ranges ?? []).map((r) => rule(r.CidrIpv6, { Ipv6Ranges: [r] })),
    ...(permission.PrefixListIds ?? []).map((r) => rule(r.PrefixListId, { PrefixListIds: [r] })),
    ...(permission.UserIdGroupPairs ?? []).map((r) => rule(r.GroupId, { UserIdGroupPairs: [r] })),
  ];
}
/** The desired rules. They never open the port to the whole internet, even when the configuration does. */
function wantedRules({ cidrs, port }: SecurityGroupSpec, live: SecurityGroupLive): readonly Rule[] {
  if (cidrs === undefined) return live.ingress.filter((r) => !EVERYWHERE.some((all) => r.text.endsWith(` ${all}`)));
  return cidrs
    .filter((cidr) => !EVERYWHERE.includes(cidr))
    .flatMap((cidr) => {
      const Description = "PostgreSQL from an address on the allow list";
      const ranges = cidr.includes(":")
        ? { Ipv6Ranges: [{ CidrIpv6: canonical(cidr), Description }] }
        : { IpRanges: [{ CidrIp: cidr, Description }] };
      return rulesOf({ IpProtocol: "tcp", FromPort: port, ToPort: port, ...ranges });
    });
}
