import { arnAt } from "../aws/access.ts";
import { changedTags, differences, touches } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { fromTagList, toTagList } from "../aws/ownership.ts";
import { ourNames } from "../aws/pages.ts";
import type { AwsLocation, ResourceKind } from "../engine/contract.ts";

export interface SubnetGroupId {
  /** Name in lower case, as RDS stores it. */
  readonly name: string;
}
export interface SubnetGroupSpec {
  readonly description: string;
  /** Ids of subnets of one VPC, in at least two zones. */
  readonly subnets: readonly string[];
}
interface SubnetGroupLive {
  readonly arn: string;
  readonly description: string;
  readonly subnets: readonly string[];
}
export interface SubnetGroupOutputs {
  readonly name: string;
}

export const rdsSubnetGroup: ResourceKind<SubnetGroupId, SubnetGroupSpec, SubnetGroupLive, SubnetGroupOutputs, AwsClients> = {
  kind: "rds.subnet-group",
  holdsData: false,
  settle: { timeoutMs: 60_000, pollMs: 1_000 },
  notFound: { provenBy: "rds:DescribeDBSubnetGroups", codes: ["DBSubnetGroupNotFoundFault"] },
  alreadyExists: ["DBSubnetGroupAlreadyExistsFault", "DBSubnetGroupAlreadyExists"],

  access: {
    on: ({ name }, place) => [arnOf(name, place)],
    read: ["rds:ListTagsForResource"],
    write: ["rds:AddTagsToResource", "rds:CreateDBSubnetGroup", "rds:ModifyDBSubnetGroup"],
    delete: ["rds:DeleteDBSubnetGroup"],
    everywhere: { read: ["ec2:DescribeRouteTables", "ec2:DescribeSubnets", "ec2:DescribeVpcs", "rds:DescribeDBSubnetGroups"] },
  },
  label: ({ name }) => name,
  diff: (spec, live) => differences({ description: [live.description, spec.description], subnets: [live.subnets, spec.subnets] }),
  outputs: ({ arn }) => ({ name: arn.slice(arn.lastIndexOf(":") + 1) }),
  predict: ({ name }) => ({ name }),
  describe: ({ arn }) => ({ arn, state: "ready" }),

  async read({ name }, ctx) {
    const rds = await ctx.world.rds();
    const { DBSubnetGroups = [] } = await rds.describeDBSubnetGroups({ DBSubnetGroupName: name });
    const group = DBSubnetGroups[0];
    if (!group) return { state: "absent" };
    const arn = group.DBSubnetGroupArn ?? arnOf(name, ctx.place);
    const subnets = (group.Subnets ?? []).flatMap(({ SubnetIdentifier }) => SubnetIdentifier ?? []);
    const live = { arn, description: group.DBSubnetGroupDescription ?? "", subnets };
    return { state: "ready", live, tags: fromTagList((await rds.listTagsForResource({ ResourceName: arn })).TagList) };
  },
  async create({ name }, spec, ctx) {
    const rds = await ctx.world.rds();
    const group = { DBSubnetGroupName: name, ...settingsOf(spec), Tags: toTagList(ctx.tags) };
    await rds.createDBSubnetGroup(group);
  },
  async update({ name }, spec, { arn }, changes, ctx) {
    const rds = await ctx.world.rds();
    if (touches(changes, "description", "subnets")) await rds.modifyDBSubnetGroup({ DBSubnetGroupName: name, ...settingsOf(spec) });
    const tags = changedTags(changes);
    if (tags) await rds.addTagsToResource({ ResourceName: arn, Tags: toTagList(tags) });
  },
  async delete({ name }, _live, _how, ctx) {
    await (await ctx.world.rds()).deleteDBSubnetGroup({ DBSubnetGroupName: name });
  },
  candidates: async (ctx) =>
    ourNames((await ctx.world.rds()).paginateDescribeDBSubnetGroups({}), (page) => page.DBSubnetGroups?.map((g) => g.DBSubnetGroupName)),
};

const settingsOf = ({ description, subnets }: SubnetGroupSpec) => ({ DBSubnetGroupDescription: description, SubnetIds: [...subnets] });
const arnOf = (name: string, place: AwsLocation) => arnAt(place, "rds", `subgrp:${name}`);
