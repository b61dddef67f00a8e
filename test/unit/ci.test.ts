import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const workflow = readFileSync(".github/workflows/ci.yml", "utf8");
const commands = [...workflow.matchAll(/^\s*- run: (.*)$/gm)].map(([, command = ""]) => command);
const run = (...steps: readonly string[]) => spawnSync("bash", [".ci/run", ...steps], { encoding: "utf8" });

test("the workflow runs the steps of .ci/run and nothing else", () => {
  expect(commands.length).toBeGreaterThan(1);
  const known = / Steps: (.*)/.exec(run("nope").stderr)?.[1]?.split(" ") ?? [];
  expect(known).toContain("install");
  for (const command of commands) {
    const [shell, script, ...steps] = command.split(" ");
    expect([shell, script]).toEqual(["bash", ".ci/run"]);
    expect(steps.filter((step) => !known.includes(step))).toEqual([]);
  }
});

test("an unknown step is refused before any step runs", () => {
  const { status, stdout, stderr } = run("package", "nope");
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain('there is no step "nope"');
});

test("a selected step runs alone and is counted", () => {
  const { status, stdout } = run("package");
  expect(stdout).toMatch(/── package: ok/);
  expect([status, stdout.trim().split("\n").at(-1)]).toEqual([0, "1 passed, 0 failed"]);
});
