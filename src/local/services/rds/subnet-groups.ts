import type * as RDS from "@aws-sdk/client-rds";
import { type Handler, type LocalEnv, LocalFault } from "../../core/service.ts";
import { documentKey, page, type RdsState, type SubnetGroupDocument } from "./documents.ts";
import { subnetsNamed } from "./network.ts";
import type { Rds } from "./rds.ts";
import { asSubnetGroup } from "./shape.ts";
import { checkTags } from "./validation.ts";

/** Operations for subnet groups, the subnets in which an instance may be placed. */
export function subnetGroupOperations(rds: Rds) {
  const { env, state } = rds;
  const describe: Handler<RDS.DescribeDBSubnetGroupsCommandInput, RDS.DescribeDBSubnetGroupsCommandOutput> = (input, { region }) => {
    const all = input.DBSubnetGroupName
      ? [existingGroup(state, region, input.DBSubnetGroupName)]
      : state.subnetGroups.values().filter((g) => g.region === region);
    const { items, more } = page(all, (group) => group.name, input);
    return { DBSubnetGroups: items.map((group) => asSubnetGroup(env, group)), ...more };
  };
  return { DescribeDBSubnetGroups: describe, ...changes(rds) };
}

function changes(rds: Rds) {
  const { env, state, instances } = rds;
  const create: Handler<RDS.CreateDBSubnetGroupCommandInput, RDS.CreateDBSubnetGroupResult> = async (input, { region }) => {
    const name = (input.DBSubnetGroupName ?? "").toLowerCase();
    if (!/^[a-z0-9 _.-]{1,255}$/.test(name) || name === "default")
      throw new LocalFault("InvalidParameterValue", "The parameter DBSubnetGroupName is not a valid identifier.", 400);
    if (state.subnetGroups.has(documentKey(region, name)))
      throw new LocalFault("DBSubnetGroupAlreadyExistsFault", `The DB subnet group '${name}' already exists.`);
    checkTags(input.Tags ?? []);
    const tags = (input.Tags ?? []).map(({ Key, Value = "" }) => ({ Key, Value }));
    const description = input.DBSubnetGroupDescription ?? "";
    const group = { name, region, description, tags, ...(await checkedSubnets(env, region, input.SubnetIds ?? [])) };
    state.subnetGroups.put(documentKey(region, name), group);
    return { DBSubnetGroup: asSubnetGroup(env, group) };
  };
  const modify: Handler<RDS.ModifyDBSubnetGroupCommandInput, RDS.ModifyDBSubnetGroupResult> = async (input, { region }) => {
    const group = existingGroup(state, region, input.DBSubnetGroupName);
    const found = await checkedSubnets(env, region, input.SubnetIds ?? []);
    const changed = { ...group, ...found, description: input.DBSubnetGroupDescription ?? group.description };
    state.subnetGroups.put(documentKey(region, group.name), changed);
    return { DBSubnetGroup: asSubnetGroup(env, changed) };
  };
  const remove: Handler<RDS.DeleteDBSubnetGroupCommandInput, RDS.DeleteDBSubnetGroupCommandOutput> = (input, { region }) => {
    const group = existingGroup(state, region, input.DBSubnetGroupName);
    if (instances.list(region).some((one) => one.subnetGroup === group.name))
      throw new LocalFault(
        "InvalidDBSubnetGroupStateFault",
        `Cannot delete the subnet group '${group.name}' because at least one database instance is still using it.`,
      );
    state.subnetGroups.delete(documentKey(region, group.name));
    return {};
  };
  return { CreateDBSubnetGroup: create, ModifyDBSubnetGroup: modify, DeleteDBSubnetGroup: remove };
}

function existingGroup(state: RdsState, region: string, name: string | undefined): SubnetGroupDocument {
  const group = state.subnetGroups.get(documentKey(region, name ?? ""));
  if (!group) throw new LocalFault("DBSubnetGroupNotFoundFault", `DB subnet group '${name}' does not exist.`);
  return group;
}

async function checkedSubnets(
  env: LocalEnv,
  region: string,
  ids: readonly string[],
): Promise<Pick<SubnetGroupDocument, "vpc" | "subnets">> {
  const found = await subnetsNamed(env, region, ids.length ? ids : [""]);
  if (new Set(found.subnets.map((subnet) => subnet.zone)).size < 2)
    throw new LocalFault(
      "DBSubnetGroupDoesNotCoverEnoughAZs",
      "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage must be at least 2 AZs. Add subnets to cover at least 2 AZs.",
    );
  return found;
}
