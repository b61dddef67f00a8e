import { randomUUID } from "node:crypto";
import type {
  CreateTableCommandInput,
  CreateTableCommandOutput,
  DeleteTableCommandInput,
  DeleteTableCommandOutput,
  DescribeTableCommandInput,
  DescribeTableCommandOutput,
  GlobalSecondaryIndex,
  ListTablesCommandInput,
  ListTablesCommandOutput,
  StreamSpecification,
  TableDescription,
} from "@aws-sdk/client-dynamodb";
import { type Handler, LocalFault, type Operations } from "../../core/service.ts";
import type { Context } from "./context.ts";
import { describeTable } from "./describe.ts";
import { tagMap } from "./settings.ts";
import type { IndexDoc, TableDoc } from "./table.ts";
import { checkCreate } from "./table-rules.ts";

export function tableOperations({ env, tables, database }: Context): Operations {
  const create: Handler<CreateTableCommandInput, CreateTableCommandOutput> = async (input, { region, account }) => {
    checkCreate(input);
    const existing = tables.find(region, input.TableName as string);
    if (existing) {
      if (tables.status(existing) === "DELETING") tables.mustBeActive(existing);
      throw new LocalFault("ResourceInUseException", `Table already exists: ${input.TableName}`);
    }
    const table = tables.put(newTable(input, region, account, env.clock.now(), tables.readyAt("create")));
    return { TableDescription: describeCreated(describeTable(table, tables, await database(), env), input) };
  };
  const describe: Handler<DescribeTableCommandInput, DescribeTableCommandOutput> = async (input, { region }) => ({
    Table: describeTable(tables.require(region, input.TableName as string), tables, await database(), env),
  });
  const remove: Handler<DeleteTableCommandInput, DeleteTableCommandOutput> = async (input, { region }) => {
    const table = tables.require(region, input.TableName as string);
    const opened = await database();
    if (tables.status(table) === "DELETING") return { TableDescription: describeDeleted(describeTable(table, tables, opened, env)) };
    tables.mustBeActive(table);
    if (table.deletionProtection)
      throw new LocalFault(
        "ValidationException",
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
      );
    const deleting: TableDoc = { ...table, passing: { status: "DELETING", until: tables.readyAt("delete") } };
    const TableDescription = describeDeleted(describeTable(deleting, tables, opened, env));
    if (deleting.passing.until > env.clock.now()) tables.put(deleting);
    else tables.remove(table);
    // After a kill before this line, items of a deleted table remain. The next read of the log drops them.
    opened.dropTable(table.id);
    return { TableDescription };
  };
  const list: Handler<ListTablesCommandInput, ListTablesCommandOutput> = (input, { region }) => {
    const limit = input.Limit ?? 100;
    if (limit < 1 || limit > 100) throw new LocalFault("ValidationException", `Limit must be between 1 and 100, it is ${limit}`);
    const names = tables.list(region).map(({ name }) => name);
    const rest = names.filter((name) => !input.ExclusiveStartTableName || name > input.ExclusiveStartTableName);
    const page = rest.slice(0, limit);
    return { TableNames: page, ...(rest.length > page.length && { LastEvaluatedTableName: page.at(-1) as string }) };
  };
  return { CreateTable: create, DescribeTable: describe, DeleteTable: remove, ListTables: list };
}

/**
 * The answer of CreateTable never says ACTIVE, however fast a table is created. It shows no warm throughput that nobody asked for, and no
 * time of the change to on-demand (recorded).
 */
function describeCreated(described: TableDescription, input: CreateTableCommandInput): TableDescription {
  const { WarmThroughput, BillingModeSummary, GlobalSecondaryIndexes, ...rest } = described;
  const requested = new Map(input.GlobalSecondaryIndexes?.map(({ IndexName, WarmThroughput: warm }) => [IndexName, warm]));
  return {
    ...rest,
    TableStatus: "CREATING",
    WarmThroughput: input.WarmThroughput && { ...WarmThroughput, Status: "UPDATING" },
    BillingModeSummary: BillingModeSummary && { BillingMode: BillingModeSummary.BillingMode },
    GlobalSecondaryIndexes: GlobalSecondaryIndexes?.map((index) => ({
      ...index,
      WarmThroughput: requested.get(index.IndexName) && { ...index.WarmThroughput, Status: "UPDATING" },
    })),
  };
}

const LEFT_OUT = [
  "KeySchema",
  "AttributeDefinitions",
  "CreationDateTime",
  "LocalSecondaryIndexes",
  "GlobalSecondaryIndexes",
  "WarmThroughput",
];
/** The answer of DeleteTable, without the members that AWS leaves out. */
const describeDeleted = (described: TableDescription): TableDescription => ({
  ...Object.fromEntries(Object.entries(described).filter(([name]) => !LEFT_OUT.includes(name))),
  TableStatus: "DELETING",
});

function newTable(input: CreateTableCommandInput, region: string, account: string, now: number, readyAt: number): TableDoc {
  const onDemand = input.BillingMode === "PAY_PER_REQUEST";
  return {
    id: randomUUID(),
    region,
    name: input.TableName as string,
    arn: `arn:aws:dynamodb:${region}:${account}:table/${input.TableName}`,
    createdAt: now,
    passing: { status: "CREATING", until: readyAt },
    keySchema: input.KeySchema ?? [],
    attributes: input.AttributeDefinitions ?? [],
    billingMode: input.BillingMode ?? "PROVISIONED",
    onDemandSince: onDemand ? now : undefined,
    throughput: input.ProvisionedThroughput ?? { ReadCapacityUnits: 0, WriteCapacityUnits: 0 },
    onDemand: input.OnDemandThroughput,
    warm: input.WarmThroughput,
    localIndexes: (input.LocalSecondaryIndexes ?? []).map((index) => newIndex(index, readyAt)),
    globalIndexes: (input.GlobalSecondaryIndexes ?? []).map((index) => newIndex(index, readyAt)),
    stream: newStream(input.StreamSpecification, now),
    sse: input.SSESpecification,
    tableClass: input.TableClass,
    deletionProtection: input.DeletionProtectionEnabled ?? false,
    tags: tagMap(input.Tags ?? []),
    pitr: { enabledAt: undefined, days: 35 },
    policy: input.ResourcePolicy,
  };
}

export const newIndex = (index: GlobalSecondaryIndex, readyAt: number): IndexDoc => ({
  name: index.IndexName as string,
  keySchema: index.KeySchema ?? [],
  projection: index.Projection ?? {},
  throughput: index.ProvisionedThroughput,
  onDemand: index.OnDemandThroughput,
  warm: index.WarmThroughput,
  readyAt,
});

/** Each time a stream is enabled, it gets a new label and thereby a new ARN. */
export const newStream = (spec: StreamSpecification | undefined, now: number): TableDoc["stream"] =>
  spec?.StreamEnabled ? { spec, label: new Date(now).toISOString().replace("Z", "") } : undefined;
