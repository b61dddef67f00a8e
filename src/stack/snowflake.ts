import type { Config } from "../config/config.ts";
import { stackNameOf } from "../config/names.ts";
import type { AwsLocation } from "../engine/contract.ts";
import { naming } from "./naming.ts";
import { STAR } from "./star-schema.ts";

/** Columns of the lake's tables, by table. The pipes load them. */
export type LakeColumns = Readonly<Record<string, readonly (readonly [name: string, type: string])[]>>;
const TYPES: Readonly<Record<string, string>> = { VARCHAR: "VARCHAR", TIMESTAMP: "TIMESTAMP_NTZ", DOUBLE: "DOUBLE", BOOLEAN: "BOOLEAN" };

/**
 * Snowflake's set-up for this stack: pure, and without a secret. Written against Snowflake's SQL reference (CREATE STORAGE INTEGRATION, STAGE,
 * PIPE, TASK; "Option 1: Configuring a Snowflake storage integration to access Amazon S3"). unproven: no Snowflake account has run it.
 */
export function snowflakeSql(config: Config, place: AwsLocation, lake: LakeColumns): string {
  const names = naming(config, place);
  const id = `FLEETLOGIX${config.suffix.replaceAll("-", "_").toUpperCase()}`;
  const role = `arn:${place.partition}:iam::${place.account}:role/${names.snowflakeRole}`;
  const auto = config.warehouse.snowflake.notificationArn !== null;
  const tables = Object.entries(lake);
  return [
    header(config, names.bucket),
    `CREATE DATABASE IF NOT EXISTS ${id};`,
    `CREATE SCHEMA IF NOT EXISTS ${id}.RAW;`,
    `CREATE SCHEMA IF NOT EXISTS ${id}.MART;`,
    `CREATE WAREHOUSE IF NOT EXISTS ${id}_WH WAREHOUSE_SIZE = 'XSMALL' AUTO_SUSPEND = 60 AUTO_RESUME = TRUE INITIALLY_SUSPENDED = TRUE;`,
    `USE WAREHOUSE ${id}_WH;`,
    `USE DATABASE ${id};`,
    "USE SCHEMA RAW;",
    "-- IF NOT EXISTS: making it again would change the external id, and the role would let nobody in.",
    `CREATE STORAGE INTEGRATION IF NOT EXISTS ${id}_LAKE TYPE = EXTERNAL_STAGE STORAGE_PROVIDER = 'S3' ENABLED = TRUE STORAGE_AWS_ROLE_ARN = '${role}' STORAGE_ALLOWED_LOCATIONS = ('s3://${names.bucket}/lake/');`,
    "-- Its STORAGE_AWS_IAM_USER_ARN and STORAGE_AWS_EXTERNAL_ID belong into warehouse.snowflake of fleetlogix.config.json; then run `fleetlogix setup`.",
    `DESC INTEGRATION ${id}_LAKE;`,
    "CREATE FILE FORMAT IF NOT EXISTS PARQUET_FILES TYPE = PARQUET;",
    `CREATE STAGE IF NOT EXISTS LAKE URL = 's3://${names.bucket}/lake/' STORAGE_INTEGRATION = ${id}_LAKE FILE_FORMAT = (FORMAT_NAME = 'PARQUET_FILES');`,
    ...tables.map(([table, columns]) => createTable(table, columns)),
    ...tables.map(([table, columns]) => createPipe(table, columns, auto)),
    ...(auto
      ? []
      : [
          "-- The bucket tells nobody of new files yet: SHOW PIPES gives the notification_channel for warehouse.snowflake.notificationArn.",
          "SHOW PIPES;",
        ]),
    "-- Files that were there before the pipes.",
    ...tables.map(([table]) => `ALTER PIPE LOAD_${table.toUpperCase()} REFRESH;`),
    "USE SCHEMA MART;",
    ...STAR.map(
      ({ table, columns }) =>
        `CREATE TABLE IF NOT EXISTS ${table} (${columns.map(([name, type]) => `${name} ${TYPES[type] ?? type}`).join(", ")});`,
    ),
    ...tasks(id),
  ].join("\n\n");
}

const header = (config: Config, bucket: string): string =>
  [
    `-- Snowflake for ${stackNameOf(config)}: bucket ${bucket}, prefix lake/.`,
    "-- Run it as ACCOUNTADMIN. It can be run again: nothing that is there is made anew.",
    "-- An event may be loaded twice when a file is written again: the tasks keep one row for each.",
  ].join("\n");

function createTable(table: string, columns: readonly (readonly [string, string])[]): string {
  const all = [...columns.map(([name, type]) => `${name} ${TYPES[type] ?? type}`), "file_name VARCHAR"];
  return `CREATE TABLE IF NOT EXISTS ${table} (${all.join(", ")});`;
}
function createPipe(table: string, columns: readonly (readonly [string, string])[], auto: boolean): string {
  const names = columns.map(([name]) => name).join(", ");
  const values = columns.map(([name, type]) => `$1:${name}::${TYPES[type] ?? type}`).join(", ");
  const from = `(SELECT ${values}, METADATA$FILENAME FROM @LAKE/${table}/)`;
  return `CREATE PIPE IF NOT EXISTS LOAD_${table.toUpperCase()} AUTO_INGEST = ${auto ? "TRUE" : "FALSE"} AS COPY INTO ${table} (${names}, file_name) FROM ${from} FILE_FORMAT = (FORMAT_NAME = 'PARQUET_FILES') PATTERN = '.*[.]parquet';`;
}

/** Tasks that update the star's tables from the raw tables: dimensions first, then facts, each row once. */
function tasks(id: string): readonly string[] {
  const made = STAR.map(({ table, key, columns, select }, i) => {
    const when = i === 0 ? "SCHEDULE = '60 MINUTE'" : `AFTER LOAD_${STAR[i - 1]?.table.toUpperCase()}`;
    const names = columns.map(([name]) => name);
    const on = key.map((name) => `t.${name} = s.${name}`).join(" AND ");
    const update = names.filter((name) => !key.includes(name)).map((name) => `t.${name} = s.${name}`);
    const merge = `MERGE INTO ${table} t USING (${select("RAW.")}) s ON ${on} WHEN MATCHED THEN UPDATE SET ${update.join(", ")} WHEN NOT MATCHED THEN INSERT (${names.join(", ")}) VALUES (${names.map((name) => `s.${name}`).join(", ")})`;
    return `CREATE TASK IF NOT EXISTS LOAD_${table.toUpperCase()} WAREHOUSE = ${id}_WH ${when} AS ${merge};`;
  });
  // Snowflake resumes child tasks before their root, which is the first task.
  return [...made, ...STAR.toReversed().map(({ table }) => `ALTER TASK LOAD_${table.toUpperCase()} RESUME;`)];
}
