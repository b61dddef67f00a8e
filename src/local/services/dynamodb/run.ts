import db from "dynalite/db/index.js";
import validations from "dynalite/validations/index.js";
import { LocalFault } from "../../core/service.ts";
import { type Engine, MAX_ITEM_BYTES, type Transaction } from "./engine.ts";
import type { IndexDoc, TableDoc, Tables } from "./table.ts";
import { toStored } from "./values.ts";

export type Action = (store: object, data: object, done: (error: unknown, output: Record<string, unknown>) => void) => void;
export interface Validation {
  readonly types: object;
  readonly custom?: unknown;
}
/** An operation's input, checked; expressions are parsed into members of their own. */
export type Data = Record<string, unknown>;

/** Checks an input as the engine does and parses its expressions. */
export function validated({ types, custom }: Validation, input: object): Data {
  try {
    const data = validations.checkTypes(toStored(input), types);
    validations.checkValidations(data, types, custom, { options: { maxItemSize: MAX_ITEM_BYTES } });
    return data;
  } catch (error) {
    throw asFault(error);
  }
}

/** Runs one of the engine's actions against a region's tables, reading and writing through `source`. */
export function run(
  action: Action,
  data: Data,
  source: Pick<Transaction, "items" | "index"> | Engine["reading"],
  tables: Tables,
  region: string,
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => reject(asFault(error));
    const store = {
      options: { maxItemSize: MAX_ITEM_BYTES },
      getTable(name: string, done: (error: unknown, table?: object) => void): void {
        let table: object;
        try {
          table = asEngineTable(tables.readable(region, name));
        } catch (error) {
          done(error);
          return;
        }
        done(null, table);
      },
      getItemDb: (name: string) => source.items(tables.readable(region, name).id, fail),
      getIndexDb: (kind: string, name: string, index: string) =>
        source.index(tables.readable(region, name).id, kind.toLowerCase() as "local" | "global", index, fail),
    };
    try {
      action(store, data, (error, output) => (error ? fail(error) : resolve(output)));
    } catch (error) {
      fail(error);
    }
  });
}

/** A table as the engine's functions expect it. */
export function asEngineTable(table: TableDoc): object {
  const index = ({ name, keySchema, projection }: IndexDoc) => ({ IndexName: name, KeySchema: keySchema, Projection: projection });
  return {
    TableName: table.name,
    TableStatus: "ACTIVE",
    KeySchema: table.keySchema,
    AttributeDefinitions: table.attributes,
    LocalSecondaryIndexes: table.localIndexes.map(index),
    GlobalSecondaryIndexes: table.globalIndexes.map(index),
  };
}

/** The engine's errors carry AWS's code and text in a body; anything else is a bug and stays what it is. */
export function asFault(error: unknown): unknown {
  const { body, statusCode } = error as { body?: { __type?: string; message?: string; Message?: string }; statusCode?: number };
  if (!body?.__type) return error;
  return new LocalFault(body.__type.split("#")[1] as string, body.message ?? body.Message ?? "", statusCode);
}

/** The item's place in the database, after checking that the key fits the table. */
export function keyOf(table: TableDoc, key: object): string {
  const engineTable = asEngineTable(table);
  const invalid = db.validateKey(key, engineTable);
  if (invalid) throw asFault(invalid);
  return db.createKey(key, engineTable);
}
