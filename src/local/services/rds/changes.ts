import type * as RDS from "@aws-sdk/client-rds";
import { type Handler, LocalFault } from "../../core/service.ts";
import { type Attributes, documentKey, type InstanceDocument } from "./documents.ts";
import { mustBe } from "./instance-registry.ts";
import { checkUnused, show } from "./instances.ts";
import { securityGroups } from "./network.ts";
import type { Rds } from "./rds.ts";
import { resetPassword } from "./resume.ts";
import { dropSecret, freshPassword, keepPassword } from "./secrets.ts";
import { arnOf } from "./shape.ts";
import * as check from "./validation.ts";

type Input = RDS.ModifyDBInstanceCommandInput;
/** Changes that AWS applies at once, whatever ApplyImmediately says. */
const AT_ONCE = [
  "DeletionProtection",
  "CopyTagsToSnapshot",
  "PreferredBackupWindow",
  "PreferredMaintenanceWindow",
  "AutoMinorVersionUpgrade",
  "MonitoringInterval",
  "MonitoringRoleArn",
  "MaxAllocatedStorage",
  "PubliclyAccessible",
  "PerformanceInsightsRetentionPeriod",
  "NetworkType",
] as const satisfies readonly (keyof Input & keyof Attributes)[];
/** Changes that AWS applies in the maintenance window, or at once with ApplyImmediately. */
const IN_WINDOW = [
  "DBInstanceClass",
  "AllocatedStorage",
  "StorageType",
  "Iops",
  "StorageThroughput",
  "MultiAZ",
  "BackupRetentionPeriod",
  "CACertificateIdentifier",
] as const satisfies readonly (keyof Input & keyof Attributes)[];
const MODIFYING = [{ status: "modifying", ms: 60_000 }];

export function changeOperations(rds: Rds) {
  const { instances } = rds;
  const modify: Handler<Input, RDS.ModifyDBInstanceResult> = async (input, { region }) => {
    const instance = instances.existing(region, input.DBInstanceIdentifier);
    checkHasChanges(input);
    const touchesServer = input.MasterUserPassword !== undefined || input.ManageMasterUserPassword || input.RotateMasterUserPassword;
    mustBe(instances, instance, ...(touchesServer ? ["available"] : ["available", "stopped"]));
    checkValues(rds, instance, input);
    const membership = await memberships(rds, instance, input);
    const { now, later } = byTime(instance, {
      ...input,
      AllocatedStorage: check.grown(instance.attributes.AllocatedStorage, input.AllocatedStorage),
    });
    const pending = input.ApplyImmediately ? {} : { ...instance.pending, ...later };
    const appliedNow = input.ApplyImmediately ? { ...instance.pending, ...later } : {};
    const attributes = { ...instance.attributes, ...now, ...appliedNow, ...logExports(instance, input) };
    const password = await newPassword(rds, instance, input);
    const changed = instances.change(password.instance, { ...membership, attributes: attributes as Attributes, pending });
    return { DBInstance: startWork(rds, changed, input, password.value, Object.keys(appliedNow).length > 0) };
  };
  return { ModifyDBInstance: modify };
}

function checkHasChanges(input: Input): void {
  const requested = Object.entries(input).some(
    ([name, value]) => value !== undefined && name !== "DBInstanceIdentifier" && name !== "ApplyImmediately",
  );
  if (!requested) throw new LocalFault("InvalidParameterCombination", "No modifications were requested", 400);
}

function checkValues(rds: Rds, { region, attributes }: InstanceDocument, input: Input): void {
  const storage = attributes.AllocatedStorage ?? 0;
  if (input.AllocatedStorage !== undefined && input.AllocatedStorage < storage)
    throw new LocalFault("InvalidParameterValue", "Requested size cannot be less than the current size.", 400);
  if (input.AllocatedStorage !== undefined)
    check.checkStorage(input.AllocatedStorage, input.StorageType ?? attributes.StorageType ?? "gp2");
  check.checkIops({ ...attributes, ...input }, input, storage);
  if (input.DBInstanceClass !== undefined) check.checkClass(input.DBInstanceClass);
  if (input.BackupRetentionPeriod !== undefined) check.checkRetention(input.BackupRetentionPeriod);
  if (input.EngineVersion !== undefined && !["17", check.ENGINE_VERSION].includes(input.EngineVersion))
    throw new LocalFault(
      "InvalidParameterCombination",
      `Cannot find upgrade target from ${attributes.EngineVersion} with requested version ${input.EngineVersion}.`,
      400,
    );
  if (input.MasterUserPassword !== undefined) check.checkPassword(input.MasterUserPassword);
  if (input.NewDBInstanceIdentifier !== undefined) {
    check.checkIdentifier(input.NewDBInstanceIdentifier, "NewDBInstanceIdentifier");
    checkUnused(rds, region, input.NewDBInstanceIdentifier.toLowerCase());
  }
  if (input.DBPortNumber !== undefined)
    throw new LocalFault("NotImplemented", "The local AWS does not implement rds:ModifyDBInstance with DBPortNumber.", 501);
}

