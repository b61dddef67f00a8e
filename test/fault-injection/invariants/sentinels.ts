import { Client } from "pg";
import type { DynamoDB, S3 } from "../../../src/aws/sdk/types.ts";

/** Where the stack keeps data, and who may look at it. */
export interface Holders {
  readonly s3: S3;
  readonly dynamodb: DynamoDB;
  readonly bucket: string;
  /** Of deliveries. */
  readonly table: string;
  /** The URL of the database; without it no row is left. */
  readonly database?: (() => Promise<string>) | undefined;
}
/** Data of the user in each thing that holds data: whatever becomes of a run, `up` never loses them. */
export interface Sentinels {
  /** Which of them is gone. */
  lost(): Promise<string | undefined>;
}
const OBJECT = "raw-data/sentinel";
const ITEM = { delivery_id: { S: "sentinel" } };

/** An object with its version, an item and, given the database's URL, a row. */
export async function leaveSentinels({ s3, dynamodb, bucket, table, database }: Holders): Promise<Sentinels> {
  await dynamodb.putItem({ TableName: table, Item: ITEM });
  const { VersionId } = await s3.putObject({ Bucket: bucket, Key: OBJECT, Body: "sentinel" });
  if (database) await query(await database(), "create table sentinel as select 42 as answer");
  return {
    async lost() {
      const { Item } = await dynamodb.getItem({ TableName: table, Key: ITEM });
      if (!Item) return "the item is gone";
      const object = await s3.headObject({ Bucket: bucket, Key: OBJECT }).catch(() => undefined);
      if (object?.VersionId !== VersionId) return "the object is not the one that was left";
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
