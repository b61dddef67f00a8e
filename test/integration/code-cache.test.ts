import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";

const CODE_CACHE = resolve("bin/code-cache.js");

test("cached code of an earlier build is not run for an entry of the same length", () => {
  const folder = mkdtempSync(join(tmpdir(), "code-cache-"));
  const entry = join(folder, "entry.cjs");
  const run = (text: string): string => {
    writeFileSync(entry, `console.log(${JSON.stringify(text)});`);
    const script = `require(${JSON.stringify(CODE_CACHE)}).keepCompiledCode(${JSON.stringify(folder)}); require(${JSON.stringify(entry)});`;
    return execFileSync(process.execPath, ["-e", script], { encoding: "utf8" }).trim();
  };
  try {
    expect(["old", "old", "new", "new"].map(run)).toEqual(["old", "old", "new", "new"]);
    // Node 22 and newer keep compiled code in a folder of their own.
    if (existsSync(join(folder, ".compiled"))) expect(readdirSync(join(folder, ".compiled"), { recursive: true }).length).toBe(3);
  } finally {
    removeFolder(folder);
  }
});
