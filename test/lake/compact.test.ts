import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { compact } from "../../src/lake/compact.ts";
import type { ObjectStore } from "../../src/lake/store.ts";
import { removeFolder } from "../support/folders.ts";
import { type LakeStack, lakeStack, rawCopy } from "./stack.ts";

let stack: LakeStack;
beforeAll(async () => {
  stack = await lakeStack();
});
beforeEach(() => stack.empty());
afterAll(() => stack.close());

const DAY = "2026-03-01";
const at = (seconds: number, day = DAY): string => new Date(Date.parse(`${day}T06:00:00.000Z`) + seconds * 1000).toISOString();
const fix = (i: number, more: object = {}, day = DAY) =>
  rawCopy({
    area: "vehicles",
    at: at(i, day),
    eventId: `e${i}`,
    payload: { vehicle_id: `V-${i % 5}`, position: { lat: 4.6 + i / 1e4, lon: -74.1 }, speed_kmh: 41.5, ...more },
  });
const delivery = (i: number, more: object = {}) =>
  rawCopy({
    area: "deliveries",
    at: at(i),
    eventId: `e${i}`,
    payload: { delivery_id: `D-${i}`, status: "in_transit", notes: "Calle 80 «Ñandú»", recipient_signature: null, ...more },
  });
async function putAll(copies: readonly { readonly key: string; readonly body: string }[]): Promise<string[]> {
  for (const { key, body } of copies) await stack.put(key, body);
  return copies.map(({ body }) => body);
}

test("a day becomes an archive with every byte and sorted, typed Parquet files; the raw copies are deleted", async () => {
  const bodies = await putAll([
    ...Array.from({ length: 40 }, (_, i) => fix(i)),
    ...Array.from({ length: 25 }, (_, i) => delivery(i, { extra: { a: i } })),
  ]);
  const before = await stack.app.lake.query("SELECT * FROM fixes ORDER BY vehicle_id, event_time");
  const { parts } = await stack.app.lake.compact({ date: DAY }, () => {});
  expect(parts).toMatchObject([
    { table: "deliveries", day: DAY, copies: 25, events: 25, unreadable: 0 },
    { table: "fixes", day: DAY, copies: 40, events: 40, unreadable: 0 },
  ]);
  expect((await stack.archived("")).toSorted()).toEqual(bodies.toSorted());
  expect(await stack.keys("raw-data/")).toEqual([]);
  expect(await stack.keys("lake/fixes/")).toEqual([
    expect.stringMatching(/^lake\/fixes\/year=2026\/month=03\/day=01\/[0-9a-f]{16}-0000\.parquet$/),
  ]);
  expect(await stack.app.lake.query("SELECT * FROM fixes ORDER BY vehicle_id, event_time")).toEqual(before);
  const types = await stack.app.lake.query("SELECT column_name, column_type FROM (DESCRIBE deliveries)");
  expect(Object.fromEntries(types.rows as [string, string][])).toMatchObject({
    delivery_id: "VARCHAR",
    event_time: "TIMESTAMP",
    recipient_signature: "BOOLEAN",
    lat: "DOUBLE",
  });
  const { rows } = await stack.app.lake.query(
    "SELECT notes, recipient_signature, extra, event_time FROM deliveries WHERE delivery_id = 'D-7'",
  );
  expect(rows).toEqual([["Calle 80 «Ñandú»", null, '{"a":7}', "2026-03-01 06:00:07"]]);
});

test("an event in two copies is one row and two lines; keys of the version before are read; an object that is no event is kept", async () => {
  const [one] = [fix(1)];
  const secondCopy = { ...fix(1, {}), key: one.key.replace("T060001000Z", "T060009000Z") };
  const earlierCopy = { body: fix(2).body, key: fix(2).key.replace("-V-2-e2", "-e2") };
  const odd = [
    { key: `${one.key.slice(0, one.key.lastIndexOf("/"))}/20260301T000000000Z-notes.txt`, body: "two\nlines" },
    { key: `${one.key.slice(0, one.key.lastIndexOf("/"))}/20260301T000000001Z-broken.json`, body: '{"event_id":' },
  ];
  await putAll([one, secondCopy, earlierCopy, ...odd]);
  const { parts } = await stack.app.lake.compact({ date: DAY }, () => {});
  expect(parts).toMatchObject([{ table: "fixes", copies: 5, events: 2, unreadable: 2 }]);
  const lines = await stack.archived("vehicles/");
  expect(lines).toEqual(expect.arrayContaining([one.body, secondCopy.body, earlierCopy.body]));
  const wrapped = lines.map((line) => JSON.parse(line)).filter((line) => "base64" in line);
  expect(wrapped.map(({ base64 }) => Buffer.from(base64, "base64").toString()).toSorted()).toEqual(odd.map(({ body }) => body).toSorted());
  const { rows } = await stack.app.lake.query("SELECT event_id, event_time FROM fixes ORDER BY 1");
  expect(rows).toEqual([
    ["e1", "2026-03-01 06:00:01"],
    ["e2", "2026-03-01 06:00:02"],
  ]);
});

test("late events make another part, and an event that is packed already makes no second row", async () => {
  await putAll([fix(1), fix(2)]);
  await stack.app.lake.compact({ date: DAY }, () => {});
  await putAll([fix(2), fix(3)]);
  expect(await stack.count("fixes")).toBe(3);
  const { parts } = await stack.app.lake.compact({ date: DAY }, () => {});
  expect(parts).toMatchObject([{ copies: 2, events: 1 }]);
  expect(await stack.keys("lake/fixes/")).toHaveLength(2);
  expect(await stack.count("fixes")).toBe(3);
  expect(await stack.archived("vehicles/")).toHaveLength(4);
  expect((await stack.app.lake.compact({ date: DAY }, () => {})).parts).toEqual([]);
});

