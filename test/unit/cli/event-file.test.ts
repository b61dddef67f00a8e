import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventFile } from "../../../src/cli/event-file.ts";

test("each event is a JSON line, written before the next event", () => {
  const path = join(mkdtempSync(join(tmpdir(), "events-")), "events.jsonl");
  const file = eventFile(path);
  const lines = () =>
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
  file.emit({ type: "run.started", total: 2 });
  expect(lines()).toEqual([{ time: expect.any(String), type: "run.started", total: 2 }]);
  file.emit({ type: "resource.waiting", id: "database.main", state: "creating", elapsedMs: 5 });
  expect(lines()[1]).toMatchObject({ type: "resource.waiting", id: "database.main", state: "creating", elapsed_ms: 5 });
  file.close();
});
test("a file that cannot be written is a usage error", () => {
  expect(() => eventFile("/nonexistent/folder/events")).toThrow(expect.objectContaining({ code: "USAGE" }));
});
