import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DynamoDB } from "@aws-sdk/client-dynamodb";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { virtualClock } from "../../src/local/core/clock.ts";
import { removeFolder } from "../support/folders.ts";
import { localAws } from "../support/local-aws.ts";

/** Polls for an effect that comes after the answer. The timeout is long enough for a busy machine. */
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

const S = (text: string) => ({ S: text });
const hashTable = (TableName: string) => ({
  TableName,
  AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" as const }],
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" as const }],
  BillingMode: "PAY_PER_REQUEST" as const,
});

let folder: string;
const root = resolve(import.meta.dirname, "../..");
const script = join(root, `node_modules/.cache/local-aws-${process.pid}.mjs`);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dynamodb-"));
  await build({
    stdin: {
      contents: `import { startLocalAws } from "./src/local/index.ts";
        const aws = await startLocalAws({ dataDir: process.argv[2], settings: { databases: "none" } });
        process.stdout.write(aws.url);`,
      resolveDir: root,
      loader: "ts",
    },
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    outfile: script,
  });
});
afterAll(() => {
  removeFolder(folder);
  rmSync(script, { force: true });
});

async function serve(): Promise<{ child: ChildProcess; db: DynamoDB }> {
  const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "inherit"] });
  const endpoint = await new Promise<string>((done, fail) => {
    child.stdout?.once("data", (data: Buffer) => done(data.toString()));
    child.once("exit", (code) => fail(new Error(`the server ended with ${code}`)));
  });
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  return { child, db: new DynamoDB({ region: "us-east-1", endpoint, credentials, maxAttempts: 1 }) };
}
const killed = (child: ChildProcess): Promise<void> =>
  new Promise((done) => {
    child.once("exit", () => done());
    child.kill("SIGKILL");
  });

test("after kill -9 all acknowledged writes exist, and a transaction is complete or absent", async () => {
  const first = await serve();
  await first.db.createTable(hashTable("kept"));
  const acknowledged: string[] = [];
  const writer = async (name: string): Promise<void> => {
    for (let i = 0; ; i++) {
      const id = `${name}-${i}`;
      const Put = (suffix: string) => ({ Put: { TableName: "kept", Item: { id: S(id + suffix) } } });
      await first.db.transactWriteItems({ TransactItems: [Put("-left"), Put("-right")] });
      acknowledged.push(id);
      if (acknowledged.length === 150) first.child.kill("SIGKILL");
    }
  };
  await Promise.allSettled(Array.from({ length: 8 }, (_, i) => writer(`w${i}`)));

  const second = await serve();
  const { Items = [] } = await second.db.scan({ TableName: "kept", ConsistentRead: true });
  const ids = new Set(Items.map((item) => item.id?.S as string));
  expect(acknowledged.filter((id) => !ids.has(`${id}-left`) || !ids.has(`${id}-right`))).toEqual([]);
  const halves = [...ids].filter((id) => !ids.has(id.replace(/-left$/, "-right")) || !ids.has(id.replace(/-right$/, "-left")));
  expect(halves).toEqual([]);
  await killed(second.child);
});

test("a log that is mostly superseded is cleaned while calls are answered, and the current items survive a restart", async () => {
  const dataDir = join(folder, "cleaned");
  const items = join(dataDir, "dynamodb/items");
  const logBytes = () => readdirSync(items).reduce((sum, name) => sum + statSync(join(items, name)).size, 0);
  const first = await localAws({ dataDir });
  const writer = first.client(DynamoDB);
  await writer.createTable(hashTable("logged"));
  const kept = Array.from({ length: 2_000 }, (_, i) => String(i));
  for (let i = 0; i < kept.length; i += 25)
    await writer.batchWriteItem({ RequestItems: { logged: kept.slice(i, i + 25).map((id) => ({ PutRequest: { Item: { id: S(id) } } })) } });
  let written = 0;
  for (let i = 0; i < 60; i++) {
    const text = `${i} ${"x".repeat(390_000)}`;
    await writer.putItem({ TableName: "logged", Item: { id: S("large"), text: S(text) } });
    written += text.length;
  }
  await soon(logBytes).toBeLessThan(written - 7_000_000);
  await first.close();

  const second = await localAws({ dataDir });
  const { Items = [] } = await second.client(DynamoDB).scan({ TableName: "logged" });
  expect(Items.map(({ id }) => id?.S).sort()).toEqual([...kept, "large"].sort());
  expect(Items.find(({ id }) => id?.S === "large")?.text?.S).toMatch(/^59 x+$/);
  await second.close();
});

