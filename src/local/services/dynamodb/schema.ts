import type { KeyOf } from "./storage/rows.ts";
import type { IndexDoc, TableDoc } from "./table.ts";
import { getMember, type Item, type ScalarType, typeOf, type Value } from "./values/attribute-value.ts";
import { invalid, invalidParameter } from "./values/faults.ts";
import { keyPart, partitionKey } from "./values/key.ts";

export interface KeyAttribute {
  readonly name: string;
  readonly type: ScalarType;
}
/** A key: the partition attribute and, if there is one, the sort attribute. */
export interface KeySchema {
  readonly hash: KeyAttribute;
  readonly range: KeyAttribute | undefined;
}
export interface IndexSchema extends KeySchema {
  readonly name: string;
  readonly global: boolean;
  readonly doc: IndexDoc;
  readonly keyOf: KeyOf;
}
export interface TableSchema extends KeySchema {
  readonly indexes: readonly IndexSchema[];
}

const MAX_HASH_BYTES = 2048;
const MAX_RANGE_BYTES = 1024;
const known = new WeakMap<TableDoc, TableSchema>();

/** The keys of a table and its indexes, computed once for each version of its description. */
export function schemaOf(table: TableDoc): TableSchema {
  const schema = known.get(table) ?? newSchema(table);
  known.set(table, schema);
  return schema;
}

function newSchema(table: TableDoc): TableSchema {
  const own = keySchema(table, table.keySchema);
  const index = (doc: IndexDoc, global: boolean): IndexSchema => {
    const keys = keySchema(table, doc.keySchema);
    return { ...keys, name: doc.name, global, doc, keyOf: (item, rowKey) => indexKey(keys, item, rowKey) };
  };
  return {
    ...own,
    indexes: [...table.globalIndexes.map((doc) => index(doc, true)), ...table.localIndexes.map((doc) => index(doc, false))],
  };
}

function keySchema(table: TableDoc, elements: TableDoc["keySchema"]): KeySchema {
  const attribute = (at: number): KeyAttribute | undefined => {
    const name = elements[at]?.AttributeName;
    if (name === undefined) return undefined;
    return { name, type: table.attributes.find((one) => one.AttributeName === name)?.AttributeType as ScalarType };
  };
  return { hash: attribute(0) as KeyAttribute, range: attribute(1) };
}

export const attributesOf = ({ hash, range }: KeySchema): KeyAttribute[] => (range ? [hash, range] : [hash]);

/** The key of an item's row. The key attributes must be checked before. */
export function rowKey({ hash, range }: KeySchema, item: Item): string {
  return partitionKey(item[hash.name] as Value) + (range ? keyPart(item[range.name] as Value) : "");
}

function indexKey({ hash, range }: KeySchema, item: Item, row: string): string | undefined {
  const values = attributesOf({ hash, range }).map(({ name, type }) => {
    const value = getMember(item, name);
    if (value?.[type] === undefined || value[type] === "") return undefined;
    return keySize(value) > (name === hash.name ? MAX_HASH_BYTES : MAX_RANGE_BYTES) ? undefined : value;
  });
  if (values.includes(undefined)) return undefined;
  return rowKey({ hash, range }, item) + row;
}

/** Checks that a key has exactly the table's key attributes, with their types. */
export function checkKey(schema: KeySchema, key: Item): void {
  const attributes = attributesOf(schema);
  if (Object.keys(key).length !== attributes.length) throw mismatch();
  for (const attribute of attributes) checkKeyValue(schema, attribute, getMember(key, attribute.name));
}
const mismatch = (): Error => invalid("The provided key element does not match the schema");

export function checkKeyValue(schema: KeySchema, { name, type }: KeyAttribute, value: Value | undefined): void {
  if (value?.[type] === undefined) throw mismatch();
  if (value[type] === "")
    throw invalid(
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${type === "S" ? "string" : "binary"} value. Key: ${name}`,
    );
  checkKeySize(schema, name, value);
}

function checkKeySize({ hash }: KeySchema, name: string, value: Value): void {
  const size = keySize(value);
  if (name === hash.name && size > MAX_HASH_BYTES)
    throw invalidParameter("Size of hashkey has exceeded the maximum size limit of2048 bytes");
  if (name !== hash.name && size > MAX_RANGE_BYTES)
    throw invalidParameter("Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
}
const keySize = ({ S, B }: Value): number =>
  S !== undefined ? Buffer.byteLength(S) : B !== undefined ? Buffer.byteLength(B, "base64") : 0;

/** Checks the key attributes of an item to be stored, also those of the indexes. */
export function checkItemKeys(schema: TableSchema, item: Item): void {
  for (const attribute of attributesOf(schema)) {
    const { name, type } = attribute;
    const value = getMember(item, name);
    if (!value) throw invalidParameter(`Missing the key ${name} in the item`);
    if (value[type] === undefined) throw invalidParameter(`Type mismatch for key ${name} expected: ${type} actual: ${typeOf(value)}`);
    checkKeyValue(schema, attribute, value);
  }
  checkIndexKeys(schema, item);
}

/** Like `checkItemKeys`, in the words of BatchWriteItem: a key that is missing or has a wrong type does not match the schema (recorded). */
export function checkItemKeysInBatch(schema: TableSchema, item: Item): void {
  for (const attribute of attributesOf(schema)) checkKeyValue(schema, attribute, getMember(item, attribute.name));
  checkIndexKeys(schema, item);
}

export function checkIndexKeys({ indexes }: TableSchema, item: Item): void {
  for (const index of indexes)
    for (const { name, type } of attributesOf(index)) {
      const value = getMember(item, name);
      if (!value) continue;
      if (value[type] === undefined)
        throw invalidParameter(`Type mismatch for Index Key ${name} Expected: ${type} Actual: ${typeOf(value)} IndexName: ${index.name}`);
      if (value[type] === "")
        throw invalid(
          `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty ${type === "S" ? "string" : "binary"} value. IndexName: ${index.name}, IndexKey: ${name}`,
        );
      checkKeySize(index, name, value);
    }
}
