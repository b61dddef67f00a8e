import type * as EC2 from "@aws-sdk/client-ec2";
import { type Handler, type LocalEnv, LocalFault } from "../../core/service.ts";
import { filtered, page } from "./query.ts";
import { type Ec2State, givenId } from "./state.ts";

/** The regions that are enabled in a new account, with the first part of their zones' ids. */
const REGIONS: Readonly<Record<string, string>> = {
  "ap-northeast-1": "apne1",
  "ap-northeast-2": "apne2",
  "ap-northeast-3": "apne3",
  "ap-south-1": "aps1",
  "ap-southeast-1": "apse1",
  "ap-southeast-2": "apse2",
  "ca-central-1": "cac1",
  "eu-central-1": "euc1",
  "eu-north-1": "eun1",
  "eu-west-1": "euw1",
  "eu-west-2": "euw2",
  "eu-west-3": "euw3",
  "sa-east-1": "sae1",
  "us-east-1": "use1",
  "us-east-2": "use2",
  "us-west-1": "usw1",
  "us-west-2": "usw2",
};
const ZONES = ["a", "b", "c"] as const;
const VPC_CIDR = "172.31.0.0/16";

interface Network {
  readonly vpc: EC2.Vpc;
  readonly subnets: EC2.Subnet[];
  readonly gateway: EC2.InternetGateway;
  readonly routes: EC2.RouteTable;
  readonly zones: EC2.AvailabilityZone[];
}
/** The default network of every account in every region. It cannot be changed here. */
export function networkOf(region: string, account: string, state: Ec2State): Network {
  const VpcId = givenId("vpc", region);
  const gatewayId = givenId("igw", region);
  const tagsOf = (id: string) => [...(state.tags.get(id)?.tags ?? [])];
  const zones = ZONES.map((letter, i) => zoneOf(region, letter, i));
  const subnets = zones.map((zone, i): EC2.Subnet => {
    const SubnetId = givenId("subnet", region, ZONES[i] as string);
    return {
      SubnetId,
      SubnetArn: `arn:aws:ec2:${region}:${account}:subnet/${SubnetId}`,
      VpcId,
      CidrBlock: `172.31.${i * 16}.0/20`,
      AvailabilityZone: zone.ZoneName,
      AvailabilityZoneId: zone.ZoneId,
      AvailableIpAddressCount: 4_091,
      State: "available",
      DefaultForAz: true,
      MapPublicIpOnLaunch: true,
      AssignIpv6AddressOnCreation: false,
      OwnerId: account,
      Tags: tagsOf(SubnetId),
    };
  });
  return {
    vpc: vpcOf(VpcId, region, account, tagsOf),
    subnets,
    gateway: gatewayOf(gatewayId, VpcId, account, tagsOf),
    routes: routesOf(region, account, VpcId, gatewayId, tagsOf),
    zones,
  };
}

type TagsOf = (id: string) => EC2.Tag[];
const vpcOf = (VpcId: string, region: string, account: string, tagsOf: TagsOf): EC2.Vpc => ({
  VpcId,
  CidrBlock: VPC_CIDR,
  DhcpOptionsId: givenId("dopt", region),
  State: "available",
  InstanceTenancy: "default",
  IsDefault: true,
  OwnerId: account,
  CidrBlockAssociationSet: [
    { AssociationId: givenId("vpc-cidr-assoc", region), CidrBlock: VPC_CIDR, CidrBlockState: { State: "associated" } },
  ],
  Tags: tagsOf(VpcId),
});
const gatewayOf = (id: string, VpcId: string, account: string, tagsOf: TagsOf): EC2.InternetGateway => ({
  InternetGatewayId: id,
  Attachments: [{ State: "available" as EC2.AttachmentStatus, VpcId }],
  OwnerId: account,
  Tags: tagsOf(id),
});
const zoneOf = (region: string, letter: string, i: number): EC2.AvailabilityZone => ({
  State: "available",
  OptInStatus: "opt-in-not-required",
  Messages: [],
  RegionName: region,
  ZoneName: `${region}${letter}`,
  ZoneId: `${REGIONS[region] ?? region}-az${i + 1}`,
  GroupName: region,
  NetworkBorderGroup: region,
  ZoneType: "availability-zone",
});
function routesOf(region: string, account: string, VpcId: string, GatewayId: string, tagsOf: TagsOf): EC2.RouteTable {
  const RouteTableId = givenId("rtb", region);
  return {
    RouteTableId,
    VpcId,
    OwnerId: account,
    Associations: [
      { Main: true, RouteTableAssociationId: givenId("rtbassoc", region), RouteTableId, AssociationState: { State: "associated" } },
    ],
    PropagatingVgws: [],
    Routes: [
      { DestinationCidrBlock: VPC_CIDR, GatewayId: "local", Origin: "CreateRouteTable", State: "active" },
      { DestinationCidrBlock: "0.0.0.0/0", GatewayId, Origin: "CreateRoute", State: "active" },
    ],
    Tags: tagsOf(RouteTableId),
  };
}

