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
} from "@aws-sdk/client-dynamodb";
import createRules from "dynalite/validations/createTable.js";
import { type Handler, type LocalEnv, LocalFault, type Operations } from "../../core/service.ts";
import { describeTable } from "./describe.ts";
import type { Engine } from "./engine.ts";
import { validated } from "./run.ts";
import { tagMap } from "./settings.ts";
import type { IndexDoc, TableDoc, Tables } from "./table.ts";

export function tableOperations(env: LocalEnv, tables: Tables, engine: () => Promise<Engine>): Operations {
  const create: Handler<CreateTableCommandInput, CreateTableCommandOutput> = async (input, { region, account }) => {
    checkCreate(input);
    const existing = tables.find(region, input.TableName as string);
    if (existing) {
      if (tables.status(existing) === "DELETING") tables.mustBeActive(existing);
      throw new LocalFault("ResourceInUseException", `Table already exists: ${input.TableName}`);
    }
    const table = tables.put(newTable(input, region, account, env.clock.now(), tables.readyAt("create")));
    return { TableDescription: await describeTable(table, tables, await engine(), env) };
  };
  const describe: Handler<DescribeTableCommandInput, DescribeTableCommandOutput> = async (input, { region }) => ({
    Table: await describeTable(tables.need(region, input.TableName as string), tables, await engine(), env),
  });
  const remove: Handler<DeleteTableCommandInput, DeleteTableCommandOutput> = async (input, { region }) => {
    const table = tables.need(region, input.TableName as string);
    const opened = await engine();
    if (tables.status(table) === "DELETING") return { TableDescription: await describeTable(table, tables, opened, env) };
    tables.mustBeActive(table);
    if (table.deletionProtection)
      throw new LocalFault(
        "ValidationException",
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
      );
    const deleting: TableDoc = { ...table, passing: { status: "DELETING", until: tables.readyAt("delete") } };
    const answer = { ...(await describeTable(deleting, tables, opened, env)), TableStatus: "DELETING" as const };
    discard(env, table.id);
    if (deleting.passing.until > env.clock.now()) tables.put(deleting);
    else tables.remove(table);
    await clearDiscarded(env, opened);
    return { TableDescription: answer };
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

/** Tables whose items are still to be removed: noted before the table goes, so that a kill leaves no orphans. */
const discarded = (env: LocalEnv) => env.store.collection<true>("dynamodb.discarded");
const discard = (env: LocalEnv, id: string): void => discarded(env).put(id, true);
export async function clearDiscarded(env: LocalEnv, engine: Engine): Promise<void> {
  for (const id of discarded(env).keys()) {
    await engine.alone(() => engine.clearTable(id));
    discarded(env).delete(id);
  }
}

function checkCreate(input: CreateTableCommandInput): void {
  validated(createRules, input);
  const { AttributeDefinitions = [], KeySchema = [], GlobalSecondaryIndexes = [], LocalSecondaryIndexes = [] } = input;
  const used = [KeySchema, ...[...GlobalSecondaryIndexes, ...LocalSecondaryIndexes].map((index) => index.KeySchema ?? [])]
    .flat()
    .map(({ AttributeName }) => AttributeName);
  const defined = AttributeDefinitions.map(({ AttributeName }) => AttributeName);
  if (defined.some((name) => !used.includes(name)))
    throw new LocalFault(
      "ValidationException",
      `One or more parameter values were invalid: Some AttributeDefinitions are not used. AttributeDefinitions: [${defined.join(", ")}], keys used: [${[...new Set(used)].join(", ")}]`,
    );
  for (const member of ["GlobalTableSourceArn", "VectorIndexes"] as const)
    if (input[member]) throw new LocalFault("NotImplemented", `The local AWS does not implement ${member} of dynamodb:CreateTable.`, 501);
  checkStream(input.StreamSpecification);
}

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
  readyAt,
});

export function checkStream(spec: StreamSpecification | undefined): void {
  if (!spec) return;
  if (spec.StreamEnabled && !spec.StreamViewType)
    throw new LocalFault(
      "ValidationException",
      "One or more parameter values were invalid: StreamViewType must be specified when the stream is enabled",
    );
  if (!spec.StreamEnabled && spec.StreamViewType)
    throw new LocalFault(
      "ValidationException",
      "One or more parameter values were invalid: StreamViewType must not be specified when the stream is disabled",
    );
}
/** Each enabling has a label, and thereby an ARN, of its own. */
export const newStream = (spec: StreamSpecification | undefined, now: number): TableDoc["stream"] =>
  spec?.StreamEnabled ? { spec, label: new Date(now).toISOString().replace("Z", "") } : undefined;
