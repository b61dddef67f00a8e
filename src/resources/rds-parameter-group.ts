import type { Parameter, RDS } from "@aws-sdk/client-rds";
import { changedTags, differences } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { orAbsent } from "../aws/faults.ts";
import { carriesTag, fromTagList, mayBeOurs, toTagList } from "../aws/ownership.ts";
import type { Place, ResourceKind, Tags } from "../engine/contract.ts";

export interface ParameterGroupId {
  readonly name: string;
}
export interface ParameterGroupSpec {
  /** `postgres<major>`. */
  readonly family: string;
  readonly description: string;
  /** Dynamic parameters only: they take effect without a restart. */
  readonly parameters: Readonly<Record<string, string>>;
}
interface ParameterGroupLive {
  readonly arn: string;
  readonly family: string;
  /** Those that were set by somebody. */
  readonly parameters: Readonly<Record<string, string>>;
}
export interface ParameterGroupOutputs {
  readonly name: string;
}

const GONE = ["DBParameterGroupNotFoundFault", "DBParameterGroupNotFound"];
/** ModifyDBParameterGroup takes no more at once. */
const AT_ONCE = 20;

export const rdsParameterGroup: ResourceKind<ParameterGroupId, ParameterGroupSpec, ParameterGroupLive, ParameterGroupOutputs, AwsClients> =
  {
    kind: "rds.parameter-group",
    holdsData: false,
    settle: { timeoutMs: 300_000, pollMs: 2_000 },

    label: ({ name }) => name,
    diff: (spec, live) => [
      ...differences({ family: [live.family, spec.family] }, "replace"),
      ...Object.entries(spec.parameters).flatMap(([name, to]) => differences({ [`parameters.${name}`]: [live.parameters[name], to] })),
    ],
    outputs: ({ arn }) => ({ name: arn.slice(arn.lastIndexOf(":") + 1) }),
    predict: ({ name }) => ({ name }),
    describe: ({ arn }) => ({ arn, state: "ready" }),
    retry({ code }, during) {
      // In use by a database that is being changed or deleted.
      if (code.startsWith("InvalidDBParameterGroupState")) return "busy";
      if (during === "update" && GONE.includes(code)) return "propagation";
      return undefined;
    },

    async read({ name }, ctx) {
      const rds = await ctx.world.rds();
      const found = await orAbsent(rds.describeDBParameterGroups({ DBParameterGroupName: name }), ...GONE);
      const group = found?.DBParameterGroups?.[0];
      if (!group) return { state: "absent" };
      const arn = group.DBParameterGroupArn ?? arnOf(name, ctx.place);
      const [parameters, tags] = await Promise.all([orAbsent(parametersOf(rds, name), ...GONE), orAbsent(tagsOf(rds, arn), ...GONE)]);
      if (!parameters || !tags) return { state: "absent" };
      return { state: "ready", live: { arn, family: group.DBParameterGroupFamily ?? "", parameters }, tags };
    },
    async create({ name }, { family, description }, ctx) {
      const rds = await ctx.world.rds();
      const group = { DBParameterGroupName: name, DBParameterGroupFamily: family, Description: description, Tags: toTagList(ctx.tags) };
      await orAbsent(rds.createDBParameterGroup(group), "DBParameterGroupAlreadyExistsFault", "DBParameterGroupAlreadyExists");
    },
    async update({ name }, spec, { arn }, changes, ctx) {
      const rds = await ctx.world.rds();
      const wanted = changes.flatMap(({ path }) => (path.startsWith("parameters.") ? [path.slice("parameters.".length)] : []));
      for (let at = 0; at < wanted.length; at += AT_ONCE) {
        const Parameters = wanted.slice(at, at + AT_ONCE).map(
          (ParameterName): Parameter => ({
            ParameterName,
            ParameterValue: spec.parameters[ParameterName],
            ApplyMethod: "immediate",
          }),
        );
        await rds.modifyDBParameterGroup({ DBParameterGroupName: name, Parameters });
      }
      const tags = changedTags(changes);
      if (tags) await rds.addTagsToResource({ ResourceName: arn, Tags: toTagList(tags) });
    },
    async delete({ name }, _live, _how, ctx) {
      await orAbsent((await ctx.world.rds()).deleteDBParameterGroup({ DBParameterGroupName: name }), ...GONE);
    },
    async listOwned(ctx, isKnown) {
      const rds = await ctx.world.rds();
      const ids: ParameterGroupId[] = [];
      for await (const { DBParameterGroups = [] } of rds.paginateDescribeDBParameterGroups({}))
        for (const { DBParameterGroupName: name, DBParameterGroupArn: arn } of DBParameterGroups)
          if (mayBeOurs(name) && !isKnown({ name }) && arn && carriesTag(await orAbsent(tagsOf(rds, arn), ...GONE), ctx.stack))
            ids.push({ name });
      return ids;
    },
  };

async function parametersOf(rds: RDS, DBParameterGroupName: string): Promise<Readonly<Record<string, string>>> {
  const all: [string, string][] = [];
  for await (const { Parameters = [] } of rds.paginateDescribeDBParameters({ DBParameterGroupName, Source: "user" }))
    all.push(...Parameters.map((p): [string, string] => [p.ParameterName ?? "", p.ParameterValue ?? ""]));
  return Object.fromEntries(all);
}
async function tagsOf(rds: RDS, ResourceName: string): Promise<Tags> {
  return fromTagList((await rds.listTagsForResource({ ResourceName })).TagList);
}
const arnOf = (name: string, { partition, region, account }: Place) => `arn:${partition}:rds:${region}:${account}:pg:${name}`;