/** The resources with these ids, or all when none is given. An unknown id is AWS's error. */
export function chosen<T>(
  all: readonly T[],
  ids: readonly string[] | undefined,
  idOf: (item: T) => string | undefined,
  fault: (id: string) => LocalFault,
): T[] {
  if (!ids?.length) return [...all];
  return ids.map((id) => {
    const found = all.find((item) => idOf(item) === id);
    if (!found) throw fault(id);
    return found;
  });
}
const missing =
  (code: string, kind: string) =>
  (id: string): LocalFault =>
    new LocalFault(code, `The ${kind} ID '${id}' does not exist`, 400);

const vpcAttributes = (v: EC2.Vpc) => ({
  "vpc-id": [v.VpcId],
  cidr: [v.CidrBlock],
  state: [v.State],
  isDefault: [v.IsDefault],
  "is-default": [v.IsDefault],
  "owner-id": [v.OwnerId],
});
/** The attributes of a default VPC. Usage metrics are off by default (documentation of the EC2 API, ModifyVpcAttribute). */
const VPC_ATTRIBUTES = new Map<EC2.VpcAttributeName, Partial<EC2.DescribeVpcAttributeCommandOutput>>([
  ["enableDnsSupport", { EnableDnsSupport: { Value: true } }],
  ["enableDnsHostnames", { EnableDnsHostnames: { Value: true } }],
  ["enableNetworkAddressUsageMetrics", { EnableNetworkAddressUsageMetrics: { Value: false } }],
]);
const subnetAttributes = (s: EC2.Subnet) => ({
  "subnet-id": [s.SubnetId],
  "vpc-id": [s.VpcId],
  "availability-zone": [s.AvailabilityZone],
  "availability-zone-id": [s.AvailabilityZoneId],
  "default-for-az": [s.DefaultForAz],
  "map-public-ip-on-launch": [s.MapPublicIpOnLaunch],
  state: [s.State],
  "cidr-block": [s.CidrBlock],
});

export function networkOperations(env: LocalEnv, state: Ec2State) {
  const of = (region: string) => networkOf(region, env.account, state);
  const vpcs: Handler<EC2.DescribeVpcsCommandInput, EC2.DescribeVpcsCommandOutput> = (input, { region }) => {
    const found = chosen([of(region).vpc], input.VpcIds, (v) => v.VpcId, missing("InvalidVpcID.NotFound", "vpc"));
    const { items, more } = page(
      filtered(found, input.Filters, vpcAttributes, (v) => v.Tags ?? []),
      input,
    );
    return { Vpcs: items, ...more };
  };
  const subnets: Handler<EC2.DescribeSubnetsCommandInput, EC2.DescribeSubnetsCommandOutput> = (input, { region }) => {
    const found = chosen(of(region).subnets, input.SubnetIds, (s) => s.SubnetId, missing("InvalidSubnetID.NotFound", "subnet"));
    const { items, more } = page(
      filtered(found, input.Filters, subnetAttributes, (s) => s.Tags ?? []),
      input,
    );
    return { Subnets: items, ...more };
  };
  const attribute: Handler<EC2.DescribeVpcAttributeCommandInput, EC2.DescribeVpcAttributeCommandOutput> = (input, { region }) => {
    const [vpc] = chosen([of(region).vpc], [input.VpcId ?? ""], (v) => v.VpcId, missing("InvalidVpcID.NotFound", "vpc"));
    return { VpcId: vpc?.VpcId, ...VPC_ATTRIBUTES.get(input.Attribute as EC2.VpcAttributeName) };
  };
  return {
    DescribeVpcs: vpcs,
    DescribeSubnets: subnets,
    DescribeVpcAttribute: attribute,
    ...gatewayOperations(of),
    ...placeOperations(of),
  };
}