test("an expired item is deleted; one whose time was extended is not", async () => {
  const clock = virtualClock();
  const aws = await localAws({ clock });
  const db = aws.client(DynamoDB);
  await db.createTable(hashTable("alerts"));
  await db.updateTimeToLive({ TableName: "alerts", TimeToLiveSpecification: { Enabled: true, AttributeName: "expires_at" } });
  const at = (ms: number) => ({ N: String(Math.floor((clock.now() + ms) / 1000)) });
  await db.putItem({ TableName: "alerts", Item: { id: S("due"), expires_at: at(60_000) } });
  await db.putItem({ TableName: "alerts", Item: { id: S("prolonged"), expires_at: at(60_000) } });
  await db.putItem({ TableName: "alerts", Item: { id: S("text"), expires_at: S("soon") } });
  await db.putItem({ TableName: "alerts", Item: { id: S("ancient"), expires_at: { N: "1" } } });
  await db.updateItem({
    TableName: "alerts",
    Key: { id: S("prolonged") },
    UpdateExpression: "SET expires_at = :t",
    ExpressionAttributeValues: { ":t": at(86_400_000) },
  });
  const ids = async () => ((await db.scan({ TableName: "alerts" })).Items ?? []).map((item) => item.id?.S).sort();
  expect(await ids()).toEqual(["ancient", "due", "prolonged", "text"]);
  clock.advance(120_000);
  await soon(ids).toEqual(["ancient", "prolonged", "text"]);
  clock.advance(2 * 86_400_000);
  await soon(ids).toEqual(["ancient", "text"]);
  await aws.close();
});

test("with realism a table has AWS's temporary states and refuses the same calls meanwhile", async () => {
  const clock = virtualClock();
  const aws = await localAws({ clock, settings: { realism: true } });
  const db = aws.client(DynamoDB);
  const TableName = "slow";
  const status = async () => (await db.describeTable({ TableName })).Table?.TableStatus;
  expect((await db.createTable(hashTable(TableName))).TableDescription?.TableStatus).toBe("CREATING");
  await expect(db.putItem({ TableName, Item: { id: S("a") } })).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  await expect(db.deleteTable({ TableName })).rejects.toMatchObject({
    name: "ResourceInUseException",
    message: "Attempt to change a resource which is still in use: Table is being created: slow",
  });
  clock.advance(10_000);
  expect(await status()).toBe("ACTIVE");
  const recover = { TableName, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } };
  await expect(db.updateContinuousBackups(recover)).rejects.toMatchObject({ name: "ContinuousBackupsUnavailableException" });
  clock.advance(10_000);
  await db.updateContinuousBackups(recover);
  await db.updateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: "t" } });
  expect((await db.describeTimeToLive({ TableName })).TimeToLiveDescription?.TimeToLiveStatus).toBe("ENABLING");
  await db.updateTable({ TableName, DeletionProtectionEnabled: true });
  expect(await status()).toBe("UPDATING");
  await expect(db.updateTable({ TableName, DeletionProtectionEnabled: false })).rejects.toMatchObject({ name: "ResourceInUseException" });
  clock.advance(10_000);
  await db.updateTable({ TableName, DeletionProtectionEnabled: false });
  clock.advance(10_000);
  await db.deleteTable({ TableName });
  expect(await status()).toBe("DELETING");
  await expect(db.createTable(hashTable(TableName))).rejects.toMatchObject({ name: "ResourceInUseException" });
  clock.advance(10_000);
  await expect(status()).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  await aws.close();
});
