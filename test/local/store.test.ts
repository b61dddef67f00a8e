import { appendFileSync, existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore, type Store } from "../../src/local/core/store.ts";
import { bringUpToDate } from "../../src/local/format.ts";
import { removeFolder } from "../support/folders.ts";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "local-store-"));
  file = join(folder, "journal.jsonl");
});
afterEach(() => removeFolder(folder));

/** The content of a collection after the store was opened anew. */
function reread(name: string): Record<string, unknown> {
  const store = openStore(file);
  const entries = store.collection(name).entries();
  store.close();
  return Object.fromEntries(entries);
}

test("after a reopening, stored documents exist and deleted ones do not, in each collection", () => {
  const store = openStore(file);
  const [a, b] = [store.collection<unknown>("a"), store.collection<unknown>("b")];
  a.put("1", { text: "ü\n🚚\u2028" });
  a.put("2", null);
  a.put("1", { text: "later" });
  b.put("1", [1]);
  expect([a.delete("2"), a.delete("2"), a.size]).toEqual([true, false, 1]);
  store.close();
  expect([reread("a"), reread("b")]).toEqual([{ "1": { text: "later" } }, { "1": [1] }]);
});

test("a line that crosses the end of a read buffer is read whole, at every offset", () => {
  const texts = Array.from({ length: 40 }, (_, i) => "🚚é".repeat(40_000 + i * 977) + i);
  const store = openStore(file);
  for (const [i, text] of texts.entries()) store.collection("c").put(String(i), text);
  store.close();
  expect(statSync(file).size).toBeGreaterThan(8e6);
  expect(Object.values(reread("c"))).toEqual(texts);
});

test("a half-written last line is dropped, and the next line is whole", () => {
  for (const half of ['["c","half"', '["c","é'.slice(0, -1), "\xc3"]) {
    const store = openStore(file);
    store.collection("c").put("kept", half);
    store.close();
    appendFileSync(file, Buffer.from(half, "latin1"));
    expect(reread("c")).toEqual({ kept: half });
    expect(readFileSync(file, "utf8").endsWith("\n")).toBe(true);
  }
});

test("the journal is rewritten during use and loses nothing", () => {
  const store = openStore(file);
  const c = store.collection<string>("c");
  const text = "x".repeat(50_000);
  for (let i = 0; i < 1_500; i++) c.put(`k${i % 20}`, `${i}${text}`);
  c.delete("k3");
  // 75 MB were written. 1 MB of it is current.
  expect(statSync(file).size).toBeLessThan(20e6);
  expect(existsSync(`${file}.new`)).toBe(false);
  const kept = c.entries();
  store.close();
  expect(Object.entries(reread("c"))).toEqual(kept);
});

test("an interrupted rewrite changes nothing", () => {
  const store = openStore(file);
  store.collection("c").put("k", 1);
  writeFileSync(`${file}.new`, '["c","other",1]\n["c","ha');
  store.close();
  expect(reread("c")).toEqual({ k: 1 });
});

test("a start removes many small superseded lines", () => {
  const store = openStore(file);
  for (let i = 0; i < 1_500; i++) store.collection("c").put("k", i);
  store.close();
  expect(reread("c")).toEqual({ k: 1_499 });
  expect(readFileSync(file, "utf8")).toBe('["c","k",1499]\n');
});

test("an upgrade runs the missing migrations once, and continues after an interruption", () => {
  const done: string[] = [];
  const rename = (store: Store): void => {
    const [old, renamed] = [store.collection("old"), store.collection("new")];
    for (const [key, value] of old.entries()) {
      renamed.put(key, value);
      old.delete(key);
    }
    done.push("rename");
  };
  const wrap = (store: Store): void => {
    if (done.length < 2) {
      done.push("killed");
      throw new Error("killed");
    }
    const c = store.collection<unknown>("new");
    for (const [key, value] of c.entries()) c.put(key, { value });
    done.push("wrap");
  };
  const upgrade = (): void => {
    const store = openStore(file);
    try {
      bringUpToDate(store, folder, [rename, wrap]);
    } finally {
      store.close();
    }
  };
  const first = openStore(file);
  first.collection("old").put("k", 1);
  first.close();
  expect(upgrade).toThrow();
  upgrade();
  upgrade();
  expect(done).toEqual(["rename", "killed", "wrap"]);
  expect([reread("old"), reread("new"), reread("local.format")]).toEqual([{}, { k: { value: 1 } }, { data: { version: 2 } }]);
  expect(() => bringUpToDate(openStore(file), folder, [rename])).toThrow("written by a newer fleetlogix (format 2, this one knows 1)");
});
