import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { removeFolder } from "../support/folders.ts";
import { type Deployed, deploy } from "./deployed.ts";

/** The real command in a real terminal; the browser is a program of the test that writes down the address that it gets. */
const hasTerminals = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;
const canOpen = hasTerminals && process.platform === "linux";
const LONG = 120_000;
const CTRL_C = "\u0003";
let api: Deployed;
let folder: string;

beforeAll(async () => {
  if (canOpen) api = await deploy();
  folder = mkdtempSync(join(tmpdir(), "dashboard-open-"));
}, LONG);
afterAll(async () => {
  await api?.close();
  removeFolder(folder);
});

/** A folder for PATH with a browser in it, or without one; and the file that holds the addresses that the browser got. */
function pathWith({ browser }: { readonly browser: boolean }): { readonly path: string; readonly opened: string } {
  const path = mkdtempSync(join(folder, "path-"));
  const opened = join(path, "opened");
  if (browser) {
    writeFileSync(join(path, "xdg-open"), `#!/bin/sh\nprintf '%s\\n' "$*" >> '${opened}'\n`);
    chmodSync(join(path, "xdg-open"), 0o755);
  }
  return { path, opened };
}

function inTerminal(path: string, ...flags: string[]) {
  const words = ["dashboard", "--endpoint-url", api.aws.url, ...flags].join(" ");
  const line = `PATH=${path} exec ${process.execPath} ${resolve("bin/fleetlogix.js")} ${words}`;
  const env = { PATH: process.env.PATH, HOME: folder, TERM: "xterm", FLEETLOGIX_LOCAL: "1" };
  const child = spawn("script", ["-qec", line, "/dev/null"], { cwd: folder, env });
  let output = "";
  child.stdout.on("data", (chunk) => {
    output += chunk;
  });
  const ended = new Promise<number | null>((done) => child.on("close", done));
  const stop = () => {
    child.stdin.write(CTRL_C);
    return ended;
  };
  return { output: () => output, stop };
}
const inTime = { timeout: 60_000 };
const printedLink = (output: string): string => /http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+/.exec(output)?.[0] ?? "";

describe.runIf(canOpen)("dashboard in a terminal", () => {
  test("opens the browser with a one-time link; the printed link works repeatedly", { timeout: LONG }, async () => {
    const { path, opened } = pathWith({ browser: true });
    const running = inTerminal(path);
    await expect
      .poll(() => existsSync(opened) && readFileSync(opened, "utf8"), inTime)
      .toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=\S+\n$/);
    const address = readFileSync(opened, "utf8").trim();
    // The terminal may print the link after the browser has got its own.
    await expect.poll(() => printedLink(running.output()), inTime).not.toBe("");
    const link = printedLink(running.output());
    expect(new URL(address).origin).toBe(new URL(link).origin);
    expect(address).not.toBe(link);
    const statuses = [];
    for (const one of [address, address, link, link]) statuses.push((await fetch(one)).status);
    expect(statuses).toEqual([200, 403, 200, 200]);
    expect(await running.stop()).toBe(130);
  });

  test("--no-open and --json only print the address", { timeout: LONG }, async () => {
    for (const flag of ["--no-open", "--json"]) {
      const { path, opened } = pathWith({ browser: true });
      const running = inTerminal(path, flag);
      await expect.poll(() => printedLink(running.output()), inTime).not.toBe("");
      expect((await fetch(printedLink(running.output()))).status).toBe(200);
      expect(await running.stop()).toBe(130);
      expect(existsSync(opened)).toBe(false);
    }
  });

  test("reports a missing browser and keeps running", { timeout: LONG }, async () => {
    const running = inTerminal(pathWith({ browser: false }).path);
    await expect.poll(() => running.output(), inTime).toContain("No browser could be opened: open the address yourself.");
    expect((await fetch(printedLink(running.output()))).status).toBe(200);
    expect(await running.stop()).toBe(130);
  });
});
