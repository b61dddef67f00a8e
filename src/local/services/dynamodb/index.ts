import { existsSync } from "node:fs";
import { join } from "node:path";
import { JSON_REFUSALS } from "../../core/refusals.ts";
import type { LocalEnv, LocalService } from "../../core/service.ts";
import { loadModel } from "../../core/validation.ts";
import { batchOperations } from "./batches.ts";
import { uncompressed } from "./body.ts";
import type { Context } from "./context.ts";
import { expiryOf } from "./expiry.ts";
import { itemOperations } from "./items.ts";
import { permissionsOf } from "./permissions.ts";
import { readOperations } from "./reads.ts";
import { settingOperations } from "./settings.ts";
import { type Database, openDatabase } from "./storage/database.ts";
import { tablesOf } from "./table.ts";
import { tableOperations } from "./tables.ts";
import { transactionOperations } from "./transactions.ts";
import { updateOperations } from "./update.ts";

/** Errors of AWS's web framework, which reads a request before DynamoDB does. */
const CORAL: Readonly<Record<string, string>> = {
  ValidationException: "validate",
  SerializationException: "service",
  UnknownOperationException: "service",
  AccessDeniedException: "service",
};

/** AWS refuses a request whose stated length is above this. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** Enough for a batch of 25 items with 2,000 attributes each, or for a list of 70,000 numbers. AWS reads more. */
const MOST_JSON_MARKS = 250_000;
/** AWS compresses larger responses only (seen by ScyllaDB's tests, which run on DynamoDB, too). */
const COMPRESS_ABOVE_BYTES = 4_096;

/** The journal describes the tables. Items are in memory and in a log below `dynamodb/`, which is read on the first call. */
export function dynamodbService(env: LocalEnv): LocalService {
  const tables = tablesOf(env);
  const folder = join(env.dataDir, "dynamodb");
  let opening: Promise<Database> | undefined;
  const database = (): Promise<Database> => {
    opening ??= open();
    return opening;
  };
  const expiry = expiryOf(env, tables, database);
  const open = async (): Promise<Database> => {
    const known = new Set(tables.all().map(({ id }) => id));
    if (known.size > 0) refuseOldFormat(folder);
    const opened = await openDatabase(join(folder, "items"), (id) => known.has(id), expiry.changed);
    expiry.start();
    return opened;
  };
  const context: Context = { env, tables, database };
  const items = { ...itemOperations(context), ...readOperations(context), ...batchOperations(context), ...transactionOperations(context) };
  return {
    name: "dynamodb",
    sdk: () => import("@aws-sdk/client-dynamodb"),
    model: () => loadModel("dynamodb"),
    refusals: {
      ...JSON_REFUSALS,
      throttled: { code: "ThrottlingException", message: "Rate of requests exceeds the allowed throughput.", status: 400 },
    },
    pageTokens: {
      byOperation: {
        ListTables: ["ExclusiveStartTableName", "LastEvaluatedTableName"],
        ListTagsOfResource: ["NextToken", "NextToken"],
      },
    },
    inputRules: { opaque: new Set(["AttributeValue"]) },
    operations: { ...tableOperations(context), ...updateOperations(context), ...settingOperations(env, tables, expiry.watch), ...items },
    plain: new Set(Object.keys(items)),
    maxBodyBytes: MAX_BODY_BYTES,
    mostJsonMarks: MOST_JSON_MARKS,
    decode: uncompressed,
    compressAbove: COMPRESS_ABOVE_BYTES,
    errorNamespace: (code) => (CORAL[code] ? `com.amazon.coral.${CORAL[code]}` : "com.amazonaws.dynamodb.v20120810"),
    permissions: permissionsOf(tables),
    async start() {
      if (tables.all().length > 0) await database();
    },
    async stop() {
      expiry.stop();
      if (opening) (await opening).close();
    },
    facts: () => ({ tables: tables.all().length }),
  };
}

/** Refuses items in LevelDB, the format of earlier releases. In a folder with both formats LevelDB was empty. */
function refuseOldFormat(folder: string): void {
  if (!existsSync(join(folder, "level")) || existsSync(join(folder, "items"))) return;
  throw new Error(
    `The items in ${folder} were written by an earlier fleetlogix, which this one cannot read: empty the local AWS with \`fleetlogix local reset\`.`,
  );
}