test("only days that are old enough are packed", async () => {
  await putAll([fix(1), fix(1, {}, "2026-03-02"), fix(1, {}, "2026-03-03")]);
  const { parts } = await stack.app.lake.compact({ before: "2026-03-03" }, () => {});
  expect(parts.map(({ day }) => day)).toEqual(["2026-03-01", "2026-03-02"]);
  expect(await stack.keys("raw-data/")).toHaveLength(1);
});

test("after a kill before any writing call the next run loses and doubles nothing, and packs the copies that came meanwhile", {
  timeout: 240_000,
}, async () => {
  for (let killAt = 1; ; killAt++) {
    await stack.empty();
    const bodies = await putAll([...Array.from({ length: 12 }, (_, i) => fix(i)), delivery(1), delivery(2)]);
    const killed = await killedAt(killAt);
    bodies.push(...(await putAll([fix(100), fix(101)])));
    if (killAt % 3 === 0) expect(await stack.count("fixes"), `asked after kill ${killAt}`).toBe(14);
    await stack.app.lake.compact({ date: DAY }, () => {});
    await stack.app.lake.compact({ date: DAY }, () => {});
    expect(await stack.count("deliveries"), `kill ${killAt}`).toBe(2);
    expect((await stack.archived("")).toSorted(), `kill ${killAt}`).toEqual(bodies.toSorted());
    const { rows } = await stack.app.lake.query("SELECT count(*), count(DISTINCT event_id) FROM fixes");
    expect(rows[0], `kill ${killAt}`).toEqual([14, 14]);
    const leftovers = (await stack.keys("")).filter((key) => key.startsWith("raw-data/") || key.includes("pending"));
    expect(leftovers, `kill ${killAt}`).toEqual([]);
    if (!killed) return expect(killAt).toBeGreaterThan(10);
  }
});

/** Runs the packing and kills it before its n-th writing call. False: it ended with fewer calls. */
async function killedAt(n: number): Promise<boolean> {
  let writes = 0;
  const app = await stack.open({
    onCall(operation) {
      if (/^s3:(Put|Delete|Create|Upload|Complete)/.test(operation) && ++writes === n) throw new Error("killed");
    },
  });
  return app.lake
    .compact({ date: DAY }, () => {})
    .then(
      () => false,
      (error: Error) => {
        expect(error.message).toContain("killed");
        return true;
      },
    );
}

test("two runs at once pack each event once", async () => {
  const bodies = await putAll(Array.from({ length: 60 }, (_, i) => fix(i)));
  const other = await stack.open({});
  await Promise.all([stack.app, other].map((app) => app.lake.compact({ date: DAY }, () => {})));
  expect(await stack.count("fixes")).toBe(60);
  expect((await stack.archived("")).toSorted()).toEqual(bodies.toSorted());
});

test("an archive that is not read back as it was written stops the run, and no raw copy is deleted", async () => {
  const objects = new Map([fix(1), fix(2)].map(({ key, body }) => [key, Buffer.from(body)]));
  const store = memoryStore(objects, (key, content) =>
    key.startsWith("raw-archive/") ? gzipSync(gunzipSync(content).subarray(0, 100)) : content,
  );
  const folder = mkdtempSync(join(tmpdir(), "lake-"));
  async function* none() {}
  const lake = { store, alerts: none, folder, signal: new AbortController().signal };
  await expect(compact(lake, { date: DAY }, () => {})).rejects.toMatchObject({ code: "LAKE_DIFFERS" });
  expect([...objects.keys()].filter((key) => key.startsWith("raw-data/"))).toHaveLength(2);
  expect([...objects.keys()].filter((key) => key.startsWith("lake-manifests/"))).toEqual([expect.stringContaining("pending")]);
  removeFolder(folder);
});

/** A bucket in memory that changes what is written. */
function memoryStore(objects: Map<string, Buffer>, change: (key: string, content: Buffer) => Buffer): ObjectStore {
  const below = (prefix: string) => [...objects.keys()].filter((key) => key.startsWith(prefix)).toSorted();
  const put = (key: string, file: string) => void objects.set(key, change(key, readFileSync(file)));
  return {
    async *list(prefix) {
      for (const key of below(prefix)) yield { key, etag: "1", size: objects.get(key)?.length ?? 0 };
    },
    folders: async (prefix) => [...new Set(below(prefix).map((key) => key.slice(prefix.length).split("/")[0] ?? ""))],
    get: async (key) => objects.get(key),
    stream: async (key) => (objects.has(key) ? Readable.from([objects.get(key)]) : undefined),
    put: async (key, file) => put(key, file),
    async putNew(key, file) {
      if (objects.has(key)) return false;
      put(key, file);
      return true;
    },
    async remove(keys) {
      for (const key of keys) objects.delete(key);
    },
  };
}

test("a query can read the lake's tables, and no file of this machine", async () => {
  await putAll([fix(1)]);
  await expect(stack.app.lake.query("SELECT * FROM read_text('/etc/hostname')")).rejects.toMatchObject({ code: "QUERY_INVALID" });
  await expect(stack.app.lake.query("COPY fixes TO '/tmp/fixes.csv'")).rejects.toMatchObject({ code: "QUERY_INVALID" });
  await expect(stack.app.lake.query("SELECT nothing FROM fixes")).rejects.toMatchObject({
    code: "QUERY_INVALID",
    message: expect.stringContaining("nothing"),
  });
  expect((await stack.app.lake.query("SELECT count(*) FROM vehicles v, route_checks r")).rows).toEqual([[0]]);
});
