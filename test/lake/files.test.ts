import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fromParquet, withDuckDb } from "../../src/lake/duckdb.ts";
import { AREAS, type Area } from "../../src/lake/layout.ts";
import { writeParquet } from "../../src/lake/pack.ts";

const ROWS = Number(process.env.LAKE_ROWS ?? 600_000);
const FILE_BYTES = process.env.LAKE_FILE_BYTES ?? "1MB";

test("a day with more than one file's bytes becomes several files, sorted from one to the next, each event once", {
  timeout: 900_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "files-"));
  try {
    const rows = createWriteStream(join(folder, "rows.ndjson"));
    for (let i = 0; i < ROWS; i++) {
      // Every ten-thousandth event came twice.
      const n = i % 10_000 === 1 ? i - 1 : i;
      const row = {
        event_id: `e${(n * 2_654_435_761) % 4_294_967_296}`,
        vehicle_id: `V-${n % 200}`,
        lat: (n * 7919) % 90.123457,
        lon: (n * 104_729) % 180.7654321,
      };
      const event_time = new Date(Date.UTC(2026, 2, 1) + n * 14).toISOString().slice(0, -1);
      if (!rows.write(`${JSON.stringify({ ...row, event_time, received_at: event_time })}\n`)) await once(rows, "drain");
    }
    rows.end();
    await once(rows, "finish");
    const fixes = AREAS.find(({ table }) => table === "fixes") as Area;
    const { files, events } = await writeParquet(fixes, join(folder, "rows.ndjson"), [], folder, FILE_BYTES);
    expect(events).toBe(ROWS - ROWS / 10_000);
    expect(files.length).toBeGreaterThan(1);
    const ends = await withDuckDb(folder, async (db) => {
      const one = async (file: string) => {
        const sql = `SELECT min((vehicle_id, event_time)), max((vehicle_id, event_time)) FROM ${fromParquet([file])}`;
        return (await db.runAndReadAll(sql)).getRowsJson()[0] as [object, object];
      };
      const found = [];
      for (const file of files) found.push(await one(file));
      return found;
    });
    for (const [i, [, last]] of ends.slice(0, -1).entries()) {
      const first = ends[i + 1]?.[0];
      expect(JSON.stringify(last) <= JSON.stringify(first), `files ${i} and ${i + 1}`).toBe(true);
    }
    if (process.env.LAKE_ROWS) process.stdout.write(`${files.map((file) => `${(statSync(file).size / 1e6).toFixed(0)} MB`).join(", ")}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
