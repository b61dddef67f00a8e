import type {
  AttributeDefinition,
  GlobalSecondaryIndexUpdate,
  TableDescription,
  UpdateTableCommandInput,
  UpdateTableCommandOutput,
} from "@aws-sdk/client-dynamodb";
import { type Handler, LocalFault, type Operations } from "../../core/service.ts";
import type { Context } from "./context.ts";
import { describeSse, describeTable } from "./describe.ts";
import { schemaOf } from "./schema.ts";
import type { TableDoc } from "./table.ts";
import { checkKeySchema, checkProjected, checkProjection, checkStream } from "./table-rules.ts";
import { newIndex, newStream } from "./tables.ts";
import { invalid, invalidParameter } from "./values/faults.ts";

export function updateOperations({ env, tables, database }: Context): Operations {
  const update: Handler<UpdateTableCommandInput, UpdateTableCommandOutput> = async (input, { region }) => {
    const table = tables.require(region, input.TableName as string);
    tables.mustBeActive(table);
    checkUpdate(input, table);
    const now = env.clock.now();
    const changed = withIndexes(withSettings(table, input, now), input, tables.readyAt("index"));
    const next: TableDoc = { ...changed, passing: { status: "UPDATING", until: tables.readyAt("update") } };
    const opened = await database();
    const { Create, Delete } = input.GlobalSecondaryIndexUpdates?.find((one) => one.Create || one.Delete) ?? {};
    tables.put(next);
    if (Delete) opened.dropIndex(table.id, Delete.IndexName as string);
    const created = schemaOf(next).indexes.find(({ name }) => name === Create?.IndexName);
    // The index is filled before the answer, so that a table without delays has it at once.
    if (created && tables.status(next) === "ACTIVE") await opened.index(opened.table(table.id), created.name, created.keyOf);
    const described = describeTable(next, tables, opened, env);
    const endsEncryption = table.sse?.Enabled && input.SSESpecification?.Enabled === false;
    const SSEDescription = endsEncryption ? { ...describeSse(table), Status: "UPDATING" as const } : described.SSEDescription;
    return { TableDescription: changing({ ...described, SSEDescription }, Create?.IndexName) };
  };
  return { UpdateTable: update };
}

/** The answer of UpdateTable never shows the end of a change, however fast it is. */
const changing = (described: TableDescription, created: string | undefined): TableDescription => ({
  ...described,
  TableStatus: "UPDATING",
  ...(described.GlobalSecondaryIndexes && {
    GlobalSecondaryIndexes: described.GlobalSecondaryIndexes.map((index) =>
      index.IndexName === created ? { ...index, IndexStatus: "CREATING" as const, Backfilling: false } : index,
    ),
  }),
});

function checkUpdate(input: UpdateTableCommandInput, table: TableDoc): void {
  for (const member of ["ReplicaUpdates", "GlobalTableWitnessUpdates", "MultiRegionConsistency", "VectorIndexUpdates"] as const)
    if (input[member]) throw new LocalFault("NotImplemented", `The local AWS does not implement ${member} of dynamodb:UpdateTable.`, 501);
  const { TableName: _name, AttributeDefinitions: _definitions, ...changes } = input;
  if (Object.values(changes).every((change) => change === undefined || (Array.isArray(change) && change.length === 0)))
    throw invalid(
      "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required",
    );
  checkTypesKept(input, table);
  checkThroughput(input, table);
  checkStream(input.StreamSpecification);
  if (input.StreamSpecification?.StreamEnabled && table.stream?.spec.StreamEnabled)
    throw invalid(`Table already has an enabled stream: TableName: ${table.name}`);
  if (input.StreamSpecification && !input.StreamSpecification.StreamEnabled && !table.stream?.spec.StreamEnabled)
    throw invalid(`Table does not have an enabled stream: TableName: ${table.name}`);
  checkIndexUpdates(input.GlobalSecondaryIndexUpdates ?? [], input.AttributeDefinitions ?? [], table);
}

/** The type of a key attribute cannot change. */
function checkTypesKept({ AttributeDefinitions = [] }: UpdateTableCommandInput, table: TableDoc): void {
  for (const { AttributeName, AttributeType } of AttributeDefinitions) {
    const known = table.attributes.find((one) => one.AttributeName === AttributeName);
    if (known && known.AttributeType !== AttributeType)
      throw invalidParameter(
        `Attributes cannot be redefined. Please check that your attribute has the same type as previously defined. Existing schema: Schema:[SchemaElement: key{${AttributeName}:${known.AttributeType}:HASH}] New schema: Schema:[SchemaElement: key{${AttributeName}:${AttributeType}:HASH}]`,
      );
  }
}

