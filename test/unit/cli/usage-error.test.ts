import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { runCommand } from "../../../src/cli/command.ts";

const cwd = mkdtempSync(join(tmpdir(), "usage-"));

/** The error of a command line that fails before any call to AWS. */
async function errorOf(line: string): Promise<{ readonly exit: number; readonly message: string; readonly hint: string }> {
  const stdout = new PassThrough();
  const io = { stdin: process.stdin, stdout, stderr: new PassThrough(), env: {}, cwd, script: "/usr/bin/fleetlogix" };
  const exit = await runCommand(["--json", ...line.split(" ")], io as never);
  const { code, message, hint } = (JSON.parse(String(stdout.read())) as { error: Record<string, string> }).error;
  expect(code).toBe("USAGE");
  return { exit, message: String(message), hint: String(hint) };
}

test.each([
  ["a command", "staus", "status"],
  ["a command of a group", "local strat", "start"],
  ["the command that help is wanted for", "help pln", "plan"],
  ["a flag", "plan --detailed-exitcod", "--detailed-exitcode"],
  ["a flag of every command", "plan --regoin eu-west-1", "--region"],
  ["a value of a flag", "plan --format markdwon", "markdown"],
  ["a shell", "completion bsh", "bash"],
  ["a function", "invoke verify-delivry", "verify-delivery"],
  ["a function whose logs are wanted", "logs calculate-eat", "calculate-eta"],
  ["a function to deploy", "deploy-lambdas route-devation", "route-deviation"],
  ["a sample", "invoke verify-delivery --sample postDelivry", "postDelivery"],
  ["a level", "logs --level eror", "error"],
  ["a method", "api GTE /vehicle", "GET"],
  ["an output", "outputs databse", "database"],
])("a misspelt %s gets the most similar one", async (_, line, meant) => {
  const { exit, hint } = await errorOf(line);
  expect(exit).toBe(2);
  expect(hint).toContain(`Did you mean ${meant}? `);
});

test("a word without a similar one gets the list", async () => {
  const { hint } = await errorOf("outputs warehouse");
  expect(hint).toMatch(/^There are: api_url, /);
});

test.each([
  ["api GET /vehicle -d {}", "GET has no body.", "Leave out -d"],
  ["invoke", "The argument <function> is missing.", "fleetlogix invoke verify-delivery --sample postDelivery"],
  ["db import", "--from is missing.", "fleetlogix db import --from postgres://"],
  ["plan --env", "--env needs a value.", "fleetlogix plan --help"],
  [
    "local status now",
    "local status was called with too many arguments. Expected 0 arguments but got 1.",
    "fleetlogix local status --help",
  ],
  ["plan --port x", '--port cannot be "x".', "It must be a whole number from 1 to 65535."],
  ["simulate --rate 0", '--rate cannot be "0".', "It must be a whole number from 1 to 1000."],
])("%s: %s", async (line, message, hint) => {
  expect(await errorOf(line)).toMatchObject({ exit: 2, message, hint: expect.stringContaining(hint) });
});
