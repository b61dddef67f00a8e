import type { RouteTable, Subnet } from "@aws-sdk/client-ec2";
import type { AwsClients } from "./clients.ts";

/** RDS accepts a subnet group only with subnets in this number of zones. */
const ZONES_NEEDED = 2;

/**
 * Ids of the default VPC's private subnets: those whose route table has no route to an internet gateway. A subnet without a table of its own
 * has the VPC's main one. [] when they lie in fewer than two zones.
 */
export async function privateSubnets(world: Pick<AwsClients, "ec2">): Promise<readonly string[]> {
  const ec2 = await world.ec2();
  const { Vpcs = [] } = await ec2.describeVpcs({ Filters: [{ Name: "is-default", Values: ["true"] }] });
  const vpc = Vpcs[0]?.VpcId;
  if (vpc === undefined) return [];
  const Filters = [{ Name: "vpc-id", Values: [vpc] }];
  const [subnets, tables]: [Subnet[], RouteTable[]] = [[], []];
  for await (const { Subnets = [] } of ec2.paginateDescribeSubnets({ Filters })) subnets.push(...Subnets);
  for await (const { RouteTables = [] } of ec2.paginateDescribeRouteTables({ Filters })) tables.push(...RouteTables);
  const found = subnets.filter((subnet) => !reachesInternet(tableOf(subnet, tables)));
  const zones = new Set(found.map(({ AvailabilityZone }) => AvailabilityZone));
  return zones.size < ZONES_NEEDED ? [] : found.flatMap(({ SubnetId }) => SubnetId ?? []).toSorted();
}

function tableOf({ SubnetId }: Subnet, tables: readonly RouteTable[]): RouteTable | undefined {
  const own = tables.find(({ Associations = [] }) => Associations.some((one) => one.SubnetId === SubnetId));
  return own ?? tables.find(({ Associations = [] }) => Associations.some((one) => one.Main));
}
/** A NAT gateway or an egress-only gateway accepts no connection from outside. A subnet without a visible table does not count as private. */
const reachesInternet = (table: RouteTable | undefined): boolean =>
  table === undefined || (table.Routes ?? []).some(({ GatewayId }) => GatewayId?.startsWith("igw-"));
