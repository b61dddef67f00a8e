import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localAws } from "../support/local-aws.ts";

/** The real command in a real terminal. */
const hasTerminals = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;
const LONG = 60_000;
let cwd: string;
let aws: Awaited<ReturnType<typeof localAws>>;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "terminal-"));
  aws = await localAws();
});
afterAll(async () => {
  await aws.close();
  rmSync(cwd, { recursive: true, force: true });
});

interface Typed {
  readonly child: ChildProcess;
  said(): string;
  until(pattern: RegExp): Promise<void>;
  readonly ended: Promise<number | null>;
}
function inTerminal(words: string): Typed {
  const line = `stty cols 80 rows 40; exec ${process.execPath} ${resolve("bin/fleetlogix.js")} ${words}`;
  const env = {
    PATH: process.env.PATH,
    HOME: cwd,
    TERM: "xterm",
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: "x",
    AWS_SECRET_ACCESS_KEY: "y",
  };
  const child = spawn("script", ["-qec", line, "/dev/null"], { cwd, env });
  let said = "";
  const waiting = new Set<() => void>();
  child.stdout.on("data", (chunk) => {
    said += chunk;
    for (const look of waiting) look();
  });
  const until = (pattern: RegExp) =>
    new Promise<void>((done) => {
      const look = () => {
        if (pattern.test(said)) done();
      };
      waiting.add(look);
      look();
    });
  return { child, said: () => said, until, ended: new Promise((done) => child.on("close", done)) };
}

describe.runIf(hasTerminals)("in a terminal", () => {
  test("config init asks four questions, asks again what does not fit, and Enter takes the default", { timeout: LONG }, async () => {
    const asked = inTerminal("config init");
    const answer = async (question: RegExp, text: string) => {
      await asked.until(question);
      asked.child.stdin?.write(`${text}\n`);
    };
    await answer(/AWS region \[us-east-1\]/, "mars");
    await answer(/"mars" does not fit[\s\S]*AWS region/, "eu-west-1");
    await answer(/Hardening/, "");
    await answer(/E-mail/, "ana@example.com");
    await answer(/Language/, "en");
    expect(await asked.ended).toBe(0);
    expect(JSON.parse(readFileSync(join(cwd, "fleetlogix.config.json"), "utf8"))).toMatchObject({
      $schema: expect.stringContaining("fleetlogix.schema.json"),
      region: "eu-west-1",
      hardening: "development",
      alerts: { emails: ["ana@example.com"], language: "en" },
    });
  });

  test("status --watch draws on a screen of its own, over the last drawing, and gives it back at Ctrl-C", { timeout: LONG }, async () => {
    const screen = inTerminal("status --watch");
    await screen.until(/\?1049h[\s\S]*Ctrl-C ends it/);
    screen.child.stdin?.write("\u0003");
    expect(await screen.ended).toBe(130);
    const said = screen.said();
    expect(said.lastIndexOf("\u001b[?1049l")).toBeGreaterThan(said.lastIndexOf("\u001b[?1049h"));
    // Nothing is cleared before it is drawn over: a cleared screen is what flickers.
    expect(said).not.toContain("\u001b[2J");
    // What was seen last stays in the scrollback.
    expect(said.slice(said.lastIndexOf("\u001b[?1049l"))).toMatch(/\d+ resources: /);
  });
});
