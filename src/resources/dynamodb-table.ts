import type { TableDescription, TimeToLiveDescription } from "@aws-sdk/client-dynamodb";
import { changedTags, differences, touches } from "../aws/changes.ts";
import type { AwsClients } from "../aws/clients.ts";
import { orAbsent, toFault } from "../aws/faults.ts";
import { fromTagList, toTagList } from "../aws/ownership.ts";
import { ourNames } from "../aws/pages.ts";
import type { DynamoDB } from "../aws/sdk/types.ts";
import type { AwsLocation, Change, Observation, ResourceKind } from "../engine/contract.ts";
import { FleetlogixError } from "../errors.ts";

export interface TableId {
  readonly name: string;
}
/** A global secondary index; its keys are string attributes, and it projects all of them. */
export interface IndexSpec {
  readonly name: string;
  readonly hash: string;
  readonly range: string;
}
export interface TableSpec {
  /** Names of string attributes. */
  readonly key: { readonly hash: string; readonly range?: string | undefined };
  /** Ours. An index that somebody else added stays. */
  readonly indexes: readonly IndexSpec[];
  /** Attribute with the second of expiry. */
  readonly ttl?: string | undefined;
  readonly deletionProtection: boolean;
  /** ARN of a customer key; undefined: AWS's own. */
  readonly kmsKey?: string | undefined;
}
interface TableLive {
  readonly name: string;
  readonly arn: string;
  readonly status: string;
  readonly key: readonly string[];
  /** Form of each index, by name, also of one that is still being filled. */
  readonly indexes: ReadonlyMap<string, string>;
  readonly billing: string;
  readonly encryption: string | undefined;
  /** ARN of the key. It does not say whether the key is AWS's own or a customer's. */
  readonly kmsKey: string | undefined;
  /** ARN of the customer key that was last configured. */
  readonly keyTag: string | undefined;
  readonly deletionProtection: boolean;
  readonly pointInTimeRecovery: boolean;
  readonly ttl: string | undefined;
  /** Six hours old at times. */
  readonly items: number;
  readonly bytes: number;
}
export interface TableOutputs {
  readonly name: string;
  readonly arn: string;
}

const GONE = ["ResourceNotFoundException", "TableNotFoundException"];
const ENCRYPTION_LIMIT = /Encryption mode changes are limited/i;
/** A key that was made a moment ago. unproven: the words are those in which DynamoDB tells of a key that it cannot use. */
const KEY_NOT_USABLE = /KMS (key|validation)[^.]*(not found|does not exist|not authorized|cannot be used)|KMS validation error/i;
/**
 * Holds the ARN of the customer key: DescribeTable does not distinguish AWS's own key from a customer's, and a return to AWS's own key
 * must be a difference. Written before the key is set, removed after the table no longer uses it.
 */
const KEY_TAG = "fleetlogix:key";
/** Size of one answer of Scan. Smaller tables are counted; for others the number of DescribeTable, up to six hours old, is used. */
const SCAN_PAGE_BYTES = 1_000_000;

