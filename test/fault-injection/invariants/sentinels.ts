import { Client } from "pg";
import type { DynamoDB, S3 } from "../../../src/aws/sdk/types.ts";

/** The places where the stack stores data, and clients of a user of the stack. */
export interface Holders {
  readonly s3: S3;
  readonly dynamodb: DynamoDB;
  readonly bucket: string;
  /** Name of the table of deliveries. */
  readonly table: string;
  /** Answers with the URL of the database; without it no row is written. */
  readonly database?: (() => Promise<string>) | undefined;
}
/** Data of a user in each resource that holds data. No `up` may lose them. */
export interface Sentinels {
  /** Describes the data that is lost; undefined: none. */
  lost(): Promise<string | undefined>;
}
const OBJECT = "raw-data/sentinel";
const ITEM = { delivery_id: { S: "sentinel" } };

/** Writes an object, an item and, where `database` is given, a row. */
export async function leaveSentinels({ s3, dynamodb, bucket, table, database }: Holders): Promise<Sentinels> {
  await dynamodb.putItem({ TableName: table, Item: ITEM });
  const { VersionId } = await s3.putObject({ Bucket: bucket, Key: OBJECT, Body: "sentinel" });
  if (database) await query(await database(), "create table sentinel as select 42 as answer");
  return {
    async lost() {
      const { Item } = await dynamodb.getItem({ TableName: table, Key: ITEM });
      if (!Item) return "the item is gone";
      const object = await s3.headObject({ Bucket: bucket, Key: OBJECT }).catch(() => undefined);
      if (object?.VersionId !== VersionId) return "the object is gone or was replaced";
      if (!database) return undefined;
      const rows = await query(await database(), "select answer from sentinel").catch((error: Error) => error.message);
      return JSON.stringify(rows) === '[{"answer":42}]' ? undefined : `the database's row: ${JSON.stringify(rows)}`;
    },
  };
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url.replace(/\?.*/, ""), ssl: { rejectUnauthorized: false } });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
