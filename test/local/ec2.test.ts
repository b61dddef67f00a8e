import { EC2 } from "@aws-sdk/client-ec2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/local/index.ts";

let aws: LocalAws;
let ec2: EC2;
const client = (region: string) =>
  new EC2({ region, endpoint: aws.url, credentials: { accessKeyId: "a", secretAccessKey: "b" }, maxAttempts: 1 });
beforeAll(async () => {
  aws = await startLocalAws({ settings: { databases: "none" } });
  ec2 = client("us-east-1");
});
afterAll(() => aws.close());

const group = async (GroupName: string) =>
  (
    await ec2.createSecurityGroup({
      GroupName,
      Description: "database access",
      TagSpecifications: [{ ResourceType: "security-group", Tags: [{ Key: "app", Value: GroupName }] }],
    })
  ).GroupId as string;
const FROM_DESK = { IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: "203.0.113.7/32", Description: "desk" }] };

test("every region has the default network of a new account", async () => {
  const vpcs = await ec2.describeVpcs({ Filters: [{ Name: "is-default", Values: ["true"] }] });
  expect(vpcs.Vpcs).toMatchObject([{ CidrBlock: "172.31.0.0/16", State: "available", IsDefault: true }]);
  const vpc = vpcs.Vpcs?.[0]?.VpcId ?? "";
  const { Subnets } = await ec2.describeSubnets({
    Filters: [
      { Name: "vpc-id", Values: [vpc] },
      { Name: "default-for-az", Values: ["true"] },
    ],
  });
  expect(Subnets?.map((subnet) => [subnet.AvailabilityZone, subnet.CidrBlock])).toEqual([
    ["us-east-1a", "172.31.0.0/20"],
    ["us-east-1b", "172.31.16.0/20"],
    ["us-east-1c", "172.31.32.0/20"],
  ]);
  const gateways = await ec2.describeInternetGateways({ Filters: [{ Name: "attachment.vpc-id", Values: [vpc] }] });
  expect(gateways.InternetGateways).toHaveLength(1);
  expect((await client("eu-west-1").describeVpcs({})).Vpcs?.[0]?.VpcId).not.toBe(vpc);
  await expect(ec2.describeVpcs({ VpcIds: ["vpc-0"] })).rejects.toMatchObject({ name: "InvalidVpcID.NotFound" });
  await expect(ec2.describeVpcs({ Filters: [{ Name: "colour", Values: ["red"] }] })).rejects.toMatchObject({
    name: "InvalidParameterValue",
  });
});

test("a default network has its DNS attributes on and its usage metrics off", async () => {
  const VpcId = (await ec2.describeVpcs({})).Vpcs?.[0]?.VpcId;
  const attribute = async (Attribute: "enableDnsSupport" | "enableDnsHostnames" | "enableNetworkAddressUsageMetrics") =>
    ec2.describeVpcAttribute({ VpcId, Attribute });
  expect(await attribute("enableDnsSupport")).toMatchObject({ EnableDnsSupport: { Value: true } });
  expect(await attribute("enableDnsHostnames")).toMatchObject({ EnableDnsHostnames: { Value: true } });
  expect(await attribute("enableNetworkAddressUsageMetrics")).toMatchObject({ EnableNetworkAddressUsageMetrics: { Value: false } });
});

test("a group is found by name, id and tag, each time once", async () => {
  const GroupId = await group("find-me");
  for (const Filters of [[{ Name: "group-name", Values: ["find-*"] }], [{ Name: "tag:app", Values: ["find-me"] }]]) {
    const { SecurityGroups } = await ec2.describeSecurityGroups({ Filters });
    expect(SecurityGroups).toMatchObject([{ GroupId, Tags: [{ Key: "app", Value: "find-me" }], IpPermissions: [] }]);
    expect(SecurityGroups?.[0]?.IpPermissionsEgress).toMatchObject([{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }]);
  }
  await expect(group("find-me")).rejects.toMatchObject({ name: "InvalidGroup.Duplicate" });
  await ec2.deleteSecurityGroup({ GroupId });
  await expect(ec2.describeSecurityGroups({ GroupIds: [GroupId] })).rejects.toMatchObject({ name: "InvalidGroup.NotFound" });
  expect((await ec2.describeTags({ Filters: [{ Name: "resource-id", Values: [GroupId] }] })).Tags).toEqual([]);
});

