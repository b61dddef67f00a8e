import type { TableDescription } from "@aws-sdk/client-dynamodb";
import { actions, arnAt } from "../../aws/access.ts";
import { attributeChanges, readAttributes, writesOf } from "../../aws/attributes.ts";
import { changedTags, differences } from "../../aws/changes.ts";
import type { AwsClients } from "../../aws/clients.ts";
import { orAbsent, toFault } from "../../aws/faults.ts";
import { fromTagList, toTagList } from "../../aws/ownership.ts";
import { collect, ourNames, pagesOf } from "../../aws/pages.ts";
import type { DynamoDB } from "../../aws/sdk/types.ts";
import { defined } from "../../defined.ts";
import type { AwsLocation, Observation, ResourceKind } from "../../engine/contract.ts";
import { FleetlogixError } from "../../errors.ts";
import { withCommas } from "../../printable.ts";
import { type Answers, ATTRIBUTES, KEY_TAG, ttlOf } from "./attributes.ts";
import { definitionsOf, indexChanges, indexesOf, indexSteps, toIndex, typeOf } from "./indexes.ts";
import type { TableId, TableLive, TableOutputs, TableSpec } from "./types.ts";

export type { TableSpec } from "./types.ts";

const ENCRYPTION_LIMIT = /Encryption mode changes are limited/i;
/** Error text for a new key that DynamoDB does not see yet. unproven: it is the text for a key that DynamoDB cannot use. */
const KEY_NOT_USABLE = /KMS (key|validation)[^.]*(not found|does not exist|not authorized|cannot be used)|KMS validation error/i;
/** Size of one answer of Scan. Smaller tables are counted; for others the number of DescribeTable, up to six hours old, is used. */
const SCAN_PAGE_BYTES = 1_000_000;

export const dynamodbTable: ResourceKind<TableId, TableSpec, TableLive, TableOutputs, AwsClients> = {
  kind: "dynamodb.table",
  holdsData: true,
  // AWS fills a new index of a large table for up to an hour.
  settle: { timeoutMs: 3_600_000, pollMs: 5_000 },
  notFound: { provenBy: "dynamodb:DescribeTable", codes: ["ResourceNotFoundException", "TableNotFoundException"] },
  alreadyExists: ["ResourceInUseException"],
  retries: [
    // Another run changed it first. The next read shows the result.
    { class: "busy", codes: ["ValidationException"], message: /TimeToLive is already (en|dis)abled/i },
    { class: "throttle", codes: ["LimitExceededException"], message: /simultaneous|concurrent/i },
    // The limit counts a whole day, so no wait of a run is long enough (aws-controllers-k8s/community issue 2136).
    { class: "permanent", message: ENCRYPTION_LIMIT },
    { class: "propagation", message: KEY_NOT_USABLE },
  ],

  access: {
    on: ({ name }, place) => [arnOf(name, place)],
    read: actions("dynamodb", "DescribeTable", "DescribeContinuousBackups", "DescribeTimeToLive", "ListTagsOfResource"),
    write: [
      ...actions("dynamodb", "CreateTable", "TagResource", "UntagResource"),
      ...actions("dynamodb", "UpdateContinuousBackups", "UpdateTable", "UpdateTimeToLive"),
    ],
    delete: ["dynamodb:DeleteTable", "dynamodb:Scan", "dynamodb:UpdateTable"],
    everywhere: { read: ["dynamodb:ListTables"] },
  },
  label: ({ name }) => name,
  diff: (spec, live) => [
    ...differences({ key: [live.key, keySchemaOf(spec)] }, "replace").map((change) => ({
      ...change,
      keep: `another name than "${live.name}" in "tables"`,
    })),
    ...attributeChanges(ATTRIBUTES, live.attributes, spec, live),
    ...indexChanges(spec, live),
  ],
  outputs: ({ name, arn }) => ({ name, arn }),
  predict: ({ name }, place) => ({ name, arn: arnOf(name, place) }),
  describe: ({ arn, status, created }) => ({ arn, state: status, since: created }),

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
      Tags: toTagList(defined({ ...ctx.tags, [KEY_TAG]: spec.kmsKey })),
    });
  },
  /** UpdateTable accepts one kind of change and leaves the table UPDATING. So all other calls come first, then one UpdateTable. */
  async update({ name: TableName }, spec, live, changes, ctx) {
    const dynamodb = await ctx.world.dynamodb();
    const tags = changedTags(changes);
    if (tags) await dynamodb.tagResource({ ResourceArn: live.arn, Tags: toTagList(tags) });
    const writes = writesOf(ATTRIBUTES, changes, spec, live);
    for (const write of writes) if (typeof write === "function") await write(dynamodb, TableName);
    const [step] = [...writes.filter((write) => typeof write !== "function"), ...indexSteps(spec, live, changes)];
    if (step) await explainLimit(TableName, dynamodb.updateTable({ TableName, ...step }));
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
      text: `${withCommas(items)} ${items === 1 ? "item" : "items"}`,
      cost: items > 0 ? "DynamoDB storage by the gigabyte and month" : undefined,
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
      `AWS does not change the encryption of the table "${name}" now. It allows four changes in 24 hours, then one in six hours. ${fault.message}`,
      {
        hint: "Run the same command again in six hours. Until then the table keeps its present key.",
        awsCode: fault.code,
        requestId: fault.requestId,
        cause: error,
      },
    );
  }
}

const arnOf = (name: string, place: AwsLocation) => arnAt(place, "dynamodb", `table/${name}`);
const keySchemaOf = ({ key }: TableSpec) => [`HASH ${key.hash} S`, ...(key.range ? [`RANGE ${key.range} S`] : [])];

async function observe(dynamodb: DynamoDB, table: TableDescription): Promise<Observation<TableLive>> {
  const { TableName = "", TableArn: arn = "", TableStatus: status = "ACTIVE" } = table;
  const [backups, ttl, tags] = await Promise.all([
    orAbsent(dynamodb.describeContinuousBackups({ TableName }), "ContinuousBackupsUnavailableException"),
    dynamodb.describeTimeToLive({ TableName }),
    tagsOf(dynamodb, arn),
  ]);
  const answers: Answers = {
    table,
    recovery: backups?.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus,
    ttl: ttl.TimeToLiveDescription,
    keyTag: tags[KEY_TAG],
  };
  const live: TableLive = {
    name: TableName,
    arn,
    status,
    key: (table.KeySchema ?? []).map((k) => `${k.KeyType} ${k.AttributeName} ${typeOf(table, k.AttributeName)}`),
    indexes: indexesOf(table),
    attributes: readAttributes(ATTRIBUTES, answers),
    kmsKey: table.SSEDescription?.KMSMasterKeyArn,
    keyTag: answers.keyTag,
    deletionProtection: table.DeletionProtectionEnabled ?? false,
    ttl: ttlOf(answers.ttl),
    items: table.ItemCount ?? 0,
    bytes: table.TableSizeBytes ?? 0,
    created: table.CreationDateTime,
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
async function tagsOf(dynamodb: DynamoDB, ResourceArn: string) {
  const pages = pagesOf(
    (NextToken?: string) => dynamodb.listTagsOfResource({ ResourceArn, NextToken }),
    (page) => page.NextToken,
  );
  return fromTagList(await collect(pages, (page) => page.Tags));
}
