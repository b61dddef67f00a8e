import { type LocalEnv, LocalFault } from "../../core/service.ts";
import { documentKey, type RdsState, type SubnetGroupDocument } from "./documents.ts";

interface Subnet {
  readonly SubnetId: string;
  readonly AvailabilityZone: string;
  readonly VpcId: string;
}

/** The security groups of an instance: the requested ones, which must exist, or the default network's. */
export async function securityGroups(env: LocalEnv, region: string, wanted: readonly string[] | undefined): Promise<string[]> {
  const input = wanted?.length ? { GroupIds: wanted } : { Filters: [{ Name: "group-name", Values: ["default"] }] };
  const found = await env.dispatch("ec2", "DescribeSecurityGroups", input, { region }).catch((error) => {
    const message = `Invalid security group , groupId= ${wanted?.join(", ")}, groupName=.`;
    throw error instanceof LocalFault ? new LocalFault("InvalidParameterValue", message, 400) : error;
  });
  return found.SecurityGroups.map((group: { GroupId: string }) => group.GroupId);
}

/** The subnets with these ids; without ids, those of the default network. */
export async function subnetsNamed(
  env: LocalEnv,
  region: string,
  ids: readonly string[],
): Promise<Pick<SubnetGroupDocument, "vpc" | "subnets">> {
  const input = ids.length ? { SubnetIds: ids } : { Filters: [{ Name: "default-for-az", Values: ["true"] }] };
  const { Subnets } = (await env.dispatch("ec2", "DescribeSubnets", input, { region }).catch((error) => {
    throw error instanceof LocalFault ? new LocalFault("InvalidSubnet", error.message) : error;
  })) as { Subnets: Subnet[] };
  return {
    vpc: Subnets[0]?.VpcId ?? "",
    subnets: Subnets.map((subnet) => ({ id: subnet.SubnetId, zone: subnet.AvailabilityZone })),
  };
}

/** The subnet group of the default network. RDS creates it when it is first needed. */
export async function defaultSubnetGroup(env: LocalEnv, state: RdsState, region: string): Promise<SubnetGroupDocument> {
  const known = state.subnetGroups.get(documentKey(region, "default"));
  if (known) return known;
  const group = { name: "default", region, description: "default", tags: [], ...(await subnetsNamed(env, region, [])) };
  state.subnetGroups.put(documentKey(region, "default"), group);
  return group;
}
