import { randomUUID } from "node:crypto";
import type {
  AssociateKmsKeyCommandInput,
  AssociateKmsKeyCommandOutput,
  CreateLogGroupCommandInput,
  CreateLogGroupCommandOutput,
  DeleteLogGroupCommandInput,
  DeleteLogGroupCommandOutput,
  DeleteRetentionPolicyCommandInput,
  DeleteRetentionPolicyCommandOutput,
  DescribeLogGroupsCommandInput,
  DescribeLogGroupsCommandOutput,
  DisassociateKmsKeyCommandInput,
  DisassociateKmsKeyCommandOutput,
  ListLogGroupsCommandInput,
  ListLogGroupsCommandOutput,
  LogGroup,
  PutLogGroupDeletionProtectionCommandInput,
  PutLogGroupDeletionProtectionCommandOutput,
  PutRetentionPolicyCommandInput,
  PutRetentionPolicyCommandOutput,
} from "@aws-sdk/client-cloudwatch-logs";
import { type Handler, type LocalEnv, LocalFault, type Operations } from "../../core/service.ts";
import type { EventFiles } from "./event-files.ts";
import { constraint, type Group, type Groups, invalid, page } from "./state.ts";
import { checkTags } from "./tags.ts";

const RETENTIONS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

export function groupOperations(env: LocalEnv, groups: Groups, files: EventFiles): Operations {
  const create: Handler<CreateLogGroupCommandInput, CreateLogGroupCommandOutput> = (input, { region, account }) => {
    const name = input.logGroupName as string;
    checkGroupName(name);
    checkTags(input.tags ?? {});
    if (groups.find(region, name)) throw new LocalFault("ResourceAlreadyExistsException", "The specified log group already exists");
    groups.put({
      id: randomUUID(),
      name,
      region,
      arn: `arn:aws:logs:${region}:${account}:log-group:${name}`,
      createdAt: env.clock.now(),
      kmsKeyId: input.kmsKeyId,
      logClass: input.logGroupClass ?? "STANDARD",
      protected: input.deletionProtectionEnabled ?? false,
      tags: input.tags ?? {},
    });
    return {};
  };
  const remove: Handler<DeleteLogGroupCommandInput, DeleteLogGroupCommandOutput> = (input, { region }) => {
    const group = groups.require(region, { logGroupName: input.logGroupName });
    if (group.protected)
      throw new LocalFault("ValidationException", `The log group ${group.name} has deletion protection enabled. Disable it first.`);
    groups.remove(group);
    files.removeGroup(group.id);
    return {};
  };
  return { CreateLogGroup: create, DeleteLogGroup: remove, ...listOperations(groups, files), ...settingOperations(groups) };
}

