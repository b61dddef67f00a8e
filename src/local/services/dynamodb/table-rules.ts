import type { CreateTableCommandInput, KeySchemaElement, Projection, StreamSpecification } from "@aws-sdk/client-dynamodb";
import { LocalFault } from "../../core/service.ts";
import { checkTableName } from "./requests.ts";
import { invalid, invalidParameter } from "./values/faults.ts";

const MAX_INDEXES = { global: 20, local: 5 } as const;
const MAX_PROJECTED = 100;
type Index = { IndexName?: string | undefined; KeySchema?: KeySchemaElement[] | undefined; Projection?: Projection | undefined };

/** Checks everything that AWS refuses for a new table before it looks at existing ones. */
export function checkCreate(input: CreateTableCommandInput): void {
  checkNewName(input.TableName);
  for (const member of ["GlobalTableSourceArn", "VectorIndexes"] as const)
    if (input[member]) throw new LocalFault("NotImplemented", `The local AWS does not implement ${member} of dynamodb:CreateTable.`, 501);
  checkBilling(input);
  const { KeySchema = [], LocalSecondaryIndexes, GlobalSecondaryIndexes } = input;
  const definitions = definedNames(input);
  checkKeySchema(KeySchema, definitions);
  checkUsed(input, definitions);
  const names = new Set<string>();
  if (LocalSecondaryIndexes) checkIndexes("local", LocalSecondaryIndexes, names, definitions);
  for (const index of LocalSecondaryIndexes ?? []) checkLocalIndex(index, KeySchema);
  if (GlobalSecondaryIndexes) checkIndexes("global", GlobalSecondaryIndexes, names, definitions);
  checkProjected([...(LocalSecondaryIndexes ?? []), ...(GlobalSecondaryIndexes ?? [])]);
  checkStream(input.StreamSpecification);
}

function checkNewName(name = ""): void {
  if (name.length < 3 || name.length > 255) throw invalid("TableName must be at least 3 characters long and at most 255 characters long");
  checkTableName(name);
}

