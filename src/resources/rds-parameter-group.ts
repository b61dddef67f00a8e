import type { Parameter } from "@aws-sdk/client-rds";
import { arnAt } from "../aws/access.ts";
import { changedTags, differences } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { fromTagList, toTagList } from "../aws/ownership.ts";
import { collect, ourNames } from "../aws/pages.ts";
import type { RDS } from "../aws/sdk/types.ts";
import type { AwsLocation, ResourceKind } from "../engine/contract.ts";

export interface ParameterGroupId {
  readonly name: string;
}
export interface ParameterGroupSpec {
  /** `postgres<major>`. */
  readonly family: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, string>>;
}
interface Value {
  readonly value: string | undefined;
  /** A static parameter takes effect at the next restart. AWS refuses a call that asks for an immediate change of one. */
  readonly apply: "static" | "dynamic";
}
interface ParameterGroupLive {
  readonly arn: string;
  readonly family: string;
  /**
   * Every parameter of the family, whoever set it. A parameter with the family's default value has the source `system`, so a filter by
   * source would miss it (hashicorp/terraform-provider-aws internal/service/rds/parameter_group.go).
   */
  readonly parameters: Readonly<Record<string, Value>>;
}
export interface ParameterGroupOutputs {
  readonly name: string;
}

/** Limit of ModifyDBParameterGroup. */
const AT_ONCE = 20;

export const rdsParameterGroup: ResourceKind<ParameterGroupId, ParameterGroupSpec, ParameterGroupLive, ParameterGroupOutputs, AwsClients> =
  {
    kind: "rds.parameter-group",
    holdsData: false,
    settle: { timeoutMs: 300_000, pollMs: 2_000 },
    notFound: { provenBy: "rds:DescribeDBParameterGroups", codes: ["DBParameterGroupNotFoundFault", "DBParameterGroupNotFound"] },
    alreadyExists: ["DBParameterGroupAlreadyExistsFault", "DBParameterGroupAlreadyExists"],

    access: {
      on: ({ name }, place) => [arnOf(name, place)],
      read: ["rds:DescribeDBParameters", "rds:ListTagsForResource"],
      write: ["rds:AddTagsToResource", "rds:CreateDBParameterGroup", "rds:ModifyDBParameterGroup", "rds:ResetDBParameterGroup"],
      delete: ["rds:DeleteDBParameterGroup"],
      everywhere: { read: ["rds:DescribeDBParameterGroups"] },
    },
    label: ({ name }) => name,
    diff: (spec, live) => [
      ...differences({ family: [live.family, spec.family] }, "replace"),
      ...Object.entries(spec.parameters).flatMap(([name, to]) =>
        differences({ [`parameters.${name}`]: [live.parameters[name]?.value, to] }),
      ),
    ],
    outputs: ({ arn }) => ({ name: arn.slice(arn.lastIndexOf(":") + 1) }),
    predict: ({ name }) => ({ name }),
    describe: ({ arn }) => ({ arn, state: "ready" }),

    async read({ name }, ctx) {
      const rds = await ctx.world.rds();
      const group = (await rds.describeDBParameterGroups({ DBParameterGroupName: name })).DBParameterGroups?.[0];
      if (!group) return { state: "absent" };
      const arn = group.DBParameterGroupArn ?? arnOf(name, ctx.place);
      const [parameters, { TagList }] = await Promise.all([parametersOf(rds, name), rds.listTagsForResource({ ResourceName: arn })]);
      return { state: "ready", live: { arn, family: group.DBParameterGroupFamily ?? "", parameters }, tags: fromTagList(TagList) };
    },
    async create({ name }, { family, description }, ctx) {
      const rds = await ctx.world.rds();
      const group = { DBParameterGroupName: name, DBParameterGroupFamily: family, Description: description, Tags: toTagList(ctx.tags) };
      await rds.createDBParameterGroup(group);
    },
    async update({ name }, spec, { arn, parameters }, changes, ctx) {
      const rds = await ctx.world.rds();
      const wanted = changes.flatMap(({ path }) => (path.startsWith("parameters.") ? [path.slice("parameters.".length)] : []));
      for (let at = 0; at < wanted.length; at += AT_ONCE) {
        const Parameters = wanted.slice(at, at + AT_ONCE).map(
          (ParameterName): Parameter => ({
            ParameterName,
            ParameterValue: spec.parameters[ParameterName],
            ApplyMethod: parameters[ParameterName]?.apply === "static" ? "pending-reboot" : "immediate",
          }),
        );
        await rds.modifyDBParameterGroup({ DBParameterGroupName: name, Parameters });
      }
      const tags = changedTags(changes);
      if (tags) await rds.addTagsToResource({ ResourceName: arn, Tags: toTagList(tags) });
    },
    async delete({ name }, _live, _how, ctx) {
      await (await ctx.world.rds()).deleteDBParameterGroup({ DBParameterGroupName: name });
    },
    candidates: async (ctx) =>
      ourNames((await ctx.world.rds()).paginateDescribeDBParameterGroups({}), (page) =>
        page.DBParameterGroups?.map((g) => g.DBParameterGroupName),
      ),
  };

async function parametersOf(rds: RDS, DBParameterGroupName: string): Promise<ParameterGroupLive["parameters"]> {
  const all = await collect(rds.paginateDescribeDBParameters({ DBParameterGroupName }), (page) => page.Parameters);
  const toValue = ({ ParameterValue: value, ApplyType }: Parameter): Value => ({
    value,
    apply: ApplyType === "static" ? "static" : "dynamic",
  });
  return Object.fromEntries(all.map((parameter) => [parameter.ParameterName ?? "", toValue(parameter)]));
}
const arnOf = (name: string, place: AwsLocation) => arnAt(place, "rds", `pg:${name}`);