export const dynamodbTable: ResourceKind<TableId, TableSpec, TableLive, TableOutputs, AwsClients> = {
  kind: "dynamodb.table",
  holdsData: true,
  // An index of a table with many items is filled for a while.
  settle: { timeoutMs: 3_600_000, pollMs: 5_000 },
  notFound: { provenBy: "dynamodb:DescribeTable", codes: GONE },
  alreadyExists: ["ResourceInUseException"],
  retries: [
    // Another run was quicker: the next read finds it done.
    { class: "busy", codes: ["ValidationException"], message: /TimeToLive is already (en|dis)abled/i },
    { class: "throttle", codes: ["LimitExceededException"], message: /simultaneous|concurrent/i },
    // The window of this limit is a day: no wait of a run is long enough (aws-controllers-k8s/community issue 2136).
    { class: "permanent", message: ENCRYPTION_LIMIT },
    { class: "propagation", message: KEY_NOT_USABLE },
  ],

  access: {
    on: ({ name }, { partition, region, account }) => [`arn:${partition}:dynamodb:${region}:${account}:table/${name}`],
    read: ["DescribeTable", "DescribeContinuousBackups", "DescribeTimeToLive", "ListTagsOfResource"].map((a) => `dynamodb:${a}`),
    write: ["CreateTable", "TagResource", "UntagResource", "UpdateContinuousBackups", "UpdateTable", "UpdateTimeToLive"].map(
      (a) => `dynamodb:${a}`,
    ),
    delete: ["dynamodb:DeleteTable", "dynamodb:Scan", "dynamodb:UpdateTable"],
    everywhere: { read: ["dynamodb:ListTables"] },
  },
  label: ({ name }) => name,
  diff: (spec, live) => [
    ...differences({ key: [live.key, keyOf(spec)] }, "replace").map((change) => ({
      ...change,
      keep: `another name than "${live.name}" in "tables"`,
    })),
    ...differences({
      billing: [live.billing, "PAY_PER_REQUEST"],
      keyTag: keyTagOf(spec, live),
      encryption: encryptionOf(spec, live),
      deletionProtection: [live.deletionProtection, spec.deletionProtection],
      pointInTimeRecovery: [live.pointInTimeRecovery, true],
      ttl: [live.ttl, spec.ttl],
      ...Object.fromEntries(spec.indexes.map((index) => [`${INDEXES}${index.name}`, [live.indexes.get(index.name), formOf(index)]])),
    }),
  ],
  outputs: ({ name, arn }) => ({ name, arn }),
  predict: ({ name }, { partition, region, account }: AwsLocation) => ({
    name,
    arn: `arn:${partition}:dynamodb:${region}:${account}:table/${name}`,
  }),
  describe: ({ arn, status }) => ({ arn, state: status }),

  async read({ name }, ctx) {
    const dynamodb = await ctx.world.dynamodb();
    const { Table: table } = await dynamodb.describeTable({ TableName: name });
    return table ? observe(dynamodb, table) : { state: "absent" };
  },
  async create({ name }, spec, ctx) {
    const { hash, range } = spec.key;
    const dynamodb = await ctx.world.dynamodb();
    const attributes = [hash, range, ...spec.indexes.flatMap((index) => [index.hash, index.range])].filter((name) => name !== undefined);
    await dynamodb.createTable({
      TableName: name,
      AttributeDefinitions: definitionsOf([...new Set(attributes)]),
      GlobalSecondaryIndexes: spec.indexes.length > 0 ? spec.indexes.map(toIndex) : undefined,
      KeySchema: [{ AttributeName: hash, KeyType: "HASH" }, ...(range ? [{ AttributeName: range, KeyType: "RANGE" as const }] : [])],
      BillingMode: "PAY_PER_REQUEST",
      SSESpecification: { Enabled: true, SSEType: "KMS", KMSMasterKeyId: spec.kmsKey },
      DeletionProtectionEnabled: spec.deletionProtection,
      Tags: toTagList({ ...ctx.tags, ...(spec.kmsKey && { [KEY_TAG]: spec.kmsKey }) }),
    });
  },
  /** UpdateTable takes one kind of change and leaves the table UPDATING. So all other calls come first, then one UpdateTable. */
  async update({ name: TableName }, spec, live, changes, ctx) {
    const dynamodb = await ctx.world.dynamodb();
    const tags = changedTags(changes);
    if (tags) await dynamodb.tagResource({ ResourceArn: live.arn, Tags: toTagList(tags) });
    if (touches(changes, "keyTag")) {
      if (spec.kmsKey) await dynamodb.tagResource({ ResourceArn: live.arn, Tags: toTagList({ [KEY_TAG]: spec.kmsKey }) });
      else await dynamodb.untagResource({ ResourceArn: live.arn, TagKeys: [KEY_TAG] });
    }
    if (touches(changes, "pointInTimeRecovery"))
      await dynamodb.updateContinuousBackups({ TableName, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } });
    if (touches(changes, "ttl")) {
      // Another attribute needs two steps: off, then on.
      const AttributeName = live.ttl ?? spec.ttl;
      await dynamodb.updateTimeToLive({ TableName, TimeToLiveSpecification: { AttributeName, Enabled: live.ttl === undefined } });
    }
    if (touches(changes, "deletionProtection"))
      await dynamodb.updateTable({ TableName, DeletionProtectionEnabled: spec.deletionProtection });
    else if (touches(changes, "billing")) await dynamodb.updateTable({ TableName, BillingMode: "PAY_PER_REQUEST" });
    else if (touches(changes, "encryption"))
      await explainLimit(
        TableName,
        dynamodb.updateTable({ TableName, SSESpecification: { Enabled: true, SSEType: "KMS", KMSMasterKeyId: spec.kmsKey } }),
      );
    else await changeIndex(dynamodb, TableName, spec, live, changes);
  },
  async delete({ name: TableName }, live, _how, ctx) {
    const dynamodb = await ctx.world.dynamodb();
    if (live.status === "DELETING") return;
    if (live.deletionProtection) await dynamodb.updateTable({ TableName, DeletionProtectionEnabled: false });
    else await dynamodb.deleteTable({ TableName });
  },
  async inventory({ name }, live, ctx) {
    const dynamodb = await ctx.world.dynamodb();
    const counted = live.bytes < SCAN_PAGE_BYTES ? await dynamodb.scan({ TableName: name, Select: "COUNT" }) : undefined;
    const items = counted && !counted.LastEvaluatedKey ? (counted.Count ?? 0) : live.items;
    return {
      items,
      bytes: live.bytes,
      text: `${items.toLocaleString("en-US")} ${items === 1 ? "item" : "items"}`,
      ...(items > 0 && { cost: "DynamoDB storage by the gigabyte and month" }),
    };
  },
  candidates: async (ctx) => ourNames((await ctx.world.dynamodb()).paginateListTables({}), (page) => page.TableNames),
};

