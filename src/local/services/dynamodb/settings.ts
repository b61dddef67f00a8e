import { createHash } from "node:crypto";
import type {
  ContinuousBackupsDescription,
  DeleteResourcePolicyCommandInput,
  DeleteResourcePolicyCommandOutput,
  DescribeContinuousBackupsCommandInput,
  DescribeContinuousBackupsCommandOutput,
  DescribeEndpointsCommandInput,
  DescribeEndpointsCommandOutput,
  DescribeLimitsCommandInput,
  DescribeLimitsCommandOutput,
  DescribeTimeToLiveCommandInput,
  DescribeTimeToLiveCommandOutput,
  GetResourcePolicyCommandInput,
  GetResourcePolicyCommandOutput,
  ListTagsOfResourceCommandInput,
  ListTagsOfResourceCommandOutput,
  PutResourcePolicyCommandInput,
  PutResourcePolicyCommandOutput,
  Tag,
  TagResourceCommandInput,
  TagResourceCommandOutput,
  UntagResourceCommandInput,
  UntagResourceCommandOutput,
  UpdateContinuousBackupsCommandInput,
  UpdateContinuousBackupsCommandOutput,
  UpdateTimeToLiveCommandInput,
  UpdateTimeToLiveCommandOutput,
} from "@aws-sdk/client-dynamodb";
import { type Handler, type LocalEnv, LocalFault, type Operations } from "../../core/service.ts";
import type { TableDoc, Tables } from "./table.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const invalid = (message: string): LocalFault => new LocalFault("ValidationException", message);

/** Operations for a table's expiry, backups, tags and policy, and for the account's limits. */
export function settingOperations(env: LocalEnv, tables: Tables, watch: (table: TableDoc) => void): Operations {
  return {
    ...ttlOperations(env, tables, watch),
    ...backupOperations(env, tables),
    ...tagOperations(tables),
    ...policyOperations(tables),
    ...limits,
  };
}

function ttlOperations(env: LocalEnv, tables: Tables, watch: (table: TableDoc) => void): Operations {
  const update: Handler<UpdateTimeToLiveCommandInput, UpdateTimeToLiveCommandOutput> = (input, { region }) => {
    const table = tables.require(region, input.TableName as string);
    tables.mustBeActive(table);
    const { Enabled, AttributeName } = input.TimeToLiveSpecification ?? {};
    if (!AttributeName) throw invalid("One or more parameter values were invalid: TimeToLiveSpecification.AttributeName must not be empty");
    const { ttl } = table;
    if (Enabled && ttl?.enabled)
      throw invalid(
        ttl.attribute === AttributeName
          ? "TimeToLive is already enabled"
          : `TimeToLive is active on a different AttributeName: current AttributeName is ${ttl.attribute}`,
      );
    if (!Enabled && !ttl?.enabled) throw invalid("TimeToLive is already disabled");
    if (!Enabled && ttl?.attribute !== AttributeName)
      throw invalid(`TimeToLive is active on a different AttributeName: current AttributeName is ${ttl?.attribute}`);
    if (env.settings.realism && ttl && env.clock.now() < ttl.settledAt + HOUR_MS)
      throw invalid("Time to live has been modified multiple times within a fixed interval");
    watch(tables.put({ ...table, ttl: { attribute: AttributeName, enabled: Enabled === true, settledAt: tables.readyAt("ttl") } }));
    return { TimeToLiveSpecification: { Enabled, AttributeName } };
  };
  const describe: Handler<DescribeTimeToLiveCommandInput, DescribeTimeToLiveCommandOutput> = (input, { region }) => {
    const { ttl } = tables.require(region, input.TableName as string);
    if (!ttl) return { TimeToLiveDescription: { TimeToLiveStatus: "DISABLED" } };
    const settling = env.clock.now() < ttl.settledAt;
    const status = ttl.enabled ? (settling ? "ENABLING" : "ENABLED") : settling ? "DISABLING" : "DISABLED";
    return { TimeToLiveDescription: { TimeToLiveStatus: status, ...(status !== "DISABLED" && { AttributeName: ttl.attribute }) } };
  };
  return { UpdateTimeToLive: update, DescribeTimeToLive: describe };
}

function backupOperations(env: LocalEnv, tables: Tables): Operations {
  const found = (region: string, name: string): TableDoc => {
    const table = tables.find(region, name);
    if (!table) throw new LocalFault("TableNotFoundException", `Table not found: ${name}`);
    return table;
  };
  const describe = (table: TableDoc): ContinuousBackupsDescription => {
    const { enabledAt, days } = table.pitr;
    if (enabledAt === undefined)
      return { ContinuousBackupsStatus: "ENABLED", PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: "DISABLED" } };
    const now = env.clock.now();
    return {
      ContinuousBackupsStatus: "ENABLED",
      PointInTimeRecoveryDescription: {
        PointInTimeRecoveryStatus: "ENABLED",
        RecoveryPeriodInDays: days,
        EarliestRestorableDateTime: new Date(Math.max(enabledAt, now - days * DAY_MS)),
        LatestRestorableDateTime: new Date(Math.max(enabledAt, now - 5 * 60_000)),
      },
    };
  };
  const update: Handler<UpdateContinuousBackupsCommandInput, UpdateContinuousBackupsCommandOutput> = (input, { region }) => {
    const table = found(region, input.TableName as string);
    if (tables.status(table) !== "ACTIVE" || (env.settings.realism && env.clock.now() < table.createdAt + 15_000))
      throw new LocalFault(
        "ContinuousBackupsUnavailableException",
        `Backups are being enabled for the table: ${table.name}. Please retry later`,
      );
    const { PointInTimeRecoveryEnabled, RecoveryPeriodInDays } = input.PointInTimeRecoverySpecification ?? {};
    if (RecoveryPeriodInDays !== undefined && (RecoveryPeriodInDays < 1 || RecoveryPeriodInDays > 35))
      throw invalid("RecoveryPeriodInDays must be between 1 and 35");
    const enabledAt = PointInTimeRecoveryEnabled ? (table.pitr.enabledAt ?? env.clock.now()) : undefined;
    const next = tables.put({ ...table, pitr: { enabledAt, days: RecoveryPeriodInDays ?? table.pitr.days } });
    return { ContinuousBackupsDescription: describe(next) };
  };
  const read: Handler<DescribeContinuousBackupsCommandInput, DescribeContinuousBackupsCommandOutput> = (input, { region }) => ({
    ContinuousBackupsDescription: describe(found(region, input.TableName as string)),
  });
  return { UpdateContinuousBackups: update, DescribeContinuousBackups: read };
}

