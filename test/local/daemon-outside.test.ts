import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RDS } from "@aws-sdk/client-rds";
import { afterEach, beforeEach, expect, test } from "vitest";
import { resetLocal, startLocal, statusLocal, stopLocal } from "../../src/local/daemon/control.ts";
import { removeFolder } from "../support/folders.ts";

/** Root's projects. PostgreSQL then runs as `nobody`, who cannot reach them, so the databases are in this folder. */
const OUTSIDE = "/var/lib/fleetlogix-local";
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "local-outside-"));
  chmodSync(home, 0o700);
});
afterEach(() => removeFolder(home));

const project = (name: string): string => {
  const dataDir = join(home, name, "local");
  mkdirSync(dataDir, { recursive: true });
  return dataDir;
};
const start = (dataDir: string) => startLocal({ dataDir, port: 0, databasePort: 0 });
const placesOf = (dataDir: string): string[] =>
  readdirSync(OUTSIDE)
    .map((name) => join(OUTSIDE, name))
    .filter((folder) => existsSync(join(folder, "data-folder")) && readFileSync(join(folder, "data-folder"), "utf8") === dataDir);

async function withDatabase(dataDir: string): Promise<{ readonly place: string; readonly pid: number; readonly postmaster: number }> {
  const { url, pid } = await start(dataDir);
  const rds = new RDS({ region: "us-east-1", endpoint: url, credentials: { accessKeyId: "a", secretAccessKey: "b" } });
  const asked = { DBInstanceClass: "db.t4g.micro", Engine: "postgres", AllocatedStorage: 20 };
  await rds.createDBInstance({ ...asked, DBInstanceIdentifier: "db", MasterUsername: "boss", MasterUserPassword: "correct-horse" });
  await expect
    .poll(async () => (await rds.describeDBInstances({})).DBInstances?.[0]?.DBInstanceStatus, { timeout: 30_000 })
    .toBe("available");
  // The functions' code is outside of the project, too, in a separate folder.
  const place = placesOf(dataDir).find((folder) => readdirSync(folder).some((name) => name.startsWith("db-"))) ?? "";
  const server = readdirSync(place).find((name) => name.startsWith("db-")) ?? "";
  return { place, pid, postmaster: Number(readFileSync(join(place, server, "data", "postmaster.pid"), "utf8").split("\n")[0]) };
}
const runs = (pid: number): boolean => existsSync(`/proc/${pid}/cwd`);

test.runIf(process.getuid?.() === 0)(
  "databases outside of the data folder are removed by a reset, and after their project was deleted by hand",
  async () => {
    const [kept, deleted] = [project("kept"), project("deleted")];
    const gone = await withDatabase(deleted);
    process.kill(gone.pid, "SIGKILL");
    expect([runs(gone.postmaster), existsSync(gone.place)]).toEqual([true, true]);
    removeFolder(join(home, "deleted"));

    const mine = await withDatabase(kept);
    expect([runs(gone.postmaster), existsSync(gone.place), existsSync(mine.place)]).toEqual([false, false, true]);
    expect(readFileSync(join(kept, "rds", "ca.pem"), "utf8")).toContain("BEGIN CERTIFICATE");
    const { dataBytes, memoryBytes = 0, processes = 0 } = await statusLocal({ dataDir: kept });
    expect(dataBytes["rds db"]).toBeGreaterThan(20e6);
    expect(processes).toBeGreaterThan(5);
    expect(memoryBytes).toBeLessThan(300e6);
    await stopLocal({ dataDir: kept });
    // The project's folder may be gone. The folder outside is found by its name alone.
    removeFolder(join(home, "kept"));
    await resetLocal({ dataDir: kept });
    expect(existsSync(mine.place)).toBe(false);
    expect(placesOf(kept)).toEqual([]);
  },
);