async function memberships({ env, state }: Rds, instance: InstanceDocument, input: Input): Promise<Partial<InstanceDocument>> {
  const group = input.DBParameterGroupName?.toLowerCase();
  if (group !== undefined && !group.startsWith("default.") && !state.parameterGroups.has(documentKey(instance.region, group)))
    throw new LocalFault("DBParameterGroupNotFoundFault", `DBParameterGroup not found: ${group}`);
  const subnets = input.DBSubnetGroupName;
  if (subnets !== undefined && !state.subnetGroups.has(documentKey(instance.region, subnets)))
    throw new LocalFault("DBSubnetGroupNotFoundFault", `DB subnet group '${subnets}' does not exist.`);
  return {
    ...(group !== undefined && { parameterGroup: group }),
    ...(subnets !== undefined && { subnetGroup: subnets.toLowerCase() }),
    ...(input.VpcSecurityGroupIds && { securityGroups: await securityGroups(env, instance.region, input.VpcSecurityGroupIds) }),
  };
}

/** Keeps only values that differ from the present ones. AWS, too, shows no pending value that equals the present one. */
function byTime({ attributes }: InstanceDocument, input: Input) {
  const differing = (names: readonly (keyof Input & keyof Attributes)[]): Record<string, unknown> =>
    Object.fromEntries(names.filter((n) => input[n] !== undefined && input[n] !== attributes[n]).map((n) => [n, input[n]]));
  const now = {
    ...differing(AT_ONCE),
    ...(input.EnableIAMDatabaseAuthentication !== undefined && { IAMDatabaseAuthenticationEnabled: input.EnableIAMDatabaseAuthentication }),
    ...(input.EnablePerformanceInsights !== undefined && { PerformanceInsightsEnabled: input.EnablePerformanceInsights }),
  };
  const later = differing(IN_WINDOW);
  // A change between two retention periods above 0 interrupts nothing, so it is applied at once.
  const days = later.BackupRetentionPeriod;
  if (days !== undefined && days !== 0 && attributes.BackupRetentionPeriod !== 0) {
    delete later.BackupRetentionPeriod;
    return { now: { ...now, BackupRetentionPeriod: days }, later };
  }
  return { now, later };
}

function logExports({ attributes }: InstanceDocument, { CloudwatchLogsExportConfiguration: wanted }: Input): Attributes {
  if (!wanted) return {};
  const kept = (attributes.EnabledCloudwatchLogsExports ?? []).filter((type) => !wanted.DisableLogTypes?.includes(type));
  return { EnabledCloudwatchLogsExports: [...new Set([...kept, ...(wanted.EnableLogTypes ?? [])])] };
}

/** The password to set, if any: the caller's, or a new one with its own secret when RDS begins to manage the password. */
async function newPassword(
  { env, instances }: Rds,
  instance: InstanceDocument,
  input: Input,
): Promise<{ instance: InstanceDocument; value: string | undefined }> {
  const { region, secretArn, username, id } = instance;
  if (input.ManageMasterUserPassword === true && secretArn === undefined) {
    const value = freshPassword();
    const made = await keepPassword(env, region, arnOf(env, region, "db", id), username, value, input.MasterUserSecretKmsKeyId);
    return { instance: instances.change(instance, { secretArn: made }), value };
  }
  if (input.MasterUserPassword !== undefined && secretArn !== undefined && input.ManageMasterUserPassword !== false)
    throw new LocalFault(
      "InvalidParameterCombination",
      "You can't specify MasterUserPassword when ManageMasterUserPassword is enabled.",
      400,
    );
  if (input.ManageMasterUserPassword === false && secretArn !== undefined) {
    if (input.MasterUserPassword === undefined)
      throw new LocalFault(
        "InvalidParameterCombination",
        "You must specify MasterUserPassword when you turn off ManageMasterUserPassword.",
        400,
      );
    await dropSecret(env, region, secretArn);
    return { instance: instances.change(instance, { secretArn: undefined }), value: input.MasterUserPassword };
  }
  if (input.RotateMasterUserPassword && secretArn !== undefined) {
    const value = freshPassword();
    await env.dispatch(
      "secretsmanager",
      "PutSecretValue",
      { SecretId: secretArn, SecretString: JSON.stringify({ username, password: value }) },
      { region },
    );
    return { instance, value };
  }
  return { instance, value: input.MasterUserPassword };
}

function startWork(rds: Rds, instance: InstanceDocument, input: Input, password: string | undefined, disruptive: boolean): RDS.DBInstance {
  const { instances } = rds;
  const renamed = input.NewDBInstanceIdentifier?.toLowerCase();
  const answer = (one: InstanceDocument): RDS.DBInstance => {
    const described = show(rds, one);
    if (password === undefined) return described;
    return { ...described, PendingModifiedValues: { ...described.PendingModifiedValues, MasterUserPassword: "****" } };
  };
  const after = instance.state;
  if (password !== undefined && after === "available") {
    const reset = instances.change(instance, { newPassword: password });
    const work = () => resetPassword(rds, reset);
    return answer(
      instances.begin(reset, {
        status: "resetting-master-credentials",
        after,
        statusTimes: [{ status: "resetting-master-credentials", ms: 30_000 }],
        work,
      }),
    );
  }
  if (renamed !== undefined) {
    const work = async (): Promise<void> => void instances.change(instance, { id: renamed });
    return answer(instances.begin(instance, { status: "renaming", after, statusTimes: [{ status: "renaming", ms: 60_000 }], work }));
  }
  if (!disruptive) return answer(instance);
  return answer(instances.begin(instance, { status: "modifying", after, statusTimes: MODIFYING, work: async () => {} }));
}
