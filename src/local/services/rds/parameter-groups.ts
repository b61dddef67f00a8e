import type * as RDS from "@aws-sdk/client-rds";
import { type Handler, type LocalEnv, LocalFault } from "../../core/service.ts";
import { DEFAULT_PARAMETERS, documentKey, FAMILY, type ParameterGroupDocument, page } from "./documents.ts";
import { accepts, PARAMETERS, type ParameterKind } from "./parameters.ts";
import type { Rds } from "./rds.ts";
import { arnOf } from "./shape.ts";
import { checkIdentifier, checkTags } from "./validation.ts";

const MOST_AT_ONCE = 20;

/** The group of this name. The default group always exists and has no values. */
export function parameterGroupNamed({ state }: Rds, region: string, name: string | undefined): ParameterGroupDocument {
  if (name?.toLowerCase() === DEFAULT_PARAMETERS)
    return { name: DEFAULT_PARAMETERS, region, description: `Default parameter group for ${FAMILY}`, values: {}, tags: [] };
  const group = state.parameterGroups.get(documentKey(region, name ?? ""));
  if (!group) throw new LocalFault("DBParameterGroupNotFoundFault", `DBParameterGroup not found: ${name}`);
  return group;
}

export function parameterGroupOperations(rds: Rds) {
  const { state } = rds;
  const describe: Handler<RDS.DescribeDBParameterGroupsCommandInput, RDS.DescribeDBParameterGroupsCommandOutput> = (input, { region }) => {
    const own = state.parameterGroups.values().filter((group) => group.region === region);
    const all = input.DBParameterGroupName
      ? [parameterGroupNamed(rds, region, input.DBParameterGroupName)]
      : [parameterGroupNamed(rds, region, DEFAULT_PARAMETERS), ...own];
    const { items, more } = page(all, (group) => group.name, input);
    return { DBParameterGroups: items.map((group) => toParameterGroup(rds.env, group)), ...more };
  };
  return {
    DescribeDBParameterGroups: describe,
    ...valueOperations(rds),
    ...groupLifecycleOperations(rds),
  };
}

function groupLifecycleOperations(rds: Rds) {
  const { env, state, instances } = rds;
  const create: Handler<RDS.CreateDBParameterGroupCommandInput, RDS.CreateDBParameterGroupResult> = (input, { region }) => {
    checkIdentifier(input.DBParameterGroupName, "DBParameterGroupName", 255);
    const name = input.DBParameterGroupName.toLowerCase();
    if (input.DBParameterGroupFamily !== FAMILY)
      throw new LocalFault(
        "InvalidParameterValue",
        `ParameterGroupFamily ${input.DBParameterGroupFamily} is not a valid parameter group family`,
        400,
      );
    if (state.parameterGroups.has(documentKey(region, name)))
      throw new LocalFault("DBParameterGroupAlreadyExistsFault", `Parameter group ${name} already exists`);
    checkTags(input.Tags ?? []);
    const tags = (input.Tags ?? []).map(({ Key, Value = "" }) => ({ Key, Value }));
    const group: ParameterGroupDocument = { name, region, description: input.Description ?? "", values: {}, tags };
    state.parameterGroups.put(documentKey(region, name), group);
    return { DBParameterGroup: toParameterGroup(env, group) };
  };
  const remove: Handler<RDS.DeleteDBParameterGroupCommandInput, RDS.DeleteDBParameterGroupCommandOutput> = (input, { region }) => {
    const { name } = changeable(rds, region, input.DBParameterGroupName);
    if (instances.list(region).some((one) => one.parameterGroup === name))
      throw new LocalFault(
        "InvalidDBParameterGroupStateFault",
        "One or more database instances are still members of this parameter group, so the group cannot be deleted",
      );
    state.parameterGroups.delete(documentKey(region, name));
    return {};
  };
  return { CreateDBParameterGroup: create, DeleteDBParameterGroup: remove };
}

const toParameterGroup = (env: LocalEnv, group: ParameterGroupDocument): RDS.DBParameterGroup => ({
  DBParameterGroupName: group.name,
  DBParameterGroupFamily: FAMILY,
  Description: group.description,
  DBParameterGroupArn: arnOf(env, group.region, "pg", group.name),
});

function changeable(rds: Rds, region: string, name: string | undefined): ParameterGroupDocument {
  if (name?.toLowerCase().startsWith("default."))
    throw new LocalFault("InvalidParameterValue", `The parameter group ${name} is a default one and cannot be changed.`, 400);
  return parameterGroupNamed(rds, region, name);
}

