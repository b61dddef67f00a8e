import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commandsPage } from "../../../src/cli/commands-page.ts";
import { exampleOf, exitsOf, leavesOf } from "../../../src/cli/program/notes.ts";
import { buildProgram } from "../../../src/cli/program.ts";

const program = buildProgram(() => async () => {});

test("docs/commands.md equals the commands: `npm run docs:commands` writes it", () => {
  expect(readFileSync("docs/commands.md", "utf8")).toBe(`${commandsPage()}\n`);
});

test.each(leavesOf(program).map(([path]) => path))("the help of %s is short, has an example and names its exit codes", (path) => {
  expect(exampleOf(path)).toMatch(new RegExp(`fleetlogix ${path}\\b`));
  expect(exitsOf(path).map(([code]) => code)).toEqual(expect.arrayContaining([0, 1, 2]));
  let text = "";
  const command = leavesOf(program).find(([one]) => one === path)?.[1];
  command?.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => 80,
  });
  command?.outputHelp();
  expect(text).toContain(`Example:\n  ${exampleOf(path)}`);
  expect(text).toMatch(/Exit codes:\n {2}0 {4}done/);
  expect(text.split("\n").length).toBeLessThanOrEqual(42);
});