function checkGroupName(name: string): void {
  const pattern = "[\\.\\-_/#A-Za-z0-9]+";
  if (!/^[.\-_/#A-Za-z0-9]+$/.test(name))
    throw constraint("logGroupName", name, `Member must satisfy regular expression pattern: ${pattern}`);
  if (name.length > 512) throw constraint("logGroupName", name, "Member must have length less than or equal to 512");
  if (name.startsWith("aws/")) throw invalid("Log groups starting with AWS/ are reserved for AWS.");
}

function listOperations(groups: Groups, files: EventFiles): Operations {
  const described = (group: Group): LogGroup => ({
    logGroupName: group.name,
    creationTime: group.createdAt,
    ...(group.retentionInDays && { retentionInDays: group.retentionInDays }),
    metricFilterCount: 0,
    arn: `${group.arn}:*`,
    storedBytes: groups.streams(group).reduce((sum, stream) => sum + files.summary(stream).bytes, 0),
    ...(group.kmsKeyId && { kmsKeyId: group.kmsKeyId }),
    logGroupClass: group.logClass,
    logGroupArn: group.arn,
    deletionProtectionEnabled: group.protected,
  });
  const describe: Handler<DescribeLogGroupsCommandInput, DescribeLogGroupsCommandOutput> = (input, { region }) => {
    const { logGroupNamePrefix: prefix = "", logGroupNamePattern: pattern = "", limit = 50 } = input;
    if (prefix && pattern) throw invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
    if (limit < 1 || limit > 50)
      throw constraint("limit", limit, `Member must have value ${limit < 1 ? "greater" : "less"} than or equal to ${limit < 1 ? 1 : 50}`);
    const wanted = groups
      .list(region)
      .filter(
        ({ name, arn }) =>
          name.startsWith(prefix) &&
          name.toLowerCase().includes(pattern.toLowerCase()) &&
          (input.logGroupIdentifiers?.some((id) => id === name || id === arn) ?? true),
      )
      .filter(({ logClass }) => input.logGroupClass === undefined || input.logGroupClass === logClass);
    const { items, ...next } = page(wanted, input.nextToken, limit);
    return { logGroups: items.map(described), ...next };
  };
  const list: Handler<ListLogGroupsCommandInput, ListLogGroupsCommandOutput> = (input, { region }) => {
    const pattern = input.logGroupNamePattern ?? "";
    const wanted = groups
      .list(region)
      .filter(({ name }) => (pattern.startsWith("^") ? name.startsWith(pattern.slice(1)) : name.includes(pattern)));
    const { items, ...next } = page(wanted, input.nextToken, input.limit ?? 50);
    return {
      logGroups: items.map(({ name, arn, logClass }) => ({ logGroupName: name, logGroupArn: arn, logGroupClass: logClass })),
      ...next,
    };
  };
  return { DescribeLogGroups: describe, ListLogGroups: list };
}

function settingOperations(groups: Groups): Operations {
  const retain: Handler<PutRetentionPolicyCommandInput, PutRetentionPolicyCommandOutput> = (input, { region }) => {
    const group = groups.require(region, { logGroupName: input.logGroupName });
    if (!RETENTIONS.includes(input.retentionInDays as number))
      throw constraint("retentionInDays", input.retentionInDays, `Member must satisfy enum value set: [${RETENTIONS.join(", ")}]`);
    groups.put({ ...group, retentionInDays: input.retentionInDays });
    return {};
  };
  const forget: Handler<DeleteRetentionPolicyCommandInput, DeleteRetentionPolicyCommandOutput> = (input, { region }) => {
    groups.put({ ...groups.require(region, { logGroupName: input.logGroupName }), retentionInDays: undefined });
    return {};
  };
  const protect: Handler<PutLogGroupDeletionProtectionCommandInput, PutLogGroupDeletionProtectionCommandOutput> = (input, { region }) => {
    const group = groups.require(region, { logGroupIdentifier: input.logGroupIdentifier });
    groups.put({ ...group, protected: input.deletionProtectionEnabled ?? false });
    return {};
  };
  const encrypt: Handler<AssociateKmsKeyCommandInput, AssociateKmsKeyCommandOutput> = (input, { region }) => {
    groups.put({ ...groups.require(region, keyed(input)), kmsKeyId: input.kmsKeyId });
    return {};
  };
  const decrypt: Handler<DisassociateKmsKeyCommandInput, DisassociateKmsKeyCommandOutput> = (input, { region }) => {
    groups.put({ ...groups.require(region, keyed(input)), kmsKeyId: undefined });
    return {};
  };
  const keyed = ({ logGroupName, resourceIdentifier }: { logGroupName?: string | undefined; resourceIdentifier?: string | undefined }) => ({
    logGroupName,
    logGroupIdentifier: resourceIdentifier,
  });
  return {
    PutRetentionPolicy: retain,
    DeleteRetentionPolicy: forget,
    PutLogGroupDeletionProtection: protect,
    AssociateKmsKey: encrypt,
    DisassociateKmsKey: decrypt,
  };
}