async function explainLimit(name: string, change: Promise<unknown>): Promise<void> {
  try {
    await change;
  } catch (error) {
    const fault = toFault(error);
    if (!fault || !ENCRYPTION_LIMIT.test(fault.message)) throw error;
    throw new FleetlogixError(
      "AWS_FAULT",
      `AWS changes the encryption of the table "${name}" no more today: four times in 24 hours, then once in six hours. ${fault.message}`,
      {
        hint: "Run the same command again in six hours; until then the table keeps the key that it has.",
        awsCode: fault.code,
        requestId: fault.requestId,
        cause: error,
      },
    );
  }
}

const keyOf = ({ key }: TableSpec) => [`HASH ${key.hash} S`, ...(key.range ? [`RANGE ${key.range} S`] : [])];

const INDEXES = "indexes.";
const formOf = ({ hash, range }: IndexSpec) => `HASH ${hash} S, RANGE ${range} S, ALL`;
const definitionsOf = (names: readonly string[]) => names.map((AttributeName) => ({ AttributeName, AttributeType: "S" as const }));
const toIndex = ({ name, hash, range }: IndexSpec) => ({
  IndexName: name,
  KeySchema: [
    { AttributeName: hash, KeyType: "HASH" as const },
    { AttributeName: range, KeyType: "RANGE" as const },
  ],
  Projection: { ProjectionType: "ALL" as const },
});

/** AWS creates or deletes one index at a time and changes none: an index with our name and other keys is deleted first. It holds no data of its own. */
async function changeIndex(dynamodb: DynamoDB, TableName: string, spec: TableSpec, live: TableLive, changes: readonly Change[]) {
  const index = spec.indexes.find(({ name }) => touches(changes, `${INDEXES}${name}`));
  if (!index) return;
  const step = live.indexes.has(index.name) ? { Delete: { IndexName: index.name } } : { Create: toIndex(index) };
  const AttributeDefinitions = step.Create && definitionsOf([index.hash, index.range]);
  await dynamodb.updateTable({ TableName, AttributeDefinitions, GlobalSecondaryIndexUpdates: [step] });
}

