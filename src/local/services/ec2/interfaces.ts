import type * as EC2 from "@aws-sdk/client-ec2";
import type { Handler, LocalEnv } from "../../core/service.ts";
import { filtered, page } from "./query.ts";
import { givenId } from "./state.ts";

interface Database {
  readonly DBInstanceIdentifier: string;
  readonly AvailabilityZone?: string;
  readonly VpcSecurityGroups?: readonly { readonly VpcSecurityGroupId: string }[];
  readonly DBSubnetGroup?: {
    readonly VpcId: string;
    readonly Subnets: readonly { SubnetIdentifier: string; SubnetAvailabilityZone: { Name: string } }[];
  };
}

/** Network interfaces. Only databases have some here. */
export function interfaceOperations(env: LocalEnv) {
  const describe: Handler<EC2.DescribeNetworkInterfacesCommandInput, EC2.DescribeNetworkInterfacesCommandOutput> = async (
    input,
    { region },
  ) => {
    const { DBInstances = [] } = (await env.dispatch("rds", "DescribeDBInstances", {}, { region })) as { DBInstances?: Database[] };
    const all = DBInstances.map((db) => interfaceOf(db, region, env.account));
    const wanted = input.NetworkInterfaceIds?.length
      ? all.filter((one) => input.NetworkInterfaceIds?.includes(one.NetworkInterfaceId ?? ""))
      : all;
    const { items, more } = page(
      filtered(wanted, input.Filters, attributesOf, (one) => one.TagSet ?? []),
      input,
    );
    return { NetworkInterfaces: items, ...more };
  };
  return { DescribeNetworkInterfaces: describe };
}

function interfaceOf(db: Database, region: string, account: string): EC2.NetworkInterface {
  const subnet = db.DBSubnetGroup?.Subnets.find((one) => one.SubnetAvailabilityZone.Name === db.AvailabilityZone);
  return {
    NetworkInterfaceId: givenId("eni", region, db.DBInstanceIdentifier),
    Description: "RDSNetworkInterface",
    RequesterId: "amazon-rds",
    RequesterManaged: true,
    Status: "in-use",
    InterfaceType: "interface",
    OwnerId: account,
    VpcId: db.DBSubnetGroup?.VpcId,
    SubnetId: subnet?.SubnetIdentifier,
    AvailabilityZone: db.AvailabilityZone,
    PrivateIpAddress: "127.0.0.1",
    Groups: (db.VpcSecurityGroups ?? []).map((group) => ({ GroupId: group.VpcSecurityGroupId })),
    TagSet: [],
  };
}

const attributesOf = (one: EC2.NetworkInterface) => ({
  "network-interface-id": [one.NetworkInterfaceId],
  "group-id": (one.Groups ?? []).map((group) => group.GroupId),
  "vpc-id": [one.VpcId],
  "subnet-id": [one.SubnetId],
  "availability-zone": [one.AvailabilityZone],
  description: [one.Description],
  status: [one.Status],
  "requester-id": [one.RequesterId],
});