test("rules are added and removed one by one", async () => {
  const GroupId = await group("rules");
  const { SecurityGroupRules: made } = await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [FROM_DESK] });
  expect(made).toMatchObject([{ GroupId, IsEgress: false, FromPort: 5432, CidrIpv4: "203.0.113.7/32", Description: "desk" }]);
  await expect(ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [FROM_DESK] })).rejects.toMatchObject({
    name: "InvalidPermission.Duplicate",
    message: 'the specified rule "peer: 203.0.113.7/32, TCP, from port: 5432, to port: 5432, ALLOW" already exists',
  });
  const office = { ...FROM_DESK, IpRanges: [{ CidrIp: "198.51.100.77/24" }] };
  await ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [office] });
  const { SecurityGroups } = await ec2.describeSecurityGroups({ GroupIds: [GroupId] });
  expect(SecurityGroups?.[0]?.IpPermissions).toMatchObject([
    { FromPort: 5432, IpRanges: [{ CidrIp: "203.0.113.7/32", Description: "desk" }, { CidrIp: "198.51.100.0/24" }] },
  ]);
  await ec2.revokeSecurityGroupIngress({ GroupId, SecurityGroupRuleIds: [made?.[0]?.SecurityGroupRuleId ?? ""] });
  await ec2.revokeSecurityGroupIngress({ GroupId, IpPermissions: [office] });
  await expect(ec2.revokeSecurityGroupIngress({ GroupId, IpPermissions: [office] })).rejects.toMatchObject({
    name: "InvalidPermission.NotFound",
  });
  const { SecurityGroupRules } = await ec2.describeSecurityGroupRules({ Filters: [{ Name: "group-id", Values: [GroupId] }] });
  expect(SecurityGroupRules).toMatchObject([{ IsEgress: true, IpProtocol: "-1", CidrIpv4: "0.0.0.0/0" }]);
});

test.each([
  ["2001:0DB8:0:0:0:0:0:7/64", "2001:db8::/64"],
  ["2001:db8:0:1:1:0:0:7/128", "2001:db8:0:1:1::7/128"],
  ["FD00:ABCD::/20", "fd00:a000::/20"],
])("an IPv6 range is kept as RFC 5952 writes it: %s", async (CidrIpv6, kept) => {
  const GroupId = await group(`v6-${kept.replace(/\W/g, "")}`);
  await ec2.authorizeSecurityGroupIngress({
    GroupId,
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 1, ToPort: 1, Ipv6Ranges: [{ CidrIpv6 }] }],
  });
  const { SecurityGroups } = await ec2.describeSecurityGroups({ GroupIds: [GroupId] });
  expect(SecurityGroups?.[0]?.IpPermissions?.[0]?.Ipv6Ranges).toEqual([{ CidrIpv6: kept }]);
});

test.each([
  [{ ...FROM_DESK, IpRanges: [{ CidrIp: "203.0.113.7" }] }, "CIDR block 203.0.113.7 is malformed"],
  [{ ...FROM_DESK, FromPort: 6000 }, "Invalid TCP/UDP port range (6000:5432)"],
])("traffic that cannot be is refused", async (permission, message) => {
  const { SecurityGroups } = await ec2.describeSecurityGroups({ GroupNames: ["default"] });
  const GroupId = SecurityGroups?.[0]?.GroupId ?? "";
  await expect(ec2.authorizeSecurityGroupIngress({ GroupId, IpPermissions: [permission] })).rejects.toThrow(message);
});

test("a group that another group names cannot be deleted, nor can the default group", async () => {
  const source = await group("source");
  const target = await group("target");
  await ec2.authorizeSecurityGroupIngress({
    GroupId: target,
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 1, ToPort: 2, UserIdGroupPairs: [{ GroupId: source }] }],
  });
  await expect(ec2.deleteSecurityGroup({ GroupId: source })).rejects.toMatchObject({
    name: "DependencyViolation",
    message: `resource ${source} has a dependent object`,
  });
  await expect(ec2.deleteSecurityGroup({ GroupName: "default" })).rejects.toMatchObject({ name: "CannotDelete" });
});

test("tags can be changed on groups and on the default network", async () => {
  const id = await group("tagged");
  const vpc = (await ec2.describeVpcs({})).Vpcs?.[0]?.VpcId ?? "";
  await ec2.createTags({ Resources: [id, vpc], Tags: [{ Key: "Name", Value: "x" }] });
  expect((await ec2.describeVpcs({ Filters: [{ Name: "tag:Name", Values: ["x"] }] })).Vpcs).toHaveLength(1);
  await ec2.deleteTags({ Resources: [id], Tags: [{ Key: "app" }] });
  expect((await ec2.describeSecurityGroups({ GroupIds: [id] })).SecurityGroups?.[0]?.Tags).toEqual([{ Key: "Name", Value: "x" }]);
  await expect(ec2.createTags({ Resources: ["i-0"], Tags: [{ Key: "a", Value: "" }] })).rejects.toMatchObject({ name: "InvalidID" });
  await expect(ec2.createTags({ DryRun: true, Resources: [id], Tags: [{ Key: "a", Value: "" }] })).rejects.toMatchObject({
    name: "DryRunOperation",
  });
});