type Pair = readonly [from: unknown, to: unknown];
function encryptionOf({ kmsKey }: TableSpec, live: TableLive): Pair {
  const customer = kmsKey !== undefined || live.keyTag === live.kmsKey ? live.kmsKey : undefined;
  return [live.encryption === "KMS" ? (customer ?? "KMS") : live.encryption, kmsKey ?? "KMS"];
}
/** It stays while the table uses the key that it names. */
function keyTagOf({ kmsKey }: TableSpec, live: TableLive): Pair {
  return [live.keyTag, kmsKey ?? (live.keyTag === live.kmsKey ? live.keyTag : undefined)];
}

async function observe(dynamodb: DynamoDB, table: TableDescription): Promise<Observation<TableLive>> {
  const { TableName = "", TableArn: arn = "", TableStatus: status = "ACTIVE" } = table;
  const [backups, ttl, tags] = await Promise.all([
    orAbsent(dynamodb.describeContinuousBackups({ TableName }), "ContinuousBackupsUnavailableException"),
    dynamodb.describeTimeToLive({ TableName }),
    tagsOf(dynamodb, arn),
  ]);
  const recovery = backups?.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
  const live: TableLive = {
    name: TableName,
    arn,
    status,
    key: (table.KeySchema ?? []).map((k) => `${k.KeyType} ${k.AttributeName} ${typeOf(table, k.AttributeName)}`),
    indexes: indexesOf(table),
    // Old provisioned tables have no billing summary.
    billing: table.BillingModeSummary?.BillingMode ?? "PROVISIONED",
    encryption: table.SSEDescription?.Status === "DISABLED" ? undefined : table.SSEDescription?.SSEType,
    kmsKey: table.SSEDescription?.KMSMasterKeyArn,
    keyTag: tags[KEY_TAG],
    deletionProtection: table.DeletionProtectionEnabled ?? false,
    pointInTimeRecovery: recovery === "ENABLED",
    ttl: ttlOf(ttl.TimeToLiveDescription),
    items: table.ItemCount ?? 0,
    bytes: table.TableSizeBytes ?? 0,
  };
  if (status === "INACCESSIBLE_ENCRYPTION_CREDENTIALS")
    return { state: "failed", live, tags, reason: "its encryption key cannot be used: enable the key and allow DynamoDB to use it" };
  if (status === "ARCHIVING" || status === "ARCHIVED")
    return {
      state: "failed",
      live,
      tags,
      reason: "its encryption key was unusable for a week: delete it and restore the backup that AWS made",
    };
  const busy =
    status !== "ACTIVE" ||
    (table.GlobalSecondaryIndexes ?? []).some((index) => index.IndexStatus !== "ACTIVE") ||
    ["ENABLING", "UPDATING"].includes(table.SSEDescription?.Status ?? "");
  return { state: busy ? "settling" : "ready", live, tags };
}
const typeOf = (table: TableDescription, name: string | undefined) =>
  table.AttributeDefinitions?.find((a) => a.AttributeName === name)?.AttributeType;
/** An index in deletion counts as absent; the table is settling meanwhile. */
const indexesOf = (table: TableDescription): ReadonlyMap<string, string> =>
  new Map(
    (table.GlobalSecondaryIndexes ?? [])
      .filter(({ IndexStatus }) => IndexStatus !== "DELETING")
      .map(({ IndexName = "", KeySchema = [], Projection }) => {
        const keys = KeySchema.map((key) => `${key.KeyType} ${key.AttributeName} ${typeOf(table, key.AttributeName)}`);
        return [IndexName, [...keys, Projection?.ProjectionType].join(", ")];
      }),
  );
/** A switch takes up to an hour, so the requested state counts. */
const ttlOf = (ttl: TimeToLiveDescription | undefined) =>
  ttl?.TimeToLiveStatus === "ENABLED" || ttl?.TimeToLiveStatus === "ENABLING" ? ttl.AttributeName : undefined;

async function tagsOf(dynamodb: DynamoDB, ResourceArn: string) {
  const all = [];
  let NextToken: string | undefined;
  do {
    const page = await dynamodb.listTagsOfResource({ ResourceArn, NextToken });
    all.push(...(page.Tags ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  return fromTagList(all);
}
