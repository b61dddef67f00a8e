import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { S3 } from "@aws-sdk/client-s3";
import { Client } from "pg";
import { hold } from "./checks.ts";
import type { World } from "./world.ts";

/** Data of the user in each thing that holds data: whatever becomes of a run, `up` never loses them. */
export interface Sentinels {
  check(): Promise<void>;
}
const BUCKET = "fleetlogix-data-000000000000-us-east-1";
const TABLE = "FleetLogix_Deliveries_Status";
const KEY = "raw-data/sentinel";
const settings = (world: World) => ({
  region: "us-east-1",
  endpoint: world.url,
  credentials: { accessKeyId: "user", secretAccessKey: "user" },
});

/** An object with its version, an item and, given the database's URL, a row. */
export async function leaveSentinels(world: World, database?: () => Promise<string>): Promise<Sentinels> {
  const s3 = new S3({ ...settings(world), forcePathStyle: true });
  const dynamodb = new DynamoDB(settings(world));
  await dynamodb.putItem({ TableName: TABLE, Item: { delivery_id: { S: "sentinel" } } });
  const { VersionId } = await s3.putObject({ Bucket: BUCKET, Key: KEY, Body: "sentinel" });
  if (database) await query(await database(), "create table sentinel as select 42 as answer");
  return {
    async check() {
      const { Item } = await dynamodb.getItem({ TableName: TABLE, Key: { delivery_id: { S: "sentinel" } } });
      hold("I6", Item ? undefined : "the item is gone");
      const object = await s3.headObject({ Bucket: BUCKET, Key: KEY }).catch(() => undefined);
      hold("I6", object?.VersionId === VersionId ? undefined : "the object is not the one that was left");
      if (!database) return;
      const rows = await query(await database(), "select answer from sentinel").catch((error: Error) => error.message);
      hold("I6", JSON.stringify(rows) === '[{"answer":42}]' ? undefined : `the database's row: ${JSON.stringify(rows)}`);
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
