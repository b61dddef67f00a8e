import { mkdtempSync, renameSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fromParquet, withDuckDb } from "../../src/lake/duckdb.ts";
import { AREAS, type Area } from "../../src/lake/layout.ts";
import { writeParquet } from "../../src/lake/parquet.ts";
import { writeRows } from "../../src/lake/rows.ts";
import { removeFolder } from "../support/folders.ts";

const ROWS = Number(process.env.LAKE_ROWS ?? 200_000);
const FILE_BYTES = Number(process.env.LAKE_FILE_BYTES ?? 1e6);
/** A vehicle that sends a fix each 5 s has 17,280 a day. */
const VEHICLES = Math.max(200, Math.ceil(ROWS / 17_280));
const fixes = AREAS.find(({ table }) => table === "fixes") as Area;

test("a day with more than one file's bytes becomes several files, sorted from one to the next, each event once", {
  timeout: 900_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "files-"));
  try {
    const rows = writeRows(join(folder, "rows.ndjson"), "vehicle_id");
    for (let i = 0; i < ROWS; i++) {
      // One in 10,000 events is there twice.
      const n = i % 10_000 === 1 ? i - 1 : i;
      const row = {
        event_id: `e${Math.imul(n, 2_654_435_761) >>> 0}`,
        vehicle_id: `V-${n % VEHICLES}`,
        lat: (n * 7919) % 90.123457,
        lon: (n * 104_729) % 180.7654321,
      };
      const event_time = new Date(Date.UTC(2026, 2, 1) + n * 14).toISOString().slice(0, -1);
      await rows.add({ ...row, event_time, received_at: event_time });
    }
    const { files, events } = await writeParquet(fixes, await rows.end(), [], folder, {
      file: FILE_BYTES,
      piece: Math.min(2e6, FILE_BYTES),
    });
    expect(events).toBe(ROWS - ROWS / 10_000);
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      expect(statSync(file).size).toBeGreaterThan(FILE_BYTES / 2);
      expect(statSync(file).size).toBeLessThan(FILE_BYTES * 1.25);
    }
    const ends = await withDuckDb(folder, async (db) => {
      const one = async (file: string) => {
        const sql = `SELECT min(concat_ws(' ', vehicle_id, event_time)), max(concat_ws(' ', vehicle_id, event_time)) FROM ${fromParquet([file])}`;
        return (await db.runAndReadAll(sql)).getRowsJson()[0] as [string, string];
      };
      const found = [];
      for (const file of files) found.push(await one(file));
      return found;
    });
    for (const [i, [, last]] of ends.slice(0, -1).entries()) {
      const first = ends[i + 1]?.[0];
      expect(last <= (first ?? ""), `${last} before ${first}`).toBe(true);
    }
    if (process.env.LAKE_ROWS) process.stdout.write(`${files.map((file) => `${(statSync(file).size / 1e6).toFixed(0)} MB`).join(", ")}\n`);
  } finally {
    removeFolder(folder);
  }
});

test("rows sorted in several pieces, with duplicates and an earlier part, give each new event once", async () => {
  const folder = mkdtempSync(join(tmpdir(), "pieces-"));
  try {
    const write = async (numbers: readonly number[]) => {
      const rows = writeRows(join(folder, "rows.ndjson"), "vehicle_id");
      for (const n of numbers) {
        const event_time = new Date(Date.UTC(2026, 2, 1) + n * 1000).toISOString().slice(0, -1);
        await rows.add({
          event_id: `e${n}`,
          vehicle_id: `Ñ'${n % 7 === 0 ? "𝒱" : "\uffee"}-${n % 50}`,
          event_time,
          received_at: event_time,
        });
      }
      return rows.end();
    };
    const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
    const sizes = { file: 2e4, piece: 1e4 };
    const first = await writeParquet(fixes, await write([...range(0, 2000), ...range(500, 700)]), [], folder, sizes);
    expect(first.events).toBe(2000);
    const earlier = first.files.map((file, i) => {
      renameSync(file, join(folder, `earlier-${i}.parquet`));
      return join(folder, `earlier-${i}.parquet`);
    });
    const late = await writeParquet(fixes, await write(range(1500, 2300)), earlier, folder, sizes);
    expect(late.events).toBe(300);
    const all = fromParquet([...earlier, ...late.files]);
    const sql = `SELECT count(*), count(DISTINCT event_id), min(event_time)::VARCHAR, max(event_time)::VARCHAR FROM ${all}`;
    const rows = await withDuckDb(folder, async (db) => (await db.runAndReadAll(sql)).getRowsJson());
    expect(rows).toEqual([["2300", "2300", "2026-03-01 00:00:00", "2026-03-01 00:38:19"]]);
  } finally {
    removeFolder(folder);
  }
});
