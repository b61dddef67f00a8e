import type {
  BatchGetItemCommandInput,
  BatchGetItemCommandOutput,
  BatchWriteItemCommandInput,
  BatchWriteItemCommandOutput,
  DeleteItemCommandInput,
  DeleteItemCommandOutput,
  GetItemCommandInput,
  GetItemCommandOutput,
  PutItemCommandInput,
  PutItemCommandOutput,
  QueryCommandInput,
  QueryCommandOutput,
  ScanCommandInput,
  ScanCommandOutput,
  UpdateItemCommandInput,
  UpdateItemCommandOutput,
} from "@aws-sdk/client-dynamodb";
import batchGetItem from "dynalite/actions/batchGetItem.js";
import batchWriteItem from "dynalite/actions/batchWriteItem.js";
import getItem from "dynalite/actions/getItem.js";
import query from "dynalite/actions/query.js";
import scan from "dynalite/actions/scan.js";
import batchGetRules from "dynalite/validations/batchGetItem.js";
import batchWriteRules from "dynalite/validations/batchWriteItem.js";
import getRules from "dynalite/validations/getItem.js";
import queryRules from "dynalite/validations/query.js";
import scanRules from "dynalite/validations/scan.js";
import { type Handler, type LocalEnv, LocalFault, type Operations } from "../../core/service.ts";
import { checkSize, type Engine } from "./engine.ts";
import { type Action, run, type Validation, validated } from "./run.ts";
import { nameOf, type Tables } from "./table.ts";
import { itemFrom, type StoredItem, toStored } from "./values.ts";
import { parseWrite, type WriteKind, write } from "./write.ts";

export function itemOperations(env: LocalEnv, tables: Tables, engine: () => Promise<Engine>): Operations {
  const writing =
    <In extends { TableName: string | undefined }, Out>(kind: WriteKind): Handler<In, Out> =>
    async (input, { region }) => {
      const parsed = parseWrite(kind, plainName(input));
      return answer(await (await engine()).alone((transaction) => write(parsed, transaction, tables, region))) as Omit<Out, "$metadata">;
    };
  const reading =
    <In extends object, Out>(action: Action, rules: Validation): Handler<In, Out> =>
    async (input, { region }) => {
      const data = validated(rules, plainName(input));
      checkIndex(env, tables, region, data);
      const { alone, reading: source } = await engine();
      // Such a query reads each item after its index entry: no write may come between.
      const whole = data.IndexName !== undefined && data.Select === "ALL_ATTRIBUTES";
      const output = await (whole
        ? alone((transaction) => run(action, data, transaction, tables, region))
        : run(action, data, source, tables, region));
      return answer(output) as Omit<Out, "$metadata">;
    };
  const batchWrite: Handler<BatchWriteItemCommandInput, BatchWriteItemCommandOutput> = async (input, { region }) => {
    const named = { ...input, RequestItems: byPlainName(input.RequestItems) };
    const data = validated(batchWriteRules, named);
    for (const request of Object.values(named.RequestItems).flat())
      if (request.PutRequest?.Item) checkSize(toStored(request.PutRequest.Item) as unknown as StoredItem, "put");
    return answer(await (await engine()).alone((transaction) => run(batchWriteItem, data, transaction, tables, region)));
  };
  const batchGet: Handler<BatchGetItemCommandInput, BatchGetItemCommandOutput> = async (input, { region }) => {
    const data = validated(batchGetRules, { ...input, RequestItems: byPlainName(input.RequestItems) });
    return answer(await run(batchGetItem, data, (await engine()).reading, tables, region));
  };
  return {
    PutItem: writing<PutItemCommandInput, PutItemCommandOutput>("put"),
    UpdateItem: writing<UpdateItemCommandInput, UpdateItemCommandOutput>("update"),
    DeleteItem: writing<DeleteItemCommandInput, DeleteItemCommandOutput>("delete"),
    GetItem: reading<GetItemCommandInput, GetItemCommandOutput>(getItem, getRules),
    Query: reading<QueryCommandInput, QueryCommandOutput>(query, queryRules),
    Scan: reading<ScanCommandInput, ScanCommandOutput>(scan, scanRules),
    BatchWriteItem: batchWrite,
    BatchGetItem: batchGet,
  };
}

const plainName = <T extends object>(input: T): T => {
  const { TableName } = input as { TableName?: string };
  return TableName ? { ...input, TableName: nameOf(TableName) } : input;
};
const byPlainName = <T>(requests: Record<string, T> | undefined): Record<string, T> =>
  Object.fromEntries(Object.entries(requests ?? {}).map(([table, request]) => [nameOf(table), request]));

function checkIndex(env: LocalEnv, tables: Tables, region: string, data: Record<string, unknown>): void {
  if (typeof data.IndexName !== "string" || typeof data.TableName !== "string") return;
  const index = tables.readable(region, data.TableName).globalIndexes.find(({ name }) => name === data.IndexName);
  if (index && env.clock.now() < index.readyAt)
    throw new LocalFault("ValidationException", `Cannot read from backfilling global secondary index: ${index.name}`);
}

/** The engine's output with attribute values as the SDK has them: binary as bytes. */
export function answer(output: Record<string, unknown>): Record<string, unknown> {
  const { Item, Items, Attributes, LastEvaluatedKey, Responses, UnprocessedKeys, UnprocessedItems, ...rest } = output;
  const one = (item: unknown) => itemFrom(item as StoredItem);
  return {
    ...rest,
    ...(Item !== undefined && { Item: one(Item) }),
    ...(Items !== undefined && { Items: (Items as unknown[]).map(one) }),
    // An update that changed nothing it was asked about has no attributes to show.
    ...(Attributes !== undefined && Object.keys(Attributes as object).length > 0 && { Attributes: one(Attributes) }),
    ...(LastEvaluatedKey !== undefined && { LastEvaluatedKey: one(LastEvaluatedKey) }),
    ...(Responses !== undefined && {
      Responses: Object.fromEntries(Object.entries(Responses as object).map(([table, items]) => [table, (items as unknown[]).map(one)])),
    }),
    ...(UnprocessedKeys !== undefined && {
      UnprocessedKeys: Object.fromEntries(
        Object.entries(UnprocessedKeys as Record<string, { Keys: unknown[] }>).map(([table, request]) => [
          table,
          { ...request, Keys: request.Keys.map(one) },
        ]),
      ),
    }),
    ...(UnprocessedItems !== undefined && { UnprocessedItems: {} }),
  };
}