function valueOperations(rds: Rds) {
  const { state } = rds;
  const modify: Handler<RDS.ModifyDBParameterGroupCommandInput, RDS.DBParameterGroupNameMessage> = (input, { region }) => {
    const group = changeable(rds, region, input.DBParameterGroupName);
    const given = input.Parameters ?? [];
    if (given.length > MOST_AT_ONCE)
      throw new LocalFault("InvalidParameterValue", `A maximum of ${MOST_AT_ONCE} parameters can be modified in a single request.`, 400);
    const values = { ...group.values };
    for (const one of given) {
      const kind = checkValue(one);
      // A value equal to the family's default does not change the source (hashicorp/terraform-provider-aws internal/service/rds/parameter_group.go).
      if (one.ParameterValue === kind.system) delete values[kind.name];
      else values[kind.name] = { value: one.ParameterValue ?? "", method: one.ApplyMethod ?? "pending-reboot" };
    }
    const changed = { ...group, values };
    state.parameterGroups.put(documentKey(region, group.name), changed);
    const now = given
      .filter((one) => one.ApplyMethod === "immediate")
      .map((one) => [one.ParameterName ?? "", one.ParameterValue ?? ""] as const);
    if (now.length > 0) applyNow(rds, changed, Object.fromEntries(now));
    return { DBParameterGroupName: group.name };
  };
  const reset: Handler<RDS.ResetDBParameterGroupCommandInput, RDS.DBParameterGroupNameMessage> = (input, { region }) => {
    const group = changeable(rds, region, input.DBParameterGroupName);
    const names = input.Parameters?.map((one) => one.ParameterName);
    const values = Object.fromEntries(Object.entries(group.values).filter(([name]) => names !== undefined && !names.includes(name)));
    state.parameterGroups.put(documentKey(region, group.name), { ...group, values });
    return { DBParameterGroupName: group.name };
  };
  return {
    ModifyDBParameterGroup: modify,
    ResetDBParameterGroup: reset,
    ...valueReads(rds),
  };
}

function valueReads(rds: Rds) {
  const describe: Handler<RDS.DescribeDBParametersCommandInput, RDS.DescribeDBParametersCommandOutput> = (input, { region }) => {
    const { values } = parameterGroupNamed(rds, region, input.DBParameterGroupName);
    const all = [...PARAMETERS.values()].map((kind) => asParameter(kind, values[kind.name]));
    const { items, more } = page(
      all.filter((one) => input.Source === undefined || one.Source === input.Source),
      (one) => one.ParameterName ?? "",
      input,
    );
    return { Parameters: items, ...more };
  };
  const defaults: Handler<RDS.DescribeEngineDefaultParametersCommandInput, RDS.DescribeEngineDefaultParametersResult> = (input) => {
    const { items, more } = page(
      [...PARAMETERS.values()].map((kind) => asParameter(kind, undefined)),
      (one) => one.ParameterName ?? "",
      input,
    );
    return { EngineDefaults: { DBParameterGroupFamily: FAMILY, Parameters: items, ...more } };
  };
  return { DescribeDBParameters: describe, DescribeEngineDefaultParameters: defaults };
}

function checkValue({ ParameterName = "", ParameterValue = "", ApplyMethod }: RDS.Parameter): ParameterKind {
  const kind = PARAMETERS.get(ParameterName);
  if (!kind) throw new LocalFault("InvalidParameterValue", `Could not find parameter with name: ${ParameterName}`, 400);
  if (!accepts(kind, ParameterValue))
    throw new LocalFault(
      "InvalidParameterValue",
      `Invalid parameter value: ${ParameterValue} for: ${ParameterName} allowed values are: ${kind.allowed ?? kind.type}`,
      400,
    );
  if (kind.apply === "static" && ApplyMethod === "immediate")
    throw new LocalFault("InvalidParameterCombination", `cannot use immediate apply method for static parameter: ${ParameterName}`, 400);
  return kind;
}

/** Applies the parameters that need no restart to the running servers of the group. */
function applyNow({ instances, engine }: Rds, group: ParameterGroupDocument, values: Readonly<Record<string, string>>): void {
  for (const instance of instances.list(group.region)) {
    if (instance.parameterGroup !== group.name) continue;
    const changed = instances.change(instance, { applied: { ...instance.applied, ...values } });
    if (instances.statusOf(changed) !== "available") continue;
    // The status stays the same. AWS shows such a change only in the group's apply status.
    instances.begin(changed, { status: "available", after: "available", work: () => engine.reload(instances.targetOf(changed)) });
  }
}

function asParameter(kind: ParameterKind, own: ParameterGroupDocument["values"][string] | undefined): RDS.Parameter {
  const value = own?.value ?? kind.system;
  return {
    ParameterName: kind.name,
    ParameterValue: value,
    Source: own !== undefined ? "user" : kind.system !== undefined ? "system" : "engine-default",
    ApplyType: kind.apply,
    DataType: kind.type,
    AllowedValues: kind.allowed,
    IsModifiable: true,
    ApplyMethod: own?.method ?? "pending-reboot",
  };
}
