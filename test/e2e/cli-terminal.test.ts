import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { displayWidth } from "../../src/cli/render/layout.ts";
import { removeFolder } from "../support/folders.ts";
import { localAws } from "../support/local-aws.ts";

/** The real command in a real terminal. */
const hasTerminals = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;
const LONG = 60_000;
let cwd: string;
let aws: Awaited<ReturnType<typeof localAws>>;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "terminal-"));
  aws = await localAws({ settings: { realism: true } });
});
afterAll(async () => {
  await aws.close();
  removeFolder(cwd);
});

interface Typed {
  readonly child: ChildProcess;
  output(): string;
  until(pattern: RegExp): Promise<void>;
  /** Changes the width of the terminal, as a user does who resizes its window. */
  resize(columns: number): void;
  readonly ended: Promise<number | null>;
}
function inTerminal(words: string): Typed {
  const line = `tty; stty cols 80 rows 40; exec ${process.execPath} ${resolve("bin/fleetlogix.js")} ${words}`;
  const env = {
    PATH: process.env.PATH,
    HOME: cwd,
    TERM: "xterm",
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: "x",
    AWS_SECRET_ACCESS_KEY: "y",
  };
  const child = spawn("script", ["-qec", line, "/dev/null"], { cwd, env });
  let printed = "";
  const waiting = new Set<() => void>();
  child.stdout.on("data", (chunk) => {
    printed += chunk;
    for (const look of waiting) look();
  });
  const until = (pattern: RegExp) =>
    new Promise<void>((done) => {
      const look = () => {
        if (pattern.test(printed)) done();
      };
      waiting.add(look);
      look();
    });
  const resize = (columns: number) => void execFileSync("stty", ["-F", /\/dev\/\S+/.exec(printed)?.[0] as string, "cols", String(columns)]);
  return { child, output: () => printed, until, resize, ended: new Promise((done) => child.on("close", done)) };
}

/** Lines as they are drawn, without the terminal's codes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the codes are what is taken out.
const linesOf = (output: string): readonly string[] => output.replace(/\u001b\[[?\d;]*[A-Za-z]/g, "").split(/[\r\n]+/);
const widest = (output: string): number => Math.max(...linesOf(output).map((line) => displayWidth(line)));

describe.runIf(hasTerminals)("in a terminal", () => {
  test("config init asks four questions, repeats a question after an invalid answer, and Enter takes the default", {
    timeout: LONG,
  }, async () => {
    const asked = inTerminal("config init");
    const answer = async (question: RegExp, text: string) => {
      await asked.until(question);
      asked.child.stdin?.write(`${text}\n`);
    };
    await answer(/AWS region \[us-east-1\]/, "mars");
    await answer(/"mars" is not the name of an AWS region\.[\s\S]*"us-east-1"[\s\S]*AWS region/, "eu-west");
    await answer(/Did you\s+mean\s+eu-west-1[\s\S]*AWS region/, "eu-west-1");
    await answer(/Hardening/, "prod");
    await answer(/There is no "prod" here\.[\s\S]*production[\s\S]*Hardening/, "");
    await answer(/E-mail/, "ana");
    await answer(/"ana" is not an e-mail address\.[\s\S]*dispatch@example\.com[\s\S]*E-mail/, "ana@example.com");
    await answer(/Language/, "en");
    expect(await asked.ended).toBe(0);
    expect(JSON.parse(readFileSync(join(cwd, "fleetlogix.config.json"), "utf8"))).toMatchObject({
      $schema: expect.stringContaining("fleetlogix.schema.json"),
      region: "eu-west-1",
      hardening: "development",
      alerts: { emails: ["ana@example.com"], language: "en" },
    });
  });

  test("status --watch draws on the alternate screen and restores the terminal at Ctrl-C", { timeout: LONG }, async () => {
    const screen = inTerminal("status --watch");
    await screen.until(/\?1049h[\s\S]*Ctrl-C ends it/);
    screen.child.stdin?.write("\u0003");
    expect(await screen.ended).toBe(130);
    const output = screen.output();
    expect(output.lastIndexOf("\u001b[?1049l")).toBeGreaterThan(output.lastIndexOf("\u001b[?1049h"));
    // The screen is redrawn without clearing it, because clearing flickers.
    expect(output).not.toContain("\u001b[2J");
    // The last frame stays in the scrollback.
    expect(output.slice(output.lastIndexOf("\u001b[?1049l"))).toMatch(/\d+ resources: /);
  });

  test("status --watch redraws for a new width without waiting for the next read", { timeout: LONG }, async () => {
    const screen = inTerminal("status --watch");
    await screen.until(/Ctrl-C ends it/);
    const before = screen.output();
    screen.resize(50);
    await screen.until(new RegExp(`^[\\s\\S]{${before.length},}Ctrl-C ends it`));
    const after = screen.output().slice(before.length);
    // The new frame is drawn over the old one, which is not cleared before.
    expect(after.startsWith("\u001b[?2026h\u001b[H")).toBe(true);
    expect(widest(after)).toBeLessThanOrEqual(50);
    screen.child.stdin?.write("\u0003");
    expect(await screen.ended).toBe(130);
  });

  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are control codes of terminals
  const CLEARED = /\u001b\[(?:2K|1A|1G|G|K|J|0J)/g;
  test("after a new width during `up` no line is lost, the live part fits, and Ctrl-C reports the progress", {
    timeout: LONG,
  }, async () => {
    const up = inTerminal("setup --no-color");
    await up.until(/✔ \S+ +created/);
    const before = up.output();
    up.resize(60);
    await up.until(new RegExp(`^[\\s\\S]{${before.length},}✔ \\S+ +created`));
    up.child.stdin?.write("\u0003");
    expect(await up.ended).toBe(130);
    const after = up.output().slice(before.length);
    expect(up.output()).toMatch(/Stopping: calls in flight finish first; Ctrl-C again stops at once/);
    expect(after).toMatch(/\d+ done, 0 failed, \d+ not started/);
    const finished = linesOf(up.output()).flatMap((line) => /✔ (\S+) +created/.exec(line)?.[1] ?? []);
    expect(new Set(finished).size).toBe(finished.length);
    expect(up.output()).not.toContain("\u001b[2J");
    expect(up.output()).not.toContain("\u001b[36m");
    // The live part ends without a line break: what follows it clears it first.
    const live = linesOf(after.replace(CLEARED, "\n")).filter((line) => / of \d+ done|^ {4}/.test(line));
    // Lines written during the resize may still have the old width.
    expect(Math.max(...live.slice(4).map((line) => displayWidth(line)))).toBeLessThanOrEqual(60);
  });
});
