import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fromJson, quoted, withDuckDb } from "./duckdb.ts";
import { ALERTS, alertRowOf } from "./events.ts";
import type { Lake, PackedPart } from "./lake.ts";
import { type Day, type Manifest, manifestFolder, parquetKey } from "./layout.ts";
import { manifestsOf, proveFiles, putJson } from "./manifests.ts";

type Row = Readonly<Record<string, unknown>>;

/** Copies closed alerts, which no longer change, into the lake: the table deletes them 90 days later. Nothing is removed here. */
export async function packAlerts(lake: Lake, wanted: (day: Day) => boolean): Promise<readonly (PackedPart & { readonly day: Day })[]> {
  const byDay = new Map<Day, Row[]>();
  for await (const item of lake.alerts()) {
    const row = alertRowOf(item);
    const day = String(row?.opened_at ?? "").slice(0, 10);
    if (row?.state === "closed" && wanted(day)) byDay.set(day, [...(byDay.get(day) ?? []), row]);
  }
  const parts = [];
  for (const [day, rows] of byDay) {
    const part = await packDay(lake, day, rows);
    if (part) parts.push({ day, ...part });
  }
  return parts;
}

async function packDay({ store, folder: parent }: Lake, day: Day, rows: readonly Row[]): Promise<PackedPart | undefined> {
  const packed = new Set((await manifestsOf(store, "alerts", day)).flatMap(({ alerts = [] }) => alerts));
  const fresh = rows
    .filter(({ alert_id: id }) => !packed.has(String(id)))
    .toSorted((a, b) => (String(a.alert_id) < String(b.alert_id) ? -1 : 1));
  if (fresh.length === 0) return undefined;
  const alerts = fresh.map(({ alert_id: id }) => String(id));
  const part = createHash("sha256").update(JSON.stringify(alerts)).digest("hex").slice(0, 16);
  const folder = await mkdtemp(join(parent, "alerts-"));
  try {
    const [source, target] = [join(folder, "rows.ndjson"), join(folder, "alerts.parquet")];
    await pipeline(Readable.from(fresh.map((row) => `${JSON.stringify(row)}\n`)), createWriteStream(source));
    const sql = `COPY (SELECT * FROM ${fromJson([source], ALERTS)} ORDER BY ${ALERTS.order.join(", ")}) TO ${quoted(target)} (FORMAT parquet, COMPRESSION zstd)`;
    await withDuckDb(folder, (db) => db.run(sql));
    const key = parquetKey("alerts", day, part, 0);
    await store.put(key, target, "application/vnd.apache.parquet");
    await proveFiles(store, [key], [target]);
    const manifest: Manifest = { part, copies: 0, events: fresh.length, unreadable: 0, archive: null, parquet: [key], alerts };
    await putJson(store, `${manifestFolder("alerts", day)}${part}.json`, manifest, folder);
    return { part, copies: 0, events: fresh.length, unreadable: 0, files: [key] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