function checkBilling({ BillingMode, ProvisionedThroughput, GlobalSecondaryIndexes = [] }: CreateTableCommandInput): void {
  if (BillingMode === "PAY_PER_REQUEST") {
    if (ProvisionedThroughput)
      throw invalidParameter("Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
    for (const { IndexName, ProvisionedThroughput: own } of GlobalSecondaryIndexes)
      if (own)
        throw invalidParameter(`ProvisionedThroughput should not be specified for index: ${IndexName} when BillingMode is PAY_PER_REQUEST`);
    return;
  }
  if (!ProvisionedThroughput?.ReadCapacityUnits || !ProvisionedThroughput.WriteCapacityUnits)
    throw invalidParameter("ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED");
  for (const { IndexName, ProvisionedThroughput: own } of GlobalSecondaryIndexes)
    if (!own?.ReadCapacityUnits || !own.WriteCapacityUnits)
      throw invalidParameter(`ProvisionedThroughput is not specified for index: ${IndexName}`);
}

function definedNames({ AttributeDefinitions = [] }: CreateTableCommandInput): string[] {
  const names = AttributeDefinitions.map(({ AttributeName }) => AttributeName as string);
  const double = names.find((name, i) => names.indexOf(name) !== i);
  if (double !== undefined) throw invalid(`Cannot have two attributes with the same name. Duplicate AttributeName: ${double}`);
  return names;
}

/** Checks the key of a table or an index: HASH, then optionally RANGE, with two different names that are both defined. */
export function checkKeySchema(keys: readonly KeySchemaElement[], definitions: readonly string[]): void {
  const names = keys.map(({ AttributeName }) => AttributeName as string);
  if (keys.length > 2)
    throw invalid(
      `1 validation error detected: Value '[${names.join(", ")}]' at 'keySchema' failed to satisfy constraint: Member must have length less than or equal to 2`,
    );
  if (names.some((name) => !definitions.includes(name)))
    throw invalidParameter(
      `Some index key attributes are not defined in AttributeDefinitions. Keys: [${names.join(", ")}], AttributeDefinitions: [${definitions.join(", ")}]`,
    );
  if (names[0] === names[1]) throw invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name");
  if (keys[0]?.KeyType !== "HASH") throw invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  if (keys[1] && keys[1].KeyType !== "RANGE") throw invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
}

function checkUsed(
  { KeySchema = [], LocalSecondaryIndexes = [], GlobalSecondaryIndexes = [] }: CreateTableCommandInput,
  definitions: readonly string[],
): void {
  const indexes: readonly Index[] = [...LocalSecondaryIndexes, ...GlobalSecondaryIndexes];
  const used = [KeySchema, ...indexes.map((index) => index.KeySchema ?? [])].flat().map(({ AttributeName }) => AttributeName);
  if (definitions.every((name) => used.includes(name))) return;
  throw invalidParameter(
    indexes.length === 0
      ? "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions"
      : `Some AttributeDefinitions are not used. AttributeDefinitions: [${definitions.join(", ")}], keys used: [${[...new Set(used)].join(", ")}]`,
  );
}

function checkIndexes(kind: "local" | "global", indexes: readonly Index[], names: Set<string>, definitions: readonly string[]): void {
  const title = kind === "local" ? "LocalSecondaryIndexes" : "GlobalSecondaryIndexes";
  if (indexes.length === 0) throw invalidParameter(`List of ${title} is empty`);
  for (const { IndexName = "", KeySchema = [], Projection } of indexes) {
    checkKeySchema(KeySchema, definitions);
    checkProjection(Projection);
    if (names.has(IndexName)) throw invalidParameter(`Duplicate index name: ${IndexName}`);
    names.add(IndexName);
  }
  if (kind === "local" && indexes.length > MAX_INDEXES.local)
    throw invalidParameter("Number of LocalSecondaryIndexes exceeds per-table limit of 5");
  if (kind === "global" && indexes.length > MAX_INDEXES.global)
    throw invalidParameter("GlobalSecondaryIndex count exceeds the per-table limit of 20");
}

function checkLocalIndex({ IndexName, KeySchema = [] }: Index, tableKeys: readonly KeySchemaElement[]): void {
  if (tableKeys.length < 2)
    throw invalidParameter("Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex");
  if (KeySchema.length < 2) throw invalidParameter(`Index KeySchema does not have a range key for index: ${IndexName}`);
  const [hash, tableHash] = [KeySchema[0]?.AttributeName, tableKeys[0]?.AttributeName];
  if (hash !== tableHash)
    throw invalidParameter(
      `Index KeySchema does not have the same leading hash key as table KeySchema for index: ${IndexName}. index hash key: ${hash}, table hash key: ${tableHash}`,
    );
}

export function checkProjection({ ProjectionType, NonKeyAttributes }: Projection = {}): void {
  if (!ProjectionType) throw invalidParameter("Unknown ProjectionType: null");
  if (NonKeyAttributes && ProjectionType !== "INCLUDE")
    throw invalidParameter(`ProjectionType is ${ProjectionType}, but NonKeyAttributes is specified`);
  const double = NonKeyAttributes?.find((name, i) => NonKeyAttributes.indexOf(name) !== i);
  if (double !== undefined) throw invalidParameter(`Duplicate NonKeyAttributes: ${double}`);
  if (!NonKeyAttributes && ProjectionType === "INCLUDE")
    throw invalidParameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
}

/** All indexes together may project at most this many further attributes. */
export function checkProjected(indexes: readonly Index[]): void {
  const count = indexes.reduce((sum, { Projection }) => sum + (Projection?.NonKeyAttributes?.length ?? 0), 0);
  if (count > MAX_PROJECTED)
    throw invalidParameter(`Number of projected attributes (${count}) exceeds the per-table limit of ${MAX_PROJECTED}`);
}

export function checkStream(spec: StreamSpecification | undefined): void {
  if (!spec) return;
  if (spec.StreamEnabled && !spec.StreamViewType) throw invalidParameter("StreamViewType must be specified when the stream is enabled");
  if (!spec.StreamEnabled && spec.StreamViewType)
    throw invalidParameter("StreamViewType must not be specified when the stream is disabled");
}
