import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RDS } from "@aws-sdk/client-rds";
import { Client } from "pg";
import { afterAll, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";
import { localAws } from "../support/local-aws.ts";

/** A data folder of an earlier format: each test writes one and starts the local AWS on it. */
const dataDir = mkdtempSync(join(tmpdir(), "old-data-"));
afterAll(() => removeFolder(dataDir));

type Line = readonly [collection: string, key: string, document?: Readonly<Record<string, unknown>> | undefined];
/** Replaces the lines of the journal. */
function rewriteJournal(change: (line: Line) => Line): void {
  const file = join(dataDir, "journal.jsonl");
  const lines = readFileSync(file, "utf8").trim().split("\n");
  writeFileSync(file, lines.map((line) => `${JSON.stringify(change(JSON.parse(line)))}\n`).join(""));
}

const PASSWORD = "correct-horse-battery";

test("format 0: the creation of a database that was interrupted under the name `birth` is completed with its password", async () => {
  const first = await localAws({ dataDir });
  await first.client(RDS).createDBInstance({
    DBInstanceIdentifier: "interrupted",
    DBInstanceClass: "db.t4g.micro",
    Engine: "postgres",
    AllocatedStorage: 20,
    DBName: "fleet",
    MasterUsername: "fleet_admin",
    MasterUserPassword: PASSWORD,
  });
  await first.close();
  rewriteJournal(([collection, key, document]) => {
    if (collection === "local.format") return [collection, key, { version: 0 }];
    if (collection !== "rds.instances") return [collection, key, document];
    const { pendingCreation: _, ...instance } = document ?? {};
    return [collection, key, { ...instance, state: "creating", birth: { password: PASSWORD, port: 0 } }];
  });
  const next = await localAws({ dataDir, settings: { databases: "real", databasePort: 0 } });
  try {
    const read = async () => (await next.client(RDS).describeDBInstances({ DBInstanceIdentifier: "interrupted" })).DBInstances?.[0];
    await expect.poll(async () => (await read())?.DBInstanceStatus, { timeout: 60_000 }).toBe("available");
    const { Address: host = "", Port: port = 0 } = (await read())?.Endpoint ?? {};
    const client = new Client({
      host,
      port,
      user: "fleet_admin",
      password: PASSWORD,
      database: "fleet",
      ssl: { rejectUnauthorized: false },
    });
    await client.connect();
    expect((await client.query("select 42 as answer")).rows).toEqual([{ answer: 42 }]);
    await client.end();
  } finally {
    await next.close();
  }
});