const MAX_TAGS = 50;
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Checks a list of tags and turns it into a map. */
export function tagMap(tags: readonly Tag[]): Record<string, string> {
  for (const { Key = "", Value = "" } of tags) {
    if (Key.toLowerCase().startsWith("aws:")) throw invalid("User-defined tag keys can't start with using the aws: prefix");
    if (!TAG_TEXT.test(Key) || !TAG_TEXT.test(Value))
      throw invalid(
        `One or more parameter values were invalid: Tags have letters, digits, white space and _ . : / = + - @ only. Key: ${Key}`,
      );
  }
  const keys = new Set(tags.map(({ Key }) => Key));
  if (keys.size < tags.length) throw invalid("One or more parameter values were invalid: Duplicate tag keys");
  if (tags.length > MAX_TAGS) throw invalid(`One or more parameter values were invalid: Number of tags exceeds the limit of ${MAX_TAGS}`);
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key as string, Value as string]));
}

function tagOperations(tables: Tables): Operations {
  const tag: Handler<TagResourceCommandInput, TagResourceCommandOutput> = (input) => {
    const table = tables.byArn(input.ResourceArn as string);
    if (!input.Tags?.length) throw invalid("Atleast one Tag needs to be provided as Input.");
    const tags = { ...table.tags, ...tagMap(input.Tags) };
    tagMap(Object.entries(tags).map(([Key, Value]) => ({ Key, Value })));
    tables.put({ ...table, tags });
    return {};
  };
  const untag: Handler<UntagResourceCommandInput, UntagResourceCommandOutput> = (input) => {
    const table = tables.byArn(input.ResourceArn as string);
    const tags = Object.fromEntries(Object.entries(table.tags).filter(([key]) => !input.TagKeys?.includes(key)));
    tables.put({ ...table, tags });
    return {};
  };
  /** A table has at most 50 tags. They fit in one page: ScyllaDB's tests read 40 with one call of DynamoDB. */
  const list: Handler<ListTagsOfResourceCommandInput, ListTagsOfResourceCommandOutput> = (input) => {
    if (input.NextToken !== undefined) throw invalid("Invalid NextToken");
    return { Tags: Object.entries(tables.byArn(input.ResourceArn as string).tags).map(([Key, Value]) => ({ Key, Value })) };
  };
  return { TagResource: tag, UntagResource: untag, ListTagsOfResource: list };
}

function policyOperations(tables: Tables): Operations {
  const revision = (policy: string): string => String(Number.parseInt(createHash("sha256").update(policy).digest("hex").slice(0, 12), 16));
  const absent = (table: TableDoc): LocalFault =>
    new LocalFault("PolicyNotFoundException", `Resource-based policy not found for the provided ResourceArn: ${table.arn}`);
  const put: Handler<PutResourcePolicyCommandInput, PutResourcePolicyCommandOutput> = (input) => {
    const table = tables.byArn(input.ResourceArn as string);
    const policy = input.Policy as string;
    try {
      JSON.parse(policy);
    } catch {
      throw invalid("Invalid policy document: This policy contains invalid Json");
    }
    tables.put({ ...table, policy });
    return { RevisionId: revision(policy) };
  };
  const get: Handler<GetResourcePolicyCommandInput, GetResourcePolicyCommandOutput> = (input) => {
    const table = tables.byArn(input.ResourceArn as string);
    if (!table.policy) throw absent(table);
    return { Policy: table.policy, RevisionId: revision(table.policy) };
  };
  const remove: Handler<DeleteResourcePolicyCommandInput, DeleteResourcePolicyCommandOutput> = (input) => {
    const table = tables.byArn(input.ResourceArn as string);
    if (!table.policy) return {};
    tables.put({ ...table, policy: undefined });
    return { RevisionId: revision(table.policy) };
  };
  return { PutResourcePolicy: put, GetResourcePolicy: get, DeleteResourcePolicy: remove };
}

const describeLimits: Handler<DescribeLimitsCommandInput, DescribeLimitsCommandOutput> = () => ({
  AccountMaxReadCapacityUnits: 80_000,
  AccountMaxWriteCapacityUnits: 80_000,
  TableMaxReadCapacityUnits: 40_000,
  TableMaxWriteCapacityUnits: 40_000,
});
const describeEndpoints: Handler<DescribeEndpointsCommandInput, DescribeEndpointsCommandOutput> = (_input, call) => ({
  Endpoints: [{ Address: call.headers.host ?? `dynamodb.${call.region}.amazonaws.com`, CachePeriodInMinutes: 1440 }],
});
const limits: Operations = { DescribeLimits: describeLimits, DescribeEndpoints: describeEndpoints };