function gatewayOperations(of: (region: string) => Network) {
  const routes: Handler<EC2.DescribeRouteTablesCommandInput, EC2.DescribeRouteTablesCommandOutput> = (input, { region }) => {
    const found = chosen(
      [of(region).routes],
      input.RouteTableIds,
      (r) => r.RouteTableId,
      missing("InvalidRouteTableID.NotFound", "routeTable"),
    );
    const attributes = (r: EC2.RouteTable) => ({
      "route-table-id": [r.RouteTableId],
      "vpc-id": [r.VpcId],
      "association.main": [true],
      "association.subnet-id": [],
      "route.gateway-id": (r.Routes ?? []).map((route) => route.GatewayId),
      "route.destination-cidr-block": (r.Routes ?? []).map((route) => route.DestinationCidrBlock),
    });
    return { RouteTables: filtered(found, input.Filters, attributes, (r) => r.Tags ?? []) };
  };
  const gateways: Handler<EC2.DescribeInternetGatewaysCommandInput, EC2.DescribeInternetGatewaysCommandOutput> = (input, { region }) => {
    const fault = missing("InvalidInternetGatewayID.NotFound", "internetGateway");
    const found = chosen([of(region).gateway], input.InternetGatewayIds, (g) => g.InternetGatewayId, fault);
    const attributes = (g: EC2.InternetGateway) => ({
      "internet-gateway-id": [g.InternetGatewayId],
      "attachment.vpc-id": [g.Attachments?.[0]?.VpcId],
      "attachment.state": ["available"],
    });
    return { InternetGateways: filtered(found, input.Filters, attributes, (g) => g.Tags ?? []) };
  };
  return { DescribeRouteTables: routes, DescribeInternetGateways: gateways };
}

function placeOperations(of: (region: string) => Network) {
  const zones: Handler<EC2.DescribeAvailabilityZonesCommandInput, EC2.DescribeAvailabilityZonesCommandOutput> = (input, { region }) => {
    const fault = (id: string) => new LocalFault("InvalidParameterValue", `Invalid availability zone: [${id}]`, 400);
    const found = chosen(of(region).zones, input.ZoneNames, (z) => z.ZoneName, fault);
    const attributes = (z: EC2.AvailabilityZone) => ({
      "zone-name": [z.ZoneName],
      "zone-id": [z.ZoneId],
      "zone-type": [z.ZoneType],
      "region-name": [z.RegionName],
      "group-name": [z.GroupName],
      "opt-in-status": [z.OptInStatus],
      state: [z.State],
    });
    return { AvailabilityZones: filtered(found, input.Filters, attributes, () => []) };
  };
  const regions: Handler<EC2.DescribeRegionsCommandInput, EC2.DescribeRegionsCommandOutput> = (input) => {
    const all = Object.keys(REGIONS).map(
      (RegionName): EC2.Region => ({ RegionName, Endpoint: `ec2.${RegionName}.amazonaws.com`, OptInStatus: "opt-in-not-required" }),
    );
    const fault = (id: string) => new LocalFault("InvalidParameterValue", `Invalid region: [${id}]`, 400);
    const found = chosen(all, input.RegionNames, (r) => r.RegionName, fault);
    const attributes = (r: EC2.Region) => ({ "region-name": [r.RegionName], endpoint: [r.Endpoint], "opt-in-status": [r.OptInStatus] });
    return { Regions: filtered(found, input.Filters, attributes, () => []) };
  };
  return { DescribeAvailabilityZones: zones, DescribeRegions: regions };
}
