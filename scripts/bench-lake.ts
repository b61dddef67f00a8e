/**
 * `npm run bench:lake [copies]`: packs a day with this number of raw copies (default 100,000) and prints time and memory. The memory must
 * not grow with the day. A raw copy is computed when it is read, and a removed copy is one bit in memory. A folder of real files would
 * measure the file system, which took up to 172 s to remove 100,000 files.
 */
import { createHash } from "node:crypto";
import { cpSync, createReadStream, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";
import { compact } from "../src/lake/compact.ts";
import { queryLake } from "../src/lake/query.ts";
import type { ObjectStore } from "../src/lake/store.ts";

const copies = Number(process.argv[2] ?? 100_000);
const root = mkdtempSync(join(tmpdir(), "bench-lake-"));
const bucket = join(root, "bucket");

const AREAS = ["deliveries", "vehicles", "routes"] as const;
const RAW = /^raw-data\/(\w+)\/(?:year=2026\/(?:month=03\/(?:day=01\/(?:\d+T\d+Z-x-e(\d+)\.json)?)?)?)?$/;
const removed = new Uint8Array(Math.ceil(copies / 8));
const isRemoved = (i: number): boolean => ((removed[i >> 3] ?? 0) & (1 << (i & 7))) !== 0;
const areaOf = (i: number) => AREAS[i % 3] ?? "vehicles";
const timeOf = (i: number) => new Date(Date.UTC(2026, 2, 1) + Math.floor((i * 86_400_000) / copies)).toISOString();
const rawKey = (i: number) => `raw-data/${areaOf(i)}/year=2026/month=03/day=01/${timeOf(i).replace(/[-:.]/g, "")}-x-e${i}.json`;
function rawCopy(i: number): string {
  const area = areaOf(i);
  const subject = area === "deliveries" ? { delivery_id: `D-${i}`, status: "in_transit" } : { vehicle_id: `V-${i % 200}` };
  const payload = {
    ...subject,
    event_id: `e${i}`,
    position: { lat: 4.6 + (i % 1000) / 1e4, lon: -74.08 },
    route_id: `R-${i % 50}`,
    speed_kmh: i % 90,
  };
  return JSON.stringify({ event_id: `e${i}`, received_at: timeOf(i), request_id: `r${i}`, route: `POST /${area}`, payload });
}
/** Numbers of the existing raw copies of an area, in the order of their keys. */
function* rawOf(area: string): Generator<number> {
  for (let i = AREAS.indexOf(area as (typeof AREAS)[number]); i >= 0 && i < copies; i += AREAS.length) if (!isRemoved(i)) yield i;
}
const numberIn = (key: string): number | undefined => {
  const number = RAW.exec(key)?.[2];
  return number === undefined || isRemoved(Number(number)) ? undefined : Number(number);
};

const keysBelow = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? keysBelow(join(folder, entry.name)) : [join(folder, entry.name)],
      )
    : [];
/** Written objects are files in a folder. */
const store: ObjectStore = {
  async *list(prefix) {
    const area = RAW.exec(prefix)?.[1];
    if (area) for (const i of rawOf(area)) yield { key: rawKey(i), etag: "1", size: 1 };
    const keys = keysBelow(join(bucket, dirname(`${prefix}x`))).map((file) => file.slice(bucket.length + 1));
    for (const key of keys.filter((each) => each.startsWith(prefix)).toSorted()) yield { key, etag: "1", size: 1 };
  },
  async folders(prefix) {
    const area = RAW.exec(prefix)?.[1];
    if (area) return rawOf(area).next().done ? [] : ([["year=2026"], ["month=03"], ["day=01"]][prefix.split("/").length - 3] ?? []);
    return existsSync(join(bucket, prefix)) ? readdirSync(join(bucket, prefix)) : [];
  },
  async get(key) {
    const number = numberIn(key);
    if (number !== undefined) return Buffer.from(rawCopy(number));
    return existsSync(join(bucket, key)) ? readFileSync(join(bucket, key)) : undefined;
  },
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
    for (const key of keys) {
      const number = numberIn(key);
      if (number === undefined) rmSync(join(bucket, key), { force: true });
      else removed[number >> 3] = (removed[number >> 3] ?? 0) | (1 << (number & 7));
    }
  },
};

async function* none() {}
mkdirSync(bucket);
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
/** Digest of the lines in their order. */
async function digestOf(lines: Iterable<string> | AsyncIterable<string>): Promise<string> {
  const hash = createHash("sha256");
  for await (const line of lines) hash.update(`${line}\n`);
  return hash.digest("hex");
}
function* sent(area: number): Generator<string> {
  for (let i = area; i < copies; i += AREAS.length) yield rawCopy(i);
}
for (const [i, area] of AREAS.entries()) {
  const [archive = ""] = keysBelow(join(bucket, "raw-archive", area));
  const lines = createInterface({ input: createReadStream(archive).pipe(createGunzip()) });
  console.log(`${area}: the archive ${(await digestOf(lines)) === (await digestOf(sent(i))) ? "equals" : "DIFFERS FROM"} what was sent`);
}
console.log(`raw copies left: ${AREAS.reduce((left, area) => left + [...rawOf(area)].length, 0)}`);
rmSync(root, { recursive: true, force: true });