function checkThroughput(input: UpdateTableCommandInput, table: TableDoc): void {
  const mode = input.BillingMode ?? table.billingMode;
  const requested = input.ProvisionedThroughput;
  if (mode === "PAY_PER_REQUEST" && requested)
    throw invalid(
      "One or more parameter values were invalid: Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
    );
  if (input.BillingMode === "PROVISIONED" && table.billingMode !== "PROVISIONED" && !requested)
    throw invalid("One or more parameter values were invalid: ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
  const { ReadCapacityUnits: read, WriteCapacityUnits: write } = table.throughput;
  if (requested && table.billingMode === "PROVISIONED" && requested.ReadCapacityUnits === read && requested.WriteCapacityUnits === write)
    throw invalid(
      `The provisioned throughput for the table will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the table: ${read}. Requested ReadCapacityUnits: ${read}. Current WriteCapacityUnits provisioned for the table: ${write}. Requested WriteCapacityUnits: ${write}. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.`,
    );
}

function checkIndexUpdates(updates: readonly GlobalSecondaryIndexUpdate[], definitions: AttributeDefinition[], table: TableDoc): void {
  if (updates.filter((one) => one.Create || one.Delete).length > 1)
    throw new LocalFault(
      "LimitExceededException",
      "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    );
  const names = new Set(table.globalIndexes.map(({ name }) => name));
  for (const { Create, Delete, Update } of updates) {
    if ([Create, Delete, Update].filter(Boolean).length > 1)
      throw invalidParameter(
        "Only one of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete may be specified",
      );
    if (!Create && !Delete && !Update)
      throw invalid(
        "One or more parameter values were invalid: One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null",
      );
    if (Create) checkNewIndex(Create, definitions, table, names);
    const needed = (Delete ?? Update)?.IndexName;
    if (needed && !names.has(needed)) throw new LocalFault("ResourceNotFoundException", "Requested resource not found");
  }
}

function checkNewIndex(
  create: NonNullable<GlobalSecondaryIndexUpdate["Create"]>,
  definitions: AttributeDefinition[],
  table: TableDoc,
  names: ReadonlySet<string>,
): void {
  if (names.has(create.IndexName as string) || table.localIndexes.some(({ name }) => name === create.IndexName))
    throw invalid("Attempting to create an index which already exists");
  checkKeySchema(
    create.KeySchema ?? [],
    definitions.map(({ AttributeName }) => AttributeName as string),
  );
  checkProjection(create.Projection);
  const projections = [...table.globalIndexes, ...table.localIndexes].map(({ projection }) => ({ Projection: projection }));
  checkProjected([...projections, create]);
  if (table.globalIndexes.length >= 20)
    throw invalid("One or more parameter values were invalid: GlobalSecondaryIndex count exceeds the per-table limit of 20");
}

function withSettings(table: TableDoc, input: UpdateTableCommandInput, now: number): TableDoc {
  const mode = input.BillingMode ?? table.billingMode;
  const becomesOnDemand = mode === "PAY_PER_REQUEST" && table.billingMode !== mode;
  const { StreamSpecification: stream } = input;
  return {
    ...table,
    billingMode: mode,
    onDemandSince: becomesOnDemand ? now : table.onDemandSince,
    throughput: input.ProvisionedThroughput ?? (becomesOnDemand ? { ReadCapacityUnits: 0, WriteCapacityUnits: 0 } : table.throughput),
    onDemand: input.OnDemandThroughput ?? table.onDemand,
    warm: input.WarmThroughput ?? table.warm,
    stream: !stream ? table.stream : stream.StreamEnabled ? newStream(stream, now) : table.stream && { ...table.stream, spec: stream },
    sse: input.SSESpecification ?? table.sse,
    tableClass: input.TableClass ?? table.tableClass,
    deletionProtection: input.DeletionProtectionEnabled ?? table.deletionProtection,
  };
}

function withIndexes(table: TableDoc, input: UpdateTableCommandInput, readyAt: number): TableDoc {
  let indexes = table.globalIndexes;
  for (const { Create, Update, Delete } of input.GlobalSecondaryIndexUpdates ?? []) {
    if (Create) indexes = [...indexes, newIndex(Create, readyAt)];
    if (Delete) indexes = indexes.filter(({ name }) => name !== Delete.IndexName);
    if (Update)
      indexes = indexes.map((index) =>
        index.name === Update.IndexName
          ? {
              ...index,
              throughput: Update.ProvisionedThroughput ?? index.throughput,
              onDemand: Update.OnDemandThroughput ?? index.onDemand,
              warm: Update.WarmThroughput ?? index.warm,
            }
          : index,
      );
  }
  const used = new Set(
    [table.keySchema, ...[...indexes, ...table.localIndexes].map((i) => i.keySchema)].flat().map((k) => k.AttributeName),
  );
  const given = new Map([...table.attributes, ...(input.AttributeDefinitions ?? [])].map((one) => [one.AttributeName, one]));
  return { ...table, globalIndexes: indexes, attributes: [...given.values()].filter(({ AttributeName }) => used.has(AttributeName)) };
}
