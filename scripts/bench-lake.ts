/**
 * `npm run bench:lake [copies]`: packs a day of so many raw copies (default 100,000) from a bucket in this process's folder, and says time
 * and memory. The memory must not grow with the day.
 */
import {
  cpSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compact } from "../src/lake/compact.ts";
import { queryLake } from "../src/lake/query.ts";
import type { ObjectStore } from "../src/lake/store.ts";

const copies = Number(process.argv[2] ?? 100_000);
const root = mkdtempSync(join(tmpdir(), "bench-lake-"));
const bucket = join(root, "bucket");

const keysBelow = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? keysBelow(join(folder, entry.name)) : [join(folder, entry.name)],
      )
    : [];
/** A bucket that is a folder: what is measured is the packing, not a server. */
const store: ObjectStore = {
  async *list(prefix) {
    const keys = keysBelow(join(bucket, dirname(`${prefix}x`))).map((file) => file.slice(bucket.length + 1));
    for (const key of keys.filter((each) => each.startsWith(prefix)).toSorted()) yield { key, etag: "1", size: 1 };
  },
  folders: async (prefix) => (existsSync(join(bucket, prefix)) ? readdirSync(join(bucket, prefix)) : []),
  get: async (key) => (existsSync(join(bucket, key)) ? readFileSync(join(bucket, key)) : undefined),
  stream: async (key) => (existsSync(join(bucket, key)) ? createReadStream(join(bucket, key)) : undefined),
  async put(key, file) {
    mkdirSync(dirname(join(bucket, key)), { recursive: true });
    cpSync(file, join(bucket, key));
  },
  async putNew(key, file, type) {
    if (existsSync(join(bucket, key))) return false;
    await store.put(key, file, type);
    return true;
  },
  async remove(keys) {
    for (const key of keys) rmSync(join(bucket, key), { force: true });
  },
};

const AREAS = ["deliveries", "vehicles", "routes"] as const;
function seed(): void {
  for (let i = 0; i < copies; i++) {
    const area = AREAS[i % 3] ?? "vehicles";
    const at = new Date(Date.UTC(2026, 2, 1) + Math.floor((i * 86_400_000) / copies)).toISOString();
    const subject = area === "deliveries" ? { delivery_id: `D-${i}`, status: "in_transit" } : { vehicle_id: `V-${i % 200}` };
    const payload = {
      ...subject,
      event_id: `e${i}`,
      position: { lat: 4.6 + (i % 1000) / 1e4, lon: -74.08 },
      route_id: `R-${i % 50}`,
      speed_kmh: i % 90,
    };
    const key = `raw-data/${area}/year=2026/month=03/day=01/${at.replace(/[-:.]/g, "")}-x-e${i}.json`;
    mkdirSync(dirname(join(bucket, key)), { recursive: true });
    writeFileSync(
      join(bucket, key),
      JSON.stringify({ event_id: `e${i}`, received_at: at, request_id: `r${i}`, route: `POST /${area}`, payload }),
    );
  }
}

async function* none() {}
seed();
const lake = { store, alerts: none, folder: root, signal: new AbortController().signal };
let peak = 0;
const watch = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss);
}, 20);
const before = process.memoryUsage().rss;
const began = performance.now();
const { parts } = await compact(lake, { date: "2026-03-01" }, () => {});
const seconds = (performance.now() - began) / 1000;
clearInterval(watch);
const count = async (table: string) =>
  (await queryLake(lake, join(root, "cache"), `SELECT count(*), count(DISTINCT event_id) FROM ${table}`)).rows[0];
console.log(
  `${copies} raw copies packed in ${seconds.toFixed(1)} s; memory ${(before / 1e6).toFixed(0)} MB before, ${(peak / 1e6).toFixed(0)} MB at most`,
);
for (const { table, copies: of, events, files } of parts) {
  const bytes = files.map((key) => statSync(join(bucket, key)).size);
  console.log(
    `${table}: ${of} copies, ${events} events, ${bytes.map((size) => `${(size / 1e6).toFixed(2)} MB`).join(" + ")}; asked: ${await count(table)}`,
  );
}
console.log(`raw copies left: ${keysBelow(join(bucket, "raw-data")).length}`);
rmSync(root, { recursive: true, force: true });
