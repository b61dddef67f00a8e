import type {
  GlobalSecondaryIndexDescription,
  LocalSecondaryIndexDescription,
  ProvisionedThroughput,
  ProvisionedThroughputDescription,
  SSEDescription,
  TableDescription,
} from "@aws-sdk/client-dynamodb";
import { managedKeyArn } from "../../core/managed-key.ts";
import type { LocalEnv } from "../../core/service.ts";
import { schemaOf } from "./schema.ts";
import type { Database } from "./storage/database.ts";
import type { TableRows } from "./storage/rows.ts";
import type { IndexDoc, TableDoc, Tables } from "./table.ts";

/** AWS shows zeros for on-demand tables. */
const throughputOf = (throughput: ProvisionedThroughput | undefined): ProvisionedThroughputDescription => ({
  NumberOfDecreasesToday: 0,
  ReadCapacityUnits: throughput?.ReadCapacityUnits ?? 0,
  WriteCapacityUnits: throughput?.WriteCapacityUnits ?? 0,
});
/** What a table or a global index can serve at once: the requested values, or those of its billing mode. */
const warmThroughput = (billingMode: string, { throughput, warm }: Pick<IndexDoc, "throughput" | "warm">) => ({
  ReadUnitsPerSecond: warm?.ReadUnitsPerSecond ?? (billingMode === "PAY_PER_REQUEST" ? 12_000 : (throughput?.ReadCapacityUnits ?? 0)),
  WriteUnitsPerSecond: warm?.WriteUnitsPerSecond ?? (billingMode === "PAY_PER_REQUEST" ? 4_000 : (throughput?.WriteCapacityUnits ?? 0)),
  Status: "ACTIVE" as const,
});

/** The answer of DescribeTable, without the members that AWS leaves out. */
export function describeTable(table: TableDoc, tables: Tables, database: Database, env: LocalEnv): TableDescription {
  const rows = database.table(table.id);
  for (const { name, keyOf } of schemaOf(table).indexes) void database.index(rows, name, keyOf);
  const local = table.localIndexes.map((index) => describeLocal(table, index, rows));
  const global = table.globalIndexes.map((index) => describeGlobal(table, index, rows, env));
  const onDemand = table.billingMode === "PAY_PER_REQUEST";
  return {
    AttributeDefinitions: table.attributes,
    TableName: table.name,
    KeySchema: table.keySchema,
    TableStatus: tables.status(table),
    CreationDateTime: new Date(table.createdAt),
    ProvisionedThroughput: throughputOf(onDemand ? undefined : table.throughput),
    TableSizeBytes: rows.bytes,
    ItemCount: rows.rows.size,
    TableArn: table.arn,
    TableId: table.id,
    ...(table.onDemandSince && {
      BillingModeSummary: { BillingMode: table.billingMode, LastUpdateToPayPerRequestDateTime: new Date(table.onDemandSince) },
    }),
    ...(local.length > 0 && { LocalSecondaryIndexes: local }),
    ...(global.length > 0 && { GlobalSecondaryIndexes: global }),
    ...(table.stream?.spec.StreamEnabled && { StreamSpecification: table.stream.spec }),
    ...(table.stream && { LatestStreamLabel: table.stream.label, LatestStreamArn: `${table.arn}/stream/${table.stream.label}` }),
    ...(table.sse?.Enabled && { SSEDescription: describeSse(table) }),
    ...(table.tableClass && { TableClassSummary: { TableClass: table.tableClass } }),
    DeletionProtectionEnabled: table.deletionProtection,
    ...(table.onDemand && { OnDemandThroughput: table.onDemand }),
    WarmThroughput: warmThroughput(table.billingMode, table),
  };
}

function describeLocal(table: TableDoc, index: IndexDoc, rows: TableRows): LocalSecondaryIndexDescription {
  return {
    IndexName: index.name,
    KeySchema: index.keySchema,
    Projection: index.projection,
    IndexSizeBytes: 0,
    ItemCount: rows.indexes.get(index.name)?.entries.size ?? 0,
    IndexArn: `${table.arn}/index/${index.name}`,
  };
}

function describeGlobal(table: TableDoc, index: IndexDoc, rows: TableRows, env: LocalEnv): GlobalSecondaryIndexDescription {
  const creating = env.clock.now() < index.readyAt;
  return {
    IndexName: index.name,
    KeySchema: index.keySchema,
    Projection: index.projection,
    IndexStatus: creating ? "CREATING" : "ACTIVE",
    ...(creating && { Backfilling: true }),
    ProvisionedThroughput: throughputOf(table.billingMode === "PAY_PER_REQUEST" ? undefined : index.throughput),
    IndexSizeBytes: 0,
    ItemCount: rows.indexes.get(index.name)?.entries.size ?? 0,
    IndexArn: `${table.arn}/index/${index.name}`,
    ...(index.onDemand && { OnDemandThroughput: index.onDemand }),
    WarmThroughput: warmThroughput(table.billingMode, index),
  };
}

/** Without a customer key, the table uses the account's `aws/dynamodb` key. */
export function describeSse(table: TableDoc): SSEDescription {
  const key = table.sse?.KMSMasterKeyId;
  const account = table.arn.split(":")[4] ?? "";
  const given = key?.startsWith("alias/") ? key : `key/${key}`;
  const named = key?.startsWith("arn:") ? key : `arn:aws:kms:${table.region}:${account}:${given}`;
  const arn = key === undefined ? managedKeyArn("dynamodb", table.region, account) : named;
  return { Status: "ENABLED", SSEType: "KMS", KMSMasterKeyArn: arn };
}
